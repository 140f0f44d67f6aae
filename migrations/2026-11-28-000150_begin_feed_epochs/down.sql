alter table webhooks
    drop constraint webhooks_epoch_check,
    drop column epoch,
    drop column reached_epoch,
    drop column feed_restarted_at;
drop index events_feed_idx;
create index events_feed_idx on events (transaction, sequence);
alter table events drop column epoch;
revoke insert (id, type, resource, resource_id, structure_id, departement_code, region_code, occurred_at) on events from conum_app;
grant insert on events to conum_app;
drop function conum_feed_present();
drop function conum_feed_epoch();
drop function conum_begin_feed_epoch(uuid, text);
drop function conum_feed_stale();
drop function conum_feed_identity();
drop table feed_epochs;
