drop table reminders;
create or replace function conum_matched(candidate uuid, states text[]) returns boolean
language sql stable security definer
return conum_setting('actor') = 'employer' and exists (
    select from matches m
    where m.candidate_id = candidate and m.structure_id::text = conum_setting('reach_value') and m.status = any (states));
create or replace function conum_agreed(structure uuid) returns boolean
language sql stable security definer
return conum_setting('actor') = 'candidate' and exists (
    select from matches m
    where m.structure_id = structure and m.candidate_id::text = conum_setting('reach_value')
        and m.status in ('mutual', 'met', 'selected'));
update matches set status = 'closed', ended_at = coalesce(ended_at, now()) where status = 'not_selected' and met_on is null;
drop index matches_expires_on_idx;
create index matches_expires_on_idx on matches (expires_on) where status = 'proposed';
alter table matches drop constraint matches_met_check;
alter table matches add constraint matches_met_check check (status not in ('met', 'selected', 'not_selected') or met_on is not null);
