-- How many people each caller was shown on a day: beyond a quota nothing more is shown.
create table reading_counts (
    principal text not null,
    day date not null,
    people bigint not null,
    constraint reading_counts_pkey primary key (principal, day),
    constraint reading_counts_people_check check (people >= 0)
);
create index reading_counts_day_idx on reading_counts (day);
comment on table reading_counts is 'People whom each caller was shown, by legal day.';
alter table reading_counts enable row level security;
create policy reading_counts_service on reading_counts using (conum_setting('actor') = 'system');
grant select, insert, update, delete on reading_counts to conum_app;
