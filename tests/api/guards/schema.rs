//! The migrated database keeps its own rules.

use std::collections::BTreeSet;

use conum::platform::db::{migrations, print_schema};

use super::{looked_at, none};
use crate::support::{Database, Session};

/// Tables that hold personal data or money: the database itself must hide their rows.
const PRIVATE: &[&str] = &[
    "accesses",
    "accounts",
    "activity_report_keys",
    "activity_report_revisions",
    "activity_reports",
    "agreement_amendments",
    "agreement_borrowings",
    "agreement_posts",
    "agreements",
    "api_clients",
    "applications",
    "attendances",
    "audit_entries",
    "bank_account_numbers",
    "bank_details",
    "candidate_contacts",
    "candidate_motivations",
    "candidates",
    "certifications",
    "counsellor_figures",
    "counsellors",
    "credit_notes",
    "emails",
    "enrolments",
    "extensions",
    "form_calls",
    "idempotency_keys",
    "instalments",
    "late_reports",
    "ledger_entries",
    "mail_links",
    "match_refusals",
    "matches",
    "opinions",
    "payment_batches",
    "payment_line_accounts",
    "payment_lines",
    "place_counsellors",
    "reading_counts",
    "rectifications",
    "recruitments",
    "structure_contacts",
    "structure_identity_changes",
    "webhook_deliveries",
    "webhooks",
];

/// Tables whose changes the journal does not tell: journals and queues themselves, and reference data.
const NOT_AUDITED: &[&str] = &[
    // A digest of what others say, and where sending stands: no facts of their own.
    "agreement_borrowings",
    "webhook_receivers",
    "accesses",
    "activity_figures",
    "activity_report_keys",
    "activity_report_revisions",
    "audit_entries",
    "communes",
    "counsellor_figures",
    "departements",
    "emails",
    "epcis",
    "events",
    "form_calls",
    "figure_editions",
    "figure_layers",
    "feed_epochs",
    "former_communes",
    "held_purges",
    "idempotency_keys",
    "job_runs",
    "late_reports",
    "ledger_entries",
    "payment_line_accounts",
    "public_figures",
    "reading_counts",
    "reminders",
    "reference_loads",
    "regions",
    "subsidy_scale_instalments",
    "subsidy_scale_zones",
    "webhook_deliveries",
];

const TABLES: &str = "select c.oid, c.relname::text as name, c.relrowsecurity as secured from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname not like '\\_\\_diesel%'";

/// All that the catalogs tell of the schema, one line a thing.
fn dump(session: &mut Session) -> Vec<String> {
    let parts = [
        format!(
            "select 'column', t.name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                pg_get_expr(d.adbin, d.adrelid)
             from ({TABLES}) t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
             left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum"
        ),
        format!(
            "select 'constraint', t.name, c.conname, pg_get_constraintdef(c.oid)
             from ({TABLES}) t join pg_constraint c on c.conrelid = t.oid"
        ),
        "select 'index', indexname, indexdef from pg_indexes where schemaname = 'public' and tablename not like '\\_\\_diesel%'".to_owned(),
        format!(
            "select 'trigger', t.name, pg_get_triggerdef(g.oid) from ({TABLES}) t
             join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal"
        ),
        "select 'policy', tablename, policyname, cmd, roles, qual, with_check from pg_policies".to_owned(),
        "select 'function', proname, pg_get_functiondef(oid) from pg_proc
         where pronamespace = 'public'::regnamespace and proname like 'conum%'"
            .to_owned(),
        "select 'relation', relname, relkind, relrowsecurity, relforcerowsecurity, array(select unnest(relacl)::text order by 1)
         from pg_class where relnamespace = 'public'::regnamespace and relname not like '\\_\\_diesel%'"
            .to_owned(),
        "select 'extension', extname from pg_extension".to_owned(),
        "select 'type', typname from pg_type where typnamespace = 'public'::regnamespace and typtype in ('d', 'e')"
            .to_owned(),
        "select 'default rights', defaclobjtype, defaclacl::text from pg_default_acl".to_owned(),
    ];
    let mut lines: Vec<String> =
        parts.iter().flat_map(|part| session.column(&format!("select row_to_json(x)::text from ({part}) x"))).collect();
    lines.sort();
    lines
}

#[test]
fn migrations_lead_up_down_and_up_to_the_same_schema() {
    let database = Database::empty();
    let empty = dump(&mut database.owner());
    let count = migrations::run(&database.url).expect("up").len();
    let up = dump(&mut database.owner());
    assert!(up.len() > empty.len() + 100, "{} lines", up.len());
    migrations::revert_all(&database.url).expect("down");
    // Extensions stay: others may use them. Nothing else does.
    let rest: Vec<String> = dump(&mut database.owner()).into_iter().filter(|line| !empty.contains(line)).collect();
    let left: Vec<String> = rest.into_iter().filter(|line| !line.contains("\"extension\"")).collect();
    none(&left, "things left behind by the way down");
    migrations::run(&database.url).expect("up again");
    let again = dump(&mut database.owner());
    let differing: Vec<String> =
        up.iter().filter(|l| !again.contains(l)).chain(again.iter().filter(|l| !up.contains(l))).cloned().collect();
    none(&differing, "differences after up, down, up");
    looked_at(count, &format!("migrations, {} lines of schema", up.len()));
}

#[test]
fn the_rust_schema_is_that_of_the_migrations() {
    let database = Database::new();
    let mut session = database.owner();
    let printed = print_schema::print(&mut session.0).expect("a schema");
    let committed = include_str!("../../../src/platform/db/schema.rs");
    looked_at(printed.matches("diesel::table!").count(), "tables of schema.rs");
    assert!(printed == committed, "schema.rs is not that of the migrations: run `make schema`");
}

#[test]
fn every_foreign_key_has_an_index() {
    let database = Database::new();
    let mut session = database.owner();
    let keys = "select c.conrelid::regclass::text || '.' || c.conname as name, exists (
            select from pg_index i where i.indrelid = c.conrelid and i.indpred is null
                and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
        ) as indexed
        from pg_constraint c where c.contype = 'f' and c.conparentid = 0 and c.connamespace = 'public'::regnamespace";
    looked_at(session.rows(keys).len(), "foreign keys");
    none(&session.column(&format!("select name from ({keys}) k where not indexed")), "foreign keys without an index");
}

#[test]
fn every_constraint_says_its_table_and_its_kind() {
    let database = Database::new();
    let mut session = database.owner();
    let constraints = format!(
        "select t.name as table_name, c.conname::text as name,
            case c.contype when 'p' then 'pkey' when 'u' then 'key' when 'f' then 'fkey' when 'c' then 'check' when 'x' then 'excl' end as kind
         from ({TABLES}) t join pg_constraint c on c.conrelid = t.oid where c.contype <> 'n'
         union all
         select t.name, i.indexrelid::regclass::text, case when i.indisunique then 'key' else 'idx' end
         from ({TABLES}) t join pg_index i on i.indrelid = t.oid
         where not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))"
    );
    looked_at(session.rows(&constraints).len(), "constraints and indexes");
    let misnamed = format!(
        "select table_name || ': ' || name from ({constraints}) c
         where name not like replace(table_name, '_', '\\_') || '\\_%' and name <> table_name || '_' || kind
            or name not like '%\\_' || kind"
    );
    none(&session.column(&misnamed), "names that do not say what they are");
}

#[test]
fn the_database_itself_hides_private_rows() {
    let database = Database::new();
    let mut session = database.owner();
    let secured: BTreeSet<String> =
        session.column(&format!("select name from ({TABLES}) t where secured")).into_iter().collect();
    looked_at(secured.len(), "tables under row-level security");
    assert_eq!(secured, PRIVATE.iter().map(|t| (*t).to_owned()).collect(), "tables under row-level security");
    let without = "select relname::text from pg_class c where relrowsecurity
        and not exists (select from pg_policy p where p.polrelid = c.oid)";
    none(&session.column(without), "secured tables without a policy");
    let owned = "select relname::text from pg_class where relnamespace = 'public'::regnamespace
        and pg_get_userbyid(relowner) = 'conum_app'";
    none(&session.column(owned), "tables that the service owns");
}

#[test]
fn without_a_caller_the_service_sees_no_private_row() {
    let database = Database::new();
    let mut nobody = database.application(&[]);
    for table in PRIVATE {
        // It may also have no right to read at all.
        let seen =
            nobody.try_run(&format!("do $$ begin if exists (select from {table}) then raise 'seen'; end if; end $$"));
        assert!(seen.is_ok() || seen.as_ref().is_err_and(|e| e.contains("permission denied")), "{table}: {seen:?}");
    }
    looked_at(PRIVATE.len(), "private tables asked without a caller");
}

#[test]
fn every_change_is_journalled() {
    let database = Database::new();
    let mut session = database.owner();
    let tables: BTreeSet<String> = session.column(&format!("select name from ({TABLES}) t")).into_iter().collect();
    let audited = "select tgrelid::regclass::text from pg_trigger g join pg_proc p on p.oid = g.tgfoid
        where p.proname in ('conum_audit', 'conum_audit_inserted') and g.tgenabled = 'O'
        group by 1 having bit_or(g.tgtype::int) & 28 = 28";
    let audited: BTreeSet<String> = session.column(audited).into_iter().collect();
    let exempt: BTreeSet<String> = NOT_AUDITED.iter().map(|t| (*t).to_owned()).collect();
    looked_at(audited.len(), "audited tables");
    none(
        &tables.iter().filter(|t| !audited.contains(*t) && !exempt.contains(*t)).cloned().collect::<Vec<_>>(),
        "tables without a journal",
    );
    none(
        &exempt.iter().filter(|t| audited.contains(*t) || !tables.contains(*t)).cloned().collect::<Vec<_>>(),
        "exceptions that are none",
    );
}

#[test]
fn journals_are_only_ever_added_to() {
    let database = Database::new();
    let mut anct = database.application(&[("reach", "country"), ("actor", "anct")]);
    let mut count = 0;
    for table in ["accesses", "audit_entries", "events", "feed_epochs", "ledger_entries"] {
        for change in
            [format!("update {table} set id = id"), format!("delete from {table}"), format!("truncate {table}")]
        {
            let refused = anct.try_run(&change).expect_err(&change);
            assert!(refused.contains("permission denied"), "{change}: {refused}");
            count += 1;
        }
    }
    looked_at(count, "ways to change a journal");
}

#[test]
fn every_reference_has_a_prefix_of_its_own_and_costs_a_dry_run_none() {
    let rows = Database::new().owner().column(
        "select c.relname || ' ' || pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d
         join pg_class c on c.oid = d.adrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
         where a.attname = 'reference' order by 1",
    );
    let mut holders = std::collections::BTreeMap::new();
    let mut wrong = Vec::new();
    for row in &rows {
        if !row.contains("conum_next_reference(") {
            wrong.push(format!("{row}: draws numbers in dry runs"));
        }
        let prefix = row.split('\'').nth(1).unwrap_or_default().to_owned();
        if let Some(other) = holders.insert(prefix, row) {
            wrong.push(format!("{row}: has the prefix of {other}"));
        }
    }
    looked_at(rows.len(), "references");
    none(&wrong, "references that are not unique");
}
