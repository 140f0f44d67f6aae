//! Operations on the territories: open to all, read only.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service::parse_point;
use super::store::{self, CommuneSearch, CommuneSort, Near, TerritorySort};
use crate::platform::auth::{Caller, can};
use crate::platform::codes::{CommuneCode, DepartementCode};
use crate::platform::error::{Code, Fault, FaultCode, Problem};
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Paging, PathParams, Query, Reply};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(list_regions)
        .service(list_departements)
        .service(find_departement)
        .service(list_epcis)
        .service(list_communes)
        .service(find_commune);
}

/// List the regions.
#[utoipa::path(tag = "territories", params(RegionFilter, PageParams),
    responses((status = 200, description = "A page of regions.", body = RegionPage)))]
#[get("/regions")]
pub async fn list_regions(caller: Caller<can::list_regions>, filter: Query<RegionFilter>, paging: Paging) -> Answer {
    let page = paging.spec(TerritorySort::order(filter.sort.as_deref(), "name"))?;
    caller
        .read(move |reader| {
            let rows = store::list_regions(reader.conn(), filter.q.as_deref(), &page)?;
            RegionPage::reply(&paging, rows.map(Into::into)).map(Reply::public)
        })
        .await
}

/// List the départements.
///
/// The 101 départements and the overseas collectivities, with their inhabitants.
#[utoipa::path(tag = "territories", params(DepartementFilter, PageParams),
    responses((status = 200, description = "A page of départements.", body = DepartementPage)))]
#[get("/departements")]
pub async fn list_departements(
    caller: Caller<can::list_departements>,
    filter: Query<DepartementFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(TerritorySort::order(filter.sort.as_deref(), "code"))?;
    caller
        .read(move |reader| {
            let rows = store::list_departements(reader.conn(), filter.q.as_deref(), filter.region_code.clone(), &page)?;
            DepartementPage::reply(&paging, rows.map(Into::into)).map(Reply::public)
        })
        .await
}

/// Find a département by its code.
#[utoipa::path(tag = "territories",
    responses((status = 200, description = "The département.", body = DepartementView)))]
#[get("/departements/{code}")]
pub async fn find_departement(caller: Caller<can::find_departement>, code: PathParams<DepartementCode>) -> Answer {
    caller
        .read(move |reader| {
            let row = store::find_departement(reader.conn(), &code.0)?.ok_or_else(Problem::not_found)?;
            Ok(Reply::ok(&DepartementView::from(row))?.public())
        })
        .await
}

/// List the intercommunal bodies (EPCI).
#[utoipa::path(tag = "territories", params(EpciFilter, PageParams),
    responses((status = 200, description = "A page of intercommunal bodies.", body = EpciPage)))]
#[get("/epcis")]
pub async fn list_epcis(caller: Caller<can::list_epcis>, filter: Query<EpciFilter>, paging: Paging) -> Answer {
    let page = paging.spec(TerritorySort::order(filter.sort.as_deref(), "name"))?;
    caller
        .read(move |reader| {
            let rows = store::list_epcis(reader.conn(), filter.q.as_deref(), filter.departement_code.clone(), &page)?;
            EpciPage::reply(&paging, rows.map(Into::into)).map(Reply::public)
        })
        .await
}

/// Search the communes.
///
/// By name as people type it ("st etienne", "Saint-Étienne"), by postal code, by territory, or nearest to a point.
#[utoipa::path(tag = "territories", params(CommuneFilter, PageParams),
    responses((status = 200, description = "A page of communes.", body = CommunePage)))]
#[get("/communes")]
pub async fn list_communes(caller: Caller<can::list_communes>, filter: Query<CommuneFilter>, paging: Paging) -> Answer {
    let search = search(&filter.0)?;
    let default = match (&search.near, &search.name) {
        (Some(_), _) => CommuneSort::order(None, "distance_km"),
        (None, Some(_)) => [CommuneSort::order(None, "relevance"), CommuneSort::order(None, "-population")].concat(),
        (None, None) => CommuneSort::order(None, "name"),
    };
    let order = filter.sort.as_deref().map_or(default, |keys| CommuneSort::order(Some(keys), "name"));
    let page = paging.spec(order)?;
    caller
        .read(move |reader| {
            let rows = store::list_communes(reader.conn(), &search, &page)?;
            CommunePage::reply(&paging, rows.map(Into::into)).map(Reply::public)
        })
        .await
}

fn search(filter: &CommuneFilter) -> Result<CommuneSearch, Problem> {
    let wrong = |name: &str, code| Problem::new(Code::InvalidParameter).faults(vec![Fault::parameter(name, code)]);
    let near = match filter.near.as_deref().map(parse_point) {
        Some(Some((longitude, latitude))) => {
            Some(Near { longitude, latitude, within_km: filter.within_km.unwrap_or(100).into() })
        }
        Some(None) => return Err(wrong("near", FaultCode::InvalidValue)),
        None if filter.within_km.is_some() => return Err(wrong("near", FaultCode::Required)),
        None => None,
    };
    Ok(CommuneSearch {
        name: filter.q.clone(),
        postal_code: filter.postal_code.clone(),
        departement_code: filter.departement_code.clone(),
        region_code: filter.region_code.clone(),
        epci_siren: filter.epci_siren.clone(),
        near,
    })
}

/// Find a commune by its INSEE code.
///
/// The code of a commune that no longer exists leads to the commune that took it over.
#[utoipa::path(tag = "territories",
    responses((status = 200, description = "The commune as it is today.", body = CommuneView)))]
#[get("/communes/{code}")]
pub async fn find_commune(caller: Caller<can::find_commune>, code: PathParams<CommuneCode>) -> Answer {
    caller
        .read(move |reader| {
            let row = store::find_commune(reader.conn(), &code.0)?.ok_or_else(Problem::not_found)?;
            Ok(Reply::ok(&CommuneView::from(row))?.public())
        })
        .await
}
