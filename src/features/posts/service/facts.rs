//! What the features above ask of posts: the counters, the granting, who holds how many.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::PgConnection;
use serde_json::json;

use super::file::{emit, lock, not_vacant, require_free};
use crate::features::posts::model::{Phase, PostStatus, STEPS, recruitment_deadline};
use crate::features::posts::store::counters;
pub use crate::features::posts::store::counters::Programme;
use crate::features::posts::store::posts::{self, Common, Post};
use crate::features::structures::service as structures;
use crate::platform::auth::Reach;
use crate::platform::codes::DepartementCode;
use crate::platform::db::Tx;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events;
use crate::platform::events::PostEvent;
use crate::platform::ids::{ApplicationId, PostId, ReservationId, StructureId, uuids};
use crate::platform::transitions::after;

/// Posts granted together to one structure.
#[derive(Clone, Debug)]
pub struct Grant {
    pub structure_id: StructureId,
    pub application_id: ApplicationId,
    /// The reservation that they are taken from.
    pub reservation_id: Option<ReservationId>,
    pub count: i32,
    pub wave: i32,
    pub phase: Phase,
    pub coordinator: bool,
    /// Last day to recruit.
    pub deadline: NaiveDate,
    pub granted_on: NaiveDate,
}

/// Locks the programme's line: first of all locks, before any post is granted, moved, reserved or freed.
pub fn lock_programme(tx: &mut Tx<'_>) -> Result<Programme> {
    counters::lock_programme(tx)
}

/// Adds to (or takes from) what the programme and the départements have committed.
///
/// Locks the programme, then the allotments in order of code. Nothing changes when the cap or a ceiling would be
/// overrun.
pub fn commit_posts(tx: &mut Tx<'_>, deltas: &BTreeMap<DepartementCode, i32>) -> Result<()> {
    let programme = counters::lock_programme(tx)?;
    let deltas: BTreeMap<&str, i32> =
        deltas.iter().filter(|(_, delta)| **delta != 0).map(|(code, delta)| (code.as_str(), *delta)).collect();
    if deltas.is_empty() {
        return Ok(());
    }
    let known = counters::lock_allotments(tx, deltas.keys().map(|code| DepartementCode::from(*code)).collect())?;
    let total = deltas.values().fold(0i32, |sum, delta| sum.saturating_add(*delta));
    if total > 0 && programme.posts_committed.saturating_add(total) > programme.posts_cap {
        return Err(Problem::new(Code::ProgrammeCapExceeded)
            .with("cap", programme.posts_cap)
            .with("committed", programme.posts_committed)
            .with("asked", total));
    }
    let over: Vec<serde_json::Value> = known
        .iter()
        .filter_map(|allotment| {
            let (ceiling, asked) = (allotment.posts_ceiling?, *deltas.get(allotment.departement_code.as_str())?);
            let exceeds = asked > 0 && allotment.posts_committed.saturating_add(asked) > ceiling;
            exceeds.then(|| {
                json!({"code": allotment.departement_code, "ceiling": ceiling,
                    "committed": allotment.posts_committed, "asked": asked})
            })
        })
        .collect();
    if !over.is_empty() {
        return Err(Problem::new(Code::AllotmentExceeded).extension("departements", over));
    }
    counters::commit(tx, total, &deltas)
}

/// Makes the posts of a grant, attaches them and tells of them. The counters are the caller's, through [`commit_posts`].
pub fn grant(tx: &mut Tx<'_>, grant: &Grant) -> Result<Vec<PostId>> {
    if grant.count < 1 {
        return Ok(Vec::new());
    }
    let structure = structures::lock_any(tx, grant.structure_id)?;
    let ids: Vec<PostId> = (0..grant.count).map(|_| PostId::new()).collect();
    let common = Common {
        structure_id: grant.structure_id,
        application_id: grant.application_id,
        reservation_id: grant.reservation_id,
        granted_on: grant.granted_on,
        wave: grant.wave,
        phase: grant.phase,
        coordinator: grant.coordinator,
        recruitment_deadline: grant.deadline,
    };
    posts::insert(tx, &ids, &common)?;
    let resources = uuids(&ids);
    let place = Some((Some(structure.id), structure.departement_code.as_str(), structure.region_code.as_str()));
    events::emit_all(tx, PostEvent::Granted, &resources, place)?;
    Ok(ids)
}

/// Takes a vacant post of the caller's own for a recruitment that is submitted: nobody else gets it meanwhile.
pub fn hold(tx: &mut Tx<'_>, id: PostId) -> Result<Post> {
    let post = lock(tx, id)?;
    require_free(post.status, post.available)?;
    posts::set_available(tx, id, false)?;
    emit(tx, PostEvent::Changed, &post)?;
    Ok(post)
}

/// Locks a post whatever the caller's reach: for rules that look beyond it.
pub fn lock_any(tx: &mut Tx<'_>, id: PostId) -> Result<Post> {
    posts::lock(tx, &Reach::Country, id)?.ok_or_else(Problem::not_found)
}

/// The contract on a locked post has changed: whether it may move with the post, and with it the post's version.
pub fn settle(tx: &mut Tx<'_>, id: PostId) -> Result<()> {
    posts::settle(tx, id)?;
    tell_of_change(tx, id)
}

/// What the post shows has changed, beside what other events tell.
pub(super) fn tell_of_change(tx: &mut Tx<'_>, id: PostId) -> Result<()> {
    let today = tx.today();
    let post = posts::find(tx.conn(), &Reach::Country, today, id)?.ok_or_else(Problem::not_found)?;
    emit(tx, PostEvent::Changed, &post)
}

/// The recruitment that held a locked, vacant post came to nothing.
pub fn release(tx: &mut Tx<'_>, id: PostId) -> Result<()> {
    posts::set_available(tx, id, true)?;
    tell_of_change(tx, id)
}

/// The recruitment that holds a locked post is validated: occupied from its first day on, filled until then.
pub fn fill(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    after(STEPS, post.status, "fill").map_err(|_| not_vacant(post.status.as_str(), post.status))?;
    let begun = posts::fill(tx, post.id)?;
    emit(tx, if begun { PostEvent::Occupied } else { PostEvent::Changed }, post)
}

/// The first day of the contract on a locked post has come.
pub fn begin(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    if post.status == PostStatus::Occupied {
        return settle(tx, post.id);
    }
    after(STEPS, post.status, "occupy")?;
    posts::fill(tx, post.id)?;
    settle(tx, post.id)?;
    emit(tx, PostEvent::Occupied, post)
}

/// The days of the contract on a locked post were corrected: filled or occupied by what they are now.
pub fn refill(tx: &mut Tx<'_>, post: &Post) -> Result<()> {
    posts::fill(tx, post.id)?;
    emit(tx, PostEvent::Changed, post)
}

/// First day on which the structure of a post holds it.
pub fn held_since(tx: &mut Tx<'_>, post: &Post) -> Result<NaiveDate> {
    Ok(posts::attached_since(tx.conn(), post.id)?.unwrap_or(post.granted_on).max(post.granted_on))
}

/// The last day of the recruitment on a locked post was `on`: the structure gets as long as at first to find somebody
/// else, from then or from today on. Held at once where a renewal waits for its validation.
pub fn vacate(tx: &mut Tx<'_>, post: &Post, on: NaiveDate, held: bool) -> Result<()> {
    after(STEPS, post.status, "vacate")?;
    // A decision that comes late takes nothing from the time to find somebody else.
    posts::vacate(tx, post.id, recruitment_deadline(on.max(tx.today())), !held)?;
    emit(tx, PostEvent::Vacated, post)
}

/// Posts that a structure holds: vacant or occupied.
pub fn live_posts(conn: &mut PgConnection, structure: StructureId) -> Result<i64> {
    posts::count_live(conn, structure)
}
