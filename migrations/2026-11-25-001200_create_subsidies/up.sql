-- Scales: what the State pays for a post, and when. A row never changes: a new one is in force from its first day on.
create sequence subsidy_scales_reference_seq;
create table subsidy_scales (
    id uuid constraint subsidy_scales_pkey primary key,
    reference text not null default conum_reference('CN-B-', nextval('subsidy_scales_reference_seq'))
        constraint subsidy_scales_reference_key unique,
    phase text not null constraint subsidy_scales_phase_check check (phase in ('v1', 'v2')),
    category text not null constraint subsidy_scales_category_check check (category in ('public', 'private')),
    -- Added to the base where the structure lies in a priority area (ZRR or QPV).
    bonus boolean not null default false,
    territory text not null constraint subsidy_scales_territory_check
        check (territory in ('any', 'metropolitan', 'departements')),
    months int not null constraint subsidy_scales_months_check check (months between 1 and 60),
    amount_cents bigint not null constraint subsidy_scales_amount_cents_check check (amount_cents between 1 and 100000000),
    valid_from date not null,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1
);
create index subsidy_scales_updated_at_idx on subsidy_scales (updated_at, id);
create trigger subsidy_scales_audit after insert or update or delete on subsidy_scales for each row execute function conum_audit();

-- Where a scale applies: 'any', 'metropolitan', or codes of départements. One scale a zone and day of entry into force.
create table subsidy_scale_zones (
    scale_id uuid not null constraint subsidy_scale_zones_scale_id_fkey references subsidy_scales (id),
    zone text not null,
    phase text not null,
    category text not null,
    bonus boolean not null,
    valid_from date not null,
    constraint subsidy_scale_zones_pkey primary key (scale_id, zone),
    constraint subsidy_scale_zones_valid_from_key unique (phase, category, bonus, zone, valid_from)
);

-- The plan of a scale: what is paid at which rank, under which conditions.
create table subsidy_scale_instalments (
    scale_id uuid not null constraint subsidy_scale_instalments_scale_id_fkey references subsidy_scales (id),
    rank int not null constraint subsidy_scale_instalments_rank_check check (rank between 1 and 12),
    amount_cents bigint not null constraint subsidy_scale_instalments_amount_cents_check
        check (amount_cents between 1 and 100000000),
    conditions text[] not null constraint subsidy_scale_instalments_conditions_check check (conditions <@
        array['agreement_signed', 'recruitment_validated', 'months_elapsed', 'initial_training_completed']),
    months_elapsed int not null default 0,
    constraint subsidy_scale_instalments_pkey primary key (scale_id, rank),
    constraint subsidy_scale_instalments_months_check check (months_elapsed between 0 and 60
        and (months_elapsed > 0) = ('months_elapsed' = any (conditions)))
);
revoke update, delete on subsidy_scales, subsidy_scale_zones, subsidy_scale_instalments from conum_app;

-- The scales at the start of the product. Amounts: the programme's public documents; plan of v1: 20 %, 30 %, 50 %.
do $$
declare
    line record;
    part record;
    made uuid;
begin
    for line in select * from (values
        ('v1', 'public', false, 'metropolitan', null::text[], 24, array[1000000, 1500000, 2500000]),
        ('v1', 'public', false, 'departements', array['971', '972', '973'], 24, array[1400000, 2100000, 3500000]),
        ('v1', 'public', false, 'departements', array['974', '976'], 24, array[1350000, 2025000, 3375000]),
        ('v1', 'private', false, 'any', null, 18, array[640000, 960000, 1600000]),
        ('v2', 'public', false, 'any', null, 36, array[1750000, 1250000, 1250000]),
        ('v2', 'public', true, 'any', null, 36, array[250000, 500000]),
        ('v2', 'private', false, 'any', null, 36, array[2000000, 1400000, 1000000])
    ) as v (phase, category, bonus, territory, codes, months, plan)
    loop
        made := gen_random_uuid();
        insert into subsidy_scales (id, phase, category, bonus, territory, months, amount_cents, valid_from)
        values (made, line.phase, line.category, line.bonus, line.territory, line.months,
            (select sum(a) from unnest(line.plan) as a), case line.phase when 'v1' then date '2020-11-17' else date '2022-11-01' end);
        insert into subsidy_scale_zones (scale_id, zone, phase, category, bonus, valid_from)
        select made, z, line.phase, line.category, line.bonus, case line.phase when 'v1' then date '2020-11-17' else date '2022-11-01' end
        from unnest(coalesce(line.codes, array[line.territory])) as z;
        for part in select a as amount, r::int as rank from unnest(line.plan) with ordinality as p (a, r)
        loop
            insert into subsidy_scale_instalments (scale_id, rank, amount_cents, conditions, months_elapsed)
            values (made, part.rank, part.amount,
                case when part.rank = 1 then array['agreement_signed', 'recruitment_validated']
                    when part.rank = 2 then array['agreement_signed', 'recruitment_validated', 'months_elapsed', 'initial_training_completed']
                    else array['agreement_signed', 'recruitment_validated', 'months_elapsed'] end,
                case when part.rank = 1 then 0
                    when line.phase = 'v1' then 6 * (part.rank - 1)
                    else 12 * (part.rank - 1) end);
        end loop;
    end loop;
end
$$;

-- Budget lines. `committed_cents` is what signed agreements promise, `paid_cents` what was paid less what was credited.
create table envelopes (
    code text constraint envelopes_pkey primary key
        constraint envelopes_code_check check (code in ('programme', 'posts', 'kits', 'other')),
    parent_code text constraint envelopes_parent_code_fkey references envelopes (code),
    allotted_cents bigint not null constraint envelopes_allotted_cents_check check (allotted_cents between 0 and 1000000000000),
    committed_cents bigint not null default 0,
    paid_cents bigint not null default 0,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint envelopes_committed_check check (committed_cents between 0 and allotted_cents),
    constraint envelopes_paid_check check (paid_cents between 0 and committed_cents)
);
create index envelopes_parent_code_idx on envelopes (parent_code);
insert into envelopes (code, parent_code, allotted_cents) values
    ('programme', null, 25000000000), ('posts', 'programme', 20000000000),
    ('kits', 'programme', 4000000000), ('other', 'programme', 1000000000);
create trigger envelopes_touch before update on envelopes for each row execute function conum_touch();
create trigger envelopes_audit after insert or update or delete on envelopes for each row execute function conum_audit('code');

-- Where a structure is paid. The account number lies apart, because it opens to the Banque des Territoires only.
create table bank_details (
    structure_id uuid constraint bank_details_pkey primary key
        constraint bank_details_structure_id_fkey references structures (id),
    holder text not null constraint bank_details_holder_check check (length(holder) between 1 and 70),
    iban_masked text not null constraint bank_details_iban_masked_check check (length(iban_masked) between 4 and 42),
    bic text constraint bank_details_bic_check check (bic ~ '^[A-Z0-9]{8}([A-Z0-9]{3})?$'),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1
);
create trigger bank_details_touch before update on bank_details for each row execute function conum_touch();
create trigger bank_details_audit after insert or update or delete on bank_details for each row execute function conum_audit('structure_id');
alter table bank_details enable row level security;
create policy bank_details_reach on bank_details using (conum_setting('actor') in ('anct', 'bdt', 'system')
    or (conum_setting('actor') = 'employer' and structure_id::text = conum_setting('reach_value')));

create table bank_account_numbers (
    structure_id uuid constraint bank_account_numbers_pkey primary key
        constraint bank_account_numbers_structure_id_fkey references bank_details (structure_id),
    iban text not null constraint bank_account_numbers_iban_check check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$')
);
create trigger bank_account_numbers_audit after insert or update or delete on bank_account_numbers
    for each row execute function conum_audit('structure_id');
alter table bank_account_numbers enable row level security;
create policy bank_account_numbers_bdt on bank_account_numbers using (conum_setting('actor') in ('bdt', 'system'));

-- What the State and a structure sign, phase by phase.
create sequence agreements_reference_seq;
create table agreements (
    id uuid constraint agreements_pkey primary key,
    reference text not null default conum_reference('CN-V-', nextval('agreements_reference_seq'))
        constraint agreements_reference_key unique,
    structure_id uuid not null constraint agreements_structure_id_fkey references structures (id),
    phase text not null constraint agreements_phase_check check (phase in ('v1', 'v2')),
    category text not null constraint agreements_category_check check (category in ('public', 'private')),
    legal_form text not null constraint agreements_legal_form_check
        check (legal_form in ('structure_publique', 'association', 'entreprise')),
    documents text[] not null default '{}' constraint agreements_documents_check check (documents <@ array['rib', 'avis_sirene',
        'piece_identite', 'acte_designation', 'liste_dirigeants', 'statuts', 'proces_verbal_ag', 'comptes_annuels']),
    status text not null default 'draft' constraint agreements_status_check
        check (status in ('draft', 'under_instruction', 'signed', 'amended', 'closed', 'abandoned')),
    instructed_at timestamptz,
    signed_on date,
    closed_on date,
    abandoned_on date,
    abandonment_reason text constraint agreements_abandonment_reason_check check (length(abandonment_reason) between 10 and 1000),
    amendments_count int not null default 0,
    -- What is agreed today: the sum of its posts.
    amount_cents bigint not null default 0,
    paid_cents bigint not null default 0,
    credited_cents bigint not null default 0,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint agreements_category_form_check check ((category = 'public') = (legal_form = 'structure_publique')),
    constraint agreements_instructed_check check (status not in ('under_instruction', 'signed', 'amended', 'closed') or instructed_at is not null),
    constraint agreements_signed_check check ((status in ('signed', 'amended', 'closed')) = (signed_on is not null)),
    constraint agreements_closed_check check ((status = 'closed') = (closed_on is not null)),
    constraint agreements_abandoned_check check ((status = 'abandoned') = (abandoned_on is not null)
        and num_nonnulls(abandoned_on, abandonment_reason) <> 1),
    constraint agreements_amended_check check ((amendments_count > 0) or status <> 'amended'),
    constraint agreements_amount_cents_check check (amount_cents >= 0),
    constraint agreements_paid_check check (paid_cents >= 0 and credited_cents between 0 and paid_cents
        and paid_cents - credited_cents <= amount_cents)
);
create unique index agreements_live_key on agreements (structure_id, phase) where status not in ('closed', 'abandoned');
create index agreements_structure_id_idx on agreements (structure_id);
create index agreements_updated_at_idx on agreements (updated_at, id);
create trigger agreements_touch before update on agreements for each row execute function conum_touch();
create trigger agreements_audit after insert or update or delete on agreements for each row execute function conum_audit();
alter table agreements enable row level security;
create policy agreements_reach on agreements using (conum_setting('actor') in ('anct', 'bdt', 'system')
    or (conum_setting('actor') in ('employer', 'prefecture') and conum_reaches_structure(structure_id)));

-- A post under an agreement. Time is counted in thirtieths of a month.
create table agreement_posts (
    id uuid constraint agreement_posts_pkey primary key,
    agreement_id uuid not null constraint agreement_posts_agreement_id_fkey references agreements (id),
    structure_id uuid not null constraint agreement_posts_structure_id_fkey references structures (id),
    post_id uuid not null constraint agreement_posts_post_id_fkey references posts (id),
    phase text not null constraint agreement_posts_phase_check check (phase in ('v1', 'v2')),
    scale_id uuid not null constraint agreement_posts_scale_id_fkey references subsidy_scales (id),
    bonus_scale_id uuid constraint agreement_posts_bonus_scale_id_fkey references subsidy_scales (id),
    added_on date not null,
    removed_on date,
    -- Thirtieths that the amount in full pays for, and those worked on the post before this agreement.
    term_thirtieths int not null constraint agreement_posts_term_thirtieths_check check (term_thirtieths between 1 and 1800),
    worked_before_thirtieths int not null default 0
        constraint agreement_posts_worked_before_thirtieths_check check (worked_before_thirtieths >= 0),
    -- Contracts that had started by then belong to an earlier time of the post with this structure.
    counts_after date,
    -- Amount for the whole term, and what of it is agreed now.
    full_cents bigint not null constraint agreement_posts_full_cents_check check (full_cents >= 0),
    amount_cents bigint not null,
    paid_cents bigint not null default 0,
    credited_cents bigint not null default 0,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint agreement_posts_removed_check check (removed_on >= added_on),
    constraint agreement_posts_amount_check check (amount_cents between 0 and full_cents),
    constraint agreement_posts_paid_check check (paid_cents >= 0 and credited_cents between 0 and paid_cents
        and paid_cents - credited_cents <= amount_cents)
);
create unique index agreement_posts_live_key on agreement_posts (post_id, phase) where removed_on is null;
create index agreement_posts_post_id_idx on agreement_posts (post_id);
create index agreement_posts_agreement_id_idx on agreement_posts (agreement_id);
create index agreement_posts_structure_id_idx on agreement_posts (structure_id);
create index agreement_posts_scale_id_idx on agreement_posts (scale_id);
create index agreement_posts_bonus_scale_id_idx on agreement_posts (bonus_scale_id);
create trigger agreement_posts_touch before update on agreement_posts for each row execute function conum_touch();
create trigger agreement_posts_audit after insert or update or delete on agreement_posts for each row execute function conum_audit();
alter table agreement_posts enable row level security;
create policy agreement_posts_reach on agreement_posts using (conum_setting('actor') in ('anct', 'bdt', 'system')
    or (conum_setting('actor') in ('employer', 'prefecture') and conum_reaches_structure(structure_id)));

-- What each amendment changed.
create table agreement_amendments (
    id uuid constraint agreement_amendments_pkey primary key,
    agreement_id uuid not null constraint agreement_amendments_agreement_id_fkey references agreements (id),
    number int not null constraint agreement_amendments_number_check check (number >= 1),
    signed_on date not null,
    posts_added int not null,
    posts_restored int not null,
    amount_before_cents bigint not null,
    amount_after_cents bigint not null,
    created_at timestamptz not null default conum_now(),
    constraint agreement_amendments_number_key unique (agreement_id, number)
);
revoke update, delete on agreement_amendments from conum_app;
create trigger agreement_amendments_audit after insert or update or delete on agreement_amendments for each row execute function conum_audit();
alter table agreement_amendments enable row level security;
create policy agreement_amendments_reach on agreement_amendments using (exists (select from agreements a where a.id = agreement_id));

create sequence instalments_reference_seq;
create table instalments (
    id uuid constraint instalments_pkey primary key,
    reference text not null default conum_reference('CN-T-', nextval('instalments_reference_seq'))
        constraint instalments_reference_key unique,
    agreement_id uuid not null constraint instalments_agreement_id_fkey references agreements (id),
    agreement_post_id uuid not null constraint instalments_agreement_post_id_fkey references agreement_posts (id),
    structure_id uuid not null constraint instalments_structure_id_fkey references structures (id),
    post_id uuid not null constraint instalments_post_id_fkey references posts (id),
    phase text not null constraint instalments_phase_check check (phase in ('v1', 'v2')),
    rank int not null constraint instalments_rank_check check (rank between 1 and 100),
    amount_cents bigint not null constraint instalments_amount_cents_check check (amount_cents >= 1),
    -- Part of it that is settled by a credit note instead of money.
    offset_cents bigint not null default 0,
    conditions text[] not null constraint instalments_conditions_check check (conditions <@
        array['agreement_signed', 'recruitment_validated', 'months_elapsed', 'initial_training_completed']),
    months_elapsed int not null default 0,
    -- What remains for time worked on a post that has become vacant or has left: owed at once.
    settlement boolean not null default false,
    status text not null default 'planned' constraint instalments_status_check
        check (status in ('planned', 'due', 'ordered', 'paid', 'cancelled')),
    -- Conditions that are not met, of a planned one.
    unmet text[] not null default '{}',
    -- Day on which its months will have been worked, if nothing changes.
    expected_on date,
    due_on date,
    paid_on date,
    bank_reference text constraint instalments_bank_reference_check check (length(bank_reference) between 1 and 35),
    cancelled_on date,
    rejections_count int not null default 0,
    last_rejection text constraint instalments_last_rejection_check check (last_rejection in
        ('ac01', 'ac04', 'ac06', 'ag01', 'be01', 'md07', 'ms03', 'rc01')),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint instalments_offset_check check (offset_cents >= 0 and offset_cents < amount_cents),
    constraint instalments_due_check check (status not in ('due', 'ordered', 'paid') or due_on is not null),
    constraint instalments_paid_check check ((status = 'paid') = (paid_on is not null) and num_nonnulls(paid_on, bank_reference) <> 1),
    constraint instalments_cancelled_check check ((status = 'cancelled') = (cancelled_on is not null)),
    constraint instalments_unmet_check check (status = 'planned' or unmet = '{}'),
    constraint instalments_rejections_check check ((rejections_count > 0) = (last_rejection is not null))
);
-- Never two live instalments of one rank for a post, whatever the agreements.
create unique index instalments_live_key on instalments (post_id, phase, rank) where status <> 'cancelled';
create index instalments_agreement_id_idx on instalments (agreement_id);
create index instalments_agreement_post_id_idx on instalments (agreement_post_id);
create index instalments_structure_id_idx on instalments (structure_id);
create index instalments_post_id_idx on instalments (post_id);
create index instalments_due_idx on instalments (agreement_id) where status in ('planned', 'due');
create index instalments_updated_at_idx on instalments (updated_at, id);
create trigger instalments_touch before update on instalments for each row execute function conum_touch();
create trigger instalments_audit after insert or update or delete on instalments for each row execute function conum_audit();
alter table instalments enable row level security;
create policy instalments_reach on instalments using (conum_setting('actor') in ('anct', 'bdt', 'system')
    or (conum_setting('actor') = 'employer' and conum_reaches_structure(structure_id)));

create sequence payment_batches_reference_seq;
create table payment_batches (
    id uuid constraint payment_batches_pkey primary key,
    reference text not null default conum_reference('CN-L-', nextval('payment_batches_reference_seq'))
        constraint payment_batches_reference_key unique,
    execution_on date not null,
    status text not null default 'ordered' constraint payment_batches_status_check check (status in ('ordered', 'answered')),
    payer_name text not null constraint payment_batches_payer_name_check check (length(payer_name) between 1 and 70),
    payer_iban text not null,
    payer_bic text,
    lines_count int not null constraint payment_batches_lines_count_check check (lines_count >= 1),
    amount_cents bigint not null constraint payment_batches_amount_cents_check check (amount_cents >= 1),
    paid_count int not null default 0,
    paid_cents bigint not null default 0,
    rejected_count int not null default 0,
    rejected_cents bigint not null default 0,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint payment_batches_answers_check check (paid_count >= 0 and rejected_count >= 0 and paid_count + rejected_count <= lines_count
        and paid_cents + rejected_cents <= amount_cents),
    constraint payment_batches_answered_check check ((status = 'answered') = (paid_count + rejected_count = lines_count))
);
create index payment_batches_updated_at_idx on payment_batches (updated_at, id);
create trigger payment_batches_touch before update on payment_batches for each row execute function conum_touch();
create trigger payment_batches_audit after insert or update or delete on payment_batches for each row execute function conum_audit();
alter table payment_batches enable row level security;
create policy payment_batches_reach on payment_batches using (conum_setting('actor') in ('anct', 'bdt', 'system'));

create table payment_lines (
    id uuid constraint payment_lines_pkey primary key,
    batch_id uuid not null constraint payment_lines_batch_id_fkey references payment_batches (id),
    number int not null constraint payment_lines_number_check check (number >= 1),
    instalment_id uuid not null constraint payment_lines_instalment_id_fkey references instalments (id),
    structure_id uuid not null constraint payment_lines_structure_id_fkey references structures (id),
    -- Money that moves: the instalment less what a credit note settles.
    amount_cents bigint not null constraint payment_lines_amount_cents_check check (amount_cents >= 1),
    status text not null default 'ordered' constraint payment_lines_status_check check (status in ('ordered', 'paid', 'rejected')),
    paid_on date,
    bank_reference text constraint payment_lines_bank_reference_check check (length(bank_reference) between 1 and 35),
    rejection text constraint payment_lines_rejection_check check (rejection in
        ('ac01', 'ac04', 'ac06', 'ag01', 'be01', 'md07', 'ms03', 'rc01')),
    answered_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint payment_lines_number_key unique (batch_id, number),
    constraint payment_lines_paid_check check ((status = 'paid') = (paid_on is not null) and num_nonnulls(paid_on, bank_reference) <> 1),
    constraint payment_lines_rejected_check check ((status = 'rejected') = (rejection is not null)),
    constraint payment_lines_answered_check check ((status = 'ordered') = (answered_at is null))
);
-- An instalment is paid once: one line that is ordered or paid.
create unique index payment_lines_live_key on payment_lines (instalment_id) where status <> 'rejected';
create index payment_lines_batch_id_idx on payment_lines (batch_id);
create index payment_lines_instalment_id_idx on payment_lines (instalment_id);
create index payment_lines_structure_id_idx on payment_lines (structure_id);
create trigger payment_lines_touch before update on payment_lines for each row execute function conum_touch();
create trigger payment_lines_audit after insert or update or delete on payment_lines for each row execute function conum_audit();
alter table payment_lines enable row level security;
create policy payment_lines_reach on payment_lines using (conum_setting('actor') in ('anct', 'bdt', 'system'));

-- The account to which a line was ordered, as it was then.
create table payment_line_accounts (
    line_id uuid constraint payment_line_accounts_pkey primary key
        constraint payment_line_accounts_line_id_fkey references payment_lines (id),
    holder text not null,
    iban text not null,
    bic text
);
revoke update, delete on payment_line_accounts from conum_app;
alter table payment_line_accounts enable row level security;
create policy payment_line_accounts_bdt on payment_line_accounts using (conum_setting('actor') in ('bdt', 'system'));

create sequence credit_notes_reference_seq;
create table credit_notes (
    id uuid constraint credit_notes_pkey primary key,
    reference text not null default conum_reference('CN-AV-', nextval('credit_notes_reference_seq'))
        constraint credit_notes_reference_key unique,
    agreement_id uuid not null constraint credit_notes_agreement_id_fkey references agreements (id),
    agreement_post_id uuid not null constraint credit_notes_agreement_post_id_fkey references agreement_posts (id),
    structure_id uuid not null constraint credit_notes_structure_id_fkey references structures (id),
    post_id uuid not null constraint credit_notes_post_id_fkey references posts (id),
    amount_cents bigint not null constraint credit_notes_amount_cents_check check (amount_cents >= 1),
    reason text not null constraint credit_notes_reason_check check (reason in ('contract_ended', 'post_left')),
    status text not null default 'issued' constraint credit_notes_status_check check (status in ('issued', 'repaid', 'offset')),
    issued_on date not null,
    repaid_on date,
    bank_reference text constraint credit_notes_bank_reference_check check (length(bank_reference) between 1 and 35),
    offset_instalment_id uuid constraint credit_notes_offset_instalment_id_fkey references instalments (id),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint credit_notes_repaid_check check ((status = 'repaid') = (repaid_on is not null) and num_nonnulls(repaid_on, bank_reference) <> 1),
    constraint credit_notes_offset_check check ((status = 'offset') = (offset_instalment_id is not null))
);
create index credit_notes_agreement_id_idx on credit_notes (agreement_id);
create index credit_notes_agreement_post_id_idx on credit_notes (agreement_post_id);
create index credit_notes_structure_id_idx on credit_notes (structure_id);
create index credit_notes_post_id_idx on credit_notes (post_id);
create index credit_notes_offset_instalment_id_idx on credit_notes (offset_instalment_id);
create index credit_notes_updated_at_idx on credit_notes (updated_at, id);
create trigger credit_notes_touch before update on credit_notes for each row execute function conum_touch();
create trigger credit_notes_audit after insert or update or delete on credit_notes for each row execute function conum_audit();
alter table credit_notes enable row level security;
create policy credit_notes_reach on credit_notes using (conum_setting('actor') in ('anct', 'bdt', 'system')
    or (conum_setting('actor') = 'employer' and conum_reaches_structure(structure_id)));

-- Every movement of money and of what is promised. Append-only: what was written is never changed.
create table ledger_entries (
    sequence bigint generated always as identity constraint ledger_entries_pkey primary key,
    id uuid not null constraint ledger_entries_id_key unique,
    kind text not null constraint ledger_entries_kind_check check (kind in ('commitment', 'payment', 'credit', 'offset', 'repayment')),
    -- Commitments are signed; all else counts in the direction of its kind.
    amount_cents bigint not null constraint ledger_entries_amount_cents_check check (amount_cents <> 0 and (kind = 'commitment' or amount_cents > 0)),
    envelope_code text not null constraint ledger_entries_envelope_code_fkey references envelopes (code),
    agreement_id uuid not null constraint ledger_entries_agreement_id_fkey references agreements (id),
    agreement_post_id uuid not null constraint ledger_entries_agreement_post_id_fkey references agreement_posts (id),
    structure_id uuid not null constraint ledger_entries_structure_id_fkey references structures (id),
    post_id uuid not null constraint ledger_entries_post_id_fkey references posts (id),
    instalment_id uuid constraint ledger_entries_instalment_id_fkey references instalments (id),
    credit_note_id uuid constraint ledger_entries_credit_note_id_fkey references credit_notes (id),
    batch_id uuid constraint ledger_entries_batch_id_fkey references payment_batches (id),
    operation text not null,
    booked_on date not null,
    created_at timestamptz not null default conum_now(),
    constraint ledger_entries_payment_check check ((kind = 'payment') = (batch_id is not null) and (kind in ('payment', 'offset')) = (instalment_id is not null)),
    constraint ledger_entries_credit_check check ((kind in ('credit', 'offset', 'repayment')) = (credit_note_id is not null))
);
-- An instalment is booked as paid once, a credit note as issued and settled once.
create unique index ledger_entries_payment_key on ledger_entries (instalment_id) where kind = 'payment';
create unique index ledger_entries_credit_key on ledger_entries (credit_note_id) where kind = 'credit';
create unique index ledger_entries_settled_key on ledger_entries (credit_note_id) where kind in ('offset', 'repayment');
create index ledger_entries_envelope_code_idx on ledger_entries (envelope_code);
create index ledger_entries_agreement_id_idx on ledger_entries (agreement_id);
create index ledger_entries_agreement_post_id_idx on ledger_entries (agreement_post_id);
create index ledger_entries_structure_id_idx on ledger_entries (structure_id);
create index ledger_entries_post_id_idx on ledger_entries (post_id);
create index ledger_entries_instalment_id_idx on ledger_entries (instalment_id);
create index ledger_entries_credit_note_id_idx on ledger_entries (credit_note_id);
create index ledger_entries_batch_id_idx on ledger_entries (batch_id);
revoke update, delete on ledger_entries from conum_app;
alter table ledger_entries enable row level security;
create policy ledger_entries_reach on ledger_entries using (conum_setting('actor') in ('anct', 'bdt', 'system')
    or (conum_setting('actor') = 'employer' and conum_reaches_structure(structure_id)));
