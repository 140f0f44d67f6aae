drop table place_counsellors;
drop table places;
drop sequence places_reference_seq;
