//! SQL of activity reports.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use serde_json::{Value, json};

use super::tally;
use crate::features::activity::model::{ActivityKind, Channel, Content, Theme};
use crate::platform::auth::Actor;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren};
use crate::platform::db::Tx;
use crate::platform::db::lies::{in_commune, in_epci};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{ActivityReportId, CounsellorId, PlaceId, RecruitmentId, StructureId, uuids};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
pub struct Report {
    #[diesel(sql_type = st::Uuid)]
    pub id: ActivityReportId,
    #[diesel(sql_type = st::Uuid)]
    pub counsellor_id: CounsellorId,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub activity: ActivityKind,
    #[diesel(sql_type = st::Text)]
    pub channel: Channel,
    #[diesel(sql_type = st::Date)]
    pub held_on: NaiveDate,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub place_id: Option<PlaceId>,
    #[diesel(sql_type = st::Text)]
    pub commune_code: CommuneCode,
    #[diesel(sql_type = st::Text)]
    pub commune_name: String,
    #[diesel(sql_type = st::Text)]
    pub place_departement_code: DepartementCode,
    #[diesel(sql_type = st::Integer)]
    pub duration_minutes: i32,
    #[diesel(sql_type = st::Integer)]
    pub participants: i32,
    #[diesel(sql_type = st::Integer)]
    pub returning_participants: i32,
    #[diesel(sql_type = st::Array<st::Integer>)]
    pub ages: Vec<i32>,
    #[diesel(sql_type = st::Array<st::Integer>)]
    pub statuses: Vec<i32>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub themes: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub sub_themes: Vec<String>,
    #[diesel(sql_type = st::Integer)]
    pub follow_up_individual: i32,
    #[diesel(sql_type = st::Integer)]
    pub follow_up_workshop: i32,
    #[diesel(sql_type = st::Integer)]
    pub follow_up_redirected: i32,
    #[diesel(sql_type = st::Jsonb)]
    pub redirections: Value,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub note: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub external_id: Option<String>,
    /// No contract covers its day any more.
    #[diesel(sql_type = st::Bool)]
    pub uncovered: bool,
    #[diesel(sql_type = st::Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = st::Timestamptz)]
    pub updated_at: DateTime<Utc>,
    #[diesel(sql_type = st::Integer)]
    pub version: i32,
}

const COLUMNS: &str = "r.*, c.name as commune_name, s.name as structure_name, \
    array[r.age_moins_12, r.age_12_18, r.age_18_35, r.age_35_60, r.age_plus_60] as ages, \
    array[r.status_scolarise, r.status_sans_emploi, r.status_en_emploi, r.status_retraite, r.status_heterogene] as statuses, \
    (select x.external_id from activity_report_keys x where x.counsellor_id = r.counsellor_id and x.report_id = r.id limit 1) as external_id";
const TABLES: &str = "activity_reports r left join communes c on c.code = r.commune_code left join structures s on s.id = r.structure_id";

sortable! {
    /// Sort keys of activity reports.
    pub enum ReportSort {
        "held_on" = "r.held_on"::"date",
        "updated_at" = "r.updated_at"::"timestamptz",
        "created_at" = "r.created_at"::"timestamptz",
    }
}

/// What reports are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub activities: Option<Vec<ActivityKind>>,
    pub channels: Option<Vec<Channel>>,
    pub theme: Option<Theme>,
    pub place: Option<PlaceId>,
    pub commune: Option<CommuneCode>,
    pub covered: Option<bool>,
    pub epci: Option<EpciSiren>,
    pub external_id: Option<String>,
    pub updated_since: Option<DateTime<Utc>>,
}

/// Only the author reads a report.
fn own(actor: &Actor) -> Sql {
    match actor {
        Actor::Counsellor(id) => sql!("r.counsellor_id = {} and r.deleted_at is null", *id),
        Actor::System => Sql::raw("r.deleted_at is null"),
        _ => Sql::raw("false"),
    }
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Report>> {
    let mut list = Listing::new(COLUMNS, Sql::raw(TABLES), "r.id", "uuid");
    list.filter(own(actor))
        .filter_some(search.from, |from| sql!("r.held_on >= {}", from))
        .filter_some(search.to, |to| sql!("r.held_on <= {}", to))
        .filter_some(search.activities.clone(), |terms| sql!("r.activity = any({})", terms))
        .filter_some(search.channels.clone(), |terms| sql!("r.channel = any({})", terms))
        .filter_some(search.theme, |theme| sql!("{} = any(r.themes)", theme))
        .filter_some(search.place, |id| sql!("r.place_id = {}", id))
        .filter_some(search.covered, |covered| sql!("r.uncovered <> {}", covered))
        .filter_some(search.commune.as_ref(), |code| in_commune("r.commune_code", code))
        .filter_some(search.epci.as_ref(), |siren| in_epci("r.commune_code", siren))
        .filter_some(search.external_id.as_deref(), |id| {
            sql!("r.id in (select x.report_id from activity_report_keys x where x.counsellor_id = r.counsellor_id and x.external_id = {})", id)
        })
        .filter_some(search.updated_since, |since| sql!("r.updated_at >= {}", since));
    list.page(conn, page)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: ActivityReportId) -> Result<Option<Report>> {
    sql!("select {} from {} where r.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, own(actor)).first(conn)
}

/// The same where its day is known: the reports of the other years are not looked into.
pub fn find_of(
    conn: &mut PgConnection,
    counsellor: CounsellorId,
    id: ActivityReportId,
    held_on: NaiveDate,
) -> Result<Option<Report>> {
    sql!(
        "select {} from {} where r.counsellor_id = {} and r.id = {} and r.held_on = {} and r.deleted_at is null",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        counsellor,
        id,
        held_on
    )
    .first(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, actor: &Actor, id: ActivityReportId) -> Result<Option<Report>> {
    sql!("select 1 from activity_reports r where r.id = {} and {} for no key update", id, own(actor)).run(tx.conn())?;
    find(tx.conn(), actor, id)
}

/// A report to be written: what it says, and where it counts.
#[derive(Clone, Debug)]
pub struct NewRow {
    pub id: ActivityReportId,
    pub counsellor_id: CounsellorId,
    pub recruitment_id: RecruitmentId,
    pub structure_id: StructureId,
    pub structure_departement_code: DepartementCode,
    pub commune_code: CommuneCode,
    pub place_departement_code: DepartementCode,
    pub content: Content,
}

impl NewRow {
    fn json(&self) -> Value {
        let c = &self.content;
        json!({
            "id": self.id, "counsellor_id": self.counsellor_id, "held_on": c.held_on, "recruitment_id": self.recruitment_id,
            "structure_id": self.structure_id, "structure_departement_code": self.structure_departement_code,
            "activity": c.activity, "channel": c.channel, "place_id": c.place_id, "commune_code": self.commune_code,
            "place_departement_code": self.place_departement_code, "duration_minutes": c.duration_minutes,
            "participants": c.participants, "returning_participants": c.returning,
            "age_moins_12": c.ages[0], "age_12_18": c.ages[1], "age_18_35": c.ages[2], "age_35_60": c.ages[3], "age_plus_60": c.ages[4],
            "status_scolarise": c.statuses[0], "status_sans_emploi": c.statuses[1], "status_en_emploi": c.statuses[2],
            "status_retraite": c.statuses[3], "status_heterogene": c.statuses[4],
            "themes": c.themes, "sub_themes": c.sub_themes, "follow_up_individual": c.follow_up_individual,
            "follow_up_workshop": c.follow_up_workshop, "follow_up_redirected": c.redirected(),
            "redirections": c.redirections, "note": c.note, "uncovered": false,
        })
    }
}

const WRITTEN: &str = "counsellor_id, id, held_on, recruitment_id, structure_id, structure_departement_code, activity, channel, place_id, \
    commune_code, place_departement_code, duration_minutes, participants, returning_participants, age_moins_12, age_12_18, age_18_35, \
    age_35_60, age_plus_60, status_scolarise, status_sans_emploi, status_en_emploi, status_retraite, status_heterogene, themes, \
    sub_themes, follow_up_individual, follow_up_workshop, follow_up_redirected, redirections, note, uncovered";

/// Rows given as JSON, of the type of the table.
fn given(rows: &[NewRow]) -> Sql {
    let rows = Value::Array(rows.iter().map(NewRow::json).collect());
    sql!("jsonb_populate_recordset(null::activity_reports, {}) n", rows)
}

pub fn insert(tx: &mut Tx<'_>, rows: &[NewRow]) -> Result<()> {
    let columns = WRITTEN.split(", ").map(|column| format!("n.{}", column.trim())).collect::<Vec<_>>().join(", ");
    let come = sql!(
        "insert into activity_reports ({}) select {} from {} returning *",
        Sql::raw(WRITTEN),
        Sql::raw(columns),
        given(rows)
    );
    tally::write(tx.conn(), None, come)
}

/// What the reports are from now on. Keeps what they were among the revisions, but for the note.
pub fn update(tx: &mut Tx<'_>, rows: &[NewRow]) -> Result<()> {
    revise(tx, rows.iter().map(|row| (row.counsellor_id, row.id)))?;
    let columns = WRITTEN.split(", ").map(|column| format!("n.{}", column.trim())).collect::<Vec<_>>().join(", ");
    let gone = sql!(
        "select r.* from activity_reports r join {} on n.counsellor_id = r.counsellor_id and n.id = r.id",
        given(rows)
    );
    let come = sql!(
        "update activity_reports r set ({}) = row({}) from {} where n.counsellor_id = r.counsellor_id and n.id = r.id returning r.*",
        Sql::raw(WRITTEN),
        Sql::raw(columns),
        given(rows)
    );
    tally::write(tx.conn(), Some(gone), come)
}

/// Leaves a tombstone: nobody reads the report any more, and it counts no longer. Its note is forgotten.
pub fn delete(tx: &mut Tx<'_>, counsellor: CounsellorId, id: ActivityReportId) -> Result<()> {
    revise(tx, [(counsellor, id)].into_iter())?;
    sql!("delete from activity_report_keys where counsellor_id = {} and report_id = {}", counsellor, id)
        .run(tx.conn())?;
    let now = tx.now().instant();
    let gone = sql!("select r.* from activity_reports r where r.counsellor_id = {} and r.id = {}", counsellor, id);
    let come = sql!(
        "update activity_reports r set deleted_at = {}, note = null where r.counsellor_id = {} and r.id = {} returning r.*",
        now,
        counsellor,
        id
    );
    tally::write(tx.conn(), Some(gone), come)
}

/// Keeps what reports say among their revisions, but for the note.
pub fn revise(tx: &mut Tx<'_>, reports: impl Iterator<Item = (CounsellorId, ActivityReportId)>) -> Result<()> {
    let (counsellors, ids): (Vec<_>, Vec<_>) = reports.map(|(counsellor, id)| (counsellor.uuid(), id.uuid())).unzip();
    let now = tx.now().instant();
    sql!(
        "insert into activity_report_revisions (counsellor_id, report_id, version, replaced_at, content)
         select r.counsellor_id, r.id, r.version, {}, to_jsonb(r) - array['note', 'id', 'counsellor_id', 'version', 'created_at',
            'updated_at', 'deleted_at', 'uncovered', 'recruitment_id', 'place_departement_code', 'structure_departement_code']
         from unnest({}, {}) as n (counsellor_id, id)
            join activity_reports r on r.counsellor_id = n.counsellor_id and r.id = n.id",
        now,
        counsellors,
        ids
    )
    .run(tx.conn())
    .map(|_| ())
}

/// What a report said before.
#[derive(Clone, Debug, QueryableByName)]
pub struct Revision {
    #[diesel(sql_type = st::Integer)]
    pub version: i32,
    #[diesel(sql_type = st::Timestamptz)]
    pub replaced_at: DateTime<Utc>,
    #[diesel(sql_type = st::Jsonb)]
    pub content: Value,
}

pub fn revisions(conn: &mut PgConnection, counsellor: CounsellorId, id: ActivityReportId) -> Result<Vec<Revision>> {
    sql!(
        "select version, replaced_at, content from activity_report_revisions
         where counsellor_id = {} and report_id = {} order by version desc",
        counsellor,
        id
    )
    .load(conn)
}

/// The report that another system calls so, if one is known.
#[derive(Clone, Debug, QueryableByName)]
pub struct Key {
    #[diesel(sql_type = st::Uuid)]
    pub counsellor_id: CounsellorId,
    #[diesel(sql_type = st::Text)]
    pub external_id: String,
    #[diesel(sql_type = st::Uuid)]
    pub report_id: ActivityReportId,
}

/// Takes the names for reports; answers those that are new. Who comes second waits for the first.
pub fn claim(tx: &mut Tx<'_>, keys: &[(CounsellorId, String, ActivityReportId)]) -> Result<Vec<Key>> {
    let mut keys = keys.to_vec();
    keys.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    sql!(
        "insert into activity_report_keys (counsellor_id, external_id, report_id)
         select * from unnest({}, {}, {}) on conflict do nothing returning *",
        keys.iter().map(|key| key.0.uuid()).collect::<Vec<_>>(),
        keys.iter().map(|key| key.1.clone()).collect::<Vec<_>>(),
        keys.iter().map(|key| key.2.uuid()).collect::<Vec<_>>()
    )
    .load(tx.conn())
}

/// The reports that are known by these names, each locked.
pub fn named(tx: &mut Tx<'_>, counsellors: &[CounsellorId], names: &[String]) -> Result<Vec<Report>> {
    let ids = uuids(counsellors);
    sql!(
        "select {} from {} join activity_report_keys n on n.counsellor_id = r.counsellor_id and n.report_id = r.id
         where n.counsellor_id = any({}) and n.external_id = any({}) and r.deleted_at is null
         order by r.counsellor_id, r.id for no key update of r",
        Sql::raw(COLUMNS),
        Sql::raw(TABLES),
        ids,
        names.to_vec()
    )
    .load(tx.conn())
}

/// Notes a year old are forgotten: they have served.
pub fn forget_notes(tx: &mut Tx<'_>, before: NaiveDate) -> Result<usize> {
    sql!("update activity_reports set note = null where note is not null and held_on < {}", before).run(tx.conn())
}
