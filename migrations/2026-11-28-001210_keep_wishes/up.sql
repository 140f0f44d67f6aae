-- Where a candidate stands once a block is lifted or a contract is over: as before, or as they have asked since.
alter table candidates add column returns_to text constraint candidates_returns_to_check
    check (returns_to in ('pending_confirmation', 'active', 'unavailable', 'unsubscribed'));
-- Of those who are blocked by now: whoever had left has left a reason, if they gave one.
update candidates set returns_to = case when confirmed_at is null then 'pending_confirmation'
    when unsubscribe_reason is not null then 'unsubscribed' else 'unavailable' end where status = 'blocked';
alter table candidates add constraint candidates_returning_check check (status <> 'blocked' or returns_to is not null);
-- When they left is told by the journal; nothing reads it here.
alter table candidates drop column unsubscribed_at;

-- The person refuses a contract that was submitted in their name.
alter table recruitments add column declined_at timestamptz;
alter table recruitments drop constraint recruitments_status_check;
alter table recruitments add constraint recruitments_status_check check (status in
    ('submitted', 'validated', 'refused', 'cancelled', 'declined', 'termination_requested', 'terminated', 'completed'));
alter table recruitments add constraint recruitments_declined_check check ((status = 'declined') = (declined_at is not null));
