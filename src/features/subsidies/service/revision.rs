//! What follows for money from what happens to posts, contracts and people: what is agreed, which instalments fall due,
//! what is asked back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeDelta};
use uuid::Uuid;

use super::borrowings;
use crate::features::structures::service as structures;
use crate::features::subsidies::mails;
use crate::features::subsidies::model::{
    Added, Condition, CreditReason, InstalmentStatus, LedgerKind, Next, Open, PlanLine, Revision, Standing, revise,
    worked,
};
use crate::features::subsidies::store::covered::{self, Contract, Covered};
use crate::features::subsidies::store::instalments::{self, Live, Owner};
use crate::features::subsidies::store::ledger::{self, About};
use crate::features::subsidies::store::scales::{self, PlanRow, parse_all};
use crate::features::subsidies::store::{agreements, credits, envelopes};
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Problem, Result};
use crate::platform::events::{
    self, AgreementEvent, CreditNoteEvent, EnrolmentEvent, InstalmentEvent, Kind, PostEvent, RecruitmentEvent, Told,
};
use crate::platform::ids::{AgreementId, CreditNoteId, InstalmentId, SubsidyScaleId};
use crate::platform::mail;

/// Whether money may be owed otherwise than before.
fn moves_money(told: &Told) -> bool {
    matches!(
        told.kind,
        Kind::Post(
            PostEvent::Granted
                | PostEvent::Transferred
                | PostEvent::Returned
                | PostEvent::TakenBack
                | PostEvent::Vacated
        ) | Kind::Recruitment(
            RecruitmentEvent::Validated
                | RecruitmentEvent::Begun
                | RecruitmentEvent::Refused
                | RecruitmentEvent::Cancelled
                | RecruitmentEvent::Changed
                | RecruitmentEvent::Rectified
                | RecruitmentEvent::TerminationRequested
                | RecruitmentEvent::TerminationCancelled
                | RecruitmentEvent::Terminated
                | RecruitmentEvent::Completed
        ) | Kind::BankDetails(_)
            | Kind::Enrolment(
                EnrolmentEvent::Completed | EnrolmentEvent::Exempted | EnrolmentEvent::AttendanceRecorded
            )
    )
}

/// Acts on what happened to posts, contracts, enrolments and whatever else agreements show, in the transaction in which it
/// happened.
pub fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    let about: BTreeSet<Uuid> = told.iter().filter(|told| moves_money(told)).map(|told| told.id).collect();
    if !about.is_empty() {
        let is_rectified = |told: &&Told| told.kind == Kind::Recruitment(RecruitmentEvent::Rectified);
        let rectified: Vec<Uuid> = told.iter().filter(is_rectified).map(|told| told.id).collect();
        follow_posts(tx, &about.into_iter().collect::<Vec<_>>(), &rectified)?;
    }
    borrowings::follow(tx, told)
}

fn follow_posts(tx: &mut Tx<'_>, about: &[Uuid], rectified: &[Uuid]) -> Result<()> {
    let posts = covered::posts_of(tx.conn(), about)?;
    let ids = agreements::in_force(tx.conn(), Some(&posts))?;
    agreements::lock_all(tx, &ids)?;
    // What a wrong date had taken away was agreed once.
    let rectified = covered::posts_of(tx.conn(), rectified)?;
    revise_locked(tx, &ids, &Rise::Of(rectified))?;
    // Instalments show who missed a training.
    for row in instalments::with_absences(tx.conn(), &posts)? {
        let place = Some((Some(row.structure_id), row.departement_code.as_str(), row.region_code.as_str()));
        events::emit(tx, InstalmentEvent::Changed, row.id.uuid(), place)?;
    }
    Ok(())
}

/// What an agreement shows has changed, beside what other events tell.
pub(super) fn tell_of_agreement(tx: &mut Tx<'_>, id: AgreementId) -> Result<()> {
    let agreement = agreements::find(tx.conn(), &Actor::System, id)?.ok_or_else(Problem::not_found)?;
    let (departement, region) = (agreement.departement_code.as_str(), agreement.region_code.as_str());
    let place = Some((Some(agreement.structure_id), departement, region));
    events::emit(tx, AgreementEvent::Changed, id.uuid(), place)
}

/// Revises every agreement that has something to pay: months go by without anything happening. Once a night; tells how
/// many instalments fell due.
pub fn settle_all(tx: &mut Tx<'_>) -> Result<usize> {
    let ids = agreements::in_force(tx.conn(), None)?;
    agreements::lock_all(tx, &ids)?;
    let due = revise_locked(tx, &ids, &Rise::None)?;
    // A scale may be in force from today on.
    let ids = agreements::estimated(tx.conn())?;
    borrowings::refresh(tx, &ids)?;
    Ok(due)
}

/// Where posts under agreements stand, by post under agreement.
pub(super) fn standings(covered: &[Covered], contracts: &[Contract], today: NaiveDate) -> Vec<Standing> {
    let mut by_key: BTreeMap<Uuid, Vec<&Contract>> = BTreeMap::new();
    for contract in contracts {
        by_key.entry(contract.key).or_default().push(contract);
    }
    let none = Vec::new();
    covered
        .iter()
        .map(|post| {
            let contracts = by_key.get(&post.id.uuid()).unwrap_or(&none);
            Standing {
                term: post.term_thirtieths,
                worked_before: post.worked_before_thirtieths,
                full_cents: post.full_cents,
                agreed_cents: post.amount_cents,
                paid_cents: post.paid_cents,
                credited_cents: post.credited_cents,
                has_left: post.has_left,
                ..standing(contracts, today)
            }
        })
        .collect()
}

/// What contracts alone tell, oldest first.
pub(super) fn standing(contracts: &[&Contract], today: NaiveDate) -> Standing {
    let until = |contract: &Contract| contract.last_on.map_or(today, |last| last.min(today));
    let times: Vec<(NaiveDate, NaiveDate)> = contracts
        .iter()
        .filter(|contract| contract.starts_on <= until(contract))
        .map(|contract| (contract.starts_on, until(contract)))
        .collect();
    // The running contract goes on those that it follows without a day between.
    let running = contracts.iter().find(|contract| contract.running);
    let last = running.or(contracts.last());
    let since = running.map(|running| {
        times.iter().rev().fold(
            running.starts_on,
            |since, (first, last)| {
                if *last + TimeDelta::days(1) == since { *first } else { since }
            },
        )
    });
    let before: Vec<(NaiveDate, NaiveDate)> =
        times.iter().filter(|(first, _)| since.is_some_and(|since| *first < since)).copied().collect();
    Standing {
        term: 1,
        worked_before: 0,
        worked: worked(&times),
        full_cents: 0,
        agreed_cents: 0,
        paid_cents: 0,
        credited_cents: 0,
        running_since: since,
        worked_before_running: worked(&before),
        has_ended: contracts.iter().any(|contract| !contract.running),
        has_left: false,
        is_trained: last.is_some_and(|contract| contract.trained),
        has_begun: since.is_some_and(|since| since <= today),
        is_succeeded: last
            .is_some_and(|last| contracts.iter().any(|earlier| earlier.candidate_id != last.candidate_id)),
        termination_waits: running.is_some_and(|contract| contract.termination_waits),
    }
}

/// The plan of a base with its bonus: amounts of one rank add up, under the conditions of the base.
pub(super) fn plan(rows: &[PlanRow], base: SubsidyScaleId, bonus: Option<SubsidyScaleId>) -> Result<Vec<PlanLine>> {
    let mut lines: Vec<PlanLine> =
        rows.iter().filter(|row| row.scale_id == base).map(PlanRow::line).collect::<Result<_>>()?;
    for row in rows.iter().filter(|row| Some(row.scale_id) == bonus) {
        match lines.iter_mut().find(|line| line.rank == row.rank) {
            Some(line) => line.amount_cents += row.amount_cents,
            None => lines.push(row.line()?),
        }
    }
    lines.sort_by_key(|line| line.rank);
    Ok(lines)
}

pub(super) fn owner(post: &Covered) -> Owner {
    Owner {
        agreement_id: post.agreement_id,
        agreement_post_id: post.id,
        structure_id: post.structure_id,
        post_id: post.post_id,
        phase: post.phase,
    }
}

/// Of which posts more may be agreed than before.
pub(super) enum Rise {
    None,
    /// By signature or amendment.
    All,
    /// Where a correction of the past gives back what a wrong date had taken.
    Of(Vec<Uuid>),
}

impl Rise {
    fn of(&self, post: &Covered) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Of(posts) => posts.contains(&post.post_id.uuid()),
        }
    }
}

/// Revises agreements whose rows are locked. Tells how many instalments fell due.
pub(super) fn revise_locked(tx: &mut Tx<'_>, ids: &[AgreementId], rise: &Rise) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let today = tx.today();
    let posts = covered::of_agreements(tx.conn(), ids)?;
    let contracts = covered::contracts(tx.conn(), &posts.iter().map(|post| post.id).collect::<Vec<_>>())?;
    let scales: BTreeSet<Uuid> = posts
        .iter()
        .flat_map(|post| [Some(post.scale_id), post.bonus_scale_id])
        .flatten()
        .map(|id| id.uuid())
        .collect();
    let scales: Vec<SubsidyScaleId> = scales.into_iter().map(SubsidyScaleId::from_uuid).collect();
    let plans = scales::plans(tx.conn(), &scales)?;
    let mut live: BTreeMap<Uuid, Vec<Live>> = BTreeMap::new();
    for instalment in instalments::live(tx.conn(), ids)? {
        live.entry(instalment.agreement_post_id.uuid()).or_default().push(instalment);
    }
    let ranks = instalments::ranks(tx.conn(), &posts.iter().map(|post| post.post_id.uuid()).collect::<Vec<_>>())?;
    let mut books = Books::default();
    for (post, standing) in posts.iter().zip(standings(&posts, &contracts, today)) {
        let own = live.remove(&post.id.uuid()).unwrap_or_default();
        let is_open =
            |instalment: &&Live| matches!(instalment.status, InstalmentStatus::Planned | InstalmentStatus::Due);
        let open: Vec<Open> = own.iter().filter(is_open).map(open).collect::<Result<_>>()?;
        let ordered: i64 = own
            .iter()
            .filter(|instalment| instalment.status == InstalmentStatus::Ordered)
            .map(|instalment| instalment.amount_cents)
            .sum();
        let taken: Vec<i32> = ranks
            .iter()
            .filter(|(id, phase, rank)| {
                *id == post.post_id && *phase == post.phase && !open.iter().any(|open| open.rank == *rank)
            })
            .map(|(_, _, rank)| *rank)
            .collect();
        let plan = plan(&plans, post.scale_id, post.bonus_scale_id)?;
        let may_rise = rise.of(post) && post.removed_on.is_none();
        let revision = revise(&standing, &plan, &open, &taken, ordered, may_rise);
        apply(tx, post, &own, &revision, &mut books)?;
    }
    books.close(tx)
}

fn open(instalment: &Live) -> Result<Open> {
    Ok(Open {
        id: instalment.id,
        rank: instalment.rank,
        amount_cents: instalment.amount_cents,
        conditions: parse_all(&instalment.conditions)?,
        months_elapsed: instalment.months_elapsed,
        settlement: instalment.settlement,
        due: instalment.status == InstalmentStatus::Due,
        account_refused: instalment.account_refused,
        waived: parse_all(&instalment.waived)?,
    })
}

/// What has been booked, to be added to agreements and envelope at the end.
#[derive(Default)]
struct Books {
    agreements: BTreeMap<Uuid, (i64, i64)>,
    due: usize,
}

impl Books {
    fn add(&mut self, post: &Covered, agreed: i64, credited: i64) {
        let sums = self.agreements.entry(post.agreement_id.uuid()).or_default();
        sums.0 += agreed;
        sums.1 += credited;
    }

    /// The envelope comes last: its line is the one that all others wait for.
    fn close(self, tx: &mut Tx<'_>) -> Result<usize> {
        let (mut committed, mut credited) = (0, 0);
        for (id, (agreed, credit)) in &self.agreements {
            agreements::book(tx, AgreementId::from_uuid(*id), *agreed, 0, *credit)?;
            tell_of_agreement(tx, AgreementId::from_uuid(*id))?;
            committed += agreed;
            credited += credit;
        }
        envelopes::book(tx, committed, -credited)?;
        Ok(self.due)
    }
}

fn apply(tx: &mut Tx<'_>, post: &Covered, own: &[Live], revision: &Revision, books: &mut Books) -> Result<()> {
    let (owner, today) = (owner(post), tx.today());
    let risen = revision.agreed_cents - post.amount_cents;
    if risen != 0 || revision.credit_cents != 0 {
        covered::book(tx, post.id, risen, 0, revision.credit_cents)?;
        books.add(post, risen, revision.credit_cents);
    }
    if risen != 0 {
        ledger::book(tx, LedgerKind::Commitment, risen, &owner, About::default(), today)?;
    }
    if revision.credit_cents != 0 {
        issue_credit(tx, post, revision.credit_cents)?;
    }
    if post.has_left {
        covered::remove(tx, post.id)?;
    }
    for next in &revision.next {
        if let Some(before) = own.iter().find(|instalment| instalment.id == next.id) {
            change(tx, post, before, next, books)?;
        }
    }
    for added in &revision.added {
        plan_one(tx, post, &owner, added, books)?;
    }
    Ok(())
}

fn plan_one(tx: &mut Tx<'_>, post: &Covered, owner: &Owner, added: &Added, books: &mut Books) -> Result<()> {
    let id = InstalmentId::new();
    instalments::insert(tx, id, owner, added)?;
    tell(tx, post, InstalmentEvent::Planned, id)?;
    if added.unmet.is_empty() {
        books.due += 1;
        tell(tx, post, InstalmentEvent::FellDue, id)?;
    }
    Ok(())
}

fn change(tx: &mut Tx<'_>, post: &Covered, before: &Live, next: &Next, books: &mut Books) -> Result<()> {
    if next.amount_cents <= before.offset_cents {
        release(tx, before)?;
    }
    if next.amount_cents == 0 {
        instalments::cancel(tx, next.id)?;
        return tell(tx, post, InstalmentEvent::Cancelled, next.id);
    }
    let was_due = before.status == InstalmentStatus::Due;
    let names =
        |conditions: &[Condition]| -> Vec<String> { conditions.iter().map(|c| c.as_str().to_owned()).collect() };
    let unmet = names(&next.unmet);
    let changed = next.amount_cents != before.amount_cents
        || next.settlement != before.settlement
        || names(&next.conditions) != before.conditions;
    if !changed && unmet == before.unmet && next.expected_on == before.expected_on && was_due == unmet.is_empty() {
        return Ok(());
    }
    instalments::revise(tx, next)?;
    if !was_due && unmet.is_empty() {
        books.due += 1;
        return tell(tx, post, InstalmentEvent::FellDue, next.id);
    }
    tell(tx, post, InstalmentEvent::Changed, next.id)
}

/// Credit notes that an instalment was to settle are owed again.
fn release(tx: &mut Tx<'_>, instalment: &Live) -> Result<()> {
    if instalment.offset_cents == 0 {
        return Ok(());
    }
    instalments::set_offset(tx, instalment.id, 0)?;
    for note in credits::offset_against(tx.conn(), instalment.id)? {
        credits::release(tx, note.id)?;
        let place = Some((Some(note.structure_id), note.departement_code.as_str(), note.region_code.as_str()));
        let id = note.id.uuid();
        events::emit(tx, CreditNoteEvent::Released, id, place)?;
    }
    Ok(())
}

/// Asks back what was paid beyond what is agreed. The sums are the caller's.
pub(super) fn issue_credit(tx: &mut Tx<'_>, post: &Covered, cents: i64) -> Result<()> {
    let (owner, today) = (owner(post), tx.today());
    let id = CreditNoteId::new();
    let reason = if post.has_left { CreditReason::PostLeft } else { CreditReason::ContractEnded };
    credits::insert(tx, id, &owner, cents, reason)?;
    ledger::book(tx, LedgerKind::Credit, cents, &owner, About { credit_note: Some(id), ..About::default() }, today)?;
    let place = Some((Some(post.structure_id), post.departement_code.as_str(), post.region_code.as_str()));
    events::emit(tx, CreditNoteEvent::Issued, id.uuid(), place)?;
    if let Some(address) = tx.as_service(|tx| structures::contact_email(tx, post.structure_id))? {
        mail::send(tx, &mails::credit_issued(id, &post.post_reference, cents, reason, &address))?;
    }
    Ok(())
}

pub(super) fn tell(tx: &mut Tx<'_>, post: &Covered, kind: InstalmentEvent, id: InstalmentId) -> Result<()> {
    let place = Some((Some(post.structure_id), post.departement_code.as_str(), post.region_code.as_str()));
    events::emit(tx, kind, id.uuid(), place)
}
