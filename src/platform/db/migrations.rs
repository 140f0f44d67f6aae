//! The schema's history, embedded in the binary.

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::{Connection, PgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Brings the schema up to date. Several servers may do so at once: one works, the others wait.
pub fn run(url: &str) -> Result<Vec<String>, String> {
    let mut conn = connect(url)?;
    conn.batch_execute("select pg_advisory_lock(hashtext('conum.migrations'))").map_err(|e| e.to_string())?;
    let done = conn.run_pending_migrations(MIGRATIONS).map_err(|e| format!("migrations: {e}"))?;
    let done = done.iter().map(ToString::to_string).collect();
    conn.batch_execute("select pg_advisory_unlock(hashtext('conum.migrations'))").map_err(|e| e.to_string())?;
    Ok(done)
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
    PgConnection::establish(&super::pool::with_timeouts(url)).map_err(|e| format!("cannot reach PostgreSQL: {e}"))
}
