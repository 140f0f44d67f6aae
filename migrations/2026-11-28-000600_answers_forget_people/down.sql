alter table emails drop column last_word;
drop policy idempotency_keys_own on idempotency_keys;
create policy idempotency_keys_own on idempotency_keys
    using (conum_setting('actor') = 'system'
        or principal = conum_setting('actor') || '|' || conum_setting('issuer') || '|' || conum_setting('subject')
            || '|' || conum_setting('account'));
alter table idempotency_keys
    drop constraint idempotency_keys_forgotten_check,
    drop column forgotten_at,
    drop column mentions;
