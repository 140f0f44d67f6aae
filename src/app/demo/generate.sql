-- The scheme at its full size, plainly made up: {counsellors} counsellors and {reports} activity reports over {days} days.
-- Every value is a hash of its row and of the seed: the same seed makes the same reports.
set local session_replication_role = replica;
set local synchronous_commit = off;
create function pg_temp.u(item bigint, kind int) returns float8 language sql immutable
return (hashint8extended(item, {seed} * 1000 + kind) & 2147483647) / 2147483648.0;

create temporary table towns on commit drop as
select row_number() over (order by pg_temp.u(row_number, 1), code) as n, code, postal_code, departement_code, region_code, longitude, latitude, name, search_key
from (select row_number() over (order by code), code, postal_codes[1] as postal_code, departement_code, region_code, longitude, latitude, name, search_key
      from communes where kind = 'commune' and population is not null and cardinality(postal_codes) > 0) c;
create temporary table neighbours on commit drop as
select departement_code, array_agg(code order by code) as codes from towns group by 1;
create temporary table hosts on commit drop as
select n, gen_random_uuid() as id, t.code, t.postal_code, t.departement_code, t.region_code, t.longitude, t.latitude, t.name, t.search_key
from towns t where n <= ceil({counsellors} / 1.55);
insert into structures (id, kind, name, search_key, siret, postal_code, commune_code, departement_code, region_code, longitude, latitude,
    status, confirmed_at, retained_on, retained_wave)
select id, 'commune', 'Commune de ' || name || ' (fictif)', 'commune de ' || search_key || ' fictif', (98000000000000 + n)::text, postal_code, code,
    departement_code, region_code, longitude, latitude, 'retained', now(), {first}::date, 1 from hosts;
insert into applications (id, structure_id, kind, posts_requested, wanted_start_on, has_candidate, motivation, pledge, status, submitted_at)
select id, id, 'initial', 2, {first}::date, false, 'Accompagner les habitants.', true, 'submitted', now() from hosts;
create temporary table people on commit drop as
select n, h.id as structure_id, gen_random_uuid() as post_id, gen_random_uuid() as candidate_id, gen_random_uuid() as recruitment_id,
    -- The last figure of an identifier chooses a slot of the country's sums: as even as real ones.
    gen_random_uuid() as counsellor_id, gen_random_uuid() as place_id, h.code, h.postal_code, h.departement_code, h.region_code, h.longitude, h.latitude, h.name,
    -- Log-normal: a mean of twice the median.
    exp(1.177 * sqrt(-2 * ln(greatest(pg_temp.u(g.n, 2), 1e-9))) * cos(2 * pi() * pg_temp.u(g.n, 3))) as weight
from generate_series(1, {counsellors}) g (n) join hosts h using (n)
union all
select g.n, h.id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), h.code, h.postal_code,
    h.departement_code, h.region_code, h.longitude, h.latitude, h.name,
    exp(1.177 * sqrt(-2 * ln(greatest(pg_temp.u(g.n, 2), 1e-9))) * cos(2 * pi() * pg_temp.u(g.n, 3)))
from generate_series((select max(n) + 1 from hosts), {counsellors}) g (n) join hosts h on h.n = 1 + g.n % (select max(n) from hosts);
insert into posts (id, structure_id, application_id, granted_on, wave, phase, recruitment_deadline, status, available)
select post_id, structure_id, structure_id, {first}::date, 1, 'v1', {first}::date + 90, 'occupied', false from people;
insert into post_attachments (id, post_id, structure_id, from_on, reason) select gen_random_uuid(), post_id, structure_id, {first}::date, 'granted' from people;
insert into candidates (id, first_name, last_name, search_key, postal_code, commune_code, departement_code, region_code, longitude, latitude,
    max_distance_km, anywhere, available_from, job_seeker, employed, in_training, graduated, experienced, status, confirmed_at, last_contact_at)
select candidate_id, 'Personne', 'Fictive ' || n, 'personne fictive ' || n, postal_code, code, departement_code, region_code, longitude, latitude,
    20, false, {first}::date, true, false, false, false, false, 'recruited', now(), now() from people;
insert into recruitments (id, post_id, structure_id, candidate_id, origin, phase, coordinator, contract_type, starts_on, ends_on,
    gross_monthly_salary_cents, status, validated_at)
select recruitment_id, post_id, structure_id, candidate_id, 'new', 'v1', false, 'cdi', greatest({first}::date, date '2020-10-01'), null, 200000,
    'validated', {first}::date from people;
insert into counsellors (id, candidate_id, recruitment_id, structure_id, status, since_on)
select counsellor_id, candidate_id, recruitment_id, structure_id, 'in_post', {first}::date from people;
insert into places (id, structure_id, name, search_key, address, address_key, postal_code, commune_code, departement_code, region_code, longitude, latitude, services, programmes)
select place_id, structure_id, 'Lieu fictif ' || n, 'lieu fictif ' || n, '1 rue de la Mairie', '1 rue de la mairie', postal_code, code, departement_code,
    region_code, longitude, latitude, array['demarches', 'quotidien'], array['conseillers_numeriques'] from people;
update programme set posts_cap = greatest(posts_cap, posts_committed + {counsellors}), posts_committed = posts_committed + {counsellors};

create unlogged table generated_shares as
select p.*, b.codes, cardinality(b.codes) as near,
    (round({reports} * sum(weight) over (order by n) / sum(weight) over ()) - round({reports} * (sum(weight) over (order by n) - weight) / sum(weight) over ()))::int as share
from people p join neighbours b using (departement_code);
-- Next: by several sessions at once, each its share of the counsellors.
set local session_replication_role = replica;
set local synchronous_commit = off;
create function pg_temp.u(item bigint, kind int) returns float8 language sql immutable
return (hashint8extended(item, {seed} * 1000 + kind) & 2147483647) / 2147483648.0;
insert into activity_reports (counsellor_id, id, held_on, recruitment_id, structure_id, structure_departement_code, activity, channel, place_id,
    commune_code, place_departement_code, duration_minutes, participants, returning_participants, age_moins_12, age_12_18, age_18_35, age_35_60,
    age_plus_60, status_scolarise, status_sans_emploi, status_en_emploi, status_retraite, status_heterogene, themes, follow_up_individual,
    follow_up_workshop, follow_up_redirected, redirections)
select counsellor_id, gen_random_uuid(), day - case extract(isodow from day) when 6 then 1 when 7 then 2 else 0 end, recruitment_id, structure_id, departement_code,
    activity, channel, case channel when 'rattachement' then place_id end, case channel when 'autre_lieu' then codes[1 + floor(u10 * near)::int] else code end,
    departement_code, minutes, people, least(people, returning_people), people - old - middle - young - teen, teen, young, middle, old,
    people - retired - unemployed - employed - mixed, unemployed, employed, retired, mixed,
    (array['equipement_informatique', 'demarche_en_ligne', 'internet', 'courriel', 'vocabulaire', 'traitement_texte', 'contenus_numeriques', 'securite',
        'smartphone', 'echanger', 'trouver_emploi', 'sante', 'equipement_informatique', 'demarche_en_ligne', 'internet', 'courriel'])[theme:theme + themes_count - 1],
    case when u9 < 0.2 then 1 else 0 end, 0, case when u9 > 0.975 then 1 else 0 end, case when u9 > 0.975 then '{"caf": 1}'::jsonb else '{}' end
from (
    select s.*, r.item, {first}::date + floor(pg_temp.u(r.item, 4) * {days})::int as day,
        case when a.u5 < 0.586 then 'individuel' when a.u5 < 0.853 then 'ponctuel' else 'collectif' end as activity,
        case when a.u6 < 0.681 then 'rattachement' when a.u6 < 0.928 then 'autre_lieu' when a.u6 < 0.967 then 'distance' else 'domicile' end as channel,
        case when a.u7 < 0.233 then 20 when a.u7 < 0.572 then 45 when a.u7 < 0.718 then 60 when a.u7 < 0.815 then 90 when a.u7 < 0.873 then 120
            when a.u7 < 0.926 then 150 when a.u7 < 0.953 then 75 when a.u7 < 0.974 then 105 else 180 + floor(a.u8 * 180)::int end as minutes,
        p.people, p.old, least(p.people - p.old, floor(p.people * 0.27 + a.u11)::int) as middle, 0 as teen, 0 as young,
        least(p.people, p.old) as retired, 0 as unemployed, least(p.people - p.old, floor(p.people * 0.1 + a.u12)::int) as employed, 0 as mixed,
        case when a.u8 < 0.44 then 1 + floor(a.u12 * p.people)::int else 0 end as returning_people,
        case when a.u9 < 0.44 then 1 when a.u9 < 0.65 then 2 when a.u9 < 0.78 then 3 when a.u9 < 0.86 then 4 when a.u9 < 0.92 then 5 else 6 + floor(a.u10 * 7)::int end as theme,
        case when a.u11 < 0.6 then 1 when a.u11 < 0.83 then 2 when a.u11 < 0.935 then 3 else 4 end as themes_count, a.u9, a.u10
    from (select * from generated_shares where n % {parts} = {part}) s cross join lateral generate_series(1, s.share) k (k)
        cross join lateral (select s.n * 100003::bigint + k.k as item) r
        cross join lateral (select pg_temp.u(r.item, 5) as u5, pg_temp.u(r.item, 6) as u6, pg_temp.u(r.item, 7) as u7, pg_temp.u(r.item, 8) as u8,
            pg_temp.u(r.item, 9) as u9, pg_temp.u(r.item, 10) as u10, pg_temp.u(r.item, 11) as u11, pg_temp.u(r.item, 12) as u12) a
        cross join lateral (select case when a.u5 < 0.853 then 1 else least(28, 1 + floor(-ln(1 - a.u8 * 0.999) * 5.4)::int) end as people) q
        cross join lateral (select q.people, least(q.people, floor(q.people * 0.5 + a.u10)::int) as old) p
) made;
