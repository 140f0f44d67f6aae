//! Operations on matches and runs, and those on candidates that end matches.

use actix_web::{get, post};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::*;
use super::service::{self, File};
use super::store::matches::{self, MatchSort};
use super::store::runs::{self, RunSort};
use crate::features::candidates::dto::{
    AvailabilityAnswer, CandidateAnswered, CandidateBlock, CandidateView, Unsubscription,
};
use crate::features::candidates::service::File as CandidateFile;
use crate::platform::auth::{Caller, can};
use crate::platform::http::page::PageParams;
use crate::platform::http::rehearsal::Detail;
use crate::platform::http::{Answer, Body, Paging, PathParams, Query, Reply};
use crate::platform::ids::{CandidateId, MatchId, MatchingRunId};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(unsubscribe_candidate)
        .service(answer_availability_reminder)
        .service(pause_candidate)
        .service(block_candidate)
        .service(erase_candidate)
        .service(list_matching_runs)
        .service(run_matching)
        .service(find_matching_run)
        .service(list_matches)
        .service(create_match)
        .service(explain_match)
        .service(find_match)
        .service(accept_match)
        .service(decline_match)
        .service(record_meeting)
        .service(select_match)
        .service(reject_match);
}

fn file(file: File) -> Answer {
    let (id, version, candidate) = (file.found.id.uuid(), file.found.version, file.found.candidate_id.uuid());
    Ok(Reply::resource(&MatchView::from(file), version)?.shows("matches", Some(id), vec![candidate]))
}

fn candidate_file(file: CandidateFile) -> Answer {
    let (id, version) = (file.candidate.id.uuid(), file.candidate.version);
    Ok(Reply::resource(&CandidateView::from(file), version)?.shows("candidates", Some(id), vec![id]))
}

/// A match as its sides see it.
pub const DETAIL: Detail =
    Detail { path: "/api/v1/matches/{id}", show: |reader, id| file(service::find(reader, MatchId::from_uuid(id))?) };

/// Leave the scheme as a candidate.
///
/// By the token of the link to leave, which every e-mail to a candidate carries. Open matches are closed and
/// nothing is proposed any more. While a contract is submitted or runs it goes on, with the letters that it needs, and you are
/// gone with its end. Your account stays, to read and erase what is kept of you. 410 when the link is unknown, used or
/// expired.
#[utoipa::path(tag = "candidates", request_body = Unsubscription,
    responses((status = 200, description = "Unsubscribed.", body = CandidateAnswered)))]
#[post("/candidates/unsubscribe")]
pub async fn unsubscribe_candidate(caller: Caller<can::unsubscribe_candidate>, body: Body<Unsubscription>) -> Answer {
    caller
        .write(move |tx| {
            let candidate = service::unsubscribe(tx, &body.token, body.reason)?;
            Reply::ok(&CandidateAnswered { reference: candidate.reference, status: candidate.status })
        })
        .await
}

/// Answer the reminder of availability.
///
/// By the token of the link in the reminder, whose page sends this: following a link changes nothing by itself.
#[utoipa::path(tag = "candidates", request_body = AvailabilityAnswer,
    responses((status = 200, description = "Noted.", body = CandidateAnswered)))]
#[post("/candidates/availability")]
pub async fn answer_availability_reminder(
    caller: Caller<can::answer_availability_reminder>,
    body: Body<AvailabilityAnswer>,
) -> Answer {
    caller
        .write(move |tx| {
            let candidate = service::answer_reminder(tx, &body.token, body.available)?;
            Reply::ok(&CandidateAnswered { reference: candidate.reference, status: candidate.status })
        })
        .await
}

/// Be unavailable for the time being.
///
/// Your open matches are closed.
#[utoipa::path(tag = "candidates", responses((status = 200, description = "Unavailable.", body = CandidateView)))]
#[post("/candidates/{id}/pause")]
pub async fn pause_candidate(caller: Caller<can::pause_candidate>, id: PathParams<CandidateId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| candidate_file(service::pause_candidate(tx, id.0, version)?)).await
}

/// Block a candidate.
///
/// Open matches are closed and the account is withdrawn. Not while a recruitment is under way.
#[utoipa::path(tag = "candidates", request_body = CandidateBlock,
    responses((status = 200, description = "Blocked.", body = CandidateView)))]
#[post("/candidates/{id}/block")]
pub async fn block_candidate(
    caller: Caller<can::block_candidate>,
    id: PathParams<CandidateId>,
    body: Body<CandidateBlock>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| candidate_file(service::block_candidate(tx, id.0, version, &body.reason)?)).await
}

/// Erase who a candidate is.
///
/// Name, contact, diploma and free text are gone for good; matches and recruitments keep the pseudonym. Not while a
/// recruitment is under way.
#[utoipa::path(tag = "candidates", responses((status = 200, description = "Erased.", body = CandidateView)))]
#[post("/candidates/{id}/erase")]
pub async fn erase_candidate(caller: Caller<can::erase_candidate>, id: PathParams<CandidateId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| candidate_file(service::erase_candidate(tx, id.0, version)?)).await
}

/// How one is shown to whoever may read it.
pub const RUN: Detail = Detail {
    path: "/api/v1/matching-runs/{id}",
    show: |reader, id| {
        Reply::resource(&MatchingRunView::from(service::find_run(reader, MatchingRunId::from_uuid(id))?), 1)
    },
};

/// List the runs of the matching.
///
/// The ANCT sees all of them, an employer those it started.
#[utoipa::path(tag = "matching", params(MatchingRunFilter, PageParams),
    responses((status = 200, description = "A page of runs.", body = MatchingRunPage)))]
#[get("/matching-runs")]
pub async fn list_matching_runs(
    caller: Caller<can::list_matching_runs>,
    filter: Query<MatchingRunFilter>,
    paging: Paging,
) -> Answer {
    let page = paging.spec(RunSort::order(filter.sort.as_deref(), "-created_at"))?;
    caller
        .read(move |reader| {
            let actor = reader.actor().clone();
            let rows = runs::list(reader.conn(), &actor, filter.scope.clone(), filter.updated_since, &page)?;
            MatchingRunPage::reply(&paging, rows.map(Into::into))
        })
        .await
}

/// Run the matching.
///
/// Proposes, over the whole country or for one side, the nearest pairs that meet every condition, in one order:
/// distance to the metre, then the candidate's registration. A second run on the same data proposes nothing new. With
/// `dry_run=true` it is a preview. Runs by itself every night.
#[utoipa::path(tag = "matching", request_body = NewMatchingRun,
    responses((status = 201, description = "The report.", body = MatchingRunView)))]
#[post("/matching-runs")]
pub async fn run_matching(caller: Caller<can::run_matching>, body: Body<NewMatchingRun>) -> Answer {
    caller
        .write(move |tx| {
            let target = service::target_of(tx, &body)?;
            let file = service::run(tx, target)?;
            let location = format!("/api/v1/matching-runs/{}", file.run.id);
            Reply::created(location, &MatchingRunView::from(file), 1)
        })
        .await
}

/// Find the report of a run.
#[utoipa::path(tag = "matching", responses((status = 200, description = "The report.", body = MatchingRunView)))]
#[get("/matching-runs/{id}")]
pub async fn find_matching_run(caller: Caller<can::find_matching_run>, id: PathParams<MatchingRunId>) -> Answer {
    caller.read(move |reader| (RUN.show)(reader, id.0.uuid())).await
}

/// List the matches of your own side.
///
/// Contact data of each side is open to the other from `mutual` on, until the match ends. Each state has a last day,
/// `expires_on`: 30 days to answer, 60 to meet, 60 to choose, 90 to submit the contract. Both sides are told a week
/// before and when it has passed.
#[utoipa::path(tag = "matching", params(MatchFilter, PageParams),
    responses((status = 200, description = "A page of matches.", body = MatchPage)))]
#[get("/matches")]
pub async fn list_matches(caller: Caller<can::list_matches>, filter: Query<MatchFilter>, paging: Paging) -> Answer {
    let page = paging.spec(MatchSort::order(filter.sort.as_deref(), "-updated_at"))?;
    let search = filter.search();
    caller
        .read_private(move |reader| {
            let (actor, today) = (reader.actor().clone(), reader.today());
            let rows = matches::list(reader.conn(), &actor, today, &search, &page)?;
            let people = rows.rows.iter().map(|row| row.candidate_id.uuid()).collect();
            Ok(MatchPage::reply(&paging, rows.map(Into::into))?.shows("matches", None, people))
        })
        .await
}

/// Add a candidate by hand.
///
/// A candidate who gave you their identifier: your own acceptance is given with it, and the candidate is asked for
/// theirs. Counts against the cap of both sides (409 `match_cap_reached`). One that ended in time, for want of a post or by
/// your own choice begins anew under its identifier; one that is open or was declined does not (409 `match_exists`).
#[utoipa::path(tag = "matching", request_body = NewMatch,
    responses((status = 201, description = "Proposed to the candidate.", body = MatchView)))]
#[post("/matches")]
pub async fn create_match(caller: Caller<can::create_match>, body: Body<NewMatch>) -> Answer {
    caller
        .write(move |tx| {
            let file = service::create(tx, body.candidate_id)?;
            let (id, version, candidate) = (file.found.id, file.found.version, file.found.candidate_id.uuid());
            let reply = Reply::created(format!("/api/v1/matches/{id}"), &MatchView::from(file), version)?;
            Ok(reply.shows("matches", Some(id.uuid()), vec![candidate]))
        })
        .await
}

/// Explain why a pair is, or is not, proposed.
///
/// Every condition with its verdict, and the values behind it: states, distance in kilometres, dates, caps.
#[utoipa::path(tag = "matching", params(MatchPair),
    responses((status = 200, description = "The conditions.", body = MatchExplanation)))]
#[get("/matches/explain")]
pub async fn explain_match(caller: Caller<can::explain_match>, pair: Query<MatchPair>) -> Answer {
    caller
        .read_private(move |reader| {
            let explanation = service::explain(reader, pair.candidate_id, pair.structure_id)?;
            Reply::ok(&MatchExplanation::from(explanation))
        })
        .await
}

/// Find a match.
#[utoipa::path(tag = "matching", responses((status = 200, description = "The match.", body = MatchView)))]
#[get("/matches/{id}")]
pub async fn find_match(caller: Caller<can::find_match>, id: PathParams<MatchId>) -> Answer {
    caller.read_private(move |reader| (DETAIL.show)(reader, id.0.uuid())).await
}

/// Accept a match, for your side.
///
/// With the other side's acceptance it is mutual: contact data opens to both.
#[utoipa::path(tag = "matching", responses((status = 200, description = "Accepted.", body = MatchView)))]
#[post("/matches/{id}/accept")]
pub async fn accept_match(caller: Caller<can::accept_match>, id: PathParams<MatchId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::accept(tx, id.0, version)?)).await
}

/// Decline a match, for your side.
///
/// Final, and possible until a contract is submitted: also after the agreement, a meeting or a choice. The other side
/// learns that you declined, never why; contact data closes.
#[utoipa::path(tag = "matching", request_body = MatchRefusal,
    responses((status = 200, description = "Declined.", body = MatchView)))]
#[post("/matches/{id}/decline")]
pub async fn decline_match(
    caller: Caller<can::decline_match>,
    id: PathParams<MatchId>,
    body: Body<MatchRefusal>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::decline(tx, id.0, version, &body)?)).await
}

/// Say that you have met the candidate.
///
/// Only while you have a vacant post and the candidate is available.
#[utoipa::path(tag = "matching", request_body = Meeting,
    responses((status = 200, description = "Noted.", body = MatchView)))]
#[post("/matches/{id}/meeting")]
pub async fn record_meeting(
    caller: Caller<can::record_meeting>,
    id: PathParams<MatchId>,
    body: Body<Meeting>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::record_meeting(tx, id.0, version, body.met_on)?)).await
}

/// Choose the candidate.
///
/// Only while you have a vacant post and the candidate is available. The contract follows within 90 days: submit a
/// recruitment; otherwise the match is closed.
#[utoipa::path(tag = "matching", responses((status = 200, description = "Selected.", body = MatchView)))]
#[post("/matches/{id}/select")]
pub async fn select_match(caller: Caller<can::select_match>, id: PathParams<MatchId>) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::select(tx, id.0, version)?)).await
}

/// Do not choose the candidate.
///
/// From the agreement on, until a contract is submitted. Final. The candidate learns it, never why; contact data closes.
#[utoipa::path(tag = "matching", request_body = MatchRefusal,
    responses((status = 200, description = "Not selected.", body = MatchView)))]
#[post("/matches/{id}/reject")]
pub async fn reject_match(
    caller: Caller<can::reject_match>,
    id: PathParams<MatchId>,
    body: Body<MatchRefusal>,
) -> Answer {
    let version = caller.version();
    caller.write(move |tx| file(service::reject(tx, id.0, version, &body)?)).await
}
