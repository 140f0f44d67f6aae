-- What the public is told of the activity: editions that are made once, and never change.
create table figure_editions (
    number int constraint figure_editions_pkey primary key constraint figure_editions_number_check check (number > 0),
    made_on date not null,
    made_at timestamptz not null default conum_now(),
    -- First day of the last month that is told. Ten days after its end a month is closed.
    last_month date not null constraint figure_editions_last_month_check check (extract(day from last_month) = 1),
    -- The transaction that made it: nothing is added to an edition later.
    made_in xid8 not null default pg_current_xact_id(),
    constraint figure_editions_closed_check check (made_on >= last_month + interval '1 month' + interval '10 days'),
    constraint figure_editions_number_last_month_key unique (number, last_month)
);

-- What changed in a département and month since the layers before, exactly; the first layer is the month itself. Sums of fewer than
-- five people, or of fewer than five reports, are no layer.
create table figure_layers (
    edition int not null,
    last_month date not null,
    departement_code text not null constraint figure_layers_departement_code_fkey references departements (code),
    starts_on date not null constraint figure_layers_starts_on_check check (extract(day from starts_on) = 1),
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
    constraint figure_layers_pkey primary key (departement_code, starts_on, edition),
    constraint figure_layers_edition_fkey foreign key (edition, last_month) references figure_editions (number, last_month),
    constraint figure_layers_closed_check check (starts_on <= last_month),
    constraint figure_layers_floor_check check (abs(reports) not between 1 and 4 and abs(participants) not between 1 and 4
        and abs(returning_participants) not between 1 and 4 and abs(participants - returning_participants) not between 1 and 4)
);

-- What everybody may know of a layer, and the sums of that by region and of the country. Every public answer adds up these rows.
create table public_figures (
    edition int not null,
    last_month date not null,
    territory_of text not null constraint public_figures_territory_of_check check (territory_of in ('country', 'region', 'departement')),
    code text not null,
    starts_on date not null constraint public_figures_starts_on_check check (extract(day from starts_on) = 1),
    -- Départements whose month is closed and not told, those told since taken off.
    withheld int not null,
    -- Columns of which something is not told.
    hidden text[] not null,
    reports int not null,
    participants int not null,
    returning_participants int not null,
    minutes int not null,
    activity_individuel int not null,
    activity_collectif int not null,
    activity_ponctuel int not null,
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
    constraint public_figures_pkey primary key (territory_of, code, starts_on, edition),
    constraint public_figures_edition_fkey foreign key (edition, last_month) references figure_editions (number, last_month),
    constraint public_figures_closed_check check (starts_on <= last_month),
    constraint public_figures_floor_check check (territory_of <> 'departement' or (
        abs(participants - returning_participants) not between 1 and 4 and
        abs(reports) not between 1 and 4 and
        abs(participants) not between 1 and 4 and
        abs(returning_participants) not between 1 and 4 and
        abs(activity_individuel) not between 1 and 4 and
        abs(activity_collectif) not between 1 and 4 and
        abs(activity_ponctuel) not between 1 and 4 and
        abs(channel_rattachement) not between 1 and 4 and
        abs(channel_autre_lieu) not between 1 and 4 and
        abs(channel_distance) not between 1 and 4 and
        abs(channel_domicile) not between 1 and 4 and
        abs(band_moins_30) not between 1 and 4 and
        abs(band_30_60) not between 1 and 4 and
        abs(band_60_120) not between 1 and 4 and
        abs(band_plus_120) not between 1 and 4 and
        abs(age_moins_12) not between 1 and 4 and
        abs(age_12_18) not between 1 and 4 and
        abs(age_18_35) not between 1 and 4 and
        abs(age_35_60) not between 1 and 4 and
        abs(age_plus_60) not between 1 and 4 and
        abs(status_scolarise) not between 1 and 4 and
        abs(status_sans_emploi) not between 1 and 4 and
        abs(status_en_emploi) not between 1 and 4 and
        abs(status_retraite) not between 1 and 4 and
        abs(status_heterogene) not between 1 and 4 and
        abs(theme_equipement_informatique) not between 1 and 4 and
        abs(theme_vocabulaire) not between 1 and 4 and
        abs(theme_internet) not between 1 and 4 and
        abs(theme_securite) not between 1 and 4 and
        abs(theme_courriel) not between 1 and 4 and
        abs(theme_echanger) not between 1 and 4 and
        abs(theme_traitement_texte) not between 1 and 4 and
        abs(theme_contenus_numeriques) not between 1 and 4 and
        abs(theme_trouver_emploi) not between 1 and 4 and
        abs(theme_tpe_pme) not between 1 and 4 and
        abs(theme_accompagner_enfant) not between 1 and 4 and
        abs(theme_demarche_en_ligne) not between 1 and 4 and
        abs(theme_fraude_et_harcelement) not between 1 and 4 and
        abs(theme_sante) not between 1 and 4 and
        abs(theme_smartphone) not between 1 and 4 and
        abs(theme_budget) not between 1 and 4 and
        abs(theme_scolaire) not between 1 and 4 and
        abs(theme_diagnostic) not between 1 and 4 and
        abs(theme_autre) not between 1 and 4 and
        abs(mission_demarches) not between 1 and 4 and
        abs(mission_usages_critiques) not between 1 and 4 and
        abs(mission_usages_quotidiens) not between 1 and 4 and
        abs(body_ants) not between 1 and 4 and
        abs(body_assistante_sociale) not between 1 and 4 and
        abs(body_caf) not between 1 and 4 and
        abs(body_carsat) not between 1 and 4 and
        abs(body_ccas) not between 1 and 4 and
        abs(body_cefs) not between 1 and 4 and
        abs(body_cip) not between 1 and 4 and
        abs(body_cpam) not between 1 and 4 and
        abs(body_dgfip) not between 1 and 4 and
        abs(body_france_services) not between 1 and 4 and
        abs(body_mairie) not between 1 and 4 and
        abs(body_mediatheque) not between 1 and 4 and
        abs(body_mission_locale) not between 1 and 4 and
        abs(body_france_travail) not between 1 and 4 and
        abs(body_prefecture) not between 1 and 4 and
        abs(body_sous_prefecture) not between 1 and 4 and
        abs(body_police) not between 1 and 4 and
        abs(body_gendarmerie) not between 1 and 4 and
        abs(body_revendeur_informatique) not between 1 and 4 and
        abs(body_tiers_lieu) not between 1 and 4 and
        abs(body_autre) not between 1 and 4))
);

create index figure_layers_edition_idx on figure_layers (edition, last_month);
create index public_figures_edition_idx on public_figures (edition, last_month);
revoke update, delete, truncate on figure_editions, figure_layers, public_figures from conum_app;

-- An edition is sealed by the end of its transaction.
create function conum_edition_is_open() returns trigger language plpgsql as $$
begin
    if exists (select from added a join figure_editions e on e.number = a.edition where e.made_in <> pg_current_xact_id()) then
        raise exception 'an edition that is made never changes';
    end if;
    return null;
end
$$;
create trigger figure_layers_sealed after insert on figure_layers referencing new table as added
    for each statement execute function conum_edition_is_open();
create trigger public_figures_sealed after insert on public_figures referencing new table as added
    for each statement execute function conum_edition_is_open();

-- Reports written, changed or deleted after their month had passed, once as they were (-1) and once as they are (+1), until a
-- layer has told of them: how many reports differ from what was told last.
create table late_reports (
    sequence bigint generated always as identity constraint late_reports_pkey primary key,
    departement_code text not null,
    starts_on date not null,
    report_id uuid not null,
    sign int not null constraint late_reports_sign_check check (sign in (-1, 1)),
    -- Of all that is counted.
    digest text not null
);
create index late_reports_starts_on_idx on late_reports (starts_on, departement_code);
alter table late_reports enable row level security;
create policy late_reports_reach on late_reports using (conum_setting('actor') = 'system');
