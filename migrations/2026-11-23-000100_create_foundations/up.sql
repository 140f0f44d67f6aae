-- The application works as a role that owns nothing, so that row-level security and revoked
-- rights bind it. Roles belong to the cluster: several databases share this one.
do $$
begin
    if not exists (select from pg_roles where rolname = 'conum_app') then
        create role conum_app nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise exception 'the role conum_app is missing and % may not create it', current_user
            using hint = 'ask an administrator for: create role conum_app nologin; grant conum_app to <this user>;';
end
$$;
-- Also to whoever made it: since PostgreSQL 16 making a role does not allow to act as it.
do $$
begin
    execute format('grant conum_app to %I', current_user);
exception
    when insufficient_privilege then null;
end
$$;
grant usage on schema public to conum_app;
alter default privileges in schema public grant select, insert, update, delete on tables to conum_app;
alter default privileges in schema public grant usage, select on sequences to conum_app;

create extension if not exists pg_trgm;
create extension if not exists btree_gist;

-- What the session says of the caller: set at the start of each transaction, empty otherwise.
create function conum_setting(name text) returns text
language sql stable parallel safe
return coalesce(current_setting('conum.' || name, true), '');

-- The instant of the request, from the service's one clock.
create function conum_now() returns timestamptz
language sql stable parallel safe
return coalesce(nullif(current_setting('conum.now', true), '')::timestamptz, now());

-- Whether the caller's perimeter covers a structure. Nothing set means nothing seen.
create function conum_reaches(structure_id uuid, departement_code text, region_code text) returns boolean
language sql stable parallel safe
return case conum_setting('reach')
    when 'country' then true
    when 'departement' then departement_code = conum_setting('reach_value')
    when 'region' then region_code = conum_setting('reach_value')
    when 'structure' then structure_id::text = conum_setting('reach_value')
    else false
end;

-- Reference that people speak of: prefix and at least six digits.
create function conum_reference(prefix text, number bigint) returns text
language sql immutable parallel safe
return prefix || repeat('0', greatest(0, 6 - length(number::text))) || number::text;

-- Great-circle distance in kilometres (mean Earth radius 6371.0088 km, IUGG).
create function conum_km(longitude_a float8, latitude_a float8, longitude_b float8, latitude_b float8) returns float8
language sql immutable parallel safe
return 2 * 6371.0088 * asin(least(1, sqrt(
    power(sin(radians(latitude_b - latitude_a) / 2), 2)
    + cos(radians(latitude_a)) * cos(radians(latitude_b)) * power(sin(radians(longitude_b - longitude_a) / 2), 2)
)));

-- Every change of a versioned row gets the next version and the instant of the request.
create function conum_touch() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    new.updated_at := conum_now();
    return new;
end
$$;

create table audit_entries (
    sequence bigint generated always as identity constraint audit_entries_pkey primary key,
    id uuid not null default gen_random_uuid() constraint audit_entries_id_key unique,
    occurred_at timestamptz not null,
    operation text not null,
    request_id text not null,
    role text not null,
    issuer text not null,
    subject text not null,
    account_id uuid,
    api_client_id uuid,
    action text not null constraint audit_entries_action_check check (action in ('insert', 'update', 'delete')),
    table_name text not null,
    row_id text not null,
    changed_columns text[] not null
);
create index audit_entries_row_idx on audit_entries (table_name, row_id, sequence);
create index audit_entries_occurred_at_idx on audit_entries (occurred_at);
comment on table audit_entries is 'Who changed what, when, in which call. Names of columns, never values. Append-only.';
grant select, insert on audit_entries to conum_app;
revoke update, delete on audit_entries from conum_app;
alter table audit_entries enable row level security;
create policy audit_entries_read on audit_entries for select using (conum_setting('actor') in ('anct', 'system'));
create policy audit_entries_write on audit_entries for insert with check (true);

-- Writes the journal's line for one changed row; the argument names the identifying column.
create function conum_audit() returns trigger language plpgsql as $$
declare
    old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    changed text[];
begin
    select coalesce(array_agg(key order by key), '{}') into changed
    from jsonb_object_keys(coalesce(new_row, old_row)) as key
    where old_row -> key is distinct from new_row -> key
        and key not in ('version', 'updated_at', 'search_key');
    if tg_op = 'UPDATE' and cardinality(changed) = 0 then
        return null;
    end if;
    insert into audit_entries
        (occurred_at, operation, request_id, role, issuer, subject, account_id, api_client_id, action, table_name, row_id, changed_columns)
    values (
        conum_now(), conum_setting('operation'), conum_setting('request'),
        coalesce(nullif(conum_setting('role'), ''), 'system'), conum_setting('issuer'), conum_setting('subject'),
        nullif(conum_setting('account'), '')::uuid, nullif(conum_setting('api_client'), '')::uuid,
        lower(tg_op), tg_table_name, coalesce(new_row, old_row) ->> coalesce(tg_argv[0], 'id'), changed
    );
    return null;
end
$$;

create table events (
    sequence bigint generated always as identity constraint events_pkey primary key,
    id uuid not null constraint events_id_key unique,
    transaction xid8 not null default pg_current_xact_id(),
    type text not null,
    resource text not null,
    resource_id uuid not null,
    structure_id uuid,
    departement_code text,
    region_code text,
    occurred_at timestamptz not null
);
create index events_resource_idx on events (resource, resource_id, sequence);
comment on table events is 'Every change, thin: what happened to which resource, and who may know of it. Append-only.';
revoke update, delete on events from conum_app;

create table emails (
    id uuid constraint emails_pkey primary key,
    template text not null,
    recipient text not null,
    subject text not null,
    text_body text not null,
    html_body text not null,
    resource text not null,
    resource_id uuid,
    status text not null default 'queued' constraint emails_status_check check (status in ('queued', 'sent', 'failed')),
    attempts int not null default 0,
    next_attempt_at timestamptz not null,
    sent_at timestamptz,
    last_error text,
    created_at timestamptz not null default conum_now(),
    constraint emails_sent_check check ((status = 'sent') = (sent_at is not null))
);
create index emails_queue_idx on emails (next_attempt_at) where status = 'queued';
comment on table emails is 'E-mails written in the transaction that causes them, sent by a worker.';
alter table emails enable row level security;
create policy emails_write on emails for insert with check (true);
create policy emails_worker on emails using (conum_setting('actor') = 'system');

create table idempotency_keys (
    principal text not null,
    method text not null,
    path text not null,
    key text not null,
    request_hash bytea not null,
    status int not null,
    etag text,
    location text,
    body bytea,
    created_at timestamptz not null default conum_now(),
    expires_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (principal, method, path, key)
);
create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);
comment on table idempotency_keys is 'Answers kept with their effect, so that a repeated call gets the same bytes.';
alter table idempotency_keys enable row level security;
create policy idempotency_keys_own on idempotency_keys
    using (conum_setting('actor') = 'system'
        or principal = conum_setting('actor') || '|' || conum_setting('issuer') || '|' || conum_setting('subject')
            || '|' || conum_setting('account'));

create table job_runs (
    job text not null,
    day date not null,
    finished_at timestamptz,
    report jsonb,
    constraint job_runs_pkey primary key (job, day)
);
comment on table job_runs is 'One run of each job and legal day, however many servers there are.';

create table reference_loads (
    name text constraint reference_loads_pkey primary key,
    content_hash text not null,
    loaded_at timestamptz not null
);
comment on table reference_loads is 'Which edition of the reference data is loaded.';
