-- Gross monthly minimum wage (SMIC, 35 hours a week) from a day on. Source: decrees published by the Journal officiel.
create table minimum_wages (
    starts_on date constraint minimum_wages_pkey primary key,
    gross_monthly_cents bigint not null constraint minimum_wages_gross_monthly_cents_check
        check (gross_monthly_cents between 100000 and 1000000),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1
);
insert into minimum_wages (starts_on, gross_monthly_cents) values
    ('2020-01-01', 153942), ('2021-01-01', 155458), ('2021-10-01', 158947), ('2022-01-01', 160312),
    ('2022-05-01', 164558), ('2022-08-01', 167895), ('2023-01-01', 170928), ('2023-05-01', 174720),
    ('2024-01-01', 176692), ('2024-11-01', 180180), ('2026-01-01', 182303);
create trigger minimum_wages_touch before update on minimum_wages for each row execute function conum_touch();
create trigger minimum_wages_audit after insert or update or delete on minimum_wages
    for each row execute function conum_audit('starts_on');

create sequence recruitments_reference_seq;
create table recruitments (
    id uuid constraint recruitments_pkey primary key,
    reference text not null default conum_reference('CN-E-', nextval('recruitments_reference_seq'))
        constraint recruitments_reference_key unique,
    post_id uuid not null constraint recruitments_post_id_fkey references posts (id),
    structure_id uuid not null constraint recruitments_structure_id_fkey references structures (id),
    candidate_id uuid not null constraint recruitments_candidate_id_fkey references candidates (id),
    match_id uuid constraint recruitments_match_id_fkey references matches (id),
    -- The recruitment that this one renews, or follows after a transfer of the post.
    previous_id uuid constraint recruitments_previous_id_fkey references recruitments (id),
    origin text not null constraint recruitments_origin_check check (origin in ('new', 'renewal', 'transfer')),
    -- A renewal whose predecessor still runs.
    waiting boolean not null default false,
    phase text not null constraint recruitments_phase_check check (phase in ('v1', 'v2')),
    coordinator boolean not null,
    contract_type text not null constraint recruitments_contract_type_check
        check (contract_type in ('cdd', 'cdi', 'contrat_de_projet', 'pec')),
    starts_on date not null constraint recruitments_starts_on_check check (starts_on >= date '2020-10-01'),
    ends_on date,
    gross_monthly_salary_cents bigint not null constraint recruitments_gross_monthly_salary_cents_check
        check (gross_monthly_salary_cents between 100000 and 2000000),
    documents text[] not null default '{}' constraint recruitments_documents_check check (documents <@
        array['contrat_signe', 'fiche_de_poste', 'piece_identite', 'cv', 'diplome', 'titre_de_sejour']),
    status text not null default 'submitted' constraint recruitments_status_check check (status in
        ('submitted', 'validated', 'refused', 'cancelled', 'termination_requested', 'terminated', 'completed')),
    validated_at timestamptz,
    refused_at timestamptz,
    refusal_reason text constraint recruitments_refusal_reason_check check (length(refusal_reason) between 10 and 1000),
    cancelled_at timestamptz,
    termination_requested_at timestamptz,
    terminates_on date,
    termination_reason text constraint recruitments_termination_reason_check check (termination_reason in
        ('demission', 'licenciement', 'rupture_commun_accord', 'non_renouvellement', 'fin_periode_essai', 'autre')),
    termination_comment text constraint recruitments_termination_comment_check
        check (length(termination_comment) between 1 and 1000),
    -- Last day in fact worked, once it is over.
    ended_on date,
    ended_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint recruitments_contract_check check ((contract_type = 'cdi') = (ends_on is null)),
    constraint recruitments_dates_check check (ends_on > starts_on),
    constraint recruitments_previous_check check ((origin = 'new') = (previous_id is null)),
    constraint recruitments_waiting_check check (not waiting or (origin = 'renewal' and status in ('submitted', 'validated'))),
    constraint recruitments_validated_check check (status not in ('validated', 'termination_requested', 'terminated', 'completed')
        or validated_at is not null),
    constraint recruitments_refused_check check ((status = 'refused') = (refused_at is not null)
        and num_nonnulls(refused_at, refusal_reason) <> 1),
    constraint recruitments_cancelled_check check ((status = 'cancelled') = (cancelled_at is not null)),
    constraint recruitments_termination_check check ((status in ('termination_requested', 'terminated')) = (terminates_on is not null)
        and num_nonnulls(termination_requested_at, terminates_on, termination_reason) in (0, 3)
        and (termination_comment is null or terminates_on is not null)),
    constraint recruitments_terminates_on_check check (terminates_on >= starts_on and (ends_on is null or terminates_on <= ends_on)),
    constraint recruitments_ended_check check ((status in ('terminated', 'completed')) = (ended_on is not null)
        and num_nonnulls(ended_on, ended_at) <> 1 and ended_on >= starts_on),
    -- Nobody works under two validated contracts at a time, nor two people on one post.
    constraint recruitments_candidate_excl exclude using gist (candidate_id with =,
        daterange(starts_on, coalesce(ended_on, ends_on), '[]') with &&)
        where (status in ('validated', 'termination_requested', 'terminated', 'completed')),
    constraint recruitments_post_excl exclude using gist (post_id with =,
        daterange(starts_on, coalesce(ended_on, ends_on), '[]') with &&)
        where (status in ('validated', 'termination_requested', 'terminated', 'completed'))
);
-- One live recruitment a candidate and a post; beside it only the renewal that waits for its end.
create unique index recruitments_live_candidate_key on recruitments (candidate_id, waiting)
    where status in ('submitted', 'validated', 'termination_requested');
create unique index recruitments_live_post_key on recruitments (post_id, waiting)
    where status in ('submitted', 'validated', 'termination_requested');
create index recruitments_post_id_idx on recruitments (post_id);
create index recruitments_structure_id_idx on recruitments (structure_id);
create index recruitments_candidate_id_idx on recruitments (candidate_id);
create index recruitments_match_id_idx on recruitments (match_id);
create index recruitments_previous_id_idx on recruitments (previous_id);
create index recruitments_updated_at_idx on recruitments (updated_at, id);
create index recruitments_ends_on_idx on recruitments (ends_on) where status = 'validated';
create trigger recruitments_touch before update on recruitments for each row execute function conum_touch();
create trigger recruitments_audit after insert or update or delete on recruitments for each row execute function conum_audit();

create table extensions (
    id uuid constraint extensions_pkey primary key,
    recruitment_id uuid not null constraint extensions_recruitment_id_fkey references recruitments (id),
    ends_on date not null,
    gross_monthly_salary_cents bigint not null constraint extensions_gross_monthly_salary_cents_check
        check (gross_monthly_salary_cents between 100000 and 2000000),
    previous_ends_on date not null,
    previous_gross_monthly_salary_cents bigint not null,
    status text not null default 'requested' constraint extensions_status_check check (status in ('requested', 'validated', 'refused')),
    decided_at timestamptz,
    refusal_reason text constraint extensions_refusal_reason_check check (length(refusal_reason) between 10 and 1000),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint extensions_dates_check check (ends_on > previous_ends_on),
    constraint extensions_decided_check check ((status = 'requested') = (decided_at is null)),
    constraint extensions_refused_check check ((status = 'refused') = (refusal_reason is not null))
);
create unique index extensions_pending_key on extensions (recruitment_id) where status = 'requested';
create index extensions_recruitment_id_idx on extensions (recruitment_id);
create trigger extensions_touch before update on extensions for each row execute function conum_touch();
create trigger extensions_audit after insert or update or delete on extensions for each row execute function conum_audit();

-- The person of a validated recruitment; the same one through all their contracts.
create sequence counsellors_reference_seq;
create table counsellors (
    id uuid constraint counsellors_pkey primary key,
    reference text not null default conum_reference('CN-CN-', nextval('counsellors_reference_seq'))
        constraint counsellors_reference_key unique,
    candidate_id uuid not null constraint counsellors_candidate_id_key unique
        constraint counsellors_candidate_id_fkey references candidates (id),
    -- The running recruitment, or the last one.
    recruitment_id uuid not null constraint counsellors_recruitment_id_fkey references recruitments (id),
    structure_id uuid not null constraint counsellors_structure_id_fkey references structures (id),
    status text not null constraint counsellors_status_check check (status in ('in_post', 'left')),
    since_on date not null,
    left_on date,
    professional_email text constraint counsellors_professional_email_check
        check (professional_email = lower(professional_email) and length(professional_email) <= 254),
    professional_phone text constraint counsellors_professional_phone_check check (professional_phone ~ '^\+[0-9]{6,15}$'),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint counsellors_left_check check ((status = 'left') = (left_on is not null))
);
create index counsellors_recruitment_id_idx on counsellors (recruitment_id);
create index counsellors_structure_id_idx on counsellors (structure_id);
create index counsellors_updated_at_idx on counsellors (updated_at, id);
create trigger counsellors_touch before update on counsellors for each row execute function conum_touch();
create trigger counsellors_audit after insert or update or delete on counsellors for each row execute function conum_audit();

-- Figures are read through the service; rows by those whom they concern.
create function conum_reaches_structure(structure uuid) returns boolean
language sql stable security definer
return exists (select from structures s where s.id = structure and conum_reaches(s.id, s.departement_code, s.region_code));

-- Whether a candidate is the person of the caller's own counsellor account.
create function conum_is_counsellor(candidate uuid) returns boolean
language sql stable security definer
return conum_setting('actor') = 'counsellor' and exists (
    select from counsellors k where k.candidate_id = candidate and k.id::text = conum_setting('reach_value'));

-- Whether a candidate is, or was, recruited within the caller's perimeter.
create function conum_recruited(candidate uuid, states text[]) returns boolean
language sql stable security definer
return conum_setting('actor') in ('bdt', 'prefecture', 'coordinator', 'employer') and exists (
    select from recruitments r join structures s on s.id = r.structure_id
    where r.candidate_id = candidate and r.status = any (states)
        and conum_reaches(s.id, s.departement_code, s.region_code));

alter table recruitments enable row level security;
create policy recruitments_reach on recruitments using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'candidate' then candidate_id::text = conum_setting('reach_value')
    when 'counsellor' then conum_is_counsellor(candidate_id)
    when 'bdt' then true
    when 'employer' then conum_reaches_structure(structure_id)
    when 'prefecture' then conum_reaches_structure(structure_id)
    else false
end);
alter table extensions enable row level security;
create policy extensions_reach on extensions using (exists (select from recruitments r where r.id = recruitment_id));
alter table counsellors enable row level security;
create policy counsellors_reach on counsellors using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'counsellor' then id::text = conum_setting('reach_value')
    when 'bdt' then true
    when 'employer' then conum_reaches_structure(structure_id)
    when 'prefecture' then conum_reaches_structure(structure_id)
    when 'coordinator' then conum_reaches_structure(structure_id)
    else false
end);

create policy candidates_recruited on candidates for select using (conum_is_counsellor(id) or conum_recruited(id,
    array['submitted', 'validated', 'refused', 'cancelled', 'termination_requested', 'terminated', 'completed']));
create policy candidate_contacts_recruited on candidate_contacts for select
    using (conum_setting('actor') = 'employer' and conum_recruited(candidate_id, array['validated', 'termination_requested']));

-- What of a contract goes with its counsellor: to those who may see the counsellor.
create function conum_contract(recruitment uuid)
    returns table (post_id uuid, phase text, coordinator boolean, ends_on date)
language sql stable security definer
begin atomic
    select r.post_id, r.phase, r.coordinator, r.ends_on from recruitments r where r.id = recruitment;
end;

-- Whether the contract on a post runs and waits for no decision, so that it may move with the post: kept by those who
-- change contracts, because every reading of a post shows it and the contracts are closed to most.
alter table posts add column occupant_may_move boolean not null default false
    constraint posts_occupant_may_move_check check (not occupant_may_move or status = 'occupied');
