//! SQL of places.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::features::places::model::PlaceKind;
use crate::features::territories::service::Commune;
use crate::platform::auth::{Actor, Reach};
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren, RegionCode};
use crate::platform::db::Tx;
use crate::platform::db::lies::{in_commune, in_epci};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::ids::{CandidateId, CounsellorId, PlaceId, StructureId};
use crate::platform::text::{search_key, search_pattern};
use crate::{sortable, sql};

#[derive(Clone, Debug, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = st::Uuid)]
    pub id: PlaceId,
    #[diesel(sql_type = st::Text)]
    pub reference: String,
    #[diesel(sql_type = st::Uuid)]
    pub structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    pub structure_name: String,
    #[diesel(sql_type = st::Text)]
    pub name: String,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub kind: Option<PlaceKind>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub siret: Option<String>,
    /// The place's own, or its structure's.
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub any_siret: Option<String>,
    #[diesel(sql_type = st::Text)]
    pub address: String,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub address_complement: Option<String>,
    #[diesel(sql_type = st::Text)]
    pub postal_code: String,
    #[diesel(sql_type = st::Text)]
    pub commune_code: CommuneCode,
    #[diesel(sql_type = st::Text)]
    pub commune_name: String,
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Double)]
    pub longitude: f64,
    #[diesel(sql_type = st::Double)]
    pub latitude: f64,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub phone: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub email: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub website: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub booking_url: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub opening_hours: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub presentation: Option<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub services: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub audiences: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub special_care: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub fees: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub access_modes: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub support_modes: Vec<String>,
    #[diesel(sql_type = st::Array<st::Text>)]
    pub programmes: Vec<String>,
    #[diesel(sql_type = st::Bool)]
    pub itinerant: bool,
    #[diesel(sql_type = st::Bool)]
    pub published: bool,
    #[diesel(sql_type = st::Bool)]
    pub is_public: bool,
    #[diesel(sql_type = st::Integer)]
    pub counsellors_count: i32,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub merged_into_id: Option<PlaceId>,
    #[diesel(sql_type = st::Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = st::Timestamptz)]
    pub updated_at: DateTime<Utc>,
    #[diesel(sql_type = st::Integer)]
    pub version: i32,
}

/// Whether everybody may see the row `p`: neither its structure objects nor all who work there.
const PUBLIC: &str = "(p.published and p.merged_into_id is null and (p.counsellors_count = 0 or p.objecting_count < p.counsellors_count))";
const COLUMNS: &str = "p.*, c.name as commune_name, s.name as structure_name, coalesce(p.siret, s.siret) as any_siret, \
    (p.published and p.merged_into_id is null and (p.counsellors_count = 0 or p.objecting_count < p.counsellors_count)) as is_public";
const TABLES: &str =
    "places p left join communes c on c.code = p.commune_code left join structures s on s.id = p.structure_id";

sortable! {
    /// Sort keys of places.
    pub enum PlaceSort {
        "updated_at" = "p.updated_at"::"timestamptz",
        "created_at" = "p.created_at"::"timestamptz",
        "name" = "p.search_key"::"text",
        "reference" = "p.reference"::"text",
    }
}

/// What places are asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub ids: Option<Vec<Uuid>>,
    pub text: Option<String>,
    pub departements: Option<Vec<DepartementCode>>,
    pub region: Option<Vec<RegionCode>>,
    pub commune: Option<CommuneCode>,
    pub epci: Option<EpciSiren>,
    pub postal_code: Option<String>,
    pub structure: Option<StructureId>,
    pub counsellor: Option<CounsellorId>,
    pub kinds: Option<Vec<PlaceKind>>,
    pub service: Option<String>,
    pub itinerant: Option<bool>,
    pub published: Option<bool>,
    pub bbox: Option<[f64; 4]>,
    pub updated_since: Option<DateTime<Utc>>,
}

/// The places that an actor may change, as a condition over the row `p`.
fn own(actor: &Actor) -> Sql {
    match actor {
        Actor::System | Actor::Anct => Sql::raw("true"),
        Actor::Employer(id) => sql!("p.structure_id = {}", *id),
        Actor::Counsellor(id) => sql!(
            "(exists (select from place_counsellors m where m.place_id = p.id and m.counsellor_id = {})
              or p.structure_id = (select k.structure_id from counsellors k where k.id = {} and k.status = 'in_post'))",
            *id,
            *id
        ),
        _ => Sql::raw("false"),
    }
}

/// The places that an actor may see: what is public, what is their own, and all of their territory for those who steer it.
fn visible(actor: &Actor) -> Sql {
    match actor {
        Actor::System | Actor::Anct | Actor::Bdt => Sql::raw("true"),
        Actor::Prefecture(_) | Actor::Coordinator(_) => {
            sql!("({} or {})", Sql::raw(PUBLIC), Reach::over_territory(&actor.reach(), "p"))
        }
        other => sql!("({} or {})", Sql::raw(PUBLIC), own(other)),
    }
}

fn filtered(actor: &Actor, search: &Search) -> Listing {
    let mut list = Listing::new(COLUMNS, Sql::raw(TABLES), "p.id", "uuid");
    list.filter(visible(actor))
        .filter_some(search.ids.clone(), |ids| sql!("p.id = any({})", ids))
        .filter_some(search.text.as_deref().and_then(search_pattern), |pattern| sql!("p.search_key like {}", pattern))
        .filter_some(search.departements.clone(), |codes| sql!("p.departement_code = any({})", codes))
        .filter_some(search.region.clone(), |codes| sql!("p.region_code = any({})", codes))
        .filter_some(search.commune.as_ref(), |code| in_commune("p.commune_code", code))
        .filter_some(search.epci.as_ref(), |siren| in_epci("p.commune_code", siren))
        .filter_some(search.postal_code.as_deref(), |code| sql!("p.postal_code = {}", code))
        .filter_some(search.structure, |id| sql!("p.structure_id = {}", id))
        .filter_some(search.counsellor, |id| {
            sql!("exists (select from place_counsellors m where m.place_id = p.id and m.counsellor_id = {})", id)
        })
        .filter_some(search.kinds.clone(), |kinds| sql!("p.kind = any({})", kinds))
        .filter_some(search.service.as_deref(), |code| sql!("{} = any(p.services)", code))
        .filter_some(search.itinerant, |yes| sql!("p.itinerant = {}", yes))
        .filter_some(search.published, |yes| sql!("{} = {}", Sql::raw(PUBLIC), yes))
        .filter_some(search.bbox, |[west, south, east, north]| {
            let inside = |west: f64, east: f64| {
                sql!("point(p.longitude, p.latitude) <@ box(point({}, {}), point({}, {}))", west, south, east, north)
            };
            if west <= east {
                return inside(west, east);
            }
            sql!("({} or {})", inside(west, 180.0), inside(-180.0, east))
        })
        .filter_some(search.updated_since, |since| sql!("p.updated_at >= {}", since));
    list
}

pub fn list(conn: &mut PgConnection, actor: &Actor, search: &Search, page: &PageSpec) -> Result<Rows<Place>> {
    filtered(actor, search).page(conn, page)
}

/// Every public place, at most so many, in the order of references.
pub fn list_public(
    conn: &mut PgConnection,
    departements: Option<Vec<DepartementCode>>,
    bbox: Option<[f64; 4]>,
    limit: i64,
) -> Result<Vec<Place>> {
    let search = Search { departements, bbox, ..Search::default() };
    let page = PageSpec::first(limit, PlaceSort::order(None, "reference"));
    Ok(filtered(&Actor::Anonymous, &search).page(conn, &page)?.rows)
}

pub fn find(conn: &mut PgConnection, actor: &Actor, id: PlaceId) -> Result<Option<Place>> {
    sql!("select {} from {} where p.id = {} and {}", Sql::raw(COLUMNS), Sql::raw(TABLES), id, visible(actor))
        .first(conn)
}

/// Whether the actor may change a place that they see.
pub fn is_own(conn: &mut PgConnection, actor: &Actor, id: PlaceId) -> Result<bool> {
    sql!("select exists (select from places p where p.id = {} and {}) as yes", id, own(actor)).holds(conn)
}

/// Locks the row until the end of the transaction, then reads it.
pub fn lock(tx: &mut Tx<'_>, actor: &Actor, id: PlaceId) -> Result<Option<Place>> {
    sql!("select 1 from places where id = {} for no key update", id).run(tx.conn())?;
    find(tx.conn(), actor, id)
}

/// Everything of a place that can be written.
#[derive(Clone, Debug)]
pub struct Fields {
    pub structure_id: StructureId,
    pub name: String,
    pub kind: Option<PlaceKind>,
    pub siret: Option<String>,
    pub address: String,
    pub address_complement: Option<String>,
    pub postal_code: String,
    pub commune: Commune,
    pub point: (f64, f64),
    pub phone: Option<String>,
    pub email: Option<String>,
    pub website: Option<String>,
    pub booking_url: Option<String>,
    pub opening_hours: Option<String>,
    pub presentation: Option<String>,
    pub services: Vec<String>,
    pub audiences: Vec<String>,
    pub special_care: Vec<String>,
    pub fees: Vec<String>,
    pub access_modes: Vec<String>,
    pub support_modes: Vec<String>,
    pub programmes: Vec<String>,
    pub itinerant: bool,
    pub published: bool,
}

const WRITTEN: &str = "structure_id, name, search_key, kind, siret, address, address_key, address_complement, postal_code, commune_code, \
    departement_code, region_code, longitude, latitude, phone, email, website, booking_url, opening_hours, presentation, services, \
    audiences, special_care, fees, access_modes, support_modes, programmes, itinerant, published";

fn values(fields: &Fields) -> Sql {
    let values = [
        sql!("{}", fields.structure_id),
        sql!("{}", &fields.name),
        sql!("{}", search_key(&fields.name)),
        sql!("{}", fields.kind),
        sql!("{}", &fields.siret),
        sql!("{}", &fields.address),
        sql!("{}", search_key(&fields.address)),
        sql!("{}", &fields.address_complement),
        sql!("{}", &fields.postal_code),
        sql!("{}", &fields.commune.code),
        sql!("{}", &fields.commune.departement_code),
        sql!("{}", &fields.commune.region_code),
        sql!("{}", fields.point.0),
        sql!("{}", fields.point.1),
        sql!("{}", &fields.phone),
        sql!("{}", &fields.email),
        sql!("{}", &fields.website),
        sql!("{}", &fields.booking_url),
        sql!("{}", &fields.opening_hours),
        sql!("{}", &fields.presentation),
        sql!("{}", fields.services.clone()),
        sql!("{}", fields.audiences.clone()),
        sql!("{}", fields.special_care.clone()),
        sql!("{}", fields.fees.clone()),
        sql!("{}", fields.access_modes.clone()),
        sql!("{}", fields.support_modes.clone()),
        sql!("{}", fields.programmes.clone()),
        sql!("{}", fields.itinerant),
        sql!("{}", fields.published),
    ];
    Sql::join(values, ", ")
}

pub fn insert(tx: &mut Tx<'_>, id: PlaceId, fields: &Fields) -> Result<()> {
    sql!("insert into places (id, {}) values ({}, {})", Sql::raw(WRITTEN), id, values(fields))
        .run(tx.conn())
        .map(|_| ())
}

pub fn update(tx: &mut Tx<'_>, id: PlaceId, fields: &Fields) -> Result<()> {
    sql!("update places set ({}) = row({}) where id = {}", Sql::raw(WRITTEN), values(fields), id)
        .run(tx.conn())
        .map(|_| ())
}

/// Makes a place a duplicate of another, which takes over who works there.
pub fn merge(tx: &mut Tx<'_>, id: PlaceId, into: PlaceId) -> Result<()> {
    sql!("update places set merged_into_id = {} where id = {}", into, id).run(tx.conn())?;
    sql!(
        "insert into place_counsellors (place_id, counsellor_id, name_published, objects)
         select {}, counsellor_id, name_published, objects from place_counsellors where place_id = {} on conflict do nothing",
        into,
        id
    )
    .run(tx.conn())?;
    let mains = sql!(
        "with old as (delete from place_counsellors where place_id = {} returning counsellor_id, main)
         select counsellor_id as id from old where main",
        id
    )
    .load::<Member>(tx.conn())?;
    for member in mains {
        sql!("update place_counsellors set main = true where place_id = {} and counsellor_id = {}", into, member.id)
            .run(tx.conn())?;
    }
    recount(tx, id)?;
    recount(tx, into)
}

#[derive(QueryableByName)]
struct Member {
    #[diesel(sql_type = st::Uuid)]
    id: CounsellorId,
}

/// Places within so many metres of a point that are not this one.
pub fn near(conn: &mut PgConnection, id: PlaceId, point: (f64, f64), metres: f64) -> Result<Vec<PlaceId>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: PlaceId,
    }
    // A degree of latitude is 111 km everywhere; the box is only what the index can ask.
    let reach = metres / 111_000.0;
    let wide = reach / point.1.to_radians().cos().max(0.01);
    let rows: Vec<Row> = sql!(
        "select p.id from places p where p.id <> {} and p.merged_into_id is null
            and point(p.longitude, p.latitude) <@ box(point({}, {}), point({}, {}))
            and conum_km(p.longitude, p.latitude, {}, {}) * 1000 <= {} order by p.id limit 20",
        id,
        point.0 - wide,
        point.1 - reach,
        point.0 + wide,
        point.1 + reach,
        point.0,
        point.1,
        metres
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Who works at a place.
#[derive(Clone, Debug, QueryableByName)]
pub struct Membership {
    #[diesel(sql_type = st::Uuid)]
    pub counsellor_id: CounsellorId,
    #[diesel(sql_type = st::Uuid)]
    pub candidate_id: CandidateId,
    #[diesel(sql_type = st::Text)]
    pub first_name: String,
    #[diesel(sql_type = st::Text)]
    pub last_name: String,
    #[diesel(sql_type = st::Bool)]
    pub main: bool,
    #[diesel(sql_type = st::Bool)]
    pub name_published: bool,
    #[diesel(sql_type = st::Bool)]
    pub objects: bool,
}

/// As the service itself: the caller shows what may be shown.
pub fn members(conn: &mut PgConnection, id: PlaceId) -> Result<Vec<Membership>> {
    sql!(
        "select m.counsellor_id, k.candidate_id, c.first_name, c.last_name, m.main, m.name_published, m.objects
         from place_counsellors m join counsellors k on k.id = m.counsellor_id join candidates c on c.id = k.candidate_id
         where m.place_id = {} and k.status = 'in_post' order by c.search_key, m.counsellor_id",
        id
    )
    .load(conn)
}

/// Makes a counsellor work at a place, or changes how they appear there.
pub fn join(
    tx: &mut Tx<'_>,
    id: PlaceId,
    counsellor: CounsellorId,
    main: bool,
    named: bool,
    objects: bool,
) -> Result<()> {
    if main {
        sql!(
            "update place_counsellors set main = false where counsellor_id = {} and main and place_id <> {}",
            counsellor,
            id
        )
        .run(tx.conn())?;
    }
    sql!(
        "insert into place_counsellors (place_id, counsellor_id, main, name_published, objects) values ({}, {}, {}, {}, {})
         on conflict (place_id, counsellor_id) do update
            set main = excluded.main, name_published = excluded.name_published, objects = excluded.objects",
        id,
        counsellor,
        main,
        named,
        objects
    )
    .run(tx.conn())?;
    recount(tx, id)
}

pub fn leave(tx: &mut Tx<'_>, id: PlaceId, counsellor: CounsellorId) -> Result<bool> {
    let gone = sql!("delete from place_counsellors where place_id = {} and counsellor_id = {}", id, counsellor)
        .run(tx.conn())?;
    recount(tx, id)?;
    Ok(gone == 1)
}

fn recount(tx: &mut Tx<'_>, id: PlaceId) -> Result<()> {
    tx.as_service(|tx| {
        sql!(
            "update places set counsellors_count = x.n, objecting_count = x.o
             from (select count(*) as n, count(*) filter (where objects) as o from place_counsellors where place_id = {}) x
             where id = {}",
            id,
            id
        )
        .run(tx.conn())
        .map(|_| ())
    })
}
