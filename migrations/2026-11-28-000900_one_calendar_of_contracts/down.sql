alter table posts drop constraint posts_occupied_from_check;
update posts set status = 'occupied' where status = 'starts_later';
update counsellors set status = 'in_post' where status = 'starts_later';
alter table counsellors drop constraint counsellors_status_check, drop column until_on;
alter table counsellors add constraint counsellors_status_check check (status in ('in_post', 'left'));
alter table posts drop constraint posts_status_check, drop column occupied_from, drop column occupied_until;
alter table posts add constraint posts_status_check check (status in ('vacant', 'occupied', 'returned'));
drop trigger recruitments_within_post on recruitments;
drop function conum_contract_within_post();
alter table recruitments drop constraint recruitments_undone_check;
alter table recruitments drop constraint recruitments_termination_check;
update recruitments set termination_requested_at = null, terminates_on = null, termination_reason = null, termination_comment = null
    where status = 'completed';
alter table recruitments add constraint recruitments_termination_check check ((status in ('termination_requested', 'terminated')) = (terminates_on is not null)
    and num_nonnulls(termination_requested_at, terminates_on, termination_reason) in (0, 3)
    and (termination_comment is null or terminates_on is not null));
alter table recruitments drop constraint recruitments_length_check, drop column last_on;
drop function conum_today();
