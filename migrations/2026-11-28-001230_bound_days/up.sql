-- No day of the scheme lies before its first year, nor where nobody plans. Days that depend on today are checked by the
-- service; what no day may ever be is held here.
-- A reservation without an end was written so.
update reservations set until_on = date '2030-12-31' where until_on > date '2098-12-31';
alter table committees add constraint committees_held_on_check check (held_on between date '2020-11-17' and date '2098-12-31');
alter table certifications add constraint certifications_held_on_check check (held_on between date '2020-01-01' and date '2098-12-31');
alter table call_windows add constraint call_windows_opens_on_check check (opens_on between date '2020-01-01' and date '2098-12-31');
alter table call_windows add constraint call_windows_closes_on_check check (closes_on between date '2020-01-01' and date '2098-12-31');
alter table reservations add constraint reservations_until_on_check check (until_on between date '2020-01-01' and date '2098-12-31');
alter table subsidy_scales add constraint subsidy_scales_valid_from_check check (valid_from between date '2020-01-01' and date '2098-12-31');
alter table payment_batches add constraint payment_batches_execution_on_check check (execution_on between date '2020-01-01' and date '2098-12-31');
alter table candidates add constraint candidates_available_from_check check (available_from between date '2020-01-01' and date '2098-12-31');
alter table applications add constraint applications_wanted_start_on_check check (wanted_start_on between date '2020-01-01' and date '2098-12-31');
alter table posts add constraint posts_recruitment_deadline_check check (recruitment_deadline between date '2020-01-01' and date '2098-12-31');
alter table matches add constraint matches_met_on_check check (met_on between date '2020-01-01' and date '2098-12-31');
