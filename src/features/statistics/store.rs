//! SQL of the programme's figures.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types as st;

use super::model::UncoveredKind;
use crate::platform::auth::{Reach, Territory};
use crate::platform::db::listing::{Listing, PageSpec, Rows};
use crate::platform::db::sql::Sql;
use crate::platform::error::Result;
use crate::platform::text::search_pattern;
use crate::{sortable, sql};

/// What a département counted at the end of a day.
#[derive(Clone, Debug, QueryableByName)]
pub struct Figures {
    #[diesel(sql_type = st::Text)]
    pub departement_code: String,
    #[diesel(sql_type = st::Text)]
    pub departement_name: String,
    #[diesel(sql_type = st::Text)]
    pub region_code: String,
    #[diesel(sql_type = st::Text)]
    pub region_name: String,
    #[diesel(sql_type = st::BigInt)]
    pub population: i64,
    #[diesel(sql_type = st::BigInt)]
    pub granted: i64,
    #[diesel(sql_type = st::BigInt)]
    pub occupied: i64,
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

/// Every département within a reach, with what it counted at the end of a day. Read as the service itself.
///
/// A post lies where the structure lies that held it then; a contract counts from the day on which it was validated until
/// the day on which its end was recorded, as the post's and the counsellor's states do.
pub fn departements(conn: &mut PgConnection, reach: &Reach, on: NaiveDate) -> Result<Vec<Figures>> {
    let within = match reach {
        Reach::Country => Sql::raw("true"),
        Reach::Territory(Territory::Departement(code)) => sql!("d.code = {}", code),
        Reach::Territory(Territory::Region(code)) => sql!("d.region_code = {}", code),
        _ => Sql::raw("false"),
    };
    let day = |column: &str| Sql::raw(format!("({column} at time zone 'Europe/Paris')::date"));
    sql!(
        "with held as (
            select distinct on (a.post_id) a.post_id, a.structure_id, s.departement_code, s.commune_code,
                coalesce(a.ended_by in ('returned', 'taken_back') and a.to_on <= {}, false) as returned
            from post_attachments a join structures s on s.id = a.structure_id where a.from_on <= {}
            order by a.post_id, a.from_on desc, (a.to_on is null) desc, a.id desc),
         running as (
            select r.post_id, r.candidate_id, s.departement_code from recruitments r join structures s on s.id = r.structure_id
            where r.validated_at is not null and not r.waiting and {} <= {} and (r.ended_at is null or {} > {})),
         posts_by as (
            select h.departement_code, count(*) as granted, count(*) filter (where h.returned) as returned,
                count(*) filter (where not h.returned and exists (select from running r where r.post_id = h.post_id)) as occupied,
                count(distinct h.structure_id) filter (where not h.returned) as structures
            from held h group by 1),
         submitted as (
            select s.departement_code, count(*) as n from recruitments r join structures s on s.id = r.structure_id
            where {} <= {} and (r.validated_at is null or {} > {}) and (r.refused_at is null or {} > {})
                and (r.cancelled_at is null or {} > {}) group by 1),
         people as (
            select r.departement_code, count(distinct r.candidate_id) as in_post,
                count(distinct r.candidate_id) filter (where exists (select from enrolments e where e.counsellor_id = k.id
                    and e.session_id is not null and e.status <> 'cancelled' and {} between e.starts_on and e.ends_on
                    and (e.dropped_out_on is null or e.dropped_out_on > {}))) as in_training,
                count(distinct r.candidate_id) filter (where exists (select from certifications c where c.counsellor_id = k.id
                    and c.result = 'passed' and c.held_on <= {})) as certified
            from running r left join counsellors k on k.candidate_id = r.candidate_id group by 1),
         money as (
            select s.departement_code, sum(l.amount_cents) filter (where l.kind = 'commitment')::bigint as agreed,
                sum(l.amount_cents) filter (where l.kind = 'payment')::bigint as paid,
                sum(l.amount_cents) filter (where l.kind = 'credit')::bigint as credited
            from ledger_entries l join structures s on s.id = l.structure_id where l.booked_on <= {} group by 1),
         spots as (
            select p.departement_code, count(*) as places from places p
            where p.merged_into_id is null and {} <= {} group by 1),
         towns as (
            select c.departement_code, count(*) as communes,
                count(*) filter (where exists (select from held h where h.commune_code = c.code and not h.returned)
                    or exists (select from places p where p.commune_code = c.code and p.merged_into_id is null)) as covered
            from communes c where c.kind = 'commune' group by 1)
         select d.code as departement_code, d.name as departement_name, d.region_code, g.name as region_name,
            coalesce(d.population, 0)::bigint as population, coalesce(b.granted, 0) as granted, coalesce(b.occupied, 0) as occupied,
            coalesce(b.returned, 0) as returned, coalesce(b.structures, 0) as structures, coalesce(u.n, 0) as submitted,
            coalesce(e.in_post, 0) as in_post, coalesce(e.in_training, 0) as in_training, coalesce(e.certified, 0) as certified,
            coalesce(m.agreed, 0) as agreed, coalesce(m.paid, 0) as paid, coalesce(m.credited, 0) as credited,
            coalesce(l.places, 0) as places, coalesce(t.communes, 0) as communes, coalesce(t.covered, 0) as covered_communes
         from departements d join regions g on g.code = d.region_code left join posts_by b on b.departement_code = d.code
            left join submitted u on u.departement_code = d.code left join people e on e.departement_code = d.code
            left join money m on m.departement_code = d.code left join spots l on l.departement_code = d.code
            left join towns t on t.departement_code = d.code
         where {} order by d.code",
        on,
        on,
        day("r.validated_at"),
        on,
        day("r.ended_at"),
        on,
        day("r.created_at"),
        on,
        day("r.validated_at"),
        on,
        day("r.refused_at"),
        on,
        day("r.cancelled_at"),
        on,
        on,
        on,
        on,
        on,
        day("p.created_at"),
        on,
        within
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
    pub departement_code: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub region_code: Option<String>,
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

/// Communes with a live post or a public place.
const COVERED: &str = "(exists (select from posts p join structures s on s.id = p.structure_id where p.status <> 'returned' and s.commune_code = c.code) \
    or exists (select from places p where p.commune_code = c.code and p.merged_into_id is null))";

pub fn uncovered(
    conn: &mut PgConnection,
    reach: &Reach,
    kind: UncoveredKind,
    departements: Option<Vec<String>>,
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
              from epcis e join lateral (select c.departement_code, c.region_code from communes c where c.epci_siren = e.siren
                group by 1, 2 order by sum(c.population) desc nulls last, 1 limit 1) b on true
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
