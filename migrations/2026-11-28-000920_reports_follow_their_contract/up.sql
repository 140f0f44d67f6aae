-- A report counts under the contract that covers its day. Where dates of contracts are corrected it moves to the one that
-- covers it then; where none does it is kept for its author, and counts nowhere.
alter table activity_reports add column uncovered boolean not null default false;
