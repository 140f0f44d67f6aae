-- 2,000 structures with two posts each, all occupied, agreements signed and instalments planned; 12,000 instalments.
begin;
set local session_replication_role = replica;
create temporary table places on commit drop as
select row_number() over (order by code) as n, code, postal_codes[1] as postal_code, departement_code, region_code, longitude, latitude, name, search_key
from communes where kind = 'commune' and population is not null order by code limit 2000;
create temporary table houses on commit drop as select n, gen_random_uuid() as id, gen_random_uuid() as agreement_id, p.code, p.postal_code,
    p.departement_code, p.region_code, p.longitude, p.latitude, p.name, p.search_key from places p;
insert into committees (id, number, wave, phase, held_on, status, opened_at, closed_at)
values (gen_random_uuid(), 9002, 1, 'v1', date '2021-03-24', 'closed', now(), now());
insert into structures (id, kind, name, search_key, siret, postal_code, commune_code, departement_code, region_code, longitude, latitude,
    status, confirmed_at, retained_on, retained_wave)
select id, 'commune', 'Commune de ' || name, 'commune de ' || search_key, (99000000000000 + n)::text, postal_code, code, departement_code,
    region_code, longitude, latitude, 'retained', now(), date '2021-03-24', 1 from houses;
insert into applications (id, structure_id, kind, posts_requested, wanted_start_on, has_candidate, motivation, pledge, status, submitted_at,
    decided_on, committee_id, posts_granted)
select id, id, 'initial', 2, current_date, false, 'Accompagner les habitants.', true, 'retained', now(), date '2021-03-24',
    (select c.id from committees c where c.number = 9002), 2 from houses;
create temporary table jobs on commit drop as
select row_number() over () as n, h.id as structure_id, h.agreement_id, gen_random_uuid() as post_id, gen_random_uuid() as candidate_id,
    gen_random_uuid() as recruitment_id, gen_random_uuid() as covered_id, gen_random_uuid() as counsellor_id, h.code, h.postal_code, h.departement_code, h.region_code,
    h.longitude, h.latitude from houses h, generate_series(1, 2);
insert into posts (id, structure_id, application_id, granted_on, wave, phase, recruitment_deadline, status, available)
select post_id, structure_id, structure_id, date '2021-03-24', 1, 'v1', current_date + 90, 'occupied', false from jobs;
insert into candidates (id, first_name, last_name, search_key, postal_code, commune_code, departement_code, region_code, longitude, latitude,
    max_distance_km, anywhere, available_from, job_seeker, employed, in_training, graduated, experienced, status, confirmed_at, last_contact_at)
select candidate_id, 'Candidat', 'Exemple ' || n, 'candidat exemple ' || n, postal_code, code, departement_code, region_code, longitude, latitude,
    20, false, date '2021-01-01', true, false, false, false, false, 'recruited', now(), now() from jobs;
insert into recruitments (id, post_id, structure_id, candidate_id, origin, phase, coordinator, contract_type, starts_on, ends_on,
    gross_monthly_salary_cents, status, validated_at)
select recruitment_id, post_id, structure_id, candidate_id, 'new', 'v1', false, 'cdd', date '2025-09-01', date '2027-08-31', 200000, 'validated', now() from jobs;
insert into counsellors (id, candidate_id, recruitment_id, structure_id, status, since_on)
select counsellor_id, candidate_id, recruitment_id, structure_id, 'in_post', date '2025-09-01' from jobs;
insert into training_bodies (id, name, siret) values (gen_random_uuid(), 'Organisme de mesure', '99000000000000');
insert into training_paths (id, name, kind, hours) values (gen_random_uuid(), 'Parcours de mesure', 'initial', 105);
insert into enrolments (id, counsellor_id, recruitment_id, structure_id, path_id, kind, status, exempted_on, exemption_proof)
select gen_random_uuid(), counsellor_id, recruitment_id, structure_id, (select id from training_paths limit 1), 'initial', 'exempted', current_date, 'Titre obtenu en 2020.' from jobs;
insert into agreements (id, structure_id, phase, category, legal_form, status, instructed_at, signed_on, amount_cents)
select agreement_id, id, 'v1', 'public', 'structure_publique', 'signed', now(), date '2025-09-01', 10000000 from houses;
insert into agreement_posts (id, agreement_id, structure_id, post_id, phase, scale_id, added_on, term_thirtieths, full_cents, amount_cents)
select covered_id, agreement_id, structure_id, post_id, 'v1', (select id from subsidy_scales where phase = 'v1' and territory = 'metropolitan'),
    date '2025-09-01', 720, 5000000, 5000000 from jobs;
insert into instalments (id, agreement_id, agreement_post_id, structure_id, post_id, phase, rank, amount_cents, conditions, months_elapsed, status, due_on)
select gen_random_uuid(), j.agreement_id, j.covered_id, j.structure_id, j.post_id, 'v1', r.rank, r.cents, array['recruitment_validated'], 0,
    case when r.rank = 1 then 'due' else 'planned' end, case when r.rank = 1 then current_date end
from jobs j, (values (1, 1000000), (2, 1500000), (3, 2500000)) as r (rank, cents);
update envelopes set committed_cents = (select sum(amount_cents) from agreements) where code = 'posts';
update programme set posts_cap = 10000, posts_committed = (select count(*) from posts);
commit;
analyze;
