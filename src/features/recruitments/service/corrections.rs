//! A validated contract whose dates or salary were recorded wrongly is corrected by the ANCT. Posts, people, reports,
//! figures and money follow in the same transaction; what it said before is kept, so that a correction can be undone.

use chrono::NaiveDate;

use super::decisions::to_structure;
use super::file::{File, Locked, check_rectification, lock_all, told};
use super::submission::{check_terms, require_free_days, require_within_post};
use crate::features::posts::service as posts;
use crate::features::recruitments::dto::Rectification;
use crate::features::recruitments::mails;
use crate::features::recruitments::model::{ContractType, RecruitmentOrigin, Terms};
use crate::features::recruitments::store::counsellors;
use crate::features::recruitments::store::recruitments::{self, Change, Recruitment};
use crate::features::recruitments::store::rectifications;
use crate::platform::db::Tx;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::events::RecruitmentEvent;
use crate::platform::ids::RecruitmentId;
use crate::platform::text;
use crate::platform::transitions::Expected;

/// Corrects what a validated contract says; absent members stay.
pub fn rectify(tx: &mut Tx<'_>, id: RecruitmentId, version: Option<Expected>, wanted: &Rectification) -> Result<File> {
    let locked = lock_all(tx, id, version)?;
    let before = &locked.recruitment;
    check_rectification(before)?;
    let terms = terms(before, wanted);
    let ended_on = wanted.ended_on.or(before.ended_on);
    check(tx, &locked, &terms, wanted, ended_on)?;
    let reason = text::canonical(&wanted.reason);
    rectifications::insert(tx, before, &reason)?;
    recruitments::change(tx, id, &Change::Rectified { terms: &terms, ended_on })?;
    follow(tx, &locked, &terms, ended_on)?;
    let file = told(tx, RecruitmentEvent::Rectified, id)?;
    to_structure(tx, &file.recruitment, |to| mails::rectified(&file.recruitment, &reason, to))?;
    Ok(file)
}

fn terms(before: &Recruitment, wanted: &Rectification) -> Terms {
    Terms {
        contract_type: before.contract_type,
        starts_on: wanted.starts_on.unwrap_or(before.starts_on),
        ends_on: wanted.ends_on.or(before.ends_on),
        gross_monthly_salary_cents: wanted.gross_monthly_salary_cents.unwrap_or(before.gross_monthly_salary_cents),
    }
}

/// The same rules as at the submission, and the contract's place between those before and after it.
fn check(
    tx: &mut Tx<'_>,
    locked: &Locked,
    terms: &Terms,
    wanted: &Rectification,
    ended_on: Option<NaiveDate>,
) -> Result<()> {
    let before = &locked.recruitment;
    let fault = |field, code, name: &'static str, day: NaiveDate| {
        Err(Problem::invalid(vec![Fault::field(field, code).with(name, day)]))
    };
    if wanted.ended_on.is_some() && before.ended_on.is_none() {
        let fault = Fault::field("ended_on", FaultCode::MustBeEmpty).with("because", before.status.as_str());
        return Err(Problem::invalid(vec![fault]));
    }
    if before.origin != RecruitmentOrigin::New && terms.starts_on != before.starts_on {
        return fault("starts_on", FaultCode::FollowsPrevious, "date", before.starts_on);
    }
    if before.renewal_id.is_some() && terms.ends_on != before.ends_on {
        return Err(Problem::new(Code::RenewalExists));
    }
    if terms.contract_type == ContractType::Cdi && wanted.ends_on.is_some() {
        let fault = Fault::field("ends_on", FaultCode::MustBeEmpty).with("because", "contract_type = cdi");
        return Err(Problem::invalid(vec![fault]));
    }
    check_terms(&mut tx.reader(), terms)?;
    if before.origin == RecruitmentOrigin::New && terms.starts_on != before.starts_on {
        require_within_post(tx, &locked.post, terms)?;
    }
    let last = before.terminates_on.filter(|_| before.ended_on.is_none());
    if let Some(day) = ended_on.or(last).filter(|day| *day < terms.starts_on) {
        return fault("starts_on", FaultCode::TooLarge, "limit", day);
    }
    if let Some(end) = ended_on {
        let latest = terms.ends_on.map_or(tx.today(), |end| end.min(tx.today()));
        if end > latest {
            return fault("ended_on", FaultCode::TooLarge, "limit", latest);
        }
    }
    let days = Terms { ends_on: ended_on.or(terms.ends_on), ..terms.clone() };
    require_free_days(tx, (before.post_id, before.candidate_id), &days, Some(before.id))
}

/// What hangs on the dates: the post and the person of a contract that runs, the last day of one who has left.
fn follow(tx: &mut Tx<'_>, locked: &Locked, terms: &Terms, ended_on: Option<NaiveDate>) -> Result<()> {
    let before = &locked.recruitment;
    tx.as_service(|tx| counsellors::rectify(tx, before, terms.starts_on, ended_on))?;
    if before.ended_on.is_none() && !before.waiting {
        posts::refill(tx, &locked.post)?;
    }
    posts::settle(tx, locked.post.id)
}
