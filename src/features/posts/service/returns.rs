//! Giving posts back: the employer asks, the ANCT decides.

use super::facts::{lock_programme, tell_of_change};
use super::file::{check_return_request, lock, require, require_free};
use super::moves::{end, free};
use crate::features::posts::mails;
use crate::features::posts::model::{AttachmentEnd, RETURN_STEPS, ReturnReason};
use crate::features::posts::store::posts;
use crate::features::posts::store::returns::{self, PostReturn};
use crate::features::structures::service as structures;
use crate::platform::auth::{can, policy::Permission};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Named, Problem, Result};
use crate::platform::events::{self, PostReturnEvent};
use crate::platform::ids::{PostId, PostReturnId};
use crate::platform::transitions::{Expected, Transition, after, require_version};
use crate::platform::{mail, text};

/// A request with what may be done with it.
pub struct ReturnFile {
    pub request: PostReturn,
    pub transitions: Vec<Transition>,
}

pub fn find_return(reader: &mut Reader<'_>, id: PostReturnId) -> Result<ReturnFile> {
    let reach = reader.reach();
    let request = returns::find(reader.conn(), &reach, id)?.ok_or_else(Problem::not_found)?;
    let principal = reader.principal();
    let transitions = vec![
        Transition::new(can::accept_post_return::LINE, principal, check_accept(&request)),
        Transition::new(can::refuse_post_return::LINE, principal, check_refuse(&request)),
    ];
    Ok(ReturnFile { request, transitions })
}

fn check_accept(request: &PostReturn) -> Result<()> {
    after(RETURN_STEPS, request.status, can::accept_post_return::LINE)?;
    require_free(request.post_status, request.post_available)
}

fn check_refuse(request: &PostReturn) -> Result<()> {
    after(RETURN_STEPS, request.status, can::refuse_post_return::LINE).map(|_| ())
}

/// The employer asks to give a vacant post back.
pub fn request_return(
    tx: &mut Tx<'_>,
    post: PostId,
    reason: ReturnReason,
    comment: Option<&str>,
) -> Result<ReturnFile> {
    require(&mut tx.reader(), post).named_by("post_id")?;
    let post = lock(tx, post).named_by("post_id")?;
    check_return_request(&post)?;
    let id = PostReturnId::new();
    let comment = comment.map(text::canonical);
    returns::insert(tx, id, post.id, post.structure_id, reason, comment.as_deref())?;
    // The post shows that its return is pending.
    posts::touch(tx, post.id)?;
    tell_of_change(tx, post.id)?;
    told(tx, PostReturnEvent::Requested, id)
}

/// The post goes back to the programme.
pub fn accept_return(tx: &mut Tx<'_>, id: PostReturnId, version: Option<Expected>) -> Result<ReturnFile> {
    // Nothing moves a post without this lock: what is read after it stays.
    lock_programme(tx)?;
    let seen = require_return(tx, id, version)?;
    check_accept(&seen)?;
    let post = require(&mut tx.reader(), seen.post_id)?;
    let post = free(tx, &post)?;
    returns::lock(tx, &tx.reach(), id)?;
    let request = require_return(tx, id, version)?;
    check_accept(&request)?;
    returns::accept(tx, id)?;
    end(tx, &post, request.reason.into(), AttachmentEnd::Returned)?;
    if let Some(address) = structures::contact_email(tx, request.structure_id)? {
        mail::send(tx, &mails::return_accepted(&request, &address))?;
    }
    told(tx, PostReturnEvent::Accepted, id)
}

/// The post stays with its structure.
pub fn refuse_return(tx: &mut Tx<'_>, id: PostReturnId, version: Option<Expected>, reason: &str) -> Result<ReturnFile> {
    let post = require_return(tx, id, version)?.post_id;
    lock(tx, post)?;
    returns::lock(tx, &tx.reach(), id)?;
    let request = require_return(tx, id, version)?;
    check_refuse(&request)?;
    let reason = text::canonical(reason);
    returns::refuse(tx, id, &reason)?;
    posts::touch(tx, post)?;
    tell_of_change(tx, post)?;
    if let Some(address) = structures::contact_email(tx, request.structure_id)? {
        mail::send(tx, &mails::return_refused(&request, &address, &reason))?;
    }
    told(tx, PostReturnEvent::Refused, id)
}

/// A request whose locked post is moved or taken back has lost its object.
pub(super) fn settle_pending(tx: &mut Tx<'_>, post: PostId, reason: &str) -> Result<()> {
    let Some(request) = returns::pending(tx, post)? else { return Ok(()) };
    returns::refuse(tx, request.id, reason)?;
    emit(tx, PostReturnEvent::Refused, &request)
}

fn require_return(tx: &mut Tx<'_>, id: PostReturnId, version: Option<Expected>) -> Result<PostReturn> {
    let reach = tx.reach();
    let request = returns::find(tx.conn(), &reach, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, request.version)?;
    Ok(request)
}

fn told(tx: &mut Tx<'_>, kind: PostReturnEvent, id: PostReturnId) -> Result<ReturnFile> {
    let file = find_return(&mut tx.reader(), id)?;
    emit(tx, kind, &file.request)?;
    Ok(file)
}

fn emit(tx: &mut Tx<'_>, kind: PostReturnEvent, request: &PostReturn) -> Result<()> {
    let place = Some((Some(request.structure_id), request.departement_code.as_str(), request.region_code.as_str()));
    events::emit(tx, kind, request.id.uuid(), place)
}
