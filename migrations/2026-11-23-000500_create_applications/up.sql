create table call_windows (
    id uuid constraint call_windows_pkey primary key,
    audience text not null constraint call_windows_audience_check check (audience in ('public', 'private', 'all')),
    opens_on date not null,
    closes_on date,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint call_windows_dates_check check (closes_on >= opens_on),
    constraint call_windows_audience_excl exclude using gist (audience with =, daterange(opens_on, closes_on, '[]') with &&)
);
create trigger call_windows_touch before update on call_windows for each row execute function conum_touch();
create trigger call_windows_audit after insert or update or delete on call_windows for each row execute function conum_audit();

-- Each wave has numbered sessions; a session decides the applications of its agenda.
create sequence committees_reference_seq;
create table committees (
    id uuid constraint committees_pkey primary key,
    reference text not null default conum_reference('CN-K-', nextval('committees_reference_seq'))
        constraint committees_reference_key unique,
    number int not null constraint committees_number_key unique constraint committees_number_check check (number between 1 and 9999),
    wave int not null constraint committees_wave_check check (wave between 1 and 99),
    phase text not null constraint committees_phase_check check (phase in ('v1', 'v2')),
    held_on date not null,
    status text not null default 'preparation' constraint committees_status_check
        check (status in ('preparation', 'in_session', 'closed')),
    opened_at timestamptz,
    closed_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint committees_opened_check check ((status = 'preparation') = (opened_at is null)),
    constraint committees_closed_check check ((status = 'closed') = (closed_at is not null))
);
create trigger committees_touch before update on committees for each row execute function conum_touch();
create trigger committees_audit after insert or update or delete on committees for each row execute function conum_audit();

create sequence applications_reference_seq;
create table applications (
    id uuid constraint applications_pkey primary key,
    reference text not null default conum_reference('CN-A-', nextval('applications_reference_seq'))
        constraint applications_reference_key unique,
    structure_id uuid not null constraint applications_structure_id_fkey references structures (id),
    kind text not null constraint applications_kind_check check (kind in ('initial', 'additional')),
    posts_requested int not null constraint applications_posts_requested_check check (posts_requested between 1 and 500),
    wanted_start_on date not null,
    has_candidate boolean not null,
    motivation text not null constraint applications_motivation_check check (length(motivation) between 1 and 2500),
    pledge boolean not null constraint applications_pledge_check check (pledge),
    coordinator text constraint applications_coordinator_check check (coordinator in ('full_time', 'part_time')),
    status text not null default 'draft' constraint applications_status_check
        check (status in ('draft', 'submitted', 'opinion_given', 'on_agenda', 'retained', 'refused', 'withdrawn')),
    submitted_at timestamptz,
    decided_on date,
    withdrawn_at timestamptz,
    committee_id uuid constraint applications_committee_id_fkey references committees (id),
    posts_granted int constraint applications_posts_granted_check check (posts_granted between 1 and 500),
    further_examinations int not null default 0,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint applications_submitted_check check (status in ('draft', 'withdrawn') or submitted_at is not null),
    constraint applications_decided_check check ((status in ('retained', 'refused')) = (decided_on is not null)),
    constraint applications_granted_check check ((status = 'retained') = (posts_granted is not null)),
    constraint applications_withdrawn_check check ((status = 'withdrawn') = (withdrawn_at is not null)),
    constraint applications_agenda_check check ((status in ('on_agenda', 'retained', 'refused')) = (committee_id is not null))
);
create unique index applications_open_key on applications (structure_id, kind)
    where status in ('draft', 'submitted', 'opinion_given', 'on_agenda');
create index applications_structure_id_idx on applications (structure_id);
create index applications_committee_id_idx on applications (committee_id);
create index applications_updated_at_idx on applications (updated_at, id);
create trigger applications_touch before update on applications for each row execute function conum_touch();
create trigger applications_audit after insert or update or delete on applications for each row execute function conum_audit();
alter table applications enable row level security;
create policy applications_reach on applications
    using (exists (select from structures s where s.id = structure_id and conum_reaches(s.id, s.departement_code, s.region_code)));

create table opinions (
    application_id uuid constraint opinions_pkey primary key
        constraint opinions_application_id_fkey references applications (id),
    opinion text not null constraint opinions_opinion_check check (opinion in ('favourable', 'unfavourable')),
    comment text not null constraint opinions_comment_check check (length(comment) between 10 and 1000),
    donor_structure_id uuid constraint opinions_donor_structure_id_fkey references structures (id),
    departement_code text constraint opinions_departement_code_fkey references departements (code),
    region_code text constraint opinions_region_code_fkey references regions (code),
    given_at timestamptz not null,
    constraint opinions_territory_check check (num_nonnulls(departement_code, region_code) = 1)
);
create index opinions_donor_structure_id_idx on opinions (donor_structure_id);
create index opinions_departement_code_idx on opinions (departement_code);
create index opinions_region_code_idx on opinions (region_code);
create trigger opinions_audit after insert or update or delete on opinions
    for each row execute function conum_audit('application_id');
alter table opinions enable row level security;
create policy opinions_reach on opinions
    using (exists (select from applications a where a.id = application_id));

-- The programme's one line: locked before any post is granted or reserved.
create table programme (
    id int constraint programme_pkey primary key constraint programme_id_check check (id = 1),
    posts_cap int not null constraint programme_posts_cap_check check (posts_cap >= 0),
    -- Live posts plus what reservations still hold.
    posts_committed int not null default 0 constraint programme_posts_committed_check check (posts_committed >= 0),
    constraint programme_cap_check check (posts_committed <= posts_cap)
);
insert into programme (id, posts_cap) values (1, 4000);
create trigger programme_audit after insert or update or delete on programme for each row execute function conum_audit();

create table allotments (
    departement_code text constraint allotments_pkey primary key
        constraint allotments_departement_code_fkey references departements (code),
    -- None: no ceiling of its own.
    posts_ceiling int constraint allotments_posts_ceiling_check check (posts_ceiling >= 0),
    posts_committed int not null default 0 constraint allotments_posts_committed_check check (posts_committed >= 0),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint allotments_ceiling_check check (posts_committed <= posts_ceiling)
);
create trigger allotments_touch before update on allotments for each row execute function conum_touch();
create trigger allotments_audit after insert or update or delete on allotments
    for each row execute function conum_audit('departement_code');

create sequence reservations_reference_seq;
create table reservations (
    id uuid constraint reservations_pkey primary key,
    reference text not null default conum_reference('CN-R-', nextval('reservations_reference_seq'))
        constraint reservations_reference_key unique,
    name text not null constraint reservations_name_check check (length(name) between 1 and 250),
    -- Whose allotment the posts count against.
    departement_code text not null constraint reservations_departement_code_fkey references departements (code),
    -- Where given, only structures of this intercommunal body may use it.
    epci_siren text constraint reservations_epci_siren_fkey references epcis (siren),
    lead_structure_id uuid constraint reservations_lead_structure_id_fkey references structures (id),
    lead_departement_code text constraint reservations_lead_departement_code_fkey references departements (code),
    posts_reserved int not null constraint reservations_posts_reserved_check check (posts_reserved between 1 and 500),
    posts_consumed int not null default 0,
    until_on date not null,
    status text not null default 'active' constraint reservations_status_check check (status in ('active', 'released', 'expired')),
    ended_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint reservations_posts_consumed_check check (posts_consumed between 0 and posts_reserved),
    constraint reservations_lead_check check (num_nonnulls(lead_structure_id, lead_departement_code) = 1),
    constraint reservations_ended_check check ((status = 'active') = (ended_at is null))
);
create index reservations_departement_code_idx on reservations (departement_code);
create index reservations_epci_siren_idx on reservations (epci_siren);
create index reservations_lead_structure_id_idx on reservations (lead_structure_id);
create index reservations_lead_departement_code_idx on reservations (lead_departement_code);
create index reservations_active_until_on_idx on reservations (until_on) where status = 'active';
create trigger reservations_touch before update on reservations for each row execute function conum_touch();
create trigger reservations_audit after insert or update or delete on reservations for each row execute function conum_audit();

create table agenda_items (
    id uuid constraint agenda_items_pkey primary key,
    committee_id uuid not null constraint agenda_items_committee_id_fkey references committees (id),
    application_id uuid not null constraint agenda_items_application_id_fkey references applications (id),
    outcome text constraint agenda_items_outcome_check check (outcome in ('retained', 'refused', 'further_examination')),
    posts_granted int constraint agenda_items_posts_granted_check check (posts_granted between 1 and 500),
    observations text constraint agenda_items_observations_check check (length(observations) between 1 and 2000),
    priority boolean not null default false,
    beyond_request boolean not null default false,
    without_opinion boolean not null default false,
    reservation_id uuid constraint agenda_items_reservation_id_fkey references reservations (id),
    decided_at timestamptz,
    -- When the committee closed: until then an application stands on one agenda only.
    settled_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint agenda_items_committee_application_key unique (committee_id, application_id),
    constraint agenda_items_decided_check check ((outcome is null) = (decided_at is null)),
    constraint agenda_items_granted_check check ((outcome is not distinct from 'retained') = (posts_granted is not null)),
    constraint agenda_items_reserved_check check (reservation_id is null or outcome = 'retained'),
    constraint agenda_items_settled_check check (settled_at is null or outcome is not null)
);
create unique index agenda_items_open_key on agenda_items (application_id) where settled_at is null;
create index agenda_items_application_id_idx on agenda_items (application_id);
create index agenda_items_reservation_id_idx on agenda_items (reservation_id);
create trigger agenda_items_touch before update on agenda_items for each row execute function conum_touch();
create trigger agenda_items_audit after insert or update or delete on agenda_items for each row execute function conum_audit();
