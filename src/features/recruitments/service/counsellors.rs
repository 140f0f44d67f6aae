//! Counsellors: who they are, and how to reach them at work.

use crate::features::recruitments::dto::CounsellorPatch;
use crate::features::recruitments::store::counsellors::{self, Counsellor};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{FaultCode, Problem, Result};
use crate::platform::events::{self, CounsellorEvent};
use crate::platform::ids::CounsellorId;
use crate::platform::transitions::require_version;
use crate::platform::{formats, text};

pub fn find_counsellor(reader: &mut Reader<'_>, id: CounsellorId) -> Result<Counsellor> {
    let actor = reader.actor().clone();
    counsellors::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)
}

/// Changes the professional contact.
pub fn update_counsellor(
    tx: &mut Tx<'_>,
    id: CounsellorId,
    version: Option<i32>,
    patch: &CounsellorPatch,
) -> Result<Counsellor> {
    let before = counsellors::lock(tx, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, before.version)?;
    let email = match &patch.professional_email {
        Some(email) => email.as_deref().map(text::canonical_email),
        None => before.professional_email.clone(),
    };
    let phone = match &patch.professional_phone {
        Some(Some(phone)) => Some(
            formats::phone_in(phone, &before.departement_code)
                .ok_or_else(|| Problem::invalid_field("professional_phone", FaultCode::InvalidPhone))?,
        ),
        Some(None) => None,
        None => before.professional_phone.clone(),
    };
    counsellors::update(tx, id, email.as_deref(), phone.as_deref())?;
    let counsellor = find_counsellor(&mut tx.reader(), id)?;
    let (departement, region) = (counsellor.departement_code.as_str(), counsellor.region_code.as_str());
    let place = Some((Some(counsellor.structure_id), departement, region));
    events::emit(tx, CounsellorEvent::Updated, id.uuid(), place)?;
    Ok(counsellor)
}
