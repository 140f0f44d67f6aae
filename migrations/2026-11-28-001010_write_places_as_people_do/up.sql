-- What a place is, in the vocabulary of the national standard (`typologie`).
alter table places add column kind text;
alter table places add constraint places_kind_check check (kind in (
    'aci', 'aciphc', 'afpa', 'ai', 'ase', 'asso', 'asso_chomeur', 'autre', 'avip', 'bib', 'caarud', 'cada', 'caf',
    'cap_emploi', 'cava', 'cc', 'ccas', 'ccons', 'cd', 'cdas', 'cfp', 'chrs', 'chu', 'cias', 'cidff', 'citmet', 'cmp',
    'cms', 'cpam', 'cph', 'cs', 'csapa', 'csc', 'deets', 'dept', 'diplp', 'e2c', 'ea', 'eatt', 'ei', 'eiti', 'enm', 'epci',
    'epi', 'epide', 'epn', 'es', 'esat', 'ess', 'etti', 'evs', 'fablab', 'fabrique', 'fais', 'ft', 'geiq', 'huda',
    'la_poste', 'mde', 'mdh', 'mdef', 'mdph', 'mds', 'mjc', 'ml', 'mq', 'msa', 'msap', 'muni', 'oacas', 'odc', 'of', 'oil',
    'opcs', 'pad', 'pension', 'pi', 'pij_bij', 'pimms', 'pjj', 'plie', 'pref', 'prevention', 'reg', 'relais_lecture',
    'ressourcerie', 'rfs', 'rs_fjt', 'scp', 'spip', 'tiers_lieux', 'udaf'
));
create index places_kind_idx on places (kind);

-- Summaries of the standard have 280 characters, its details as many as people write.
alter table places drop constraint places_presentation_check;
alter table places add constraint places_presentation_check check (length(presentation) between 1 and 5000);

-- The only number of some public services is a short one.
alter table places drop constraint places_phone_check;
alter table places add constraint places_phone_check check (phone ~ '^(\+[0-9]{6,15}|1[0-9]{2}|3[0-9]{3})$');
