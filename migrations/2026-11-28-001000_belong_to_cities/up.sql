-- The arrondissements of Paris, Lyon and Marseille belong to their city, and so to its intercommunal body.
alter table communes add column city_code text constraint communes_city_code_fkey references communes (code);
alter table communes add constraint communes_city_check check (city_code is null or kind = 'arrondissement');
create index communes_city_code_idx on communes (city_code);
comment on column communes.city_code is 'The city that an arrondissement belongs to.';

-- Names that a commune had, or took over, which people still write.
alter table communes add column former_names text[] not null default '{}';

-- Every code under which something that lies in a commune may have been written down: its own, those of its arrondissements,
-- and those that it took over.
create function conum_commune_codes(wanted text) returns text[] language sql stable parallel safe
begin atomic
    select array(
        select wanted
        union select c.code from communes c where c.city_code = wanted
        union select f.code from former_communes f where f.current_code = wanted
    );
end;
