-- 4,000 posts over 1,500 structures in real communes, the larger ones first, as in the scheme.
-- Run by the owner of the tables, in a database without posts.
begin;

-- The journal of a made-up past is of no use.
set local session_replication_role = replica;

create temporary table places on commit drop as
select row_number() over (order by population desc, code) as rank, gen_random_uuid() as structure_id,
    gen_random_uuid() as application_id, *
from communes
where kind = 'commune' and population is not null
order by population desc, code
limit 1500;

insert into committees (id, number, wave, phase, held_on, status, opened_at, closed_at)
select gen_random_uuid(), 9000 + wave, wave, 'v1', date '2021-03-16' + 30 * wave, 'closed', now(), now()
from generate_series(1, 3) as wave;

insert into structures (id, kind, name, search_key, siret, postal_code, commune_code, epci_siren,
    departement_code, region_code, longitude, latitude, status, confirmed_at, retained_on, retained_wave)
select structure_id, 'commune', 'Commune de ' || name, 'commune de ' || search_key,
    -- One number for each, without a valid key: these are nobody's.
    (99000000000000 + rank)::text, postal_codes[1], code, epci_siren,
    departement_code, region_code, longitude, latitude, 'retained', now(),
    date '2021-03-16' + 30 * (1 + rank % 3)::int, 1 + rank % 3
from places;

insert into applications (id, structure_id, kind, posts_requested, wanted_start_on, has_candidate, motivation, pledge,
    coordinator, status, submitted_at, decided_on, committee_id, posts_granted)
select p.application_id, p.structure_id, 'initial', 3, date '2021-09-01', false,
    'Accompagner les habitants dans leurs démarches en ligne.', true,
    null, 'retained', now(), c.held_on, c.id, case when p.rank <= 1000 then 3 else 2 end
from places p join committees c on c.number = 9001 + p.rank % 3;

-- Three for the larger thousand, two for the others.
insert into posts (id, structure_id, application_id, granted_on, wave, phase, coordinator, recruitment_deadline,
    status, available, created_at, updated_at)
select gen_random_uuid(), p.structure_id, p.application_id, c.held_on, c.wave, 'v1', false, c.held_on + 180,
    case when n = 1 then 'occupied' else 'vacant' end, n <> 1,
    c.held_on + p.rank * interval '1 minute', c.held_on + p.rank * interval '3 minutes'
from places p
join committees c on c.number = 9001 + p.rank % 3
cross join generate_series(1, 3) as n
where n < 3 or p.rank <= 1000;

insert into post_attachments (id, post_id, structure_id, from_on, reason)
select gen_random_uuid(), id, structure_id, granted_on, 'granted' from posts;

update programme set posts_committed = (select count(*) from posts);
commit;

analyze structures, applications, posts, post_attachments, communes;
