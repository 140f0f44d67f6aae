create table regions (
    code text constraint regions_pkey primary key,
    name text not null,
    zone text not null constraint regions_zone_check check (zone in ('metro', 'drom', 'com')),
    search_key text not null
);

create table departements (
    code text constraint departements_pkey primary key,
    name text not null,
    region_code text not null constraint departements_region_code_fkey references regions (code),
    zone text not null constraint departements_zone_check check (zone in ('metro', 'drom', 'com')),
    prefecture_commune_code text,
    population int constraint departements_population_check check (population >= 0),
    search_key text not null
);
create index departements_region_code_idx on departements (region_code);

create table epcis (
    siren text constraint epcis_pkey primary key,
    name text not null,
    kind text not null,
    population int constraint epcis_population_check check (population >= 0),
    search_key text not null
);
create index epcis_search_idx on epcis using gin (search_key gin_trgm_ops);

create table communes (
    code text constraint communes_pkey primary key,
    name text not null,
    kind text not null constraint communes_kind_check check (kind in ('commune', 'arrondissement')),
    departement_code text not null constraint communes_departement_code_fkey references departements (code),
    region_code text not null constraint communes_region_code_fkey references regions (code),
    epci_siren text constraint communes_epci_siren_fkey references epcis (siren),
    population int constraint communes_population_check check (population >= 0),
    longitude float8 not null constraint communes_longitude_check check (longitude between -180 and 180),
    latitude float8 not null constraint communes_latitude_check check (latitude between -90 and 90),
    postal_codes text[] not null,
    search_key text not null,
    -- The commune's own name and the names it took over, to search in.
    search_text text not null
);
create index communes_departement_code_idx on communes (departement_code);
create index communes_region_code_idx on communes (region_code);
create index communes_epci_siren_idx on communes (epci_siren);
create index communes_search_idx on communes using gin (search_text gin_trgm_ops);
create index communes_postal_codes_idx on communes using gin (postal_codes);
create index communes_latitude_idx on communes (latitude);

create table former_communes (
    code text constraint former_communes_pkey primary key,
    -- Known for those that live on as delegated or associated communes.
    name text,
    current_code text not null constraint former_communes_current_code_fkey references communes (code)
);
create index former_communes_current_code_idx on former_communes (current_code);
comment on table former_communes is 'Codes that no longer exist, and the commune that took them over.';
