drop table former_communes;
drop table communes;
drop table epcis;
drop table departements;
drop table regions;
