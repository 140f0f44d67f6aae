drop function conum_has_open_money(uuid);
alter table structures drop constraint structures_left_check;
alter table structures drop column leave_reason;
