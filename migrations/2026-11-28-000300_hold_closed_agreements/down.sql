drop trigger instalments_open_update on instalments;
drop trigger instalments_open_insert on instalments;
drop trigger agreements_settled on agreements;
drop function conum_closed_agreements();
drop table agreement_borrowings;
