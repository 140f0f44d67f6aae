-- A registration that nobody has confirmed keeps no identifier from anybody: the first to confirm has it.
drop index structures_live_siret_key;
drop index structures_live_ridet_key;
create unique index structures_live_siret_key on structures (siret)
    where status not in ('pending_confirmation', 'cancelled', 'duplicate');
create unique index structures_live_ridet_key on structures (ridet)
    where status not in ('pending_confirmation', 'cancelled', 'duplicate');
create index structures_ridet_idx on structures (ridet);
