drop index events_feed_idx;
