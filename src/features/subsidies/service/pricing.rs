//! What posts that come under an agreement are worth on a day.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::PgConnection;

use super::revision::{plan, standing};
use crate::features::subsidies::model::{Standing, THIRTIETHS, pro_rata, worked};
use crate::features::subsidies::store::agreements::Agreement;
use crate::features::subsidies::store::covered::{self, Contract, Newcomer};
use crate::features::subsidies::store::scales::{self, Scale};
use crate::platform::error::{Code, Problem, Result};

/// Refuses what would be agreed or paid when it is not what was read.
pub(super) fn require_amount(expected: i64, actual: i64) -> Result<()> {
    if expected == actual {
        return Ok(());
    }
    Err(Problem::new(Code::AmountChanged)
        .with("expected", expected)
        .with("actual", actual)
        .extension("expected_cents", expected)
        .extension("actual_cents", actual))
}

/// What newcomers would add to an agreement.
pub(super) fn worth(priced: &[Priced]) -> i64 {
    priced.iter().map(|post| post.standing.entitlement()).sum()
}

/// A post with what it would be paid.
pub(super) struct Priced {
    pub newcomer: Newcomer,
    pub scale: Scale,
    pub bonus: Option<Scale>,
    pub term: i32,
    pub worked_before: i32,
    pub full_cents: i64,
    /// Where it stands, as if it were under the agreement already.
    pub standing: Standing,
}

/// Prices the posts that belong under an agreement and are not there yet, by the scales in force on a day, as they stand
/// today.
pub(super) fn price(
    conn: &mut PgConnection,
    agreement: &Agreement,
    on: NaiveDate,
    today: NaiveDate,
) -> Result<Vec<Priced>> {
    let newcomers = covered::newcomers(conn, agreement.id)?;
    if newcomers.is_empty() {
        return Ok(Vec::new());
    }
    let (phase, category, departement) = (agreement.phase, agreement.category, agreement.departement_code.as_str());
    let Some(scale) = scales::in_force(conn, phase, category, false, departement, on)? else {
        return Err(Problem::new(Code::ScaleMissing)
            .with("phase", phase)
            .with("category", category)
            .with("departement", departement));
    };
    let bonus = match agreement.priority_area {
        true => scales::in_force(conn, phase, category, true, departement, on)?,
        false => None,
    };
    let ids: Vec<_> = std::iter::once(scale.id).chain(bonus.as_ref().map(|bonus| bonus.id)).collect();
    let plan = plan(&scales::plans(conn, &ids)?, scale.id, bonus.as_ref().map(|bonus| bonus.id))?;
    let total: i64 = plan.iter().map(|line| line.amount_cents).sum();
    let mut contracts: BTreeMap<_, Vec<Contract>> = BTreeMap::new();
    for contract in covered::contracts_of_newcomers(conn, agreement.id)? {
        contracts.entry(contract.key).or_default().push(contract);
    }
    newcomers
        .into_iter()
        .map(|newcomer| {
            let (structure, until) = (agreement.structure_id, newcomer.counts_after);
            // Time was paid for structure by structure, and so it is counted.
            let earlier = covered::earlier_contracts(conn, newcomer.post_id, phase, structure, until)?;
            let worked_before: i32 = earlier.iter().map(|contracts| worked(contracts)).sum();
            let whole = scale.months * THIRTIETHS;
            // Of a term that is used up nothing is left to pay.
            let left = (whole - worked_before).max(0);
            let full_cents = pro_rata(total, left, whole);
            let term = left.max(1);
            let own: Vec<&Contract> = contracts.get(&newcomer.post_id.uuid()).into_iter().flatten().collect();
            let standing = Standing { term, worked_before, full_cents, ..standing(&own, today) };
            Ok(Priced {
                newcomer,
                scale: scale.clone(),
                bonus: bonus.clone(),
                term,
                worked_before,
                full_cents,
                standing,
            })
        })
        .collect()
}
