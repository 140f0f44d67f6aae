//! Moving a post, giving its structure more time, taking it back.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::facts::{commit_posts, lock_programme};
use super::file::{File, check_extension, check_take_back, check_transfer, emit, file, lock, require};
use super::returns::settle_pending;
use crate::features::posts::mails;
use crate::features::posts::model::{AttachmentEnd, EndReason, PostStatus, recruitment_deadline};
use crate::features::posts::store::posts::{self, Post};
use crate::features::structures::model::StructureStatus;
use crate::features::structures::service as structures;
use crate::platform::db::Tx;
use crate::platform::error::{Code, Fault, FaultCode, Named, Problem, Result};
use crate::platform::events::PostEvent;
use crate::platform::ids::{PostId, StructureId};
use crate::platform::transitions::{Expected, require_version};
use crate::platform::{mail, text};

/// Where a post goes, and from which day on; today where none is given.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub structure_id: StructureId,
    pub effective_on: Option<NaiveDate>,
}

/// A post that has moved: where from and where to.
pub struct Moved {
    /// As it was before.
    pub before: Post,
    /// As it is now.
    pub post: Post,
    /// First day with the new structure.
    pub on: NaiveDate,
}

/// Hands a post over to another structure. An occupied one stays occupied: its contract is the caller's to move, after
/// the locks of both structures and of the post.
pub fn transfer(tx: &mut Tx<'_>, id: PostId, version: Option<Expected>, to: Move) -> Result<Moved> {
    // Nothing moves a post without this lock: what is read after it stays.
    lock_programme(tx)?;
    let seen = require(&mut tx.reader(), id)?;
    require_version(version, seen.version)?;
    check_transfer(&seen)?;
    let target = structures::require(&mut tx.reader(), to.structure_id).named_by("structure_id")?;
    // A structure that has left may come back: it may be retained anew, too.
    let usable =
        matches!(target.status, StructureStatus::Registered | StructureStatus::Retained | StructureStatus::Withdrawn);
    if !usable || target.id == seen.structure_id {
        return Err(Problem::new(Code::TransferTargetNotUsable));
    }
    let on = to.effective_on.unwrap_or(tx.today());
    require_day(tx, id, on)?;
    if target.departement_code != seen.departement_code {
        commit_posts(tx, &BTreeMap::from([(seen.departement_code.clone(), -1), (target.departement_code.clone(), 1)]))?;
    }
    let donor = seen.structure_id;
    for structure in [donor.min(target.id), donor.max(target.id)] {
        let locked = structures::lock_any(tx, structure)?;
        // A structure without posts may move or be cancelled until it is locked.
        if locked.id == target.id
            && (locked.status != target.status || locked.departement_code != target.departement_code)
        {
            return Err(Problem::new(Code::TransferTargetNotUsable));
        }
    }
    let post = lock(tx, id)?;
    require_version(version, post.version)?;
    check_transfer(&post)?;
    settle_pending(tx, id, "Le poste a été transféré à une autre structure.")?;
    let deadline = (post.status == PostStatus::Vacant).then(|| recruitment_deadline(on));
    posts::transfer(tx, id, target.id, on, deadline)?;
    structures::retain(tx, target.id, post.wave, on)?;
    structures::withdraw_if_empty(tx, donor)?;
    // Told on both sides: the donor's perimeter loses the post, the receiver's gains it.
    emit(tx, PostEvent::Transferred, &post)?;
    let moved = require(&mut tx.reader(), id)?;
    emit(tx, PostEvent::Transferred, &moved)?;
    if let Some(address) = structures::contact_email(tx, donor)? {
        mail::send(tx, &mails::transferred_away(&post, &address, on))?;
    }
    if let Some(address) = structures::contact_email(tx, target.id)? {
        mail::send(tx, &mails::transferred_here(&moved, &address, on))?;
    }
    Ok(Moved { before: post, post: moved, on })
}

/// The day of a transfer lies within the attachment that it ends.
fn require_day(tx: &mut Tx<'_>, id: PostId, on: NaiveDate) -> Result<()> {
    let today = tx.today();
    if on > today {
        let fault = Fault::field("effective_on", FaultCode::TooLarge).with("limit", today);
        return Err(Problem::invalid(vec![fault]));
    }
    match posts::attached_since(tx.conn(), id)? {
        Some(since) if on < since => {
            Err(Problem::invalid(vec![Fault::field("effective_on", FaultCode::TooSmall).with("limit", since)]))
        }
        _ => Ok(()),
    }
}

/// Gives more time to recruit, once.
pub fn extend_deadline(
    tx: &mut Tx<'_>,
    id: PostId,
    version: Option<Expected>,
    until: NaiveDate,
    reason: &str,
) -> Result<File> {
    let post = lock(tx, id)?;
    require_version(version, post.version)?;
    check_extension(&post)?;
    if until <= post.recruitment_deadline {
        let fault = Fault::field("until_on", FaultCode::NotAfter).with("other", post.recruitment_deadline);
        return Err(Problem::invalid(vec![fault]));
    }
    if until < tx.today() {
        return Err(Problem::invalid_field("until_on", FaultCode::InThePast));
    }
    posts::extend_deadline(tx, id, until, &text::canonical(reason))?;
    emit(tx, PostEvent::DeadlineExtended, &post)?;
    shown(tx, id)
}

/// Takes back a vacant post on which nobody was recruited in time.
pub fn take_back(tx: &mut Tx<'_>, id: PostId, version: Option<Expected>) -> Result<File> {
    lock_programme(tx)?;
    let seen = require(&mut tx.reader(), id)?;
    require_version(version, seen.version)?;
    check_take_back(&seen, tx.today())?;
    let post = free(tx, &seen)?;
    require_version(version, post.version)?;
    check_take_back(&post, tx.today())?;
    settle_pending(tx, id, "Le poste a été repris, son délai de recrutement étant dépassé.")?;
    end(tx, &post, EndReason::DelaiDepasse, AttachmentEnd::TakenBack)?;
    if let Some(address) = structures::contact_email(tx, post.structure_id)? {
        mail::send(tx, &mails::taken_back(&post, &address))?;
    }
    shown(tx, id)
}

/// Frees what a post counts for, and locks its structure and itself. The programme's line is locked already.
pub(super) fn free(tx: &mut Tx<'_>, seen: &Post) -> Result<Post> {
    commit_posts(tx, &BTreeMap::from([(seen.departement_code.clone(), -1)]))?;
    structures::lock_any(tx, seen.structure_id)?;
    lock(tx, seen.id)
}

/// Ends a locked post whose counters are freed; a structure without any other leaves the scheme.
pub(super) fn end(tx: &mut Tx<'_>, post: &Post, reason: EndReason, how: AttachmentEnd) -> Result<()> {
    posts::end(tx, post.id, reason, how)?;
    let event = match how {
        AttachmentEnd::TakenBack => PostEvent::TakenBack,
        AttachmentEnd::Returned | AttachmentEnd::Transferred => PostEvent::Returned,
    };
    emit(tx, event, post)?;
    structures::withdraw_if_empty(tx, post.structure_id)
}

fn shown(tx: &mut Tx<'_>, id: PostId) -> Result<File> {
    let post = require(&mut tx.reader(), id)?;
    Ok(file(&tx.reader(), post))
}
