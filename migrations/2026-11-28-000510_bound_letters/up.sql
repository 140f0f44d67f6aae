-- What makes a letter leave: what anybody can cause is bounded for each mailbox.
alter table emails add column cause text not null default 'business'
    constraint emails_cause_check check (cause in ('business', 'notice', 'stranger'));
alter table emails alter column cause drop default;

-- The mailbox behind an address: what stands after a plus leads to the same one.
create function conum_mailbox(address text) returns text
language sql immutable parallel safe
return regexp_replace(address, '\+[^@]*@', '@');

create index emails_mailbox_idx on emails (conum_mailbox(recipient), created_at) where cause <> 'business';
