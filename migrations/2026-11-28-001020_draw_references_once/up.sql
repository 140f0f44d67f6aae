-- A reference names one thing: payment batches had the prefix of places. Those that banks know keep theirs.
-- And a dry run draws no number: what it shows is drawn from a sequence of its own, whose numbers nothing ever has.
create sequence rehearsals_reference_seq start 900000001;
grant usage on sequence rehearsals_reference_seq to conum_app;

create function conum_next_reference(prefix text, numbers regclass) returns text language sql volatile
return conum_reference(prefix, case conum_setting('rehearsal')
    when 'on' then nextval('rehearsals_reference_seq') else nextval(numbers) end);

alter table structures alter column reference set default conum_next_reference('CN-S-', 'structures_reference_seq');
alter table committees alter column reference set default conum_next_reference('CN-K-', 'committees_reference_seq');
alter table applications alter column reference set default conum_next_reference('CN-A-', 'applications_reference_seq');
alter table reservations alter column reference set default conum_next_reference('CN-R-', 'reservations_reference_seq');
alter table posts alter column reference set default conum_next_reference('CN-P-', 'posts_reference_seq');
alter table candidates alter column reference set default conum_next_reference('CN-C-', 'candidates_reference_seq');
alter table matches alter column reference set default conum_next_reference('CN-M-', 'matches_reference_seq');
alter table recruitments alter column reference set default conum_next_reference('CN-E-', 'recruitments_reference_seq');
alter table counsellors alter column reference set default conum_next_reference('CN-CN-', 'counsellors_reference_seq');
alter table training_bodies alter column reference set default conum_next_reference('CN-OF-', 'training_bodies_reference_seq');
alter table training_paths alter column reference set default conum_next_reference('CN-PF-', 'training_paths_reference_seq');
alter table training_sessions alter column reference set default conum_next_reference('CN-SF-', 'training_sessions_reference_seq');
alter table enrolments alter column reference set default conum_next_reference('CN-IF-', 'enrolments_reference_seq');
alter table certifications alter column reference set default conum_next_reference('CN-CF-', 'certifications_reference_seq');
alter table subsidy_scales alter column reference set default conum_next_reference('CN-B-', 'subsidy_scales_reference_seq');
alter table agreements alter column reference set default conum_next_reference('CN-V-', 'agreements_reference_seq');
alter table instalments alter column reference set default conum_next_reference('CN-T-', 'instalments_reference_seq');
alter table payment_batches alter column reference set default conum_next_reference('CN-LP-', 'payment_batches_reference_seq');
alter table credit_notes alter column reference set default conum_next_reference('CN-AV-', 'credit_notes_reference_seq');
alter table places alter column reference set default conum_next_reference('CN-L-', 'places_reference_seq');
