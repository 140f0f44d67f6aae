//! SQL of the programme's figures.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types as st;

use super::model::UncoveredKind;
use crate::platform::auth::{Reach, Territory};
use crate::platform::codes::{DepartementCode, RegionCode};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::text::search_pattern;
use crate::{sortable, sql};

/// What a département counted at the end of a day.
#[derive(Clone, Debug, QueryableByName)]
pub struct Figures {
    #[diesel(sql_type = st::Text)]
    pub departement_code: DepartementCode,
    #[diesel(sql_type = st::Text)]
    pub departement_name: String,
    #[diesel(sql_type = st::Text)]
    pub region_code: RegionCode,
    #[diesel(sql_type = st::Text)]
    pub region_name: String,
    #[diesel(sql_type = st::BigInt)]
    pub population: i64,
    #[diesel(sql_type = st::BigInt)]
    pub granted: i64,
    #[diesel(sql_type = st::BigInt)]
    pub occupied: i64,
    #[diesel(sql_type = st::BigInt)]
    pub later: i64,
    #[diesel(sql_type = st::BigInt)]
    pub recruited: i64,
    #[diesel(sql_type = st::BigInt)]
    pub returned: i64,
    #[diesel(sql_type = st::BigInt)]
    pub structures: i64,
    #[diesel(sql_type = st::BigInt)]
    pub submitted: i64,
    #[diesel(sql_type = st::BigInt)]
    pub in_post: i64,
    #[diesel(sql_type = st::BigInt)]
    pub in_training: i64,
    #[diesel(sql_type = st::BigInt)]
    pub certified: i64,
    #[diesel(sql_type = st::BigInt)]
    pub agreed: i64,
    #[diesel(sql_type = st::BigInt)]
    pub paid: i64,
    #[diesel(sql_type = st::BigInt)]
    pub credited: i64,
    #[diesel(sql_type = st::BigInt)]
    pub places: i64,
    #[diesel(sql_type = st::BigInt)]
    pub communes: i64,
    #[diesel(sql_type = st::BigInt)]
    pub covered_communes: i64,
}

/// What is counted beside posts, contracts and places.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Training and money.
    pub inner: bool,
    /// Communes that are covered.
    pub communes: bool,
}

/// Every département within a reach, with what it counted at the end of a day; what is not wanted is 0. Read as the service
/// itself.
///
/// A post lies where the structure lies that held it then. A contract counts by its own days, as they are known now: what is
/// corrected later is counted where it belongs. One that ends on the very day is over once its end is recorded.
pub fn departements(conn: &mut PgConnection, reach: &Reach, on: NaiveDate, wanted: Wanted) -> Result<Vec<Figures>> {
    let within = |code: &'static str, region: &'static str| match reach {
        Reach::Country => Sql::raw("true"),
        Reach::Territory(Territory::Departement(own)) => sql!("{} = {}", Sql::raw(code), own),
        Reach::Territory(Territory::Region(own)) => sql!("{} = {}", Sql::raw(region), own),
        _ => Sql::raw("false"),
    };
    // The country needs no list of structures of its own, a territory is told once which ones are its.
    let near = Sql::raw(if *reach == Reach::Country { "structures" } else { "near" });
    let of_territory = match reach {
        Reach::Country => Sql::default(),
        _ => sql!(
            "near as (select s.id, s.departement_code, s.commune_code from structures s where {}),",
            within("s.departement_code", "s.region_code")
        ),
    };
    let narrow = |condition: &'static str| Sql::raw(if *reach == Reach::Country { "true" } else { condition });
    // Planned once for all days: planning takes as long as counting.
    Sql::raw("set local plan_cache_mode = force_generic_plan").run(conn)?;
    // Asked once, not of each row.
    let end = || sql!("(select ({}::date + 1)::timestamp at time zone 'Europe/Paris')", on);
    let inner = if wanted.inner {
        sql!(
            "trained as (
                select distinct e.counsellor_id from enrolments e where e.session_id is not null and e.status <> 'cancelled'
                    and {} between e.starts_on and e.ends_on and (e.dropped_out_on is null or e.dropped_out_on > {})),
             certified as (
                select distinct c.counsellor_id from certifications c where c.result = 'passed' and c.held_on <= {}),
             schooled as (
                select n.departement_code, count(distinct k.id) filter (where t.counsellor_id is not null) as in_training,
                    count(distinct k.id) filter (where c.counsellor_id is not null) as certified
                from running r join {} n on n.id = r.structure_id join counsellors k on k.candidate_id = r.candidate_id
                    left join trained t on t.counsellor_id = k.id left join certified c on c.counsellor_id = k.id
                where t.counsellor_id is not null or c.counsellor_id is not null group by 1),
             money as (
                select n.departement_code, sum(l.amount_cents) filter (where l.kind = 'commitment')::bigint as agreed,
                    sum(l.amount_cents) filter (where l.kind = 'payment')::bigint as paid,
                    sum(l.amount_cents) filter (where l.kind = 'credit')::bigint as credited
                from ledger_entries l join {} n on n.id = l.structure_id where l.booked_on <= {} group by 1)",
            on,
            on,
            on,
            near.clone(),
            near.clone(),
            on
        )
    } else {
        Sql::raw(
            "schooled as (select null::text as departement_code, 0::bigint as in_training, 0::bigint as certified where false),
             money as (select null::text as departement_code, 0::bigint as agreed, 0::bigint as paid, 0::bigint as credited where false)",
        )
    };
    let towns = if wanted.communes {
        sql!(
            "covered as (
                select coalesce(k.city_code, k.code) as commune_code from (
                    select n.commune_code from held h join {} n on n.id = h.structure_id where not h.returned
                    union select p.commune_code from places p where p.merged_into_id is null) x
                join communes k on k.code = x.commune_code group by 1),
             towns as (
                select c.departement_code, count(*) as communes, count(v.commune_code) as covered
                from communes c left join covered v on v.commune_code = c.code where c.kind = 'commune' and {} group by 1)",
            near.clone(),
            within("c.departement_code", "c.region_code")
        )
    } else {
        Sql::raw(
            "towns as (select null::text as departement_code, 0::bigint as communes, 0::bigint as covered where false)",
        )
    };
    sql!(
        "with {} held as (
            select distinct on (a.post_id) a.post_id, a.structure_id,
                coalesce(a.ended_by in ('returned', 'taken_back') and a.to_on <= {}, false) as returned
            from post_attachments a where a.from_on <= {} and {}
            order by a.post_id, a.from_on desc, (a.to_on is null) desc, a.id desc),
         contracts as (
            select r.post_id, r.candidate_id, r.structure_id, r.starts_on <= {} as begun from recruitments r
            where r.validated_at is not null and (r.starts_on <= {} or r.validated_at < {})
                and (coalesce(r.cancelled_at, r.refused_at) is null
                    or (r.starts_on > {} and coalesce(r.cancelled_at, r.refused_at) >= {}))
                and (r.last_on is null or r.last_on >= {}) and (r.ended_at is null or r.ended_at >= {}) and {}),
         running as (select c.post_id, c.candidate_id, c.structure_id from contracts c where c.begun),
         occupied as (select c.post_id, bool_or(c.begun) as begun from contracts c group by 1),
         posts_of as (
            select h.structure_id, count(*) as granted, count(*) filter (where h.returned) as returned,
                count(*) filter (where not h.returned and o.begun) as occupied,
                count(*) filter (where not h.returned and not o.begun) as later
            from held h left join occupied o on o.post_id = h.post_id group by 1),
         posts_by as (
            select n.departement_code, sum(p.granted)::bigint as granted, sum(p.returned)::bigint as returned,
                sum(p.occupied)::bigint as occupied, sum(p.later)::bigint as later, count(*) filter (where p.granted > p.returned) as structures
            from posts_of p join {} n on n.id = p.structure_id group by 1),
         submitted as (
            select n.departement_code, count(*) as n from recruitments r join {} n on n.id = r.structure_id
            where r.created_at < {} and (r.validated_at is null or r.validated_at >= {}) and (r.refused_at is null or r.refused_at >= {})
                and (r.cancelled_at is null or r.cancelled_at >= {}) and (r.declined_at is null or r.declined_at >= {})
            group by 1),
         people as (
            select n.departement_code, count(distinct r.candidate_id) filter (where r.begun) as in_post,
                count(distinct r.candidate_id) as recruited
            from contracts r join {} n on n.id = r.structure_id group by 1),
         spots as (
            select p.departement_code, count(*) as places from places p
            where p.merged_into_id is null and p.created_at < {} and {} group by 1),
         {}, {}
         select d.code as departement_code, d.name as departement_name, d.region_code, g.name as region_name,
            coalesce(d.population, 0)::bigint as population, coalesce(b.granted, 0) as granted, coalesce(b.occupied, 0) as occupied,
            coalesce(b.later, 0) as later, coalesce(e.recruited, 0) as recruited,
            coalesce(b.returned, 0) as returned, coalesce(b.structures, 0) as structures, coalesce(u.n, 0) as submitted,
            coalesce(e.in_post, 0) as in_post, coalesce(f.in_training, 0) as in_training, coalesce(f.certified, 0) as certified,
            coalesce(m.agreed, 0) as agreed, coalesce(m.paid, 0) as paid, coalesce(m.credited, 0) as credited,
            coalesce(l.places, 0) as places, coalesce(t.communes, 0) as communes, coalesce(t.covered, 0) as covered_communes
         from departements d join regions g on g.code = d.region_code left join posts_by b on b.departement_code = d.code
            left join submitted u on u.departement_code = d.code left join people e on e.departement_code = d.code
            left join schooled f on f.departement_code = d.code left join money m on m.departement_code = d.code
            left join spots l on l.departement_code = d.code left join towns t on t.departement_code = d.code
         where {} order by d.code",
        of_territory,
        on,
        on,
        narrow("a.post_id in (select x.post_id from post_attachments x join near n on n.id = x.structure_id)"),
        on,
        on,
        end(),
        on,
        end(),
        on,
        end(),
        narrow("(r.post_id in (select h.post_id from held h) or r.structure_id in (select n.id from near n))"),
        near.clone(),
        near.clone(),
        end(),
        end(),
        end(),
        end(),
        end(),
        near,
        end(),
        within("p.departement_code", "p.region_code"),
        inner,
        towns,
        within("d.code", "d.region_code")
    )
    .load(conn)
}

/// Something without a post or a place.
#[derive(Clone, Debug, QueryableByName)]
pub struct Uncovered {
    #[diesel(sql_type = st::Text)]
    pub kind: UncoveredKind,
    #[diesel(sql_type = st::Text)]
    pub code: String,
    #[diesel(sql_type = st::Text)]
    pub name: String,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub departement_code: Option<DepartementCode>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub region_code: Option<RegionCode>,
    #[diesel(sql_type = st::Nullable<st::Integer>)]
    pub population: Option<i32>,
}

sortable! {
    /// Sort keys of uncovered territories.
    pub enum UncoveredSort {
        "population" = "coalesce(u.population, 0)"::"int",
        "code" = "u.code"::"text",
        "name" = "u.search_key"::"text",
    }
}

/// Communes with a live post or a place: a city by what lies in its arrondissements too.
const COVERED: &str = "c.code in (select coalesce(k.city_code, k.code) from communes k where k.code in ( \
    select s.commune_code from posts p join structures s on s.id = p.structure_id where p.status <> 'returned' \
    union select p.commune_code from places p where p.merged_into_id is null))";

pub fn uncovered(
    conn: &mut PgConnection,
    reach: &Reach,
    kind: UncoveredKind,
    departements: Option<Vec<DepartementCode>>,
    text: Option<&str>,
    page: &PageSpec,
) -> Result<Rows<Uncovered>> {
    let rows = match kind {
        UncoveredKind::Commune => format!(
            "(select 'commune' as kind, c.code, c.name, c.departement_code, c.region_code, c.population, c.search_key
              from communes c where c.kind = 'commune' and not {COVERED}) u"
        ),
        UncoveredKind::Epci => format!(
            "(select 'epci' as kind, e.siren as code, e.name, b.departement_code, b.region_code, e.population, e.search_key
              from epcis e join lateral (select c.departement_code, c.region_code from communes c
                where c.epci_siren = e.siren and c.kind = 'commune' group by 1, 2 order by sum(c.population) desc nulls last, 1 limit 1) b on true
              where not exists (select from communes c where c.epci_siren = e.siren and {COVERED})) u"
        ),
        UncoveredKind::Structure => "(select 'structure' as kind, s.id::text as code, s.name, s.departement_code, s.region_code,
                null::int as population, s.search_key
              from structures s where s.status = 'registered' and exists (select from applications a where a.structure_id = s.id
                and a.submitted_at is not null)) u"
            .to_owned(),
    };
    let columns = "u.kind, u.code, u.name, u.departement_code, u.region_code, u.population";
    let mut list = Listing::new(columns, Sql::raw(rows), "u.code", "text");
    list.filter(reach.over_territory("u"))
        .filter_some(departements, |codes| sql!("u.departement_code = any({})", codes))
        .filter_some(text.and_then(search_pattern), |pattern| sql!("u.search_key like {}", pattern));
    list.page(conn, page)
}
