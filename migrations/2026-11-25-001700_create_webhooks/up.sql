-- Where events are sent to, in the name of whoever asked for it: their role, perimeter and scopes decide of what.
create table webhooks (
    id uuid constraint webhooks_pkey primary key,
    role text not null constraint webhooks_role_check check (role in ('anct', 'bdt', 'prefecture', 'employer')),
    structure_id uuid constraint webhooks_structure_id_fkey references structures (id),
    departement_code text constraint webhooks_departement_code_fkey references departements (code),
    region_code text constraint webhooks_region_code_fkey references regions (code),
    account_id uuid constraint webhooks_account_id_fkey references accounts (id),
    api_client_id uuid constraint webhooks_api_client_id_fkey references api_clients (id),
    scopes text[],
    name text not null constraint webhooks_name_check check (length(name) between 1 and 100),
    url text not null constraint webhooks_url_check check (url ~ '^https?://' and length(url) <= 500),
    secret text not null,
    resources text[],
    types text[],
    status text not null default 'active' constraint webhooks_status_check check (status in ('active', 'disabled')),
    -- Since when nothing has been delivered.
    failing_since timestamptz,
    disabled_at timestamptz,
    -- Place in the feed up to which deliveries have been queued.
    reached_transaction xid8 not null default pg_current_xact_id(),
    reached_sequence bigint not null default 0,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint webhooks_disabled_check check ((status = 'disabled') = (disabled_at is not null)),
    constraint webhooks_perimeter_check check (num_nonnulls(structure_id, departement_code, region_code) =
        case role when 'employer' then 1 when 'prefecture' then 1 else 0 end and (role = 'employer') = (structure_id is not null))
);
create index webhooks_structure_id_idx on webhooks (structure_id);
create index webhooks_departement_code_idx on webhooks (departement_code);
create index webhooks_region_code_idx on webhooks (region_code);
create index webhooks_account_id_idx on webhooks (account_id);
create index webhooks_api_client_id_idx on webhooks (api_client_id);
create index webhooks_updated_at_idx on webhooks (updated_at, id);
-- Where the sending has got to is no change of the webhook.
create trigger webhooks_touch before update of name, url, secret, resources, types, status on webhooks for each row execute function conum_touch();
create trigger webhooks_audit after insert or delete or update of name, url, secret, resources, types, status on webhooks
    for each row execute function conum_audit();
alter table webhooks enable row level security;
create policy webhooks_own on webhooks using (conum_setting('actor') = 'system' or (role = conum_setting('actor')
    and coalesce(structure_id::text, departement_code, region_code, '') = conum_setting('reach_value')));

create table webhook_deliveries (
    id uuid constraint webhook_deliveries_pkey primary key,
    webhook_id uuid not null constraint webhook_deliveries_webhook_id_fkey references webhooks (id) on delete cascade,
    event_id uuid not null,
    type text not null,
    body text not null,
    status text not null default 'queued' constraint webhook_deliveries_status_check check (status in ('queued', 'delivered', 'failed')),
    attempts int not null default 0,
    -- From here on twenty-four hours of attempts.
    queued_at timestamptz not null,
    next_attempt_at timestamptz not null,
    delivered_at timestamptz,
    answer_status int,
    last_error text,
    constraint webhook_deliveries_event_id_key unique (webhook_id, event_id),
    constraint webhook_deliveries_delivered_check check ((status = 'delivered') = (delivered_at is not null))
);
create index webhook_deliveries_webhook_id_idx on webhook_deliveries (webhook_id, queued_at);
create index webhook_deliveries_queue_idx on webhook_deliveries (next_attempt_at) where status = 'queued';
alter table webhook_deliveries enable row level security;
create policy webhook_deliveries_own on webhook_deliveries using (conum_setting('actor') = 'system'
    or exists (select from webhooks w where w.id = webhook_id));
