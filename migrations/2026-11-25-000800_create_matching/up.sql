-- Runs gather their pools in temporary tables.
do $$
begin
    execute format('grant temporary on database %I to conum_app', current_database());
exception
    when insufficient_privilege then null;
end
$$;

-- How many open matches a candidate, and a structure, may have at a time.
alter table programme add column match_cap int not null default 3
    constraint programme_match_cap_check check (match_cap between 1 and 1000);

-- An identifier ordered by time (UUID version 7), for rows that are made by a statement.
create function conum_uuid7() returns uuid
language sql volatile parallel safe
return encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid;

-- What a run looked at and did; never changed afterwards.
create table matching_runs (
    id uuid constraint matching_runs_pkey primary key,
    scope text not null constraint matching_runs_scope_check check (scope in ('country', 'structure', 'candidate')),
    structure_id uuid constraint matching_runs_structure_id_fkey references structures (id),
    candidate_id uuid constraint matching_runs_candidate_id_fkey references candidates (id),
    role text not null,
    match_cap int not null,
    candidates_count int not null,
    structures_count int not null,
    pairs_count int not null,
    proposed_count int not null,
    expired_count int not null,
    closed_count int not null,
    skipped jsonb not null,
    created_at timestamptz not null default conum_now(),
    constraint matching_runs_target_check check (case scope
        when 'structure' then structure_id is not null and candidate_id is null
        when 'candidate' then candidate_id is not null and structure_id is null
        else num_nonnulls(structure_id, candidate_id) = 0
    end)
);
create index matching_runs_structure_id_idx on matching_runs (structure_id);
create index matching_runs_candidate_id_idx on matching_runs (candidate_id);
create index matching_runs_created_at_idx on matching_runs (created_at, id);
create trigger matching_runs_audit after insert or update or delete on matching_runs for each row execute function conum_audit();

create sequence matches_reference_seq;
create table matches (
    id uuid constraint matches_pkey primary key,
    reference text not null default conum_reference('CN-M-', nextval('matches_reference_seq'))
        constraint matches_reference_key unique,
    candidate_id uuid not null constraint matches_candidate_id_fkey references candidates (id),
    structure_id uuid not null constraint matches_structure_id_fkey references structures (id),
    origin text not null constraint matches_origin_check check (origin in ('run', 'manual')),
    run_id uuid constraint matches_run_id_fkey references matching_runs (id),
    distance_m int not null constraint matches_distance_m_check check (distance_m >= 0),
    status text not null default 'proposed' constraint matches_status_check check (status in
        ('proposed', 'mutual', 'met', 'selected', 'not_selected', 'declined', 'expired', 'closed')),
    candidate_accepted_at timestamptz,
    structure_accepted_at timestamptz,
    declined_by text constraint matches_declined_by_check check (declined_by in ('candidate', 'structure')),
    met_on date,
    ended_at timestamptz,
    expires_on date not null,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint matches_pair_key unique (candidate_id, structure_id),
    constraint matches_origin_run_check check ((origin = 'run') = (run_id is not null)),
    constraint matches_mutual_check check (status not in ('mutual', 'met', 'selected', 'not_selected')
        or num_nonnulls(candidate_accepted_at, structure_accepted_at) = 2),
    constraint matches_proposed_check check (status <> 'proposed' or num_nonnulls(candidate_accepted_at, structure_accepted_at) < 2),
    constraint matches_met_check check (status not in ('met', 'selected', 'not_selected') or met_on is not null),
    constraint matches_declined_check check ((status = 'declined') = (declined_by is not null)),
    constraint matches_ended_check check ((status in ('proposed', 'mutual', 'met')) = (ended_at is null))
);
create index matches_structure_id_idx on matches (structure_id);
create index matches_run_id_idx on matches (run_id);
create index matches_updated_at_idx on matches (updated_at, id);
create index matches_open_candidate_idx on matches (candidate_id) where status in ('proposed', 'mutual', 'met');
create index matches_open_structure_idx on matches (structure_id) where status in ('proposed', 'mutual', 'met');
create index matches_expires_on_idx on matches (expires_on) where status = 'proposed';
create trigger matches_touch before update on matches for each row execute function conum_touch();
create trigger matches_audit after insert or update or delete on matches for each row execute function conum_audit();
alter table matches enable row level security;
create policy matches_sides on matches using (case conum_setting('actor')
    when 'anct' then true
    when 'system' then true
    when 'employer' then structure_id::text = conum_setting('reach_value')
    when 'candidate' then candidate_id::text = conum_setting('reach_value')
    else false
end);

-- Why a side declined: never shown to the other.
create table match_refusals (
    match_id uuid constraint match_refusals_pkey primary key constraint match_refusals_match_id_fkey references matches (id),
    side text not null constraint match_refusals_side_check check (side in ('candidate', 'structure')),
    reason text constraint match_refusals_reason_check check (reason in
        ('trop_loin', 'profil_inadapte', 'poste_inadapte', 'deja_pourvu', 'plus_disponible', 'sans_reponse', 'autre')),
    comment text constraint match_refusals_comment_check check (length(comment) between 1 and 1000),
    created_at timestamptz not null default conum_now(),
    constraint match_refusals_empty_check check (num_nonnulls(reason, comment) > 0)
);
create trigger match_refusals_audit after insert or update or delete on match_refusals
    for each row execute function conum_audit('match_id');
alter table match_refusals enable row level security;
create policy match_refusals_side on match_refusals using (conum_setting('actor') in ('anct', 'system') or (
    side = case conum_setting('actor') when 'candidate' then 'candidate' when 'employer' then 'structure' end
    and exists (select from matches m where m.id = match_id)));

-- Whether the caller's structure has a match in one of these states with a candidate. As its owner, because the
-- policies of both tables ask it.
create function conum_matched(candidate uuid, states text[]) returns boolean
language sql stable security definer
return conum_setting('actor') = 'employer' and exists (
    select from matches m
    where m.candidate_id = candidate and m.structure_id::text = conum_setting('reach_value') and m.status = any (states));
create policy candidates_matched on candidates for select using (conum_matched(id,
    array['proposed', 'mutual', 'met', 'selected', 'not_selected', 'declined', 'expired', 'closed']));
create policy candidate_contacts_matched on candidate_contacts for select
    using (conum_matched(candidate_id, array['mutual', 'met', 'selected']));
create policy candidate_motivations_matched on candidate_motivations for select
    using (conum_matched(candidate_id, array['proposed', 'mutual', 'met', 'selected']));

-- The other way: from the mutual agreement on, a candidate sees the structure's contact.
create function conum_agreed(structure uuid) returns boolean
language sql stable security definer
return conum_setting('actor') = 'candidate' and exists (
    select from matches m
    where m.structure_id = structure and m.candidate_id::text = conum_setting('reach_value')
        and m.status in ('mutual', 'met', 'selected'));
create policy structure_contacts_agreed on structure_contacts for select using (conum_agreed(structure_id));
