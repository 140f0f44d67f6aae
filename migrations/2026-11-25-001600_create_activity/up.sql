create function conum_is_set(items text[]) returns boolean
language sql immutable parallel safe
return cardinality(items) = (select count(distinct item) from unnest(items) item);

create function conum_sum(counts jsonb) returns bigint
language sql immutable parallel safe
return (select coalesce(sum(value::int), 0) from jsonb_each_text(counts));

-- Partitioned by the year in which it was done, so that old years cost writers nothing. Every key begins with the counsellor.
create table activity_reports (
    counsellor_id uuid not null constraint activity_reports_counsellor_id_fkey references counsellors (id),
    id uuid not null,
    held_on date not null constraint activity_reports_held_on_check check (held_on >= date '2020-01-01'),
    -- The contract that covers the day, its employer and where that lay when it was written.
    recruitment_id uuid not null constraint activity_reports_recruitment_id_fkey references recruitments (id),
    structure_id uuid not null constraint activity_reports_structure_id_fkey references structures (id),
    structure_departement_code text not null,
    activity text not null constraint activity_reports_activity_check check (activity in ('individuel', 'collectif', 'ponctuel')),
    channel text not null constraint activity_reports_channel_check check (channel in ('rattachement', 'autre_lieu', 'distance', 'domicile')),
    place_id uuid constraint activity_reports_place_id_fkey references places (id),
    commune_code text not null constraint activity_reports_commune_code_fkey references communes (code),
    place_departement_code text not null,
    duration_minutes int not null constraint activity_reports_duration_minutes_check check (duration_minutes between 1 and 1439),
    participants int not null constraint activity_reports_participants_check check (participants between 1 and 1000),
    returning_participants int not null constraint activity_reports_returning_participants_check
        check (returning_participants between 0 and participants),
    age_moins_12 int not null,
    age_12_18 int not null,
    age_18_35 int not null,
    age_35_60 int not null,
    age_plus_60 int not null,
    status_scolarise int not null,
    status_sans_emploi int not null,
    status_en_emploi int not null,
    status_retraite int not null,
    status_heterogene int not null,
    themes text[] not null constraint activity_reports_themes_check check (cardinality(themes) between 1 and 20 and (cardinality(themes) = 1 or conum_is_set(themes))
        and themes <@ array['equipement_informatique', 'vocabulaire', 'internet', 'securite', 'courriel', 'echanger', 'traitement_texte', 'contenus_numeriques', 'trouver_emploi', 'tpe_pme', 'accompagner_enfant', 'demarche_en_ligne', 'fraude_et_harcelement', 'sante', 'smartphone', 'budget', 'scolaire', 'diagnostic', 'autre']),
    -- theme/sub-theme
    sub_themes text[] not null default '{}' constraint activity_reports_sub_themes_check check (sub_themes = '{}' or conum_is_set(sub_themes)),
    follow_up_individual int not null constraint activity_reports_follow_up_individual_check check (follow_up_individual between 0 and participants),
    follow_up_workshop int not null constraint activity_reports_follow_up_workshop_check check (follow_up_workshop between 0 and participants),
    follow_up_redirected int not null constraint activity_reports_follow_up_redirected_check check (follow_up_redirected between 0 and participants),
    -- People redirected to each body.
    redirections jsonb not null default '{}',
    note text constraint activity_reports_note_check check (length(note) between 1 and 2000),
    deleted_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint activity_reports_pkey primary key (counsellor_id, id, held_on),
    constraint activity_reports_alone_check check (activity = 'collectif' or participants = 1),
    constraint activity_reports_place_check check ((channel = 'rattachement') = (place_id is not null)),
    constraint activity_reports_ages_check check (age_moins_12 + age_12_18 + age_18_35 + age_35_60 + age_plus_60 = participants
        and least(age_moins_12, age_12_18, age_18_35, age_35_60, age_plus_60) >= 0),
    constraint activity_reports_statuses_check check (status_scolarise + status_sans_emploi + status_en_emploi + status_retraite + status_heterogene = participants
        and least(status_scolarise, status_sans_emploi, status_en_emploi, status_retraite, status_heterogene) >= 0),
    constraint activity_reports_redirections_check check (redirections = '{}' and follow_up_redirected = 0
        or conum_sum(redirections) = follow_up_redirected and redirections - array['ants', 'assistante_sociale', 'caf', 'carsat', 'ccas', 'cefs', 'cip', 'cpam', 'dgfip', 'france_services', 'mairie', 'mediatheque', 'mission_locale', 'france_travail', 'prefecture', 'sous_prefecture', 'police', 'gendarmerie', 'revendeur_informatique', 'tiers_lieu', 'autre'] = '{}')
) partition by range (held_on);
do $$
begin
    for year in 2020..2039 loop
        execute format('create table activity_reports_%s partition of activity_reports for values from (%L) to (%L)',
            year, make_date(year, 1, 1), make_date(year + 1, 1, 1));
        -- Row-level security binds through the parent only.
        execute format('revoke all on activity_reports_%s from conum_app', year);
    end loop;
end
$$;
create table activity_reports_later partition of activity_reports default;
revoke all on activity_reports_later from conum_app;
create index activity_reports_held_on_idx on activity_reports (counsellor_id, held_on desc, id);
create index activity_reports_structure_id_idx on activity_reports (structure_id, held_on);
create index activity_reports_recruitment_id_idx on activity_reports (recruitment_id);
create index activity_reports_place_id_idx on activity_reports (place_id, held_on);
create index activity_reports_commune_code_idx on activity_reports (commune_code, held_on);
create trigger activity_reports_touch before update on activity_reports for each row execute function conum_touch();
create trigger activity_reports_audit after update or delete on activity_reports for each row execute function conum_audit();
-- Reports come by the thousand: the journal's lines for new ones are one statement.
create function conum_audit_inserted() returns trigger language plpgsql as $$
begin
    insert into audit_entries
        (occurred_at, operation, request_id, role, issuer, subject, account_id, api_client_id, action, table_name, row_id, changed_columns)
    select conum_now(), conum_setting('operation'), conum_setting('request'), coalesce(nullif(conum_setting('role'), ''), 'system'),
        conum_setting('issuer'), conum_setting('subject'), nullif(conum_setting('account'), '')::uuid,
        nullif(conum_setting('api_client'), '')::uuid, 'insert', tg_table_name, n.id::text, '{}'
    from inserted n;
    return null;
end
$$;
create trigger activity_reports_audit_inserted after insert on activity_reports referencing new table as inserted
    for each statement execute function conum_audit_inserted();
alter table activity_reports enable row level security;
create policy activity_reports_own on activity_reports using (case conum_setting('actor')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'system' then true
    else false
end);

-- What another system calls a report: the same again is no second report.
create table activity_report_keys (
    counsellor_id uuid not null constraint activity_report_keys_counsellor_id_fkey references counsellors (id),
    external_id text not null constraint activity_report_keys_external_id_check check (length(external_id) between 1 and 100),
    report_id uuid not null,
    constraint activity_report_keys_pkey primary key (counsellor_id, external_id)
);
create index activity_report_keys_report_id_idx on activity_report_keys (counsellor_id, report_id);
alter table activity_report_keys enable row level security;
create policy activity_report_keys_own on activity_report_keys using (case conum_setting('actor')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'system' then true
    else false
end);

-- What a report said before it was changed or deleted; without its note.
create table activity_report_revisions (
    counsellor_id uuid not null constraint activity_report_revisions_counsellor_id_fkey references counsellors (id),
    report_id uuid not null,
    version int not null,
    replaced_at timestamptz not null,
    content jsonb not null,
    constraint activity_report_revisions_pkey primary key (counsellor_id, report_id, version)
);
revoke update, delete on activity_report_revisions from conum_app;
alter table activity_report_revisions enable row level security;
create policy activity_report_revisions_own on activity_report_revisions using (case conum_setting('actor')
    when 'counsellor' then counsellor_id::text = conum_setting('reach_value')
    when 'system' then true
    else false
end);

-- What all reports of a territory add up to, by day and by month; kept in the transaction of each report. The country is
-- counted in sixteen rows a period, so that writers do not wait for each other.
create table activity_figures (
    territory_of text not null constraint activity_figures_territory_of_check check (territory_of in ('country', 'place', 'structure')),
    departement_code text not null,
    grain text not null constraint activity_figures_grain_check check (grain in ('day', 'month')),
    starts_on date not null,
    slot int not null constraint activity_figures_slot_check check (slot between 0 and 15),
    reports int not null,
    activity_individuel int not null,
    activity_collectif int not null,
    activity_ponctuel int not null,
    participants int not null,
    workshop_participants int not null,
    returning_participants int not null,
    minutes_individuel int not null,
    minutes_collectif int not null,
    minutes_ponctuel int not null,
    channel_rattachement int not null,
    channel_autre_lieu int not null,
    channel_distance int not null,
    channel_domicile int not null,
    band_moins_30 int not null,
    band_30_60 int not null,
    band_60_120 int not null,
    band_plus_120 int not null,
    age_moins_12 int not null,
    age_12_18 int not null,
    age_18_35 int not null,
    age_35_60 int not null,
    age_plus_60 int not null,
    status_scolarise int not null,
    status_sans_emploi int not null,
    status_en_emploi int not null,
    status_retraite int not null,
    status_heterogene int not null,
    follow_up_individual int not null,
    follow_up_workshop int not null,
    follow_up_redirected int not null,
    theme_equipement_informatique int not null,
    theme_vocabulaire int not null,
    theme_internet int not null,
    theme_securite int not null,
    theme_courriel int not null,
    theme_echanger int not null,
    theme_traitement_texte int not null,
    theme_contenus_numeriques int not null,
    theme_trouver_emploi int not null,
    theme_tpe_pme int not null,
    theme_accompagner_enfant int not null,
    theme_demarche_en_ligne int not null,
    theme_fraude_et_harcelement int not null,
    theme_sante int not null,
    theme_smartphone int not null,
    theme_budget int not null,
    theme_scolaire int not null,
    theme_diagnostic int not null,
    theme_autre int not null,
    mission_demarches int not null,
    mission_usages_critiques int not null,
    mission_usages_quotidiens int not null,
    body_ants int not null,
    body_assistante_sociale int not null,
    body_caf int not null,
    body_carsat int not null,
    body_ccas int not null,
    body_cefs int not null,
    body_cip int not null,
    body_cpam int not null,
    body_dgfip int not null,
    body_france_services int not null,
    body_mairie int not null,
    body_mediatheque int not null,
    body_mission_locale int not null,
    body_france_travail int not null,
    body_prefecture int not null,
    body_sous_prefecture int not null,
    body_police int not null,
    body_gendarmerie int not null,
    body_revendeur_informatique int not null,
    body_tiers_lieu int not null,
    body_autre int not null,
    constraint activity_figures_pkey primary key (territory_of, departement_code, grain, starts_on, slot)
) with (fillfactor = 50);
-- All territories of a period side by side.
create index activity_figures_starts_on_idx on activity_figures (territory_of, grain, starts_on);

-- The same by month for each counsellor and employer.
create table counsellor_figures (
    structure_id uuid not null constraint counsellor_figures_structure_id_fkey references structures (id),
    counsellor_id uuid not null constraint counsellor_figures_counsellor_id_fkey references counsellors (id),
    starts_on date not null,
    reports int not null,
    activity_individuel int not null,
    activity_collectif int not null,
    activity_ponctuel int not null,
    participants int not null,
    workshop_participants int not null,
    returning_participants int not null,
    minutes_individuel int not null,
    minutes_collectif int not null,
    minutes_ponctuel int not null,
    channel_rattachement int not null,
    channel_autre_lieu int not null,
    channel_distance int not null,
    channel_domicile int not null,
    band_moins_30 int not null,
    band_30_60 int not null,
    band_60_120 int not null,
    band_plus_120 int not null,
    age_moins_12 int not null,
    age_12_18 int not null,
    age_18_35 int not null,
    age_35_60 int not null,
    age_plus_60 int not null,
    status_scolarise int not null,
    status_sans_emploi int not null,
    status_en_emploi int not null,
    status_retraite int not null,
    status_heterogene int not null,
    follow_up_individual int not null,
    follow_up_workshop int not null,
    follow_up_redirected int not null,
    theme_equipement_informatique int not null,
    theme_vocabulaire int not null,
    theme_internet int not null,
    theme_securite int not null,
    theme_courriel int not null,
    theme_echanger int not null,
    theme_traitement_texte int not null,
    theme_contenus_numeriques int not null,
    theme_trouver_emploi int not null,
    theme_tpe_pme int not null,
    theme_accompagner_enfant int not null,
    theme_demarche_en_ligne int not null,
    theme_fraude_et_harcelement int not null,
    theme_sante int not null,
    theme_smartphone int not null,
    theme_budget int not null,
    theme_scolaire int not null,
    theme_diagnostic int not null,
    theme_autre int not null,
    mission_demarches int not null,
    mission_usages_critiques int not null,
    mission_usages_quotidiens int not null,
    body_ants int not null,
    body_assistante_sociale int not null,
    body_caf int not null,
    body_carsat int not null,
    body_ccas int not null,
    body_cefs int not null,
    body_cip int not null,
    body_cpam int not null,
    body_dgfip int not null,
    body_france_services int not null,
    body_mairie int not null,
    body_mediatheque int not null,
    body_mission_locale int not null,
    body_france_travail int not null,
    body_prefecture int not null,
    body_sous_prefecture int not null,
    body_police int not null,
    body_gendarmerie int not null,
    body_revendeur_informatique int not null,
    body_tiers_lieu int not null,
    body_autre int not null,
    constraint counsellor_figures_pkey primary key (counsellor_id, structure_id, starts_on)
) with (fillfactor = 70);
create index counsellor_figures_structure_id_idx on counsellor_figures (structure_id, starts_on);
alter table counsellor_figures enable row level security;
create policy counsellor_figures_reach on counsellor_figures using (conum_setting('actor') in ('system', 'anct'));
