drop index webhook_deliveries_head_idx;
drop trigger webhooks_receiver on webhooks;
drop function conum_webhook_receiver();
drop table webhook_receivers;
drop index webhooks_receiver_idx;
alter table webhooks drop column receiver;
