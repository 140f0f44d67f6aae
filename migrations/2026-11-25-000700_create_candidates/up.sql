create extension if not exists cube;

-- A point of the globe on the sphere of radius 1: nearest first under a GiST index.
create function conum_sphere(longitude float8, latitude float8) returns cube
language sql immutable parallel safe
return cube(array[
    cos(radians(latitude)) * cos(radians(longitude)),
    cos(radians(latitude)) * sin(radians(longitude)),
    sin(radians(latitude))
]);

-- The territory within which people are matched: the mainland and Corsica are one, every other département its own.
create function conum_island(departement_code text) returns text
language sql immutable parallel safe
return case when departement_code ~ '^9[78]' then departement_code else 'metropole' end;

create sequence candidates_reference_seq;
create table candidates (
    id uuid constraint candidates_pkey primary key,
    reference text not null default conum_reference('CN-C-', nextval('candidates_reference_seq'))
        constraint candidates_reference_key unique,
    first_name text not null constraint candidates_first_name_check check (length(first_name) between 1 and 100),
    last_name text not null constraint candidates_last_name_check check (length(last_name) between 1 and 100),
    search_key text not null,
    postal_code text not null constraint candidates_postal_code_check check (postal_code ~ '^[0-9]{5}$'),
    commune_code text not null constraint candidates_commune_code_fkey references communes (code),
    departement_code text not null constraint candidates_departement_code_fkey references departements (code),
    region_code text not null constraint candidates_region_code_fkey references regions (code),
    longitude float8 not null constraint candidates_longitude_check check (longitude between -180 and 180),
    latitude float8 not null constraint candidates_latitude_check check (latitude between -90 and 90),
    max_distance_km int constraint candidates_max_distance_km_check check (max_distance_km in (5, 10, 15, 20, 40, 100)),
    anywhere boolean not null,
    available_from date not null,
    job_seeker boolean not null,
    employed boolean not null,
    in_training boolean not null,
    graduated boolean not null,
    experienced boolean not null,
    diploma_name text constraint candidates_diploma_name_check check (length(diploma_name) between 1 and 250),
    status text not null default 'pending_confirmation' constraint candidates_status_check check (status in
        ('pending_confirmation', 'active', 'unavailable', 'recruited', 'blocked', 'unsubscribed', 'erased')),
    confirmed_at timestamptz,
    -- The last time the person did something here: retention counts from then on.
    last_contact_at timestamptz not null default conum_now(),
    reminded_at timestamptz,
    blocked_at timestamptz,
    block_reason text constraint candidates_block_reason_check check (length(block_reason) between 10 and 1000),
    unsubscribed_at timestamptz,
    unsubscribe_reason text constraint candidates_unsubscribe_reason_check check (unsubscribe_reason in
        ('emploi_trouve', 'plus_interesse', 'propositions_inadaptees', 'trop_de_messages', 'autre')),
    erased_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint candidates_distance_check check (anywhere = (max_distance_km is null)),
    constraint candidates_situation_check check (job_seeker or employed or in_training or graduated or experienced),
    constraint candidates_diploma_check check (graduated = (diploma_name is not null)),
    constraint candidates_confirmed_check check (status not in ('active', 'unavailable', 'recruited') or confirmed_at is not null),
    constraint candidates_blocked_check check ((status = 'blocked') = (blocked_at is not null) and num_nonnulls(blocked_at, block_reason) <> 1),
    constraint candidates_unsubscribed_check check ((status = 'unsubscribed') = (unsubscribed_at is not null)),
    constraint candidates_erased_check check ((status = 'erased') = (erased_at is not null))
);
create index candidates_commune_code_idx on candidates (commune_code);
create index candidates_departement_code_idx on candidates (departement_code);
create index candidates_region_code_idx on candidates (region_code);
create index candidates_updated_at_idx on candidates (updated_at, id);
create index candidates_active_idx on candidates (created_at, id) where status = 'active';
create index candidates_search_idx on candidates using gin (search_key gin_trgm_ops);
create trigger candidates_touch before update on candidates for each row execute function conum_touch();
create trigger candidates_audit after insert or update or delete on candidates for each row execute function conum_audit();
alter table candidates enable row level security;
-- PostgreSQL asks the policies of a table from the last name to the first: the cheap one comes last.
create policy candidates_role on candidates using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'candidate' then id::text = conum_setting('reach_value')
    when 'prefecture' then conum_reaches(null, departement_code, region_code)
    else false
end);

-- How to reach a candidate: apart, because it opens later and closes earlier than the rest.
create table candidate_contacts (
    candidate_id uuid constraint candidate_contacts_pkey primary key
        constraint candidate_contacts_candidate_id_fkey references candidates (id),
    email text not null constraint candidate_contacts_email_check check (email = lower(email) and length(email) <= 254
        and email not like '%@conseiller-numerique.fr')
        constraint candidate_contacts_email_key unique,
    phone text constraint candidate_contacts_phone_check check (phone ~ '^\+[0-9]{6,15}$')
);
create trigger candidate_contacts_audit after insert or update or delete on candidate_contacts
    for each row execute function conum_audit('candidate_id');
alter table candidate_contacts enable row level security;
create policy candidate_contacts_role on candidate_contacts using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'candidate' then candidate_id::text = conum_setting('reach_value')
    else false
end);

-- What a candidate writes in their own words: kept for six months.
create table candidate_motivations (
    candidate_id uuid constraint candidate_motivations_pkey primary key
        constraint candidate_motivations_candidate_id_fkey references candidates (id),
    motivation text not null constraint candidate_motivations_motivation_check check (length(motivation) between 1 and 2500)
);
create trigger candidate_motivations_audit after insert or update or delete on candidate_motivations
    for each row execute function conum_audit('candidate_id');
alter table candidate_motivations enable row level security;
create policy candidate_motivations_role on candidate_motivations using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'candidate' then candidate_id::text = conum_setting('reach_value')
    else false
end);

alter table mail_links add column candidate_id uuid constraint mail_links_candidate_id_fkey references candidates (id);
alter table mail_links add column email text;
create index mail_links_candidate_id_idx on mail_links (candidate_id);
alter table mail_links drop constraint mail_links_purpose_check;
alter table mail_links add constraint mail_links_purpose_check check (purpose in ('confirm_structure', 'sign_in',
    'confirm_candidate', 'change_candidate_email', 'unsubscribe_candidate', 'remind_candidate'));
alter table mail_links drop constraint mail_links_target_check;
alter table mail_links add constraint mail_links_target_check check (case purpose
    when 'confirm_structure' then structure_id is not null and num_nonnulls(account_id, candidate_id) = 0
    when 'sign_in' then account_id is not null and num_nonnulls(structure_id, candidate_id) = 0
    else candidate_id is not null and num_nonnulls(account_id, structure_id) = 0
end);
alter table mail_links add constraint mail_links_email_check check ((purpose = 'change_candidate_email') = (email is not null));
