//! A post as it is shown, and the checks behind every transition of it.

use chrono::NaiveDate;

use crate::features::posts::model::{PostStatus, STEPS};
use crate::features::posts::store::posts::{self, Post};
use crate::platform::auth::{can, policy::Permission};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::{self, PostEvent};
use crate::platform::ids::PostId;
use crate::platform::transitions::{POSSIBLE, Transition, possible};

/// A post with what may be done with it.
pub struct File {
    pub post: Post,
    pub transitions: Vec<Transition>,
}

/// A post within the caller's reach.
pub fn require(reader: &mut Reader<'_>, id: PostId) -> Result<Post> {
    let (reach, today) = (reader.reach(), reader.today());
    posts::find(reader.conn(), &reach, today, id)?.ok_or_else(Problem::not_found)
}

/// The same, locked until the end of the transaction.
pub(super) fn lock(tx: &mut Tx<'_>, id: PostId) -> Result<Post> {
    let reach = tx.reach();
    posts::lock(tx, &reach, id)?.ok_or_else(Problem::not_found)
}

/// Reads nothing more: what the row and the day say is enough.
pub fn file(reader: &Reader<'_>, post: Post) -> File {
    let (principal, today) = (reader.principal(), reader.today());
    let transitions = vec![
        Transition::new(can::transfer_post::LINE, principal, check_transfer(&post)),
        Transition::new(can::extend_post_deadline::LINE, principal, check_extension(&post)),
        Transition::new(can::take_back_post::LINE, principal, check_take_back(&post, today)),
        Transition::new(can::request_post_return::LINE, principal, check_return_request(&post)),
    ];
    File { post, transitions }
}

/// A vacant post that no submitted recruitment holds.
pub(super) fn require_free(status: PostStatus, available: bool) -> Result<()> {
    match status {
        PostStatus::Vacant if available => Ok(()),
        PostStatus::Vacant => Err(not_vacant("unavailable", status)),
        PostStatus::StartsLater | PostStatus::Occupied | PostStatus::Returned => {
            Err(not_vacant(status.as_str(), status))
        }
    }
}

pub(super) fn not_vacant(told: &str, status: PostStatus) -> Problem {
    let allowed = match told {
        "unavailable" => vec![can::extend_post_deadline::LINE.operation],
        _ => possible(STEPS, status),
    };
    Problem::new(Code::PostNotVacant).with("status", told).extension(POSSIBLE, allowed)
}

/// A vacant post that nobody holds, or an occupied one whose contract can go on elsewhere.
pub(super) fn check_transfer(post: &Post) -> Result<()> {
    match post.status {
        PostStatus::Occupied if post.occupant_may_move => Ok(()),
        PostStatus::Occupied | PostStatus::StartsLater => Err(Problem::new(Code::OccupantMayNotMove)),
        PostStatus::Vacant | PostStatus::Returned => require_free(post.status, post.available),
    }
}

/// Also while a submitted recruitment holds the post: it may yet be refused.
pub(super) fn check_extension(post: &Post) -> Result<()> {
    if post.status != PostStatus::Vacant {
        return Err(not_vacant(post.status.as_str(), post.status));
    }
    if post.deadline_extended_at.is_some() {
        return Err(Problem::new(Code::DeadlineAlreadyExtended));
    }
    Ok(())
}

pub(super) fn check_take_back(post: &Post, today: NaiveDate) -> Result<()> {
    require_free(post.status, post.available)?;
    if post.recruitment_deadline >= today {
        return Err(Problem::new(Code::DeadlineNotPassed).with("deadline", post.recruitment_deadline));
    }
    Ok(())
}

pub(super) fn check_return_request(post: &Post) -> Result<()> {
    require_free(post.status, post.available)?;
    if post.return_pending {
        return Err(Problem::new(Code::PostReturnExists));
    }
    Ok(())
}

pub(super) fn emit(tx: &mut Tx<'_>, kind: PostEvent, post: &Post) -> Result<()> {
    let place = Some((Some(post.structure_id), post.departement_code.as_str(), post.region_code.as_str()));
    events::emit(tx, kind, post.id.uuid(), place)
}
