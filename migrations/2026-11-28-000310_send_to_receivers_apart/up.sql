-- Who an address belongs to: host and port. One delivery at a time goes to each.
alter table webhooks add column receiver text not null
    generated always as (lower(substring(url from '^https?://([^/?#]+)'))) stored;
create index webhooks_receiver_idx on webhooks (receiver);

-- Where sending to a receiver stands. Silences in a row make it rest.
create table webhook_receivers (
    host text constraint webhook_receivers_pkey primary key,
    busy_until timestamptz not null default '-infinity',
    resting_until timestamptz not null default '-infinity',
    silences int not null default 0 constraint webhook_receivers_silences_check check (silences >= 0),
    answered_at timestamptz
);
insert into webhook_receivers (host) select distinct receiver from webhooks;
create function conum_webhook_receiver() returns trigger language plpgsql as $$
begin
    insert into webhook_receivers (host) values (new.receiver) on conflict do nothing;
    return null;
end
$$;
create trigger webhooks_receiver after insert or update of url on webhooks for each row execute function conum_webhook_receiver();

-- The next delivery of each webhook.
create index webhook_deliveries_head_idx on webhook_deliveries (webhook_id, queued_at, id) where status = 'queued';
