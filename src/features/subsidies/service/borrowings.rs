//! What agreements show of others than themselves: their structure, its posts, contracts, scales, the envelope. When any of
//! it changes, the version of the agreement moves: whoever names the version has read all of it.

use uuid::Uuid;

use super::file::{borrowed, is_open};
use super::revision::tell_of_agreement;
use crate::features::subsidies::model::{Category, LegalForm};
use crate::features::subsidies::store::agreements;
use crate::features::subsidies::store::covered;
use crate::platform::auth::Actor;
use crate::platform::db::Tx;
use crate::platform::error::{Problem, Result};
use crate::platform::events::{Kind, Told};
use crate::platform::ids::AgreementId;

/// Whether the agreements of some structures may show something else now.
fn is_of_structures(told: &Told) -> bool {
    matches!(told.kind, Kind::Structure(_) | Kind::BankDetails(_) | Kind::Post(_) | Kind::Recruitment(_))
}

/// The same of any agreement.
fn is_of_all(told: &Told) -> bool {
    matches!(told.kind, Kind::SubsidyScale(_) | Kind::Envelope(_))
}

/// Moves the version of agreements that show something else now.
pub(super) fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    if told.iter().any(is_of_all) {
        let ids = agreements::estimated(tx.conn())?;
        refresh(tx, &ids)?;
    }
    let about: Vec<Uuid> = told.iter().filter(|told| is_of_structures(told)).map(|told| told.id).collect();
    if about.is_empty() {
        return Ok(());
    }
    let posts = covered::posts_of(tx.conn(), &about)?;
    let ids = agreements::around(tx.conn(), &about, &posts)?;
    refresh(tx, &ids)
}

/// Compares what agreements show with what was noted. Before the signature a structure that has become public or private
/// changes the category too.
pub(super) fn refresh(tx: &mut Tx<'_>, ids: &[AgreementId]) -> Result<()> {
    agreements::lock_all(tx, ids)?;
    for id in ids {
        let mut agreement = require(tx, *id)?;
        let category = Category::of(agreement.structure_kind);
        if is_open(&agreement) && agreement.category != category {
            agreements::recategorise(tx, *id, category, LegalForm::usual(category))?;
            agreement = require(tx, *id)?;
        }
        let facts = borrowed(&mut tx.reader(), &agreement)?;
        if agreements::keep_borrowed(tx, *id, &facts)? {
            agreements::touch(tx, *id)?;
            tell_of_agreement(tx, *id)?;
        }
    }
    Ok(())
}

fn require(tx: &mut Tx<'_>, id: AgreementId) -> Result<agreements::Agreement> {
    agreements::find(tx.conn(), &Actor::System, id)?.ok_or_else(Problem::not_found)
}
