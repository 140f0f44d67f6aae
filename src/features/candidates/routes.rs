//! Operations on candidates. Those that end matches are mounted by the matching, which stands above.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::model::CONFIRMATION;
use super::service::{self, File};
use super::store::{self, CandidateSort};
use crate::platform::auth::local_issuer::{LocalIssuer, TOKEN_SECONDS};
use crate::platform::auth::{Actor, Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply, steady};
use crate::platform::ids::CandidateId;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(register_candidate)
        .service(confirm_candidate)
        .service(list_candidates)
        .service(find_candidate)
        .service(update_candidate)
        .service(resume_candidate)
        .service(unblock_candidate);
}

/// The answer of an operation on one candidate.
pub fn file(file: File) -> Answer {
    let (id, version) = (file.candidate.id.uuid(), file.candidate.version);
    Ok(Reply::resource(&CandidateView::from(file), version)?.shows("candidates", Some(id), vec![id]))
}

/// A candidate as whoever may read the file sees it.
pub const DETAIL: Detail = Detail {
    path: "/api/v1/candidates/{id}",
    show: |reader, id| {
        let candidate = service::require(reader, CandidateId::from_uuid(id))?;
        file(service::file(reader, candidate))
    },
};

/// Register as a candidate.
///
/// The public form. The answer is the same whether the address is known or not: an e-mail tells its owner what to do.
/// Whoever is new confirms the address within 180 days.
#[utoipa::path(tag = "candidates", request_body = NewCandidate,
    responses((status = 202, description = "Taken: an e-mail follows.", body = CandidateRegistered)))]
#[post("/candidates")]
pub async fn register_candidate(caller: Caller<can::register_candidate>, body: Body<NewCandidate>) -> Answer {
    let work = caller.write(move |tx| {
        service::register(tx, &body)?;
        Reply::accepted(&CandidateRegistered { status: "check_your_mail", valid_days: CONFIRMATION.num_days() })
    });
    steady(work).await
}

/// Confirm a candidate's address.
///
/// Exchanges the one-use token of a mailed link: the candidate is active, and the answer carries an access token of
/// their own account. Also confirms a new address, and brings back who had unsubscribed and registers again. 410 when
/// the link is unknown, used or expired.
#[utoipa::path(tag = "candidates", request_body = CandidateConfirmation,
    responses((status = 200, description = "Confirmed.", body = CandidateConfirmed)))]
#[post("/candidates/confirm")]
pub async fn confirm_candidate(
    caller: Caller<can::confirm_candidate>,
    body: Body<CandidateConfirmation>,
    issuer: Data<LocalIssuer>,
) -> Answer {
    caller
        .write(move |tx| {
            let (candidate, account) = service::confirm(tx, &body.token)?;
            let access_token = issuer.sign_account(Actor::Candidate(candidate.id), account, tx.now())?;
            Ok(Reply::ok(&CandidateConfirmed {
                candidate_id: candidate.id,
                reference: candidate.reference,
                access_token,
                token_type: "Bearer",
                expires_in: TOKEN_SECONDS,
            })?
            .secret(&["access_token"]))
        })
        .await
}

/// List the candidates whom you may know of.
///
/// The ANCT sees all; a prefecture those who live in its territory, without contact data; an employer those of its own
/// matches and recruitments; a candidate only their own file.
#[utoipa::path(tag = "candidates", params(CandidateFilter, PageParams),
    responses((status = 200, description = "A page of candidates.", body = CandidatePage)))]
#[get("/candidates")]
pub async fn list_candidates(
    caller: Caller<can::list_candidates>,
    filter: Query<CandidateFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(CandidateSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let actor = reader.actor().clone();
            let rows = store::list(reader.conn(), &actor, &search, &page)?;
            let people = rows.rows.iter().map(|row| row.id.uuid()).collect();
            Ok(CandidatePage::reply(&paging, rows.map(Into::into))?.shows("candidates", None, people))
        })
        .await
}

/// Find a candidate.
///
/// An employer sees contact data once both sides have agreed, and as long as their match or contract lasts.
#[utoipa::path(tag = "candidates", responses((status = 200, description = "The candidate.", body = CandidateView)))]
#[get("/candidates/{id}")]
pub async fn find_candidate(caller: Caller<can::find_candidate>, id: PathParams<CandidateId>) -> Answer {
    caller.read_private(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Change your own file.
///
/// A new e-mail address takes effect once it has confirmed.
#[utoipa::path(tag = "candidates",
    request_body(content = CandidatePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = CandidateView)))]
#[patch("/candidates/{id}")]
pub async fn update_candidate(
    caller: Caller<can::update_candidate>,
    id: PathParams<CandidateId>,
    body: Body<CandidatePatch>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::update(tx, id.0, version, &body)?)).await
}

/// Be available again.
#[utoipa::path(tag = "candidates", responses((status = 200, description = "Active.", body = CandidateView)))]
#[post("/candidates/{id}/resume")]
pub async fn resume_candidate(caller: Caller<can::resume_candidate>, id: PathParams<CandidateId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::resume(tx, id.0, version)?)).await
}

/// Let a blocked candidate in again.
///
/// As they were before: active, unavailable, unsubscribed or with an address to be confirmed.
#[utoipa::path(tag = "candidates", responses((status = 200, description = "Unblocked.", body = CandidateView)))]
#[post("/candidates/{id}/unblock")]
pub async fn unblock_candidate(caller: Caller<can::unblock_candidate>, id: PathParams<CandidateId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::unblock(tx, id.0, version)?)).await
}
