create sequence training_bodies_reference_seq;
create table training_bodies (
    id uuid constraint training_bodies_pkey primary key,
    reference text not null default conum_reference('CN-OF-', nextval('training_bodies_reference_seq'))
        constraint training_bodies_reference_key unique,
    name text not null constraint training_bodies_name_check check (length(name) between 1 and 250),
    siret text not null constraint training_bodies_siret_key unique constraint training_bodies_siret_check check (siret ~ '^[0-9]{14}$'),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1
);
create index training_bodies_updated_at_idx on training_bodies (updated_at, id);
create trigger training_bodies_touch before update on training_bodies for each row execute function conum_touch();
create trigger training_bodies_audit after insert or update or delete on training_bodies for each row execute function conum_audit();

create sequence training_paths_reference_seq;
create table training_paths (
    id uuid constraint training_paths_pkey primary key,
    reference text not null default conum_reference('CN-PF-', nextval('training_paths_reference_seq'))
        constraint training_paths_reference_key unique,
    name text not null constraint training_paths_name_key unique constraint training_paths_name_check check (length(name) between 1 and 250),
    kind text not null constraint training_paths_kind_check check (kind in ('initial', 'continuing', 'certification')),
    hours int not null constraint training_paths_hours_check check (hours between 1 and 420),
    certification text constraint training_paths_certification_check check (certification in ('ccp1', 'ccp2', 'ccp3', 'pix', 'vae')),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint training_paths_initial_check check (kind <> 'initial' or hours in (70, 105, 175, 280, 315, 350, 420)),
    constraint training_paths_certifies_check check ((kind = 'certification') = (certification is not null))
);
create index training_paths_updated_at_idx on training_paths (updated_at, id);
create trigger training_paths_touch before update on training_paths for each row execute function conum_touch();
create trigger training_paths_audit after insert or update or delete on training_paths for each row execute function conum_audit();

create sequence training_sessions_reference_seq;
create table training_sessions (
    id uuid constraint training_sessions_pkey primary key,
    reference text not null default conum_reference('CN-SF-', nextval('training_sessions_reference_seq'))
        constraint training_sessions_reference_key unique,
    path_id uuid not null constraint training_sessions_path_id_fkey references training_paths (id),
    body_id uuid not null constraint training_sessions_body_id_fkey references training_bodies (id),
    -- Without a region it is held at a distance.
    region_code text constraint training_sessions_region_code_fkey references regions (code),
    place text constraint training_sessions_place_check check (length(place) between 1 and 250),
    -- Sorted: 2026-03-02-am, 2026-03-02-pm, and so on.
    half_days text[] not null constraint training_sessions_half_days_check check (cardinality(half_days) between 1 and 200),
    starts_on date not null constraint training_sessions_starts_on_check check (starts_on >= date '2020-11-17'),
    ends_on date not null,
    capacity int not null constraint training_sessions_capacity_check check (capacity between 1 and 500),
    seats_taken int not null default 0,
    status text not null default 'scheduled' constraint training_sessions_status_check check (status in ('scheduled', 'cancelled')),
    cancelled_at timestamptz,
    cancellation_reason text constraint training_sessions_cancellation_reason_check check (length(cancellation_reason) between 10 and 1000),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint training_sessions_dates_check check (ends_on >= starts_on),
    -- Never oversold, however many enrol at once.
    constraint training_sessions_seats_check check (seats_taken between 0 and capacity),
    constraint training_sessions_cancelled_check check ((status = 'cancelled') = (cancelled_at is not null)
        and num_nonnulls(cancelled_at, cancellation_reason) <> 1 and (status = 'scheduled' or seats_taken = 0))
);
create index training_sessions_path_id_idx on training_sessions (path_id);
create index training_sessions_body_id_idx on training_sessions (body_id);
create index training_sessions_region_code_idx on training_sessions (region_code);
create index training_sessions_updated_at_idx on training_sessions (updated_at, id);
create trigger training_sessions_touch before update on training_sessions for each row execute function conum_touch();
create trigger training_sessions_audit after insert or update or delete on training_sessions for each row execute function conum_audit();

create sequence enrolments_reference_seq;
create table enrolments (
    id uuid constraint enrolments_pkey primary key,
    reference text not null default conum_reference('CN-IF-', nextval('enrolments_reference_seq'))
        constraint enrolments_reference_key unique,
    counsellor_id uuid not null constraint enrolments_counsellor_id_fkey references counsellors (id),
    recruitment_id uuid not null constraint enrolments_recruitment_id_fkey references recruitments (id),
    structure_id uuid not null constraint enrolments_structure_id_fkey references structures (id),
    path_id uuid not null constraint enrolments_path_id_fkey references training_paths (id),
    kind text not null constraint enrolments_kind_check check (kind in ('initial', 'continuing', 'certification')),
    -- None of a request for a path that no session was found for, or of an exemption.
    session_id uuid constraint enrolments_session_id_fkey references training_sessions (id),
    body_id uuid constraint enrolments_body_id_fkey references training_bodies (id),
    starts_on date,
    ends_on date,
    status text not null default 'proposed' constraint enrolments_status_check
        check (status in ('proposed', 'confirmed', 'in_progress', 'completed', 'dropped_out', 'cancelled', 'exempted')),
    confirmed_at timestamptz,
    completed_on date,
    dropped_out_on date,
    cancelled_at timestamptz,
    exempted_on date,
    exemption_proof text constraint enrolments_exemption_proof_check check (length(exemption_proof) between 10 and 1000),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint enrolments_session_check check (num_nonnulls(session_id, body_id, starts_on, ends_on) in (0, 4)),
    constraint enrolments_attended_check check (status not in ('confirmed', 'in_progress', 'completed', 'dropped_out') or session_id is not null),
    constraint enrolments_completed_check check ((status = 'completed') = (completed_on is not null)),
    constraint enrolments_dropped_out_check check ((status = 'dropped_out') = (dropped_out_on is not null)),
    constraint enrolments_cancelled_check check ((status = 'cancelled') = (cancelled_at is not null)),
    constraint enrolments_exempted_check check ((status = 'exempted') = (exempted_on is not null) and num_nonnulls(exempted_on, exemption_proof) <> 1),
    -- Nobody sits in two sessions at a time.
    constraint enrolments_person_excl exclude using gist (counsellor_id with =, daterange(starts_on, ends_on, '[]') with &&)
        where (session_id is not null and status in ('proposed', 'confirmed', 'in_progress', 'completed'))
);
-- One financed initial path a person; one continuing module a civil year; one seat a session.
create unique index enrolments_initial_key on enrolments (counsellor_id)
    where kind = 'initial' and status in ('proposed', 'confirmed', 'in_progress', 'completed', 'exempted');
create unique index enrolments_continuing_key on enrolments (counsellor_id, extract(year from starts_on))
    where kind = 'continuing' and session_id is not null and status in ('proposed', 'confirmed', 'in_progress', 'completed');
create unique index enrolments_seat_key on enrolments (counsellor_id, session_id)
    where status in ('proposed', 'confirmed', 'in_progress', 'completed');
create index enrolments_counsellor_id_idx on enrolments (counsellor_id);
create index enrolments_recruitment_id_idx on enrolments (recruitment_id);
create index enrolments_structure_id_idx on enrolments (structure_id);
create index enrolments_path_id_idx on enrolments (path_id);
create index enrolments_session_id_idx on enrolments (session_id);
create index enrolments_body_id_idx on enrolments (body_id);
create index enrolments_updated_at_idx on enrolments (updated_at, id);
create trigger enrolments_touch before update on enrolments for each row execute function conum_touch();
create trigger enrolments_audit after insert or update or delete on enrolments for each row execute function conum_audit();
alter table enrolments enable row level security;
create policy enrolments_reach on enrolments using (case conum_setting('actor')
    when 'anct' then true
    when 'bdt' then true
    when 'system' then true
    when 'training_body' then body_id::text = conum_setting('reach_value')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'employer' then conum_reaches_structure(structure_id)
    when 'prefecture' then conum_reaches_structure(structure_id)
    else false
end);

create table attendances (
    enrolment_id uuid not null constraint attendances_enrolment_id_fkey references enrolments (id),
    half_day text not null constraint attendances_half_day_check check (half_day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}-(am|pm)$'),
    status text not null constraint attendances_status_check check (status in ('present', 'justified_absence', 'unjustified_absence')),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint attendances_pkey primary key (enrolment_id, half_day)
);
create trigger attendances_touch before update on attendances for each row execute function conum_touch();
create trigger attendances_audit after insert or update or delete on attendances for each row execute function conum_audit('enrolment_id');
alter table attendances enable row level security;
create policy attendances_reach on attendances using (exists (select from enrolments e where e.id = enrolment_id));

create sequence certifications_reference_seq;
create table certifications (
    id uuid constraint certifications_pkey primary key,
    reference text not null default conum_reference('CN-CF-', nextval('certifications_reference_seq'))
        constraint certifications_reference_key unique,
    counsellor_id uuid not null constraint certifications_counsellor_id_fkey references counsellors (id),
    structure_id uuid not null constraint certifications_structure_id_fkey references structures (id),
    body_id uuid constraint certifications_body_id_fkey references training_bodies (id),
    kind text not null constraint certifications_kind_check check (kind in ('ccp1', 'ccp2', 'ccp3', 'pix', 'vae')),
    attempt int not null constraint certifications_attempt_check check (attempt between 1 and 20),
    result text not null constraint certifications_result_check check (result in ('passed', 'failed')),
    held_on date not null,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint certifications_attempt_key unique (counsellor_id, kind, attempt)
);
-- A certification is passed once.
create unique index certifications_passed_key on certifications (counsellor_id, kind) where result = 'passed';
create index certifications_counsellor_id_idx on certifications (counsellor_id);
create index certifications_structure_id_idx on certifications (structure_id);
create index certifications_body_id_idx on certifications (body_id);
create index certifications_updated_at_idx on certifications (updated_at, id);
create trigger certifications_touch before update on certifications for each row execute function conum_touch();
create trigger certifications_audit after insert or update or delete on certifications for each row execute function conum_audit();
alter table certifications enable row level security;
create policy certifications_reach on certifications using (case conum_setting('actor')
    when 'anct' then true
    when 'bdt' then true
    when 'system' then true
    when 'training_body' then body_id::text = conum_setting('reach_value')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'employer' then conum_reaches_structure(structure_id)
    when 'prefecture' then conum_reaches_structure(structure_id)
    else false
end);

-- A training body sees the people of its own sessions, and no contract of theirs.
create function conum_trains(counsellor uuid) returns boolean
language sql stable security definer
return exists (select from enrolments e
    where e.counsellor_id = counsellor and e.body_id::text = conum_setting('reach_value'));
-- The actor first: a function that acts as its owner is called for every row.
create policy counsellors_trained on counsellors for select
    using (conum_setting('actor') = 'training_body' and conum_trains(id));
create policy candidates_trained on candidates for select
    using (conum_setting('actor') = 'training_body' and exists (select from counsellors k where k.candidate_id = candidates.id));
