-- A digest of what an agreement shows of others than itself: its structure, its posts, the scales in force, the envelope. When
-- it changes, the agreement's version moves.
create table agreement_borrowings (
    agreement_id uuid constraint agreement_borrowings_pkey primary key
        constraint agreement_borrowings_agreement_id_fkey references agreements (id),
    digest text not null constraint agreement_borrowings_digest_check check (digest ~ '^[0-9a-f]{64}$')
);
alter table agreement_borrowings enable row level security;
create policy agreement_borrowings_reach on agreement_borrowings
    using (exists (select from agreements a where a.id = agreement_id));

-- Nothing of a closed agreement is left to be paid, however it got there.
create function conum_closed_agreements() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'agreements' then
        if exists (select from instalments i where i.agreement_id = new.id and i.status in ('planned', 'due', 'ordered'))
            or exists (select from credit_notes n where n.agreement_id = new.id and n.status = 'issued') then
            raise exception 'agreement % is not settled', new.id using errcode = 'check_violation';
        end if;
    elsif exists (select from agreements a where a.id = new.agreement_id and a.status in ('closed', 'abandoned')) then
        raise exception 'agreement % is over', new.agreement_id using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create trigger agreements_settled before update of status on agreements
    for each row when (new.status = 'closed' and old.status <> 'closed') execute function conum_closed_agreements();
create trigger instalments_open_insert before insert on instalments
    for each row execute function conum_closed_agreements();
create trigger instalments_open_update before update of status on instalments
    for each row when (new.status <> old.status and new.status in ('planned', 'due', 'ordered'))
    execute function conum_closed_agreements();
