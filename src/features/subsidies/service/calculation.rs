//! Why a post is paid what it is paid, line by line. The lines add up to the amount.

use chrono::NaiveDate;

use super::file::{is_open, require};
use super::pricing::{Priced, price};
use super::revision::standings;
use crate::features::subsidies::model::{AgreementStatus, Standing, THIRTIETHS, months_text};
use crate::features::subsidies::store::agreements::Agreement;
use crate::features::subsidies::store::covered;
use crate::features::subsidies::store::scales::{self, PlanRow, Scale};
use crate::platform::db::Reader;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{AgreementId, PostId, SubsidyScaleId};
use crate::text_enum;

text_enum! {
    /// What a line of a calculation is.
    pub enum LineKind "calculation_lines" [] {
        Base "base" "Barème" "Scale",
        Bonus "bonus" "Bonification" "Bonus",
        AlreadyWorked "already_worked" "Durée déjà subventionnée" "Time subsidised before",
        TimeNotWorked "time_not_worked" "Durée non travaillée" "Time not worked",
        NotAgreed "not_agreed" "Avenant à signer" "Amendment to be signed",
    }
}

/// One line.
#[derive(Clone, Debug)]
pub struct CalculationLine {
    pub kind: LineKind,
    /// Rank in the plan, of a line of a scale.
    pub rank: Option<i32>,
    pub text: String,
    pub amount_cents: i64,
}

/// The calculation of one post.
#[derive(Clone, Debug)]
pub struct PostCalculation {
    pub post_id: PostId,
    pub post_reference: String,
    pub scale: Scale,
    pub bonus: Option<Scale>,
    pub term_thirtieths: i32,
    pub worked_before_thirtieths: i32,
    pub worked_thirtieths: i32,
    pub occupied: bool,
    pub left: bool,
    pub lines: Vec<CalculationLine>,
    pub amount_cents: i64,
}

/// The calculation of an agreement.
#[derive(Clone, Debug)]
pub struct Calculation {
    pub agreement: Agreement,
    /// Day for which it is made.
    pub on: NaiveDate,
    pub posts: Vec<PostCalculation>,
    pub amount_cents: i64,
}

/// Explains what is agreed, or, before the signature, what would be agreed if it were signed on a day: today by default.
pub fn calculate(reader: &mut Reader<'_>, id: AgreementId, signed_on: Option<NaiveDate>) -> Result<Calculation> {
    let agreement = require(reader, id)?;
    let today = reader.today();
    let on = signed_on.filter(|_| is_open(&agreement)).unwrap_or(today);
    let posts = match agreement.status {
        AgreementStatus::Draft | AgreementStatus::UnderInstruction => price(reader.conn(), &agreement, on, today)?
            .into_iter()
            .map(|priced| expected(reader, priced))
            .collect::<Result<_>>()?,
        _ => agreed(reader, id, on)?,
    };
    let posts: Vec<PostCalculation> = posts;
    Ok(Calculation { amount_cents: posts.iter().map(|post| post.amount_cents).sum(), agreement, on, posts })
}

fn expected(reader: &mut Reader<'_>, priced: Priced) -> Result<PostCalculation> {
    let amount = priced.standing.entitlement();
    let ids: Vec<SubsidyScaleId> =
        std::iter::once(priced.scale.id).chain(priced.bonus.as_ref().map(|bonus| bonus.id)).collect();
    let plans = scales::plans(reader.conn(), &ids)?;
    let (post_id, reference) = (priced.newcomer.post_id, priced.newcomer.post_reference);
    Ok(explain(post_id, reference, priced.scale, priced.bonus, &plans, &priced.standing, amount))
}

fn agreed(reader: &mut Reader<'_>, id: AgreementId, on: NaiveDate) -> Result<Vec<PostCalculation>> {
    let posts = covered::of_agreements(reader.conn(), &[id])?;
    let contracts = covered::contracts(reader.conn(), &posts.iter().map(|post| post.id).collect::<Vec<_>>())?;
    let standings = standings(&posts, &contracts, on);
    posts
        .iter()
        .zip(standings)
        .map(|(post, standing)| {
            let scale = scales::find(reader.conn(), post.scale_id)?.ok_or_else(Problem::not_found)?;
            let bonus = match post.bonus_scale_id {
                Some(id) => scales::find(reader.conn(), id)?,
                None => None,
            };
            let ids: Vec<SubsidyScaleId> = [Some(post.scale_id), post.bonus_scale_id].into_iter().flatten().collect();
            let plans = scales::plans(reader.conn(), &ids)?;
            Ok(explain(post.post_id, post.post_reference.clone(), scale, bonus, &plans, &standing, post.amount_cents))
        })
        .collect()
}

fn explain(
    post_id: PostId,
    post_reference: String,
    scale: Scale,
    bonus: Option<Scale>,
    plans: &[PlanRow],
    standing: &Standing,
    amount_cents: i64,
) -> PostCalculation {
    let mut lines: Vec<CalculationLine> = Vec::new();
    for (kind, source) in [(LineKind::Base, Some(&scale)), (LineKind::Bonus, bonus.as_ref())] {
        let Some(source) = source else { continue };
        for row in plans.iter().filter(|row| row.scale_id == source.id) {
            let what = if kind == LineKind::Base { "Barème" } else { "Bonification" };
            let text = format!("{what} {} du {}, versement {}", source.reference, source.valid_from, row.rank);
            lines.push(CalculationLine { kind, rank: Some(row.rank), text, amount_cents: row.amount_cents });
        }
    }
    let mut add = |kind, text: String, amount_cents: i64| {
        if amount_cents != 0 {
            lines.push(CalculationLine { kind, rank: None, text, amount_cents });
        }
    };
    let whole: i64 = plans.iter().map(|row| row.amount_cents).sum();
    let (worked, before) = (standing.worked.min(standing.term), standing.worked_before);
    add(
        LineKind::AlreadyWorked,
        format!("{} déjà travaillés sur {}", months_text(before), months_text(scale.months * THIRTIETHS)),
        standing.full_cents - whole,
    );
    let due = standing.entitlement();
    add(
        LineKind::TimeNotWorked,
        format!("{} travaillés sur {}, au prorata", months_text(worked), months_text(standing.term)),
        due - standing.full_cents,
    );
    add(LineKind::NotAgreed, "Part qui demande un avenant".to_owned(), amount_cents - due);
    PostCalculation {
        post_id,
        post_reference,
        scale,
        bonus,
        term_thirtieths: standing.term,
        worked_before_thirtieths: before,
        worked_thirtieths: worked,
        occupied: standing.is_occupied(),
        left: standing.has_left,
        lines,
        amount_cents,
    }
}
