//! Scales: each is in force from its first day until another one of the same zone is.

use std::collections::BTreeMap;

use diesel::PgConnection;
use uuid::Uuid;

use crate::features::subsidies::dto::NewScale;
use crate::features::subsidies::model::{Condition, PlanLine, ScaleTerritory};
use crate::features::subsidies::store::scales::{self, NewRow, PlanRow, Scale};
use crate::features::territories::service as territories;
use crate::platform::db::Tx;
use crate::platform::error::{Fault, FaultCode, Faults, Place, Problem, Result};
use crate::platform::events::{self, SubsidyScaleEvent};
use crate::platform::ids::SubsidyScaleId;

/// A scale with its plan.
pub struct ScaleFile {
    pub scale: Scale,
    pub plan: Vec<PlanRow>,
}

/// Puts the plans to scales, in their order.
pub fn with_plans(conn: &mut PgConnection, rows: Vec<Scale>) -> Result<Vec<ScaleFile>> {
    let ids: Vec<SubsidyScaleId> = rows.iter().map(|scale| scale.id).collect();
    let mut plans: BTreeMap<Uuid, Vec<PlanRow>> = BTreeMap::new();
    for row in scales::plans(conn, &ids)? {
        plans.entry(row.scale_id.uuid()).or_default().push(row);
    }
    Ok(rows
        .into_iter()
        .map(|scale| ScaleFile { plan: plans.remove(&scale.id.uuid()).unwrap_or_default(), scale })
        .collect())
}

pub fn create_scale(tx: &mut Tx<'_>, new: &NewScale) -> Result<ScaleFile> {
    let plan = check(new)?;
    let codes = new.departement_codes.clone().unwrap_or_default();
    let zones = match new.territory {
        ScaleTerritory::Departements => {
            for (at, code) in codes.iter().enumerate() {
                territories::require_departement(&mut tx.reader(), code, &format!("departement_codes/{at}"))?;
            }
            codes.into_iter().map(Into::into).collect()
        }
        other => vec![other.to_string()],
    };
    let row = NewRow {
        id: SubsidyScaleId::new(),
        phase: new.phase,
        category: new.category,
        bonus: new.bonus.unwrap_or(false),
        territory: new.territory,
        zones,
        months: new.months,
        valid_from: new.valid_from,
        plan,
    };
    scales::insert(tx, &row)?;
    events::emit(tx, SubsidyScaleEvent::Created, row.id.uuid(), None)?;
    let scale = scales::find(tx.conn(), row.id)?.ok_or_else(Problem::not_found)?;
    Ok(ScaleFile { plan: scales::plans(tx.conn(), &[row.id])?, scale })
}

/// Ranks count from one, months never go back, and only what waits for months names how many.
fn check(new: &NewScale) -> Result<Vec<PlanLine>> {
    let mut faults = Faults::default();
    let listed = new.departement_codes.as_ref().is_some_and(|codes| !codes.is_empty());
    match new.territory {
        ScaleTerritory::Departements => faults.add_if(!listed, "departement_codes", FaultCode::Required),
        _ if listed => {
            faults.add(Fault::field("departement_codes", FaultCode::MustBeEmpty).with("because", new.territory));
        }
        _ => {}
    }
    let codes = new.departement_codes.as_deref().unwrap_or_default();
    let twice = codes.iter().enumerate().any(|(rank, code)| codes[..rank].contains(code));
    faults.add_if(twice, "departement_codes", FaultCode::NotUnique);
    let mut months_before = 0;
    let mut plan = Vec::new();
    for (at, line) in new.instalments.iter().enumerate() {
        let mut wrong = |field: &str, code| {
            faults.add(Fault::new(Place::Pointer(format!("/instalments/{at}/{field}")), code));
        };
        let waits = line.conditions.contains(&Condition::MonthsElapsed);
        let months = line.months_elapsed.unwrap_or(0);
        if waits != (months > 0) {
            wrong("months_elapsed", if waits { FaultCode::Required } else { FaultCode::InvalidValue });
        }
        if months < months_before || months > new.months {
            wrong("months_elapsed", FaultCode::InvalidValue);
        }
        if line.conditions.iter().any(|condition| !condition.is_of_scales()) {
            wrong("conditions", FaultCode::InvalidValue);
        }
        let repeated = line.conditions.iter().enumerate().any(|(rank, c)| line.conditions[..rank].contains(c));
        if repeated {
            wrong("conditions", FaultCode::NotUnique);
        }
        months_before = months;
        plan.push(PlanLine {
            rank: i32::try_from(at + 1).unwrap_or(i32::MAX),
            amount_cents: line.amount_cents,
            conditions: line.conditions.clone(),
            months_elapsed: months,
        });
    }
    faults.into_result()?;
    Ok(plan)
}
