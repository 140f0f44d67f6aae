create table accounts (
    id uuid constraint accounts_pkey primary key,
    role text not null constraint accounts_role_check
        check (role in ('anct', 'bdt', 'prefecture', 'employer', 'candidate', 'counsellor', 'coordinator', 'training_body', 'observer')),
    email text not null constraint accounts_email_check check (email = lower(email) and length(email) <= 254),
    structure_id uuid constraint accounts_structure_id_fkey references structures (id),
    departement_code text constraint accounts_departement_code_fkey references departements (code),
    region_code text constraint accounts_region_code_fkey references regions (code),
    -- Candidate, counsellor or training body.
    subject_id uuid,
    issuer text,
    subject text,
    status text not null default 'invited' constraint accounts_status_check check (status in ('invited', 'active', 'revoked')),
    last_seen_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    -- A role without its perimeter must not exist.
    constraint accounts_perimeter_check check (case role
        when 'anct' then num_nonnulls(structure_id, departement_code, region_code, subject_id) = 0
        when 'bdt' then num_nonnulls(structure_id, departement_code, region_code, subject_id) = 0
        when 'employer' then structure_id is not null and num_nonnulls(departement_code, region_code, subject_id) = 0
        when 'observer' then num_nonnulls(departement_code, region_code) <= 1 and num_nonnulls(structure_id, subject_id) = 0
        when 'prefecture' then num_nonnulls(departement_code, region_code) = 1 and num_nonnulls(structure_id, subject_id) = 0
        when 'coordinator' then num_nonnulls(departement_code, region_code) = 1 and num_nonnulls(structure_id, subject_id) = 0
        else subject_id is not null and num_nonnulls(structure_id, departement_code, region_code) = 0
    end),
    constraint accounts_revoked_check check ((status = 'revoked') = (revoked_at is not null)),
    constraint accounts_identity_check check (num_nonnulls(issuer, subject) <> 1)
);
create unique index accounts_live_key on accounts (role, email, structure_id, departement_code, region_code, subject_id)
    nulls not distinct where status <> 'revoked';
create index accounts_identity_idx on accounts (issuer, subject) where status <> 'revoked';
create index accounts_email_idx on accounts (email) where status <> 'revoked';
create index accounts_structure_id_idx on accounts (structure_id);
create index accounts_departement_code_idx on accounts (departement_code);
create index accounts_region_code_idx on accounts (region_code);
-- Having been seen is no change of the account.
create trigger accounts_touch before update of email, issuer, subject, status, revoked_at on accounts
    for each row execute function conum_touch();
create trigger accounts_audit after insert or delete or update of email, issuer, subject, status, revoked_at on accounts
    for each row execute function conum_audit();

create table api_clients (
    id uuid constraint api_clients_pkey primary key,
    name text not null constraint api_clients_name_check check (length(name) between 1 and 100),
    role text not null constraint api_clients_role_check
        check (role in ('anct', 'bdt', 'prefecture', 'employer', 'candidate', 'counsellor', 'coordinator', 'training_body', 'observer')),
    structure_id uuid constraint api_clients_structure_id_fkey references structures (id),
    departement_code text constraint api_clients_departement_code_fkey references departements (code),
    region_code text constraint api_clients_region_code_fkey references regions (code),
    scopes text[] not null constraint api_clients_scopes_check check (cardinality(scopes) between 1 and 60),
    secret_hash bytea not null constraint api_clients_secret_hash_check check (length(secret_hash) = 32),
    previous_secret_hash bytea constraint api_clients_previous_secret_hash_check check (length(previous_secret_hash) = 32),
    previous_secret_until timestamptz,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default conum_now(),
    updated_at timestamptz not null default conum_now(),
    version int not null default 1,
    constraint api_clients_perimeter_check check (case role
        when 'anct' then num_nonnulls(structure_id, departement_code, region_code) = 0
        when 'bdt' then num_nonnulls(structure_id, departement_code, region_code) = 0
        when 'employer' then structure_id is not null and num_nonnulls(departement_code, region_code) = 0
        when 'observer' then num_nonnulls(departement_code, region_code) <= 1 and structure_id is null
        when 'prefecture' then num_nonnulls(departement_code, region_code) = 1 and structure_id is null
        else false
    end),
    constraint api_clients_previous_secret_check check (num_nonnulls(previous_secret_hash, previous_secret_until) <> 1)
);
create index api_clients_structure_id_idx on api_clients (structure_id);
create index api_clients_departement_code_idx on api_clients (departement_code);
create index api_clients_region_code_idx on api_clients (region_code);
create trigger api_clients_touch before update of name, scopes, secret_hash, previous_secret_hash, previous_secret_until,
    expires_at, revoked_at on api_clients for each row execute function conum_touch();
create trigger api_clients_audit after insert or delete or update of name, scopes, secret_hash, previous_secret_hash,
    previous_secret_until, expires_at, revoked_at on api_clients for each row execute function conum_audit();

-- One-use links sent by e-mail; only their hash is kept.
create table mail_links (
    id uuid constraint mail_links_pkey primary key,
    purpose text not null constraint mail_links_purpose_check check (purpose in ('confirm_structure', 'sign_in')),
    token_hash bytea not null constraint mail_links_token_hash_key unique,
    structure_id uuid constraint mail_links_structure_id_fkey references structures (id),
    account_id uuid constraint mail_links_account_id_fkey references accounts (id),
    expires_at timestamptz not null,
    used_at timestamptz,
    created_at timestamptz not null default conum_now(),
    constraint mail_links_target_check check (case purpose
        when 'confirm_structure' then structure_id is not null and account_id is null
        else account_id is not null and structure_id is null
    end)
);
create index mail_links_structure_id_idx on mail_links (structure_id);
create index mail_links_account_id_idx on mail_links (account_id);
create index mail_links_expires_at_idx on mail_links (expires_at);
create trigger mail_links_audit after insert or update or delete on mail_links for each row execute function conum_audit();

-- A perimeter holds the accounts of its own role and territory.
create function conum_same_perimeter(role text, structure_id uuid, departement_code text, region_code text) returns boolean
language sql stable parallel safe
return conum_setting('actor') in ('anct', 'system')
    or (role = conum_setting('actor') and case conum_setting('reach')
        when 'country' then num_nonnulls(structure_id, departement_code, region_code) = 0
        when 'departement' then departement_code = conum_setting('reach_value')
        when 'region' then region_code = conum_setting('reach_value')
        when 'structure' then structure_id::text = conum_setting('reach_value')
        else false
    end);
alter table accounts enable row level security;
create policy accounts_perimeter on accounts using (conum_same_perimeter(role, structure_id, departement_code, region_code));
alter table api_clients enable row level security;
create policy api_clients_perimeter on api_clients using (conum_same_perimeter(role, structure_id, departement_code, region_code));
alter table mail_links enable row level security;
create policy mail_links_write on mail_links for insert with check (true);
create policy mail_links_system on mail_links using (conum_setting('actor') = 'system');
