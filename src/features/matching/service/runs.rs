//! Runs of the matching.

use chrono::TimeDelta;

use super::endings::end_all;
use crate::features::candidates::service as candidates;
use crate::features::matching::dto::NewMatchingRun;
use crate::features::matching::mails;
use crate::features::matching::model::{ANSWER_DAYS, Target};
use crate::features::matching::store::runs::{self, NewRun, Proposal, Run};
use crate::features::structures::service as structures;
use crate::platform::auth::Actor;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{FaultCode, Named, Problem, Result};
use crate::platform::ids::MatchingRunId;
use crate::platform::mail;

/// Proposals that the answer of a run shows.
const SHOWN: i64 = 200;
/// Letters written in one statement.
const BATCH: usize = 500;

/// A run with the first of its proposals.
pub struct RunFile {
    pub run: Run,
    pub proposals: Vec<Proposal>,
}

pub fn find_run(reader: &mut Reader<'_>, id: MatchingRunId) -> Result<RunFile> {
    let actor = reader.actor().clone();
    let run = runs::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    Ok(RunFile { run, proposals: Vec::new() })
}

/// What the caller may run the matching over: the ANCT anything, an employer its own structure.
pub fn target_of(tx: &mut Tx<'_>, asked: &NewMatchingRun) -> Result<Target> {
    let unknown = |field: &str| Problem::invalid_field(field, FaultCode::UnknownId);
    let target = asked.target().ok_or_else(|| Problem::invalid_field("candidate_id", FaultCode::OneTargetOnly))?;
    match (tx.actor().clone(), target) {
        (Actor::Employer(own), Target::Country) => Ok(Target::Structure(own)),
        (Actor::Employer(own), Target::Structure(id)) if id == own => Ok(target),
        (Actor::Employer(_), Target::Structure(_)) => Err(unknown("structure_id")),
        (Actor::Employer(_), Target::Candidate(_)) => Err(unknown("candidate_id")),
        (_, Target::Structure(id)) => {
            structures::require(&mut tx.reader(), id).map(|_| target).named_by("structure_id")
        }
        (_, Target::Candidate(id)) => {
            candidates::require(&mut tx.reader(), id).map(|_| target).named_by("candidate_id")
        }
        (_, Target::Country) => Ok(target),
    }
}

/// Ends what has no future, proposes the best pairs, writes the report and the letters: all or nothing.
pub fn run(tx: &mut Tx<'_>, target: Target) -> Result<RunFile> {
    let (role, expires_on) = (tx.actor().name(), tx.today() + TimeDelta::days(ANSWER_DAYS));
    let id = MatchingRunId::new();
    let proposals = tx.as_service(|tx| {
        runs::lock_alone(tx)?;
        let (expired, closed) = end_all(tx, target)?;
        let cap = runs::match_cap(tx.conn())?;
        let pools = runs::gather(tx, target, cap)?;
        runs::choose(tx)?;
        runs::insert(tx, &NewRun { id, target, cap, pools, expired, closed, role })?;
        if runs::propose(tx, id, expires_on)? > 0 {
            write_letters(tx, id)?;
        }
        runs::chosen(tx, SHOWN)
    })?;
    let actor = tx.actor().clone();
    let run =
        runs::find(tx.conn(), &actor, id)?.ok_or_else(|| Problem::internal("a run that its caller may not see"))?;
    Ok(RunFile { run, proposals })
}

/// One letter a candidate and a structure, however many proposals it has. Their texts are made batch by batch: all at
/// once they would fill the memory.
fn write_letters(tx: &mut Tx<'_>, run: MatchingRunId) -> Result<()> {
    let front_url = &tx.site().front_url;
    for letters in runs::letters_to_candidates(tx, run)?.chunks(BATCH) {
        let ids: Vec<_> = letters.iter().map(|letter| letter.candidate_id).collect();
        let tokens = candidates::leave_tokens(tx, &ids)?;
        let emails: Vec<_> = letters
            .iter()
            .zip(&tokens)
            .map(|(letter, token)| mails::proposed_to_candidate(front_url, letter, token))
            .collect();
        mail::send_all(tx, &emails)?;
    }
    for notices in runs::notices_to_structures(tx, run)?.chunks(BATCH) {
        let emails: Vec<_> = notices.iter().map(|notice| mails::proposed_to_structure(front_url, notice)).collect();
        mail::send_all(tx, &emails)?;
    }
    Ok(())
}
