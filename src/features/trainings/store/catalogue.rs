//! SQL of training bodies and paths.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::features::trainings::model::{CertificationKind, PathKind};
use crate::platform::db::Tx;
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::schema::{training_bodies, training_paths};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{TrainingBodyId, TrainingPathId};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = training_bodies)]
pub struct Body {
    pub id: TrainingBodyId,
    pub reference: String,
    pub name: String,
    pub siret: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = training_paths)]
pub struct Path {
    pub id: TrainingPathId,
    pub reference: String,
    pub name: String,
    pub kind: PathKind,
    pub hours: i32,
    pub certification: Option<CertificationKind>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

sortable! {
    /// Sort keys of training bodies.
    pub enum BodySort {
        "name" = "b.name"::"text",
        "updated_at" = "b.updated_at"::"timestamptz",
    }
}

sortable! {
    /// Sort keys of training paths.
    pub enum PathSort {
        "name" = "p.name"::"text",
        "hours" = "p.hours"::"int",
        "updated_at" = "p.updated_at"::"timestamptz",
    }
}

pub fn list_bodies(conn: &mut PgConnection, since: Option<DateTime<Utc>>, page: &PageSpec) -> Result<Rows<Body>> {
    Listing::new("b.*", Sql::raw("training_bodies b"), "b.id", "uuid")
        .filter_some(since, |since| sql!("b.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find_body(conn: &mut PgConnection, id: TrainingBodyId) -> Result<Option<Body>> {
    sql!("select b.* from training_bodies b where b.id = {}", id).first(conn)
}

pub fn insert_body(tx: &mut Tx<'_>, id: TrainingBodyId, name: &str, siret: &str) -> Result<()> {
    sql!("insert into training_bodies (id, name, siret) values ({}, {}, {})", id, name, siret)
        .run(tx.conn())
        .map(|_| ())
}

pub fn list_paths(
    conn: &mut PgConnection,
    kind: Option<PathKind>,
    since: Option<DateTime<Utc>>,
    page: &PageSpec,
) -> Result<Rows<Path>> {
    Listing::new("p.*", Sql::raw("training_paths p"), "p.id", "uuid")
        .filter_some(kind, |kind| sql!("p.kind = {}", kind))
        .filter_some(since, |since| sql!("p.updated_at >= {}", since))
        .page(conn, page)
}

pub fn find_path(conn: &mut PgConnection, id: TrainingPathId) -> Result<Option<Path>> {
    sql!("select p.* from training_paths p where p.id = {}", id).first(conn)
}

/// A path to be written.
pub struct NewPath<'a> {
    pub id: TrainingPathId,
    pub name: &'a str,
    pub kind: PathKind,
    pub hours: i32,
    pub certification: Option<CertificationKind>,
}

pub fn insert_path(tx: &mut Tx<'_>, row: &NewPath<'_>) -> Result<()> {
    sql!(
        "insert into training_paths (id, name, kind, hours, certification) values ({}, {}, {}, {}, {})",
        row.id,
        row.name,
        row.kind,
        row.hours,
        row.certification
    )
    .run(tx.conn())
    .map(|_| ())
}
