-- What retention would have removed and did not: more of a table than a night ever removes. A person looks, and confirms
-- with `conum tidy --confirm`.
create table held_purges (
    purge text constraint held_purges_pkey primary key,
    rows_held bigint not null constraint held_purges_rows_held_check check (rows_held > 0),
    rows_in_all bigint not null,
    first_held_at timestamptz not null,
    last_held_at timestamptz not null
);
comment on table held_purges is 'Purges that wait for a person.';
-- Whether a database is the one that a version of the service needs is asked by whoever serves.
grant select on __diesel_schema_migrations to conum_app;
