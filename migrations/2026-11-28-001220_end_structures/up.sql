-- Why a structure left by its own will.
alter table structures add column leave_reason text constraint structures_leave_reason_check
    check (leave_reason in ('besoin_plus_justifie', 'difficulte_recrutement', 'capacite_financiere', 'autre'));
alter table structures add constraint structures_left_check check (leave_reason is null or status in ('withdrawn', 'duplicate'));

-- Whether a structure owes, or is owed: as the owner, because money is closed to most who may ask.
create function conum_has_open_money(structure uuid) returns boolean
language sql stable security definer
return exists (select from agreements a where a.structure_id = structure and a.status not in ('closed', 'abandoned'))
    or exists (select from credit_notes c join agreements a on a.id = c.agreement_id where a.structure_id = structure and c.status = 'issued');
