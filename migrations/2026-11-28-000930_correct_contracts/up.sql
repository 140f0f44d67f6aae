-- What a validated contract said before the ANCT corrected it: nothing of it is lost, and a correction can be undone.
create table rectifications (
    id uuid constraint rectifications_pkey primary key,
    recruitment_id uuid not null constraint rectifications_recruitment_id_fkey references recruitments (id),
    starts_on date not null,
    ends_on date,
    ended_on date,
    gross_monthly_salary_cents bigint not null,
    reason text not null constraint rectifications_reason_check check (length(reason) between 10 and 1000),
    created_at timestamptz not null default conum_now()
);
create index rectifications_recruitment_id_idx on rectifications (recruitment_id, created_at);
revoke update, delete on rectifications from conum_app;
create trigger rectifications_audit after insert or update or delete on rectifications for each row execute function conum_audit();
alter table rectifications enable row level security;
create policy rectifications_reach on rectifications using (exists (select from recruitments r where r.id = recruitment_id));
