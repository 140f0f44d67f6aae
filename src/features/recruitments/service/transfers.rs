//! A post moves to another structure; its counsellor, if it has one, moves with it.

use super::decisions::appoint;
use super::file::{Locked, emit};
use crate::features::candidates::service as candidates;
use crate::features::posts::model::PostStatus;
use crate::features::posts::service::{self as posts, File as PostFile, Move, Moved};
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{RecruitmentOrigin, STEPS, Terms};
use crate::features::recruitments::store::recruitments::{self, Change, NewRow, Recruitment};
use crate::features::structures::service as structures;
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::RecruitmentEvent;
use crate::platform::ids::{PostId, RecruitmentId};
use crate::platform::transitions::Expected;
use crate::platform::transitions::after;

/// Hands a post over to another structure.
pub fn transfer_post(tx: &mut Tx<'_>, id: PostId, version: Option<Expected>, to: Move) -> Result<PostFile> {
    let moved = posts::transfer(tx, id, version, to)?;
    if moved.before.status == PostStatus::Occupied {
        move_contract(tx, &moved)?;
    }
    let post = posts::require(&mut tx.reader(), id)?;
    Ok(posts::file(&tx.reader(), post))
}

/// The contract ends on the day before, and goes on under the same terms with the new structure. The post and both
/// structures are locked.
fn move_contract(tx: &mut Tx<'_>, moved: &Moved) -> Result<()> {
    let seen = recruitments::of_post(tx, moved.post.id)?.ok_or_else(|| Problem::new(Code::OccupantMayNotMove))?;
    let candidate = candidates::lock_any(tx, seen.candidate_id)?;
    let old = recruitments::lock(tx, &Actor::System, seen.id)?.ok_or_else(Problem::not_found)?;
    after(STEPS, old.status, "transfer").map_err(|_| Problem::new(Code::OccupantMayNotMove))?;
    let last = require_within(&old, moved)?;
    recruitments::change(tx, old.id, &Change::Completed { on: last })?;
    emit(tx, RecruitmentEvent::Completed, &old)?;
    let row = NewRow {
        id: RecruitmentId::new(),
        post_id: old.post_id,
        structure_id: moved.post.structure_id,
        candidate_id: old.candidate_id,
        match_id: None,
        previous_id: Some(old.id),
        origin: RecruitmentOrigin::Transfer,
        waiting: false,
        phase: old.phase,
        coordinator: old.coordinator,
        terms: Terms {
            contract_type: old.contract_type,
            starts_on: moved.on,
            ends_on: old.ends_on,
            gross_monthly_salary_cents: old.gross_monthly_salary_cents,
        },
        documents: Vec::new(),
        validated: true,
    };
    recruitments::insert(tx, &row)?;
    let new = recruitments::find(tx.conn(), &Actor::System, row.id)?.ok_or_else(Problem::not_found)?;
    emit(tx, RecruitmentEvent::Validated, &new)?;
    let structure = structures::require_any(tx, moved.post.structure_id)?;
    let locked = Locked { structure, post: moved.post.clone(), candidate, recruitment: new };
    appoint(tx, &locked, &locked.recruitment)?;
    posts::settle(tx, moved.post.id)?;
    let front_url = &tx.site().front_url;
    candidates::write_to(tx, &locked.candidate, |to, leave| {
        mails::transferred(front_url, &locked.recruitment, moved.on, to, leave)
    })
}

/// The last day with the old structure: the move lies strictly within the contract.
fn require_within(old: &Recruitment, moved: &Moved) -> Result<chrono::NaiveDate> {
    let fault = |code, name, limit: chrono::NaiveDate| {
        Problem::invalid(vec![Fault::field("effective_on", code).with(name, limit)])
    };
    if moved.on <= old.starts_on {
        return Err(fault(FaultCode::NotAfter, "other", old.starts_on));
    }
    if let Some(end) = old.ends_on.filter(|end| moved.on >= *end) {
        return Err(fault(FaultCode::TooLarge, "limit", end.pred_opt().unwrap_or(end)));
    }
    Ok(moved.on.pred_opt().unwrap_or(moved.on))
}
