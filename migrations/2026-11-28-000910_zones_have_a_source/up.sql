-- Zones price what is paid: `structures.zrr` and `structures.qpv` are what the ANCT has verified, by the source named here on
-- the day named here. A structure may claim them; a claim pays nothing.
create table structure_zones (
    structure_id uuid constraint structure_zones_pkey primary key
        constraint structure_zones_structure_id_fkey references structures (id),
    zrr_claimed boolean not null default false,
    qpv_claimed boolean not null default false,
    source text constraint structure_zones_source_check check (length(source) between 1 and 200),
    verified_on date,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint structure_zones_verified_check check (source is null or verified_on is not null)
);
create trigger structure_zones_touch before update on structure_zones for each row execute function conum_touch();
create trigger structure_zones_audit after insert or update or delete on structure_zones
    for each row execute function conum_audit('structure_id');
-- What was declared before counts as verified on the day of this change: agreements were signed on it.
insert into structure_zones (structure_id, verified_on) select s.id, conum_today() from structures s where s.zrr or s.qpv;
