-- Who read whose data: never what it was. Append-only; kept twelve months.
create table accesses (
    sequence bigint generated always as identity constraint accesses_pkey primary key,
    id uuid not null constraint accesses_id_key unique,
    occurred_at timestamptz not null,
    operation text not null,
    request_id text not null,
    role text not null,
    -- Département, region or structure that the reader acts for; nothing of those who act for the country.
    perimeter text not null,
    issuer text not null,
    subject text not null,
    account_id uuid,
    api_client_id uuid,
    resource text not null,
    resource_id uuid not null,
    -- The people concerned, as candidates.
    people uuid[] not null
);
create index accesses_people_idx on accesses using gin (people);
create index accesses_resource_idx on accesses (resource, resource_id, sequence);
create index accesses_occurred_at_idx on accesses (occurred_at);
revoke update, delete on accesses from conum_app;
alter table accesses enable row level security;
create policy accesses_write on accesses for insert with check (true);
create policy accesses_read on accesses for select using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'candidate' then people @> array[conum_setting('reach_value')::uuid]
    when 'counsellor' then exists (select from counsellors k where k.id::text = conum_setting('reach_value') and people @> array[k.candidate_id])
    else false
end);
-- The one way in which a line goes: with its time.
create function conum_forget_accesses(before timestamptz) returns bigint
language sql security definer
begin atomic
    with gone as (delete from accesses where occurred_at < before returning 1) select count(*) from gone;
end;
