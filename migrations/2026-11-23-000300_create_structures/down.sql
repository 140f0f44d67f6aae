drop table structure_identity_changes;
drop table structure_contacts;
drop table structures;
drop sequence structures_reference_seq;
