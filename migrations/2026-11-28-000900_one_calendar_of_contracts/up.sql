-- The legal day, for what the database decides by the date alone; readings name the day that they are asked for.
create function conum_today() returns date language sql stable parallel safe
return (conum_now() at time zone 'Europe/Paris')::date;
grant execute on function conum_today() to conum_app;

-- The one calendar of a contract: its days go from `starts_on` to `last_on`, the earliest of its end, the end asked for and
-- the end in fact. Money, reports, trainings, figures and letters ask these two and nothing else.
alter table recruitments
    add column last_on date generated always as (least(ended_on, terminates_on, ends_on)) stored,
    -- The longest that the law knows are six years (contrat de projet, law of 6 August 2019, article 17): only a mistyped
    -- century is refused.
    add constraint recruitments_length_check check (ends_on <= starts_on + interval '10 years');
-- A contract that reached its end while a termination waited is completed, and keeps what was asked for.
alter table recruitments drop constraint recruitments_termination_check;
alter table recruitments add constraint recruitments_termination_check check (
    (status not in ('termination_requested', 'terminated') or terminates_on is not null)
    and (terminates_on is null or status in ('termination_requested', 'terminated', 'completed'))
    and num_nonnulls(termination_requested_at, terminates_on, termination_reason) in (0, 3)
    and (termination_comment is null or terminates_on is not null));
-- Only what has not begun is cancelled or refused after its validation.
alter table recruitments add constraint recruitments_undone_check check (
    status not in ('cancelled', 'refused') or validated_at is null or origin = 'renewal'
    or starts_on > (coalesce(cancelled_at, refused_at) at time zone 'Europe/Paris')::date);

-- No contract begins before its structure holds the post.
create function conum_contract_within_post() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    since date := (select max(a.from_on) from post_attachments a
        where a.post_id = new.post_id and a.structure_id = new.structure_id);
begin
    if new.starts_on < since then
        raise exception 'a contract begins on %, before its structure holds the post (%)', new.starts_on, since
            using errcode = 'check_violation', constraint = 'recruitments_within_post', table = 'recruitments';
    end if;
    return new;
end
$$;
create trigger recruitments_within_post before insert or update of starts_on on recruitments
    for each row execute function conum_contract_within_post();

-- Posts and people of a contract that is validated and has not begun.
alter table posts drop constraint posts_status_check;
alter table posts add constraint posts_status_check check (status in ('vacant', 'starts_later', 'occupied', 'returned')),
    -- First and last day of the contracts that run on it, or will: kept by those who change contracts.
    add column occupied_from date,
    add column occupied_until date;
alter table counsellors drop constraint counsellors_status_check;
alter table counsellors add constraint counsellors_status_check check (status in ('starts_later', 'in_post', 'left')),
    -- Last day of the running contract, and of the one that is to follow it.
    add column until_on date;
update posts p set occupied_from = q.first, occupied_until = q.last,
    status = case when q.first > conum_today() then 'starts_later' else 'occupied' end,
    occupant_may_move = p.occupant_may_move and q.first <= conum_today()
from (select r.post_id, min(r.starts_on) as first,
        case when bool_and(r.last_on is not null) then max(r.last_on) end as last
    from recruitments r where r.status in ('validated', 'termination_requested') group by 1) q
where p.status = 'occupied' and q.post_id = p.id;
update counsellors k set until_on = q.last,
    status = case when k.since_on > conum_today() then 'starts_later' else 'in_post' end
from (select r.candidate_id, case when bool_and(r.last_on is not null) then max(r.last_on) end as last
    from recruitments r where r.status in ('validated', 'termination_requested') group by 1) q
where k.status = 'in_post' and q.candidate_id = k.candidate_id;
alter table posts add constraint posts_occupied_from_check
    check ((occupied_from is null or status in ('starts_later', 'occupied')) and (occupied_until is null or occupied_from is not null)
        and (status <> 'starts_later' or occupied_from is not null));
