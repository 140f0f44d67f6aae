drop index emails_mailbox_idx;
drop function conum_mailbox;
alter table emails drop column cause;
