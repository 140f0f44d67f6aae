//! What is allotted to each budget line.

use uuid::Uuid;

use crate::features::subsidies::model::EnvelopeCode;
use crate::features::subsidies::store::envelopes::{self, Envelope};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::events::{self, EnvelopeEvent};
use crate::platform::transitions::{Expected, require_version};

pub fn require_envelope(reader: &mut Reader<'_>, code: EnvelopeCode) -> Result<Envelope> {
    envelopes::find(reader.conn(), code)?.ok_or_else(Problem::not_found)
}

/// Never below what is committed; the parts never make more than the whole.
pub fn set_envelope(tx: &mut Tx<'_>, code: EnvelopeCode, version: Option<Expected>, cents: i64) -> Result<Envelope> {
    envelopes::lock_all(tx)?;
    let before = require_envelope(&mut tx.reader(), code)?;
    require_version(version, before.version)?;
    envelopes::allot(tx, code, cents)?;
    let whole = require_envelope(&mut tx.reader(), EnvelopeCode::Programme)?;
    let now = require_envelope(&mut tx.reader(), code)?;
    let parts = envelopes::parts(tx.conn(), EnvelopeCode::Programme)?;
    if parts > whole.allotted_cents || now.committed_cents > now.allotted_cents {
        return Err(Problem::new(Code::EnvelopeExceeded));
    }
    // A name names the envelope; an event names things by an identifier: always the same one for each.
    let rank = EnvelopeCode::ALL.iter().position(|known| *known == code).unwrap_or_default();
    let id = Uuid::from_u128(rank as u128 + 1);
    events::emit(tx, EnvelopeEvent::Set, id, None)?;
    Ok(now)
}
