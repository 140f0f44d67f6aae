-- Where counsellors receive people, in the terms of the national standard of places of digital mediation.
create sequence places_reference_seq;
create table places (
    id uuid constraint places_pkey primary key,
    reference text not null default conum_reference('CN-L-', nextval('places_reference_seq'))
        constraint places_reference_key unique,
    -- Who answers for it.
    structure_id uuid not null constraint places_structure_id_fkey references structures (id),
    name text not null constraint places_name_check check (length(name) between 1 and 250),
    search_key text not null,
    siret text constraint places_siret_check check (siret ~ '^[0-9]{14}$'),
    address text not null constraint places_address_check check (length(address) between 1 and 250),
    address_key text not null,
    address_complement text constraint places_address_complement_check check (length(address_complement) between 1 and 250),
    postal_code text not null constraint places_postal_code_check check (postal_code ~ '^[0-9]{5}$'),
    commune_code text not null constraint places_commune_code_fkey references communes (code),
    departement_code text not null constraint places_departement_code_fkey references departements (code),
    region_code text not null constraint places_region_code_fkey references regions (code),
    longitude float8 not null constraint places_longitude_check check (longitude between -180 and 180),
    latitude float8 not null constraint places_latitude_check check (latitude between -90 and 90),
    phone text constraint places_phone_check check (phone ~ '^\+[0-9]{6,15}$'),
    email text constraint places_email_check check (email = lower(email) and length(email) <= 254),
    website text constraint places_website_check check (website ~ '^https?://' and length(website) <= 500),
    booking_url text constraint places_booking_url_check check (booking_url ~ '^https?://' and length(booking_url) <= 500),
    -- In the syntax of OpenStreetMap.
    opening_hours text constraint places_opening_hours_check check (length(opening_hours) between 1 and 1000),
    presentation text constraint places_presentation_check check (length(presentation) between 1 and 500),
    services text[] not null constraint places_services_check check (cardinality(services) between 1 and 9),
    audiences text[] not null default '{}',
    special_care text[] not null default '{}',
    fees text[] not null default '{}',
    access_modes text[] not null default '{}',
    support_modes text[] not null default '{}',
    programmes text[] not null default '{}',
    itinerant boolean not null default false,
    -- False where the structure objects.
    published boolean not null default true,
    -- Who works there, and how many of them object: where all do, the place is not shown.
    counsellors_count int not null default 0,
    objecting_count int not null default 0,
    merged_into_id uuid constraint places_merged_into_id_fkey references places (id),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint places_merged_check check (merged_into_id <> id),
    constraint places_counts_check check (objecting_count between 0 and counsellors_count)
);
-- One place of a name at an address.
create unique index places_live_key on places (commune_code, search_key, address_key) where merged_into_id is null;
create index places_structure_id_idx on places (structure_id);
create index places_commune_code_idx on places (commune_code);
create index places_departement_code_idx on places (departement_code);
create index places_region_code_idx on places (region_code);
create index places_merged_into_id_idx on places (merged_into_id);
create index places_updated_at_idx on places (updated_at, id);
create index places_point_idx on places using gist (point(longitude, latitude));
create trigger places_touch before update on places for each row execute function conum_touch();
create trigger places_audit after insert or update or delete on places for each row execute function conum_audit();

create table place_counsellors (
    place_id uuid not null constraint place_counsellors_place_id_fkey references places (id),
    counsellor_id uuid not null constraint place_counsellors_counsellor_id_fkey references counsellors (id),
    -- The counsellor's main place.
    main boolean not null default false,
    -- The name is shown to everybody only with consent.
    name_published boolean not null default false,
    objects boolean not null default false,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint place_counsellors_pkey primary key (place_id, counsellor_id)
);
create unique index place_counsellors_main_key on place_counsellors (counsellor_id) where main;
create index place_counsellors_counsellor_id_idx on place_counsellors (counsellor_id);
create trigger place_counsellors_touch before update on place_counsellors for each row execute function conum_touch();
create trigger place_counsellors_audit after insert or update or delete on place_counsellors
    for each row execute function conum_audit('place_id');
alter table place_counsellors enable row level security;
create policy place_counsellors_reach on place_counsellors using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'employer' then exists (select from places p where p.id = place_id and conum_reaches_structure(p.structure_id))
    else false
end);
