create sequence structures_reference_seq;
create table structures (
    id uuid constraint structures_pkey primary key,
    reference text not null default conum_reference('CN-S-', nextval('structures_reference_seq'))
        constraint structures_reference_key unique,
    kind text not null constraint structures_kind_check
        check (kind in ('commune', 'departement', 'region', 'epci', 'collectivite', 'gip', 'etablissement_public', 'prive')),
    experimental boolean not null default false,
    name text not null constraint structures_name_check check (length(name) between 1 and 250),
    search_key text not null,
    siret text constraint structures_siret_check check (siret ~ '^[0-9]{14}$'),
    ridet text constraint structures_ridet_check check (ridet ~ '^[0-9]{7,10}$'),
    address text constraint structures_address_check check (length(address) between 1 and 250),
    postal_code text not null constraint structures_postal_code_check check (postal_code ~ '^[0-9]{5}$'),
    commune_code text not null constraint structures_commune_code_fkey references communes (code),
    epci_siren text constraint structures_epci_siren_fkey references epcis (siren),
    departement_code text not null constraint structures_departement_code_fkey references departements (code),
    region_code text not null constraint structures_region_code_fkey references regions (code),
    longitude float8 not null constraint structures_longitude_check check (longitude between -180 and 180),
    latitude float8 not null constraint structures_latitude_check check (latitude between -90 and 90),
    france_services boolean not null default false,
    zrr boolean not null default false,
    qpv boolean not null default false,
    network text,
    ds_number text constraint structures_ds_number_check check (length(ds_number) between 1 and 50),
    status text not null default 'pending_confirmation' constraint structures_status_check
        check (status in ('pending_confirmation', 'registered', 'retained', 'withdrawn', 'cancelled', 'duplicate')),
    confirmed_at timestamptz,
    retained_on date,
    retained_wave int,
    withdrawn_on date,
    cancelled_at timestamptz,
    merged_into_id uuid constraint structures_merged_into_id_fkey references structures (id),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint structures_identifier_check check (num_nonnulls(siret, ridet) = 1),
    constraint structures_confirmed_check check (status not in ('registered', 'retained', 'withdrawn') or confirmed_at is not null),
    constraint structures_retained_check check (status <> 'retained' or (retained_on is not null and retained_wave is not null)),
    constraint structures_withdrawn_check check ((status = 'withdrawn') = (withdrawn_on is not null)),
    constraint structures_cancelled_check check ((status = 'cancelled') = (cancelled_at is not null)),
    constraint structures_merged_check check ((status = 'duplicate') = (merged_into_id is not null) and merged_into_id <> id)
);
create unique index structures_live_siret_key on structures (siret) where status not in ('cancelled', 'duplicate');
create unique index structures_live_ridet_key on structures (ridet) where status not in ('cancelled', 'duplicate');
create index structures_siret_idx on structures (siret);
create index structures_commune_code_idx on structures (commune_code);
create index structures_epci_siren_idx on structures (epci_siren);
create index structures_departement_code_idx on structures (departement_code);
create index structures_region_code_idx on structures (region_code);
create index structures_merged_into_id_idx on structures (merged_into_id);
create index structures_updated_at_idx on structures (updated_at, id);
create index structures_search_idx on structures using gin (search_key gin_trgm_ops);
create trigger structures_touch before update on structures for each row execute function conum_touch();
create trigger structures_audit after insert or update or delete on structures for each row execute function conum_audit();

-- The person to write to: apart from the structure, because it is personal data.
create table structure_contacts (
    structure_id uuid constraint structure_contacts_pkey primary key
        constraint structure_contacts_structure_id_fkey references structures (id),
    first_name text not null constraint structure_contacts_first_name_check check (length(first_name) between 1 and 100),
    last_name text not null constraint structure_contacts_last_name_check check (length(last_name) between 1 and 100),
    job text not null constraint structure_contacts_job_check check (length(job) between 1 and 100),
    email text not null constraint structure_contacts_email_check check (email = lower(email) and length(email) <= 254),
    phone text not null constraint structure_contacts_phone_check check (phone ~ '^\+[0-9]{6,15}$')
);
create trigger structure_contacts_audit after insert or update or delete on structure_contacts
    for each row execute function conum_audit('structure_id');
alter table structure_contacts enable row level security;
create policy structure_contacts_reach on structure_contacts
    using (conum_setting('actor') <> 'observer' and exists (
        select from structures s where s.id = structure_id and conum_reaches(s.id, s.departement_code, s.region_code)));

-- What a structure was known by before.
create table structure_identity_changes (
    id uuid constraint structure_identity_changes_pkey primary key,
    structure_id uuid not null constraint structure_identity_changes_structure_id_fkey references structures (id),
    field text not null constraint structure_identity_changes_field_check check (field in ('siret', 'ridet', 'email')),
    old_value text not null,
    new_value text not null,
    changed_at timestamptz not null default conum_now()
);
create index structure_identity_changes_structure_id_idx on structure_identity_changes (structure_id);
create trigger structure_identity_changes_audit after insert or update or delete on structure_identity_changes
    for each row execute function conum_audit();
alter table structure_identity_changes enable row level security;
create policy structure_identity_changes_reach on structure_identity_changes
    using (conum_setting('actor') <> 'observer' and exists (
        select from structures s where s.id = structure_id and conum_reaches(s.id, s.departement_code, s.region_code)));
