create sequence posts_reference_seq;
create table posts (
    id uuid constraint posts_pkey primary key,
    reference text not null default conum_reference('CN-P-', nextval('posts_reference_seq'))
        constraint posts_reference_key unique,
    structure_id uuid not null constraint posts_structure_id_fkey references structures (id),
    application_id uuid not null constraint posts_application_id_fkey references applications (id),
    reservation_id uuid constraint posts_reservation_id_fkey references reservations (id),
    granted_on date not null,
    wave int not null,
    phase text not null constraint posts_phase_check check (phase in ('v1', 'v2')),
    coordinator boolean not null default false,
    recruitment_deadline date not null,
    deadline_extended_at timestamptz,
    deadline_extension_reason text constraint posts_deadline_extension_reason_check
        check (length(deadline_extension_reason) between 10 and 1000),
    status text not null default 'vacant' constraint posts_status_check check (status in ('vacant', 'occupied', 'returned')),
    -- False while a submitted recruitment holds the vacant post.
    available boolean not null default true,
    returned_on date,
    return_reason text constraint posts_return_reason_check check (return_reason in ('besoin_plus_justifie',
        'difficulte_recrutement', 'capacite_financiere', 'manque_visibilite', 'fin_subventionnement', 'delai_depasse')),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint posts_extension_check check (num_nonnulls(deadline_extended_at, deadline_extension_reason) <> 1),
    constraint posts_available_check check (not available or status = 'vacant'),
    constraint posts_returned_check check ((status = 'returned') = (returned_on is not null) and num_nonnulls(returned_on, return_reason) <> 1)
);
create index posts_structure_id_idx on posts (structure_id);
create index posts_application_id_idx on posts (application_id);
create index posts_reservation_id_idx on posts (reservation_id);
create index posts_updated_at_idx on posts (updated_at, id);
create trigger posts_touch before update on posts for each row execute function conum_touch();
create trigger posts_audit after insert or update or delete on posts for each row execute function conum_audit();

-- Which structure held a post, and when: one at a time.
create table post_attachments (
    id uuid constraint post_attachments_pkey primary key,
    post_id uuid not null constraint post_attachments_post_id_fkey references posts (id),
    structure_id uuid not null constraint post_attachments_structure_id_fkey references structures (id),
    from_on date not null,
    to_on date,
    reason text not null constraint post_attachments_reason_check check (reason in ('granted', 'transferred')),
    ended_by text constraint post_attachments_ended_by_check check (ended_by in ('transferred', 'returned', 'taken_back')),
    constraint post_attachments_dates_check check (to_on >= from_on),
    constraint post_attachments_ended_check check ((to_on is null) = (ended_by is null))
);
create unique index post_attachments_current_key on post_attachments (post_id) where to_on is null;
create index post_attachments_post_id_idx on post_attachments (post_id);
create index post_attachments_structure_id_idx on post_attachments (structure_id);
create trigger post_attachments_audit after insert or update or delete on post_attachments for each row execute function conum_audit();

create table post_returns (
    id uuid constraint post_returns_pkey primary key,
    post_id uuid not null constraint post_returns_post_id_fkey references posts (id),
    structure_id uuid not null constraint post_returns_structure_id_fkey references structures (id),
    reason text not null constraint post_returns_reason_check check (reason in ('besoin_plus_justifie',
        'difficulte_recrutement', 'capacite_financiere', 'manque_visibilite', 'fin_subventionnement')),
    comment text constraint post_returns_comment_check check (length(comment) between 1 and 1000),
    status text not null default 'requested' constraint post_returns_status_check
        check (status in ('requested', 'accepted', 'refused')),
    decided_at timestamptz,
    refusal_reason text constraint post_returns_refusal_reason_check check (length(refusal_reason) between 10 and 1000),
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint post_returns_decided_check check ((status = 'requested') = (decided_at is null)),
    constraint post_returns_refused_check check ((status = 'refused') = (refusal_reason is not null))
);
create unique index post_returns_pending_key on post_returns (post_id) where status = 'requested';
create index post_returns_post_id_idx on post_returns (post_id);
create index post_returns_structure_id_idx on post_returns (structure_id);
create trigger post_returns_touch before update on post_returns for each row execute function conum_touch();
create trigger post_returns_audit after insert or update or delete on post_returns for each row execute function conum_audit();
