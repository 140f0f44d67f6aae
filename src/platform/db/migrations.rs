//! The schema's history, embedded in the binary.

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types as st;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::platform::error::Result as Answer;
use crate::sql;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Brings the schema up to date. Several servers may do so at once: one works, the others wait.
pub fn run(url: &str) -> Result<Vec<String>, String> {
    // Never on a server that was left, should the address name several.
    let opened = super::primary::Primary::new(url).open().map_err(|e| format!("cannot reach PostgreSQL: {e}"))?;
    let mut conn = opened.session;
    conn.batch_execute("select pg_advisory_lock(hashtext('conum.migrations'))").map_err(|e| e.to_string())?;
    let done = conn.run_pending_migrations(MIGRATIONS).map_err(|e| format!("migrations: {e}"))?;
    let done = done.iter().map(ToString::to_string).collect();
    conn.batch_execute("select pg_advisory_unlock(hashtext('conum.migrations'))").map_err(|e| e.to_string())?;
    Ok(done)
}

/// Whether this version of the service can work with a database's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    Fits,
    /// Migrations that the database has not had.
    Behind {
        missing: usize,
        first: String,
    },
    /// Migrations that this version does not know.
    Ahead {
        unknown: usize,
        last: String,
    },
}

impl std::fmt::Display for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fits => write!(f, "the schema fits"),
            Self::Behind { missing, first } => {
                write!(f, "the database lacks {missing} migrations, the first is {first}: run `conum migrate`")
            }
            Self::Ahead { unknown, last } => write!(
                f,
                "the database has had {unknown} migrations that this version of the service does not know, the last is {last}: start the newer version"
            ),
        }
    }
}

/// Compares the migrations that a database has had with those of this program.
pub fn schema(conn: &mut PgConnection) -> Answer<Schema> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Text)]
        version: String,
    }
    let kept = sql!("select to_regclass('__diesel_schema_migrations') is not null as yes").holds(conn)?;
    let had: Vec<Row> = if kept {
        sql!("select version::text from __diesel_schema_migrations order by 1").load(conn)?
    } else {
        Vec::new()
    };
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().unwrap_or_default();
    let known: Vec<(String, String)> =
        migrations.iter().map(|m| (m.name().version().to_string(), m.name().to_string())).collect();
    let unknown: Vec<&Row> =
        had.iter().filter(|row| known.iter().all(|(version, _)| *version != row.version)).collect();
    if let Some(last) = unknown.last() {
        return Ok(Schema::Ahead { unknown: unknown.len(), last: last.version.clone() });
    }
    let missing: Vec<_> = known.iter().filter(|(version, _)| had.iter().all(|row| row.version != *version)).collect();
    Ok(match missing.first() {
        Some((_, first)) => Schema::Behind { missing: missing.len(), first: first.clone() },
        None => Schema::Fits,
    })
}

/// Takes every migration back, newest first.
pub fn revert_all(url: &str) -> Result<(), String> {
    let mut conn = connect(url)?;
    conn.revert_all_migrations(MIGRATIONS).map_err(|e| format!("migrations: {e}"))?;
    Ok(())
}

/// Names of all migrations, in order.
pub fn names() -> Vec<String> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().unwrap_or_default();
    migrations.iter().map(|m| m.name().to_string()).collect()
}

/// A session of the schema's owner.
pub fn connect(url: &str) -> Result<PgConnection, String> {
    let server = super::address::Address::new(url).server(0);
    let connected = super::sockets::connect(&super::pool::with_timeouts(url), &server);
    connected.map(|(session, _)| session).map_err(|e| format!("cannot reach PostgreSQL: {e}"))
}
