//! A new contract on the same post, from the day after the running one.

use super::file::{File, check_renewal, lock_all, tell_of_change, told};
use super::submission::{check_terms, unique};
use crate::features::candidates::service as candidates;
use crate::features::posts::service as posts;
use crate::features::recruitments::dto::Renewal;
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{RecruitmentOrigin, Terms};
use crate::features::recruitments::store::recruitments::{self, NewRow};
use crate::platform::db::Tx;
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::RecruitmentEvent;
use crate::platform::ids::RecruitmentId;
use crate::platform::transitions::Expected;

/// Submits the renewal; it waits for its validation and for the end of the contract that it renews.
pub fn renew(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>, new: &Renewal) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    check_renewal(&locked.recruitment, tx.today())?;
    let end = locked.recruitment.ends_on.ok_or_else(|| Problem::new(Code::ContractOpenEnded))?;
    let terms = Terms {
        contract_type: new.contract_type,
        starts_on: end.succ_opt().unwrap_or(end),
        ends_on: new.ends_on,
        gross_monthly_salary_cents: new.gross_monthly_salary_cents,
    };
    check_terms(&mut tx.reader(), &terms)?;
    let row = NewRow {
        id: RecruitmentId::new(),
        post_id: locked.post.id,
        structure_id: locked.structure.id,
        candidate_id: locked.candidate.id,
        match_id: locked.recruitment.match_id,
        previous_id: Some(id),
        origin: RecruitmentOrigin::Renewal,
        waiting: true,
        phase: new.phase.unwrap_or(locked.recruitment.phase),
        coordinator: locked.recruitment.coordinator,
        terms,
        documents: unique(new.documents.as_deref().unwrap_or_default()),
        validated: false,
    };
    recruitments::insert(tx, &row)?;
    recruitments::touch(tx, id)?;
    tell_of_change(tx, id)?;
    posts::settle(tx, locked.post.id)?;
    let file = told(tx, RecruitmentEvent::Submitted, row.id)?;
    let front_url = &tx.site().front_url;
    candidates::write_to(tx, &locked.candidate, |to, leave| mails::submitted(front_url, &file.recruitment, to, leave))?;
    Ok(file)
}
