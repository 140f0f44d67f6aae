//! Contracts that are to last longer.

use chrono::NaiveDate;

use super::decisions::to_structure;
use super::file::{check_extension, lock_with_post, require_not_over, shows, tell_of_change};
use super::submission::too_long;
use super::wages;
use crate::features::posts::service as posts;
use crate::features::recruitments::dto::NewExtension;
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{EXTENSION_STEPS, RecruitmentStatus, STEPS};
use crate::features::recruitments::store::extensions::{self, Extension, NewRow};
use crate::features::recruitments::store::recruitments::{self, Change};
use crate::platform::auth::can;
use crate::platform::auth::policy::Permission;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::{self, ExtensionEvent};
use crate::platform::ids::{ExtensionId, RecruitmentId};
use crate::platform::text;
use crate::platform::transitions::{Expected, POSSIBLE, Transition, after, require_version};

/// An extension with what may be done with it.
pub struct ExtensionFile {
    pub extension: Extension,
    pub shows_pay: bool,
    pub transitions: Vec<Transition>,
}

pub fn find_extension(reader: &mut Reader<'_>, id: ExtensionId) -> Result<ExtensionFile> {
    let actor = reader.actor().clone();
    let extension = extensions::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    let principal = reader.principal();
    let transitions = vec![
        Transition::new(can::validate_extension::LINE, principal, check_validate(&extension, reader.today())),
        Transition::new(
            can::refuse_extension::LINE,
            principal,
            after(EXTENSION_STEPS, extension.status, can::refuse_extension::LINE).map(|_| ()),
        ),
    ];
    Ok(ExtensionFile { extension, shows_pay: shows(&actor).pay, transitions })
}

/// Only while the contract runs, and nothing follows it yet.
fn check_validate(extension: &Extension, today: NaiveDate) -> Result<()> {
    after(EXTENSION_STEPS, extension.status, can::validate_extension::LINE)?;
    if extension.recruitment_status != RecruitmentStatus::Validated {
        after(STEPS, extension.recruitment_status, can::request_extension::LINE).map_err(|_| {
            // Of the extension, which may still be refused: not of the contract.
            Problem::new(Code::TransitionNotAllowed)
                .with("transition", can::validate_extension::LINE.operation)
                .with("status", extension.recruitment_status)
                .extension(POSSIBLE, vec![can::refuse_extension::LINE.operation])
        })?;
    }
    if extension.renewed {
        return Err(Problem::new(Code::RenewalExists));
    }
    require_not_over(Some(extension.previous_ends_on), today)
}

/// The employer asks for a later end, and maybe another salary.
pub fn request_extension(tx: &mut Tx<'_>, id: RecruitmentId, new: &NewExtension) -> Result<ExtensionFile> {
    let recruitment = lock_with_post(tx, id, None)?;
    check_extension(&recruitment, tx.today())?;
    let end = recruitment.ends_on.ok_or_else(|| Problem::new(Code::ContractOpenEnded))?;
    let salary = new.gross_monthly_salary_cents.unwrap_or(recruitment.gross_monthly_salary_cents);
    let mut faults = Vec::new();
    if new.ends_on <= end {
        faults.push(Fault::field("ends_on", FaultCode::NotAfter).with("other", end));
    }
    faults.extend(too_long(recruitment.starts_on, new.ends_on));
    if let Some(first) = end.succ_opt() {
        faults.extend(wages::fault(&mut tx.reader(), salary, first)?);
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let row = NewRow {
        id: ExtensionId::new(),
        recruitment_id: id,
        ends_on: new.ends_on,
        gross_monthly_salary_cents: salary,
        previous_ends_on: end,
        previous_gross_monthly_salary_cents: recruitment.gross_monthly_salary_cents,
    };
    extensions::insert(tx, &row)?;
    recruitments::touch(tx, id)?;
    tell_of_change(tx, id)?;
    posts::settle(tx, recruitment.post_id)?;
    told(tx, ExtensionEvent::Requested, row.id)
}

/// The contract gets its new end and salary.
pub fn validate_extension(tx: &mut Tx<'_>, id: ExtensionId, version: Option<Expected>) -> Result<ExtensionFile> {
    let extension = lock_extension(tx, id, version)?;
    check_validate(&extension, tx.today())?;
    extensions::validate(tx, id)?;
    let change = Change::Extended {
        ends_on: extension.ends_on,
        gross_monthly_salary_cents: extension.gross_monthly_salary_cents,
    };
    recruitments::change(tx, extension.recruitment_id, &change)?;
    let file = told(tx, ExtensionEvent::Validated, id)?;
    let recruitment = tell_of_change(tx, extension.recruitment_id)?;
    posts::settle(tx, recruitment.post_id)?;
    to_structure(tx, &recruitment, |to| mails::extended(&recruitment, extension.ends_on, to))?;
    Ok(file)
}

/// The contract ends as it was.
pub fn refuse_extension(
    tx: &mut Tx<'_>,
    id: ExtensionId,
    version: Option<Expected>,
    reason: &str,
) -> Result<ExtensionFile> {
    let extension = lock_extension(tx, id, version)?;
    after(EXTENSION_STEPS, extension.status, can::refuse_extension::LINE)?;
    let reason = text::canonical(reason);
    extensions::refuse(tx, id, &reason)?;
    recruitments::touch(tx, extension.recruitment_id)?;
    let file = told(tx, ExtensionEvent::Refused, id)?;
    let recruitment = tell_of_change(tx, extension.recruitment_id)?;
    posts::settle(tx, recruitment.post_id)?;
    to_structure(tx, &recruitment, |to| mails::extension_refused(&recruitment, &reason, to))?;
    Ok(file)
}

/// Locks the post, the recruitment, then the extension: the contract cannot end meanwhile.
fn lock_extension(tx: &mut Tx<'_>, id: ExtensionId, version: Option<Expected>) -> Result<Extension> {
    let actor = tx.actor().clone();
    let seen = extensions::find(tx.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, seen.version)?;
    lock_with_post(tx, seen.recruitment_id, None)?;
    let extension = extensions::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, extension.version)?;
    Ok(extension)
}

fn told(tx: &mut Tx<'_>, kind: ExtensionEvent, id: ExtensionId) -> Result<ExtensionFile> {
    let file = find_extension(&mut tx.reader(), id)?;
    tell_of_extension(tx, kind, &file.extension)?;
    Ok(file)
}

pub(super) fn tell_of_extension(tx: &mut Tx<'_>, kind: ExtensionEvent, extension: &Extension) -> Result<()> {
    let (departement, region) = (extension.departement_code.as_str(), extension.region_code.as_str());
    let place = Some((Some(extension.structure_id), departement, region));
    events::emit(tx, kind, extension.id.uuid(), place)
}
