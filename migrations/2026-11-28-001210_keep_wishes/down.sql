alter table recruitments drop constraint recruitments_declined_check;
update recruitments set status = 'cancelled', cancelled_at = declined_at, declined_at = null where status = 'declined';
alter table recruitments drop constraint recruitments_status_check;
alter table recruitments add constraint recruitments_status_check check (status in
    ('submitted', 'validated', 'refused', 'cancelled', 'termination_requested', 'terminated', 'completed'));
alter table recruitments drop column declined_at;
alter table candidates add column unsubscribed_at timestamptz;
update candidates set unsubscribed_at = updated_at where status = 'unsubscribed';
alter table candidates add constraint candidates_unsubscribed_check check ((status = 'unsubscribed') = (unsubscribed_at is not null));
alter table candidates drop constraint candidates_returning_check;
alter table candidates drop column returns_to;
