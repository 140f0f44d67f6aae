-- The feed reads by transaction, not by sequence: sequences are drawn before transactions commit, and not in that order.
create index events_feed_idx on events (transaction, sequence);
