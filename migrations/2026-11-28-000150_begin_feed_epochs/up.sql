-- Places in the feed hold transaction numbers, which mean something in one history of one cluster only. An epoch is such a
-- history: it ends when the database is put back from a copy, or another server takes over.
create table feed_epochs (
    number int constraint feed_epochs_pkey primary key,
    -- Numbers may be given twice, once in each of two histories that begin alike; this one never is.
    id uuid not null default gen_random_uuid() constraint feed_epochs_id_key unique,
    -- What the epoch was begun on. A copy has another system identifier (a cluster of its own), another timeline (a promoted
    -- standby, a recovery to a point in time), another database or another table.
    system_identifier bigint not null,
    timeline int not null,
    database_oid bigint not null,
    events_oid bigint not null,
    reason text not null constraint feed_epochs_reason_check
        check (reason in ('first', 'cluster', 'timeline', 'database', 'lost_tail', 'restored')),
    -- By the clock of the machine: for the operator.
    begun_at timestamptz not null default clock_timestamp()
);
comment on table feed_epochs is 'Histories of the feed: one more each time the database was put back from a copy or taken over. Append-only.';
revoke insert, update, delete on feed_epochs from conum_app;

-- What the database is now. Not to be asked of a standby.
create function conum_feed_identity(out system_identifier bigint, out timeline int, out database_oid bigint, out events_oid bigint)
language sql stable
begin atomic
    -- The timeline of the control file is behind for a while after a promotion.
    select c.system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int, d.oid::bigint,
        'events'::regclass::oid::bigint
    from pg_control_system() c cross join pg_database d where d.datname = current_database();
end;

-- Why the newest epoch is not that of this database; null if it is. Nobody writes on a standby, so that nothing begins there.
create function conum_feed_stale() returns text
language plpgsql stable as $$
declare
    newest feed_epochs;
    present record;
begin
    if pg_is_in_recovery() then
        return null;
    end if;
    select * into newest from feed_epochs order by number desc limit 1;
    select * into present from conum_feed_identity();
    return case
        when newest.number is null then 'first'
        when newest.system_identifier <> present.system_identifier then 'cluster'
        when newest.timeline <> present.timeline then 'timeline'
        when newest.database_oid <> present.database_oid or newest.events_oid <> present.events_oid then 'database'
    end;
end
$$;

-- Begins an epoch if the newest one is not that of this database. What only a person or a place in the feed can tell: `why`,
-- and `ended`, the epoch that it is told of (any where null). Answers the number of the epoch begun, or null. Whoever comes
-- second waits for the lock, and finds it done. Writers of events end first: a transaction is of one epoch.
create function conum_begin_feed_epoch(ended uuid default null, why text default null) returns int
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '10s' as $$
declare
    newest feed_epochs;
    told text := why;
begin
    if pg_is_in_recovery() or (told is null and conum_feed_stale() is null) then
        return null;
    end if;
    lock table events in exclusive mode;
    select * into newest from feed_epochs order by number desc limit 1;
    if told is not null and ended is not null and ended <> newest.id then
        told := null;
    end if;
    told := coalesce(told, conum_feed_stale());
    if told is null then
        return null;
    end if;
    insert into feed_epochs (number, system_identifier, timeline, database_oid, events_oid, reason)
    select coalesce(newest.number, 0) + 1, i.system_identifier, i.timeline, i.database_oid, i.events_oid, told
    from conum_feed_identity() i;
    return coalesce(newest.number, 0) + 1;
end
$$;

-- The epoch that an event belongs to: read after the lock on the table is held, so that it is the newest.
create function conum_feed_epoch() returns int
language sql volatile
return (select max(number) from feed_epochs);

-- Where the feed goes on from what this statement sees: number and identifier of the epoch, and the oldest transaction that
-- may still commit.
create function conum_feed_present() returns text
language sql stable
return (select e.number || ' ' || e.id || ' ' || pg_snapshot_xmin(pg_current_snapshot())
    from feed_epochs e order by e.number desc limit 1);

select conum_begin_feed_epoch();

-- What happened before epochs were counted is of epoch 0: final, whatever its transaction numbers.
alter table events add column epoch int not null default 0;
alter table events alter column epoch set default conum_feed_epoch();
-- No foreign key: it would lock the one row of feed_epochs with each event. Instead the service cannot say where in the feed an
-- event lies: the database does.
revoke insert on events from conum_app;
grant insert (id, type, resource, resource_id, structure_id, departement_code, region_code, occurred_at) on events to conum_app;
drop index events_feed_idx;
create index events_feed_idx on events (epoch, transaction, sequence);

-- `epoch` is the one that the receiver knows of; the place reached may lie in an earlier one, which is read to its end.
alter table webhooks
    add column epoch int not null default 1,
    add column reached_epoch int not null default 0,
    -- When the feed last began anew under it.
    add column feed_restarted_at timestamptz;
alter table webhooks
    alter column epoch set default conum_feed_epoch(),
    alter column reached_epoch set default conum_feed_epoch(),
    add constraint webhooks_epoch_check check (reached_epoch between 0 and epoch);
