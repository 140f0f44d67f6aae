-- Stored answers can be found by whom they mention, and forgotten with them.
alter table idempotency_keys
    add column mentions uuid[] not null default '{}',
    add column forgotten_at timestamptz,
    add constraint idempotency_keys_forgotten_check check (forgotten_at is null or body is null);
create index idempotency_keys_mentions_idx on idempotency_keys using gin (mentions);
comment on column idempotency_keys.mentions is 'Every identifier that the answer names.';
comment on column idempotency_keys.forgotten_at is 'When the answer was forgotten with somebody it showed.';

-- Keys are apart by perimeter as well: one person may hold tokens for several structures.
drop policy idempotency_keys_own on idempotency_keys;
create policy idempotency_keys_own on idempotency_keys
    using (conum_setting('actor') = 'system'
        or principal = conum_setting('actor') || '|' || conum_setting('issuer') || '|' || conum_setting('subject')
            || '|' || conum_setting('account') || '|' || conum_setting('reach') || '|' || conum_setting('reach_value'));

-- The last letter to somebody: its address is forgotten once it has left.
alter table emails add column last_word boolean not null default false;
comment on column emails.last_word is 'Whether the address is forgotten once the letter has left or was given up.';
