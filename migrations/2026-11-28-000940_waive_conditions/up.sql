-- A condition that cannot be met any more is waived by the Banque des Territoires, with its reason.
alter table instalments
    add column waived text[] not null default '{}' constraint instalments_waived_check
        check (waived <@ array['initial_training_completed']),
    add column waiver_reason text constraint instalments_waiver_reason_check check (length(waiver_reason) between 10 and 1000),
    add constraint instalments_waiver_check check ((waived <> '{}') = (waiver_reason is not null));
