//! What a post gives right to, and what its instalments become when something happens to it. Pure: the same facts always
//! give the same result.

use chrono::NaiveDate;

use super::{Condition, THIRTIETHS, pro_rata, reached_on};
use crate::platform::ids::InstalmentId;

/// A payment as the scale plans it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    pub rank: i32,
    pub amount_cents: i64,
    pub conditions: Vec<Condition>,
    pub months_elapsed: i32,
}

/// Where a post under an agreement stands on a day.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Thirtieths of a month that the full amount pays for.
    pub term: i32,
    /// Thirtieths worked on the post before this agreement.
    pub worked_before: i32,
    /// Thirtieths worked under it until today.
    pub worked: i32,
    pub full_cents: i64,
    pub agreed_cents: i64,
    pub paid_cents: i64,
    pub credited_cents: i64,
    /// First day of the running contract, or of those that it follows without a day between.
    pub running_since: Option<NaiveDate>,
    /// Thirtieths worked before the running contract.
    pub worked_before_running: i32,
    /// A contract has run on it and is over.
    pub has_ended: bool,
    /// The post was returned, or moved to another structure.
    pub has_left: bool,
    /// Whoever works on it, or was the last to, has completed the initial training or was exempted.
    pub is_trained: bool,
    /// The first day of the running contract has come.
    pub has_begun: bool,
    /// Somebody else has worked on it before.
    pub is_succeeded: bool,
    /// An asked-for termination of the running contract waits for its decision.
    pub termination_waits: bool,
}

/// Why a post may still earn or owe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// Somebody works on it, and a break would ask money back.
    Running,
    /// Somebody may still be hired for what is left of its term.
    Vacant,
    /// An amendment would agree on more.
    Amendable,
}

impl Moves {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Vacant => "vacant",
            Self::Amendable => "amendable",
        }
    }
}

/// An instalment that is neither ordered nor paid.
#[derive(Clone, Debug)]
pub struct Open {
    pub id: InstalmentId,
    pub rank: i32,
    pub amount_cents: i64,
    pub conditions: Vec<Condition>,
    pub months_elapsed: i32,
    pub settlement: bool,
    /// It had fallen due.
    pub due: bool,
    /// The bank refused its account, and the account is still the same.
    pub account_refused: bool,
    /// Conditions that the Banque des Territoires asks for no more.
    pub waived: Vec<Condition>,
}

/// What an open instalment becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub id: InstalmentId,
    /// Nothing left: cancelled.
    pub amount_cents: i64,
    /// What it was planned under, and whatever came with an amount that it took over.
    pub conditions: Vec<Condition>,
    pub settlement: bool,
    /// Conditions that do not hold; due without any.
    pub unmet: Vec<Condition>,
    pub expected_on: Option<NaiveDate>,
}

/// An instalment that was not there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    pub line: PlanLine,
    pub settlement: bool,
    pub unmet: Vec<Condition>,
    pub expected_on: Option<NaiveDate>,
}

/// What follows from where a post stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// What is agreed from now on.
    pub agreed_cents: i64,
    /// What was paid beyond it, and is asked back.
    pub credit_cents: i64,
    pub next: Vec<Next>,
    pub added: Vec<Added>,
}

impl Standing {
    pub fn is_occupied(&self) -> bool {
        self.running_since.is_some() && !self.has_left
    }

    /// Whether only the time worked is owed: somebody has worked, and nobody does any more.
    pub fn is_settling(&self) -> bool {
        self.has_left || (self.running_since.is_none() && self.has_ended)
    }

    /// What the rules give: the full amount while somebody works, or may still be hired for the first time; the share of
    /// the time worked afterwards.
    pub fn entitlement(&self) -> i64 {
        if self.is_settling() { pro_rata(self.full_cents, self.worked, self.term) } else { self.full_cents }
    }

    /// Whether it may still earn or owe, why, and from which day on no more if the contract goes on. The standing is that
    /// of the eve: a contract may still end on today's morning. What a correction of the past would change does not count.
    pub fn moves(&self) -> Option<(Moves, Option<NaiveDate>)> {
        if self.has_left {
            return None;
        }
        if self.worked < self.term {
            let Some(since) = self.running_since else { return Some((Moves::Vacant, None)) };
            let earned_on = reached_on(since, self.term - self.worked_before_running);
            return Some((Moves::Running, earned_on.succ_opt()));
        }
        (self.agreed_cents < self.full_cents).then_some((Moves::Amendable, None))
    }

    fn holds(&self, condition: Condition, months: i32) -> bool {
        match condition {
            // Instalments exist from the signature on.
            Condition::AgreementSigned => true,
            // Nothing is owed before the first day of work.
            Condition::RecruitmentValidated => self.is_occupied() && self.has_begun,
            Condition::MonthsElapsed => self.worked_before + self.worked >= months * THIRTIETHS,
            Condition::InitialTrainingCompleted => self.is_trained,
            Condition::TerminationDecided => !self.termination_waits,
            Condition::BankDetailsRenewed => true,
        }
    }

    /// What keeps an instalment from being paid. Time worked that is settled has nothing more to wait for but what its
    /// conditions ask of the person: training is not forgotten because the contract has ended.
    fn unmet(&self, conditions: &[Condition], months: i32, settlement: bool) -> Vec<Condition> {
        let asked = |condition: &Condition| !settlement || *condition == Condition::InitialTrainingCompleted;
        conditions.iter().copied().filter(|condition| asked(condition) && !self.holds(*condition, months)).collect()
    }

    /// The same of one that is there: nothing new falls due while a termination waits, and an account that the bank has
    /// refused is not tried again.
    fn unmet_of(&self, open: &Open, conditions: &[Condition], settlement: bool) -> Vec<Condition> {
        let mut unmet = self.unmet(conditions, open.months_elapsed, settlement);
        unmet.retain(|condition| !open.waived.contains(condition));
        if !settlement && self.termination_waits && !(open.due && unmet.is_empty()) {
            unmet.push(Condition::TerminationDecided);
        }
        if open.account_refused {
            unmet.push(Condition::BankDetailsRenewed);
        }
        unmet
    }

    /// The conditions of an instalment: a successor is asked for whatever its predecessor was asked for on the ranks before.
    fn asked(&self, own: &[Condition], rank: i32, plan: &[PlanLine]) -> Vec<Condition> {
        let mut conditions = own.to_vec();
        if self.is_succeeded && trains(plan, Some(rank)) {
            with_training(&mut conditions);
        }
        conditions
    }

    /// The day on which the months of an instalment will have been worked, if the contract goes on.
    fn expected_on(&self, months: i32) -> Option<NaiveDate> {
        let since = self.running_since.filter(|_| !self.has_left)?;
        let missing = months * THIRTIETHS - self.worked_before - self.worked_before_running;
        Some(if missing <= 0 { since } else { reached_on(since, missing) })
    }
}

/// Whether a plan asks for training, up to a rank.
fn trains(plan: &[PlanLine], until: Option<i32>) -> bool {
    plan.iter()
        .filter(|line| until.is_none_or(|rank| line.rank <= rank))
        .any(|line| line.conditions.contains(&Condition::InitialTrainingCompleted))
}

fn with_training(conditions: &mut Vec<Condition>) {
    if !conditions.contains(&Condition::InitialTrainingCompleted) {
        conditions.push(Condition::InitialTrainingCompleted);
    }
}

/// Revises a post's instalments.
///
/// `ordered_cents` is with the bank and stays; `taken` are the ranks that no new instalment may have. What is agreed only
/// rises where `may_rise` says so: by signature or amendment. Afterwards what is paid less what is credited, what is
/// ordered and what is open make up what is agreed; more than that only where the bank has yet to answer.
pub fn revise(
    standing: &Standing,
    plan: &[PlanLine],
    open: &[Open],
    taken: &[i32],
    ordered_cents: i64,
    may_rise: bool,
) -> Revision {
    let rule = standing.entitlement();
    let agreed_cents = if may_rise { rule } else { rule.min(standing.agreed_cents) };
    let kept = standing.paid_cents - standing.credited_cents;
    let credit_cents = (kept - agreed_cents).max(0);
    let budget = (agreed_cents - kept - ordered_cents).max(0);

    let mut amounts: Vec<(Open, i64)> = open.iter().map(|open| (open.clone(), open.amount_cents)).collect();
    amounts.sort_by_key(|(open, _)| open.rank);
    let mut lines: Vec<PlanLine> = Vec::new();
    let total: i64 = amounts.iter().map(|(_, amount)| amount).sum();
    if total > budget {
        // The first ones keep what they are, the last ones lose.
        let mut left = budget;
        for (_, amount) in &mut amounts {
            *amount = (*amount).min(left);
            left -= *amount;
        }
    } else {
        let mut left = budget - total;
        for line in plan {
            match amounts.iter_mut().find(|(open, _)| open.rank == line.rank) {
                // What is owed at once for time worked stays what it is.
                Some((open, _)) if open.settlement => {}
                Some((_, amount)) => {
                    let more = (line.amount_cents - *amount).clamp(0, left);
                    *amount += more;
                    left -= more;
                }
                None if left > 0 && !taken.contains(&line.rank) => {
                    let amount_cents = line.amount_cents.min(left);
                    left -= amount_cents;
                    lines.push(PlanLine { amount_cents, ..line.clone() });
                }
                None => {}
            }
        }
        if left > 0 {
            rest(&mut amounts, &mut lines, plan, taken, left);
        }
    }

    let settling = standing.is_settling();
    let next = amounts
        .into_iter()
        .map(|(open, amount_cents)| {
            let settlement = open.settlement || settling;
            let conditions = standing.asked(&open.conditions, open.rank, plan);
            Next {
                id: open.id,
                amount_cents,
                settlement,
                unmet: standing.unmet_of(&open, &conditions, settlement),
                conditions,
                expected_on: standing.expected_on(open.months_elapsed),
            }
        })
        .collect();
    let added = lines
        .into_iter()
        .map(|line| {
            let line = PlanLine { conditions: standing.asked(&line.conditions, line.rank, plan), ..line };
            let mut unmet = standing.unmet(&line.conditions, line.months_elapsed, settling);
            if !settling && standing.termination_waits {
                unmet.push(Condition::TerminationDecided);
            }
            Added { settlement: settling, unmet, expected_on: standing.expected_on(line.months_elapsed), line }
        })
        .collect();
    Revision { agreed_cents, credit_cents, next, added }
}

/// What no rank of the plan takes (it was credited once, and is owed again) goes with the first instalment to come, or
/// becomes one of its own. What the plan asks of the person is asked for it too.
fn rest(amounts: &mut [(Open, i64)], lines: &mut Vec<PlanLine>, plan: &[PlanLine], taken: &[i32], left: i64) {
    let first_open = amounts.iter_mut().find(|(open, _)| !open.settlement);
    match (first_open, lines.first_mut()) {
        (Some((open, amount)), new) if new.as_ref().is_none_or(|new| open.rank < new.rank) => {
            *amount += left;
            if trains(plan, None) {
                with_training(&mut open.conditions);
            }
        }
        (_, Some(new)) => {
            new.amount_cents += left;
            if trains(plan, None) {
                with_training(&mut new.conditions);
            }
        }
        _ => {
            let own = amounts.iter().map(|(open, _)| open.rank);
            let last = plan.iter().map(|line| line.rank).chain(taken.iter().copied()).chain(own).max().unwrap_or(0);
            let mut conditions = vec![Condition::AgreementSigned, Condition::RecruitmentValidated];
            if trains(plan, None) {
                with_training(&mut conditions);
            }
            lines.push(PlanLine { rank: last + 1, amount_cents: left, conditions, months_elapsed: 0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Vec<PlanLine> {
        let line = |rank, amount_cents, months_elapsed| PlanLine {
            rank,
            amount_cents,
            conditions: match months_elapsed {
                0 => vec![Condition::AgreementSigned, Condition::RecruitmentValidated],
                _ => vec![Condition::AgreementSigned, Condition::RecruitmentValidated, Condition::MonthsElapsed],
            },
            months_elapsed,
        };
        vec![line(1, 1_000_000, 0), line(2, 1_500_000, 6), line(3, 2_500_000, 12)]
    }

    fn standing() -> Standing {
        Standing {
            term: 720,
            worked_before: 0,
            worked: 0,
            full_cents: 5_000_000,
            agreed_cents: 0,
            paid_cents: 0,
            credited_cents: 0,
            running_since: NaiveDate::from_ymd_opt(2021, 9, 1),
            worked_before_running: 0,
            has_ended: false,
            has_left: false,
            is_trained: true,
            has_begun: true,
            is_succeeded: false,
            termination_waits: false,
        }
    }

    fn open(rank: i32, amount_cents: i64, months_elapsed: i32) -> Open {
        Open {
            id: InstalmentId::new(),
            rank,
            amount_cents,
            conditions: vec![Condition::RecruitmentValidated, Condition::MonthsElapsed],
            months_elapsed,
            settlement: false,
            due: false,
            account_refused: false,
            waived: Vec::new(),
        }
    }

    #[test]
    fn a_signature_plans_every_rank() {
        let revision = revise(&standing(), &plan(), &[], &[], 0, true);
        assert_eq!((revision.agreed_cents, revision.credit_cents), (5_000_000, 0));
        let added: Vec<(i32, i64, usize)> =
            revision.added.iter().map(|a| (a.line.rank, a.line.amount_cents, a.unmet.len())).collect();
        assert_eq!(added, [(1, 1_000_000, 0), (2, 1_500_000, 1), (3, 2_500_000, 1)]);
        assert_eq!(revision.added[1].expected_on, NaiveDate::from_ymd_opt(2022, 2, 28));
        // Without an amendment nothing is promised.
        assert_eq!(revise(&standing(), &plan(), &[], &[], 0, false), Revision::default());
    }

    #[test]
    fn a_break_leaves_the_time_worked_and_credits_what_was_paid_beyond() {
        let broken = Standing {
            agreed_cents: 5_000_000,
            paid_cents: 1_000_000,
            worked: 60,
            running_since: None,
            has_ended: true,
            ..standing()
        };
        let revision = revise(&broken, &plan(), &[open(2, 1_500_000, 6), open(3, 2_500_000, 12)], &[1], 0, false);
        assert_eq!((revision.agreed_cents, revision.credit_cents), (416_667, 583_333));
        assert!(revision.next.iter().all(|next| next.amount_cents == 0));
        // Worked longer than paid for: what is missing is due at once.
        let later = Standing { worked: 240, ..broken };
        let revision = revise(&later, &plan(), &[open(2, 1_500_000, 6), open(3, 2_500_000, 12)], &[1], 0, false);
        assert_eq!((revision.agreed_cents, revision.credit_cents), (1_666_667, 0));
        let amounts: Vec<i64> = revision.next.iter().map(|next| next.amount_cents).collect();
        assert_eq!(amounts, [666_667, 0]);
        assert!(revision.next[0].settlement && revision.next[0].unmet.is_empty());
    }

    #[test]
    fn what_is_with_the_bank_waits_for_its_answer() {
        let broken =
            Standing { agreed_cents: 5_000_000, worked: 60, running_since: None, has_ended: true, ..standing() };
        let revision = revise(&broken, &plan(), &[open(2, 1_500_000, 6)], &[1], 1_000_000, false);
        assert_eq!((revision.agreed_cents, revision.credit_cents), (416_667, 0));
        assert_eq!(revision.next[0].amount_cents, 0);
    }

    #[test]
    fn an_amendment_restores_the_plan_and_gives_back_what_was_credited() {
        let again = Standing {
            agreed_cents: 416_667,
            paid_cents: 1_000_000,
            credited_cents: 583_333,
            worked: 60,
            has_ended: true,
            ..standing()
        };
        let revision = revise(&again, &plan(), &[], &[1], 0, true);
        assert_eq!(revision.agreed_cents, 5_000_000);
        let added: Vec<(i32, i64)> = revision.added.iter().map(|a| (a.line.rank, a.line.amount_cents)).collect();
        assert_eq!(added, [(2, 2_083_333), (3, 2_500_000)]);
        // Nothing changes without one.
        let unchanged = revise(&again, &plan(), &[], &[1], 0, false);
        assert_eq!((unchanged.agreed_cents, unchanged.added.len()), (416_667, 0));
    }

    #[test]
    fn a_plan_used_up_gets_a_rank_more() {
        let again = Standing {
            full_cents: 5_000_000,
            agreed_cents: 4_000_000,
            paid_cents: 5_000_000,
            credited_cents: 1_000_000,
            worked: 576,
            ..standing()
        };
        let revision = revise(&again, &plan(), &[], &[1, 2, 3], 0, true);
        let added: Vec<(i32, i64)> = revision.added.iter().map(|a| (a.line.rank, a.line.amount_cents)).collect();
        assert_eq!(added, [(4, 1_000_000)]);
        // Nor is it the rank of what is owed at once for time worked.
        let settled = Open { settlement: true, ..open(4, 200_000, 0) };
        let owed = Standing { paid_cents: 4_800_000, ..again };
        let revision = revise(&owed, &plan(), &[settled], &[1, 2, 3], 0, true);
        let added: Vec<(i32, i64)> = revision.added.iter().map(|a| (a.line.rank, a.line.amount_cents)).collect();
        assert_eq!((revision.next[0].amount_cents, added), (200_000, vec![(5, 1_000_000)]));
    }

    #[test]
    fn a_post_that_leaves_before_anybody_worked_is_owed_nothing() {
        let left = Standing { agreed_cents: 5_000_000, has_left: true, running_since: None, ..standing() };
        let revision = revise(&left, &plan(), &[open(1, 1_000_000, 0)], &[], 0, false);
        assert_eq!((revision.agreed_cents, revision.next[0].amount_cents), (0, 0));
    }
}
