-- Each state of a match has a last day, not only the proposal: `expires_on` is that of the state it is in.
alter table matches drop constraint matches_met_check;
-- Somebody who was never met may not be chosen, but may be told so.
alter table matches add constraint matches_met_check check (status not in ('met', 'selected') or met_on is not null);
drop index matches_expires_on_idx;
create index matches_expires_on_idx on matches (expires_on) where status in ('proposed', 'mutual', 'met', 'selected');
-- Those that have waited so far get the whole time from now on: both sides are told before it is over.
update matches set expires_on = greatest(expires_on, (conum_now() at time zone 'Europe/Paris')::date
    + case status when 'selected' then 90 else 60 end)
where status in ('mutual', 'met', 'selected');

-- The database closes what has ended by its date, whether or not the night has written it down. A contract that is
-- submitted or runs carries its match.
create or replace function conum_matched(candidate uuid, states text[]) returns boolean
language sql stable security definer
return conum_setting('actor') = 'employer' and exists (
    select from matches m
    where m.candidate_id = candidate and m.structure_id::text = conum_setting('reach_value') and m.status = any (states)
        and (m.status not in ('proposed', 'mutual', 'met', 'selected') or 'closed' = any (states) or m.expires_on >= conum_today()
            or exists (select from recruitments r where r.match_id = m.id
                and r.status in ('submitted', 'validated', 'termination_requested'))));
create or replace function conum_agreed(structure uuid) returns boolean
language sql stable security definer
return conum_setting('actor') = 'candidate' and exists (
    select from matches m
    where m.structure_id = structure and m.candidate_id::text = conum_setting('reach_value')
        and m.status in ('mutual', 'met', 'selected') and (m.expires_on >= conum_today()
            or exists (select from recruitments r where r.match_id = m.id
                and r.status in ('submitted', 'validated', 'termination_requested'))));

-- What was reminded of: once for each day that it is about, however often the night looks.
create table reminders (
    kind text not null,
    resource_id uuid not null,
    day date not null,
    sent_at timestamptz not null,
    constraint reminders_pkey primary key (kind, resource_id, day)
);
create index reminders_sent_at_idx on reminders (sent_at);
