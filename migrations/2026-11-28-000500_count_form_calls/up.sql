-- How often somebody calls what is limited, counted by all servers together. Kept for minutes; a crash may forget it.
create unlogged table form_calls (
    -- A keyed hash of the kind of limit and of an address or a caller.
    key text not null,
    minute timestamptz not null,
    calls int not null,
    constraint form_calls_pkey primary key (key, minute)
);
create index form_calls_minute_idx on form_calls (minute);
alter table form_calls enable row level security;
create policy form_calls_service on form_calls using (conum_setting('actor') = 'system');
