-- Before, one live registration kept an identifier: of several only the one that counts stays.
update structures s set status = 'cancelled', cancelled_at = conum_now()
    where s.status = 'pending_confirmation' and exists (
        select from structures o where o.id <> s.id and (o.siret = s.siret or o.ridet = s.ridet)
            and (o.status not in ('pending_confirmation', 'cancelled', 'duplicate') or (o.status = 'pending_confirmation' and o.id < s.id)));
drop index structures_ridet_idx;
drop index structures_live_siret_key;
drop index structures_live_ridet_key;
create unique index structures_live_siret_key on structures (siret) where status not in ('cancelled', 'duplicate');
create unique index structures_live_ridet_key on structures (ridet) where status not in ('cancelled', 'duplicate');
