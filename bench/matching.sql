-- 100,000 candidates and 4,000 retained structures with two vacant posts each, over real communes: people live where
-- people live, and a third of the structures lie where hardly anybody does. Run by the owner of the tables, in a database
-- without structures.
begin;
set local session_replication_role = replica;
select setseed(0.42);

create temporary table places on commit drop as
select code, postal_codes[1] as postal_code, departement_code, region_code, epci_siren, longitude, latitude, name, search_key,
    sum(greatest(population, 1)) over (order by code)::bigint as upto, greatest(population, 1) as weight
from communes where kind = 'commune' and population is not null;
create index on places (upto);

create temporary table houses on commit drop as
select row_number() over () as rank, gen_random_uuid() as id, p.*
from (
    (select * from places order by weight desc, code limit 2600)
    union all
    (select * from (select * from places where weight < 1500 order by md5(code) limit 1400) small)
) p;

insert into committees (id, number, wave, phase, held_on, status, opened_at, closed_at)
values (gen_random_uuid(), 9001, 1, 'v1', date '2021-03-24', 'closed', now(), now());

insert into structures (id, kind, name, search_key, siret, postal_code, commune_code, epci_siren, departement_code, region_code,
    longitude, latitude, status, confirmed_at, retained_on, retained_wave)
select id, 'commune', 'Commune de ' || name, 'commune de ' || search_key, (99000000000000 + rank)::text, postal_code, code,
    epci_siren, departement_code, region_code, longitude, latitude, 'retained', now(), date '2021-03-24', 1
from houses;
insert into structure_contacts (structure_id, first_name, last_name, job, email, phone)
select id, 'Camille', 'Exemple', 'Responsable', 'structure-' || rank || '@example.org', '+33563000000' from houses;
insert into applications (id, structure_id, kind, posts_requested, wanted_start_on, has_candidate, motivation, pledge, status,
    submitted_at, decided_on, committee_id, posts_granted)
select id, id, 'initial', 2, current_date + (rank % 90)::int, false, 'Accompagner les habitants.', true, 'retained', now(),
    date '2021-03-24', (select c.id from committees c where c.number = 9001), 2
from houses;
insert into posts (id, structure_id, application_id, granted_on, wave, phase, recruitment_deadline)
select gen_random_uuid(), id, id, date '2021-03-24', 1, 'v1', current_date + 90 from houses, generate_series(1, 2);
insert into post_attachments (id, post_id, structure_id, from_on, reason)
select gen_random_uuid(), id, structure_id, granted_on, 'granted' from posts;
update programme set posts_cap = 10000, posts_committed = (select count(*) from posts);

create temporary table people on commit drop as
select n, gen_random_uuid() as id, (random() * (select max(upto) from places))::bigint as spot, random() as a, random() as b
from generate_series(1, 100000) as n;
insert into candidates (id, first_name, last_name, search_key, postal_code, commune_code, departement_code, region_code,
    longitude, latitude, max_distance_km, anywhere, available_from, job_seeker, employed, in_training, graduated, experienced,
    status, confirmed_at, created_at, updated_at, last_contact_at)
select w.id, 'Candidat', 'Exemple ' || w.n, 'candidat exemple ' || w.n, p.postal_code, p.code, p.departement_code, p.region_code,
    p.longitude, p.latitude, r.km, r.km is null, current_date + (w.b * 120)::int - 30, true, false, false, false, w.a < 0.3,
    case when w.b < 0.9 then 'active' else 'unavailable' end, now(), t.at, t.at, now()
from people w
cross join lateral (select * from places p where p.upto >= w.spot order by p.upto limit 1) p
cross join lateral (select case when w.a < 0.15 then 5 when w.a < 0.3 then 10 when w.a < 0.45 then 15 when w.a < 0.65 then 20
    when w.a < 0.82 then 40 when w.a < 0.93 then 100 end as km) r
cross join lateral (select timestamptz '2020-11-17' + w.n * interval '1 minute' as at) t;
insert into candidate_contacts (candidate_id, email) select id, 'candidat-' || n || '@example.org' from people;
commit;

analyze;
