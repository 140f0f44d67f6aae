//! Use cases of structures.

use chrono::{Duration, NaiveDate};

use super::dto::{ContactInput, Leave, NewStructure, StructurePatch};
use super::mails;
use super::model::{CONFIRMATION_DAYS, IdentityField, STEPS, StructureStatus};
use super::store::{self, Change, Contact, Fields, Structure, ZoneWord};
use crate::features::accounts;
use crate::features::territories::service::{self as territories, Commune};
use crate::platform::auth::{Actor, Reach, can, policy::Permission};
use crate::platform::db::purge::Purge;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Faults, Problem, Result};
use crate::platform::events::{self, StructureEvent};
use crate::platform::ids::{AccountId, StructureId};
use crate::platform::transitions::{Expected, Transition, after, refusal, require_version};
use crate::platform::{formats, mail, secret, text};

/// A structure as its file shows it.
pub struct File {
    pub structure: Structure,
    /// Hidden from those who only read figures.
    pub contact: Option<Contact>,
    pub transitions: Vec<Transition>,
}

pub fn file(reader: &mut Reader<'_>, structure: Structure) -> Result<File> {
    let contact = match reader.actor() {
        Actor::Observer(_) => None,
        _ => store::find_contact(reader.conn(), structure.id)?,
    };
    let transitions = transitions(reader, &structure)?;
    Ok(File { structure, contact, transitions })
}

/// A structure within the caller's reach.
pub fn require(reader: &mut Reader<'_>, id: StructureId) -> Result<Structure> {
    let reach = reader.reach();
    store::find(reader.conn(), &reach, id)?.ok_or_else(Problem::not_found)
}

/// The same, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: StructureId) -> Result<Structure> {
    let reach = tx.reach();
    store::lock(tx, &reach, id)?.ok_or_else(Problem::not_found)
}

/// Locks a structure whatever the caller's reach: for rules that look beyond it.
pub fn lock_any(tx: &mut Tx<'_>, id: StructureId) -> Result<Structure> {
    store::lock(tx, &Reach::Country, id)?.ok_or_else(Problem::not_found)
}

/// A structure whatever the caller's reach, not locked: for letters and events.
pub fn require_any(tx: &mut Tx<'_>, id: StructureId) -> Result<Structure> {
    store::find(tx.conn(), &Reach::Country, id)?.ok_or_else(Problem::not_found)
}

/// The address to write to, whatever the caller's reach.
pub fn contact_email(tx: &mut Tx<'_>, id: StructureId) -> Result<Option<String>> {
    Ok(store::find_contact(tx.conn(), id)?.map(|contact| contact.email))
}

pub fn register(tx: &mut Tx<'_>, new: &NewStructure) -> Result<File> {
    let mut faults = Faults::default();
    let commune = territories::require_commune(&mut tx.reader(), &new.commune_code, &new.postal_code, "");
    let commune = faults.keep(commune)?;
    // What lies there is judged although the postal code is of elsewhere.
    let there = match &commune {
        Some(commune) => Some(commune.clone()),
        None => territories::find_commune(&mut tx.reader(), &new.commune_code)?,
    };
    let point = faults.keep(territories::point(there.as_ref(), new.longitude, new.latitude))?.flatten();
    let contact = match &there {
        Some(there) => faults.keep(contact(&new.contact, there, "contact/"))?,
        None => None,
    };
    faults.into_result()?;
    let (Some(commune), Some(contact)) = (commune, contact) else {
        return Err(Problem::internal("faults without faults"));
    };
    require_ridet_at_home(new.ridet.as_deref(), &commune)?;
    let fields = Fields {
        kind: new.kind,
        experimental: new.experimental.unwrap_or(false) && *tx.actor() == Actor::Anct,
        name: text::canonical(&new.name),
        siret: new.siret.clone(),
        ridet: new.ridet.clone(),
        address: new.address.as_deref().map(text::canonical),
        postal_code: new.postal_code.clone(),
        commune,
        point,
        france_services: new.france_services.unwrap_or(false),
        network: new.network.map(|network| network.to_string()),
        ds_number: new.ds_number.clone(),
    };
    // The public form has no perimeter of its own.
    tx.widen()?;
    require_free(tx, &fields)?;
    let id = StructureId::new();
    store::insert(tx, id, &fields)?;
    if let (Some(true), _) | (_, Some(true)) = (new.zrr, new.qpv) {
        let (zrr, qpv) = (new.zrr.unwrap_or(false), new.qpv.unwrap_or(false));
        store::set_zones(tx, id, &zone_word(tx.actor(), zrr, qpv, None))?;
    }
    store::put_contact(tx, id, &contact)?;
    let structure = lock_any(tx, id)?;
    send_confirmation(tx, &structure, &contact.email)?;
    emit(tx, StructureEvent::Registered, &structure)?;
    file(&mut tx.reader(), structure)
}

/// What somebody says of zones: verified by the ANCT, claimed by everybody else.
fn zone_word<'a>(actor: &Actor, zrr: bool, qpv: bool, source: Option<&'a str>) -> ZoneWord<'a> {
    match actor {
        Actor::Anct => ZoneWord::Verified { zrr, qpv, source },
        _ => ZoneWord::Claimed { zrr, qpv },
    }
}

/// Zones named in a patch; members that are not keep what the same kind of caller said before.
fn update_zones(tx: &mut Tx<'_>, before: &Structure, patch: &StructurePatch) -> Result<()> {
    let source = patch.zones_source.as_deref().map(text::canonical);
    // What was verified of a commune says nothing of another: it pays nothing until it is verified anew.
    if patch.commune_code.as_ref().is_some_and(|code| *code != before.commune_code) {
        let (zrr, qpv) = match tx.actor() {
            Actor::Anct => (patch.zrr.unwrap_or(false), patch.qpv.unwrap_or(false)),
            _ => (false, false),
        };
        store::set_zones(tx, before.id, &ZoneWord::Verified { zrr, qpv, source: source.as_deref() })?;
        if *tx.actor() == Actor::Anct {
            return Ok(());
        }
    }
    if patch.zrr.is_none() && patch.qpv.is_none() && source.is_none() {
        return Ok(());
    }
    let (zrr, qpv) = match tx.actor() {
        Actor::Anct => (before.zrr, before.qpv),
        _ => (before.zrr_claimed, before.qpv_claimed),
    };
    let source = source.or_else(|| before.zones_source.clone());
    let word = zone_word(tx.actor(), patch.zrr.unwrap_or(zrr), patch.qpv.unwrap_or(qpv), source.as_deref());
    store::set_zones(tx, before.id, &word)
}

/// The RIDET is New Caledonia's own.
fn require_ridet_at_home(ridet: Option<&str>, commune: &Commune) -> Result<()> {
    if ridet.is_some() && commune.departement_code != "988" {
        return Err(Problem::invalid(vec![
            Fault::field("commune_code", FaultCode::OutsideDepartement).with("departement", "988"),
        ]));
    }
    Ok(())
}

/// Refuses an identifier that a structure has confirmed as its own, also one that was merged into another since: it stays
/// the survivor's. Registrations that nobody has confirmed keep it from
/// nobody; a constraint holds that only one is ever confirmed.
fn require_free(tx: &mut Tx<'_>, fields: &Fields) -> Result<()> {
    for (field, value) in [(IdentityField::Siret, &fields.siret), (IdentityField::Ridet, &fields.ridet)] {
        let Some(value) = value else { continue };
        let holder = store::find_by(tx.conn(), &Reach::Country, field, value)?;
        let merged = store::duplicate_of(tx.conn(), field, value)?.is_some();
        if merged || holder.is_some_and(|found| is_confirmed(found.status)) {
            return Err(Problem::new(Code::StructureExists).with("system", field.to_string().to_uppercase()));
        }
    }
    Ok(())
}

fn is_confirmed(status: StructureStatus) -> bool {
    use StructureStatus::{Cancelled, Duplicate, PendingConfirmation, Registered, Retained, Withdrawn};
    match status {
        Registered | Retained | Withdrawn => true,
        PendingConfirmation | Cancelled | Duplicate => false,
    }
}

fn send_confirmation(tx: &mut Tx<'_>, structure: &Structure, recipient: &str) -> Result<()> {
    let token = secret::generate();
    let expires_at = tx.now().instant() + Duration::days(CONFIRMATION_DAYS);
    store::insert_confirmation(tx, structure.id, secret::hash(&token), expires_at)?;
    let email = mails::confirm_address(&tx.site().front_url, structure, recipient, &token);
    mail::send(tx, &email)
}

/// Uses a mailed link: the structure is registered, and its address becomes an account.
pub fn confirm(tx: &mut Tx<'_>, token: &str) -> Result<(Structure, AccountId)> {
    tx.widen()?;
    let invalid = || Problem::new(Code::InvalidLink);
    let id = store::use_confirmation(tx, secret::hash(token))?.ok_or_else(invalid)?;
    confirm_registration(tx, id)
}

/// The structure's address is known to be its own. Other registrations of its identifier are closed: the first to confirm
/// has it.
pub fn confirm_registration(tx: &mut Tx<'_>, id: StructureId) -> Result<(Structure, AccountId)> {
    let named = require_any(tx, id)?;
    store::lock_identity(tx, named.siret.as_deref().or(named.ridet.as_deref()).unwrap_or_default())?;
    let structure = lock_any(tx, id)?;
    after(STEPS, structure.status, "confirm")?;
    store::change(tx, id, &Change::Confirmed)?;
    emit(tx, StructureEvent::Confirmed, &structure)?;
    for rival in store::rivals(tx, &structure)? {
        let rival = lock_any(tx, rival)?;
        if after(STEPS, rival.status, can::cancel_structure::LINE).is_ok() && !is_confirmed(rival.status) {
            store::change(tx, rival.id, &Change::Cancelled)?;
            store::void_confirmations(tx, rival.id)?;
            emit(tx, StructureEvent::Cancelled, &rival)?;
        }
    }
    let email = contact_email(tx, id)?.ok_or_else(|| Problem::internal("a structure without a contact"))?;
    let account = accounts::service::open_employer_account(tx, id, &email)?;
    Ok((lock_any(tx, id)?, account))
}

pub fn update(tx: &mut Tx<'_>, id: StructureId, version: Option<Expected>, patch: &StructurePatch) -> Result<File> {
    let before = lock(tx, id)?;
    require_version(version, before.version)?;
    if matches!(before.status, StructureStatus::Cancelled | StructureStatus::Duplicate) {
        return Err(refusal(STEPS, before.status, can::update_structure::LINE));
    }
    let old_contact = store::find_contact(tx.conn(), id)?;
    let fields = merged(tx, &before, patch)?;
    if fields.commune.departement_code != before.departement_code && before.posts > 0 {
        return Err(Problem::new(Code::StructureHasPosts));
    }
    for (field, old, new) in
        [(IdentityField::Siret, &before.siret, &fields.siret), (IdentityField::Ridet, &before.ridet, &fields.ridet)]
    {
        if let (true, Some(value)) = (old != new, new)
            && let Some(holder) = tx.as_service(|tx| store::duplicate_of(tx.conn(), field, value))?
            && holder != id
        {
            return Err(Problem::new(Code::StructureExists).with("system", field.to_string().to_uppercase()));
        }
    }
    // Whose opinion counts is not the applicant's choice.
    let elsewhere = fields.commune.departement_code != before.departement_code;
    if elsewhere && *tx.actor() != Actor::Anct {
        require_no_open_application(&mut tx.reader(), id)?;
    }
    store::update(tx, id, &fields)?;
    update_zones(tx, &before, patch)?;
    for (field, old, new) in
        [(IdentityField::Siret, &before.siret, &fields.siret), (IdentityField::Ridet, &before.ridet, &fields.ridet)]
    {
        if old != new {
            let of = |value: &Option<String>| value.clone().unwrap_or_default();
            store::insert_identity_change(tx, id, field, &of(old), &of(new))?;
        }
    }
    if let Some(patch) = &patch.contact {
        let new = merged_contact(old_contact.as_ref(), &fields.commune, patch)?;
        store::put_contact(tx, id, &new)?;
        if let Some(old) = old_contact.filter(|old| old.email != new.email) {
            store::insert_identity_change(tx, id, IdentityField::Email, &old.email, &new.email)?;
            let now = lock(tx, id)?;
            mail::send(tx, &mails::address_changed(&now, &old.email))?;
            if before.status == StructureStatus::PendingConfirmation {
                // The link went to an address that is not the structure's.
                store::void_confirmations(tx, id)?;
                send_confirmation(tx, &now, &new.email)?;
            }
        }
    }
    let structure = lock(tx, id)?;
    emit(tx, StructureEvent::Updated, &structure)?;
    // Those whom it leaves learn of it as well.
    if structure.departement_code != before.departement_code {
        emit(tx, StructureEvent::LeftReach, &before)?;
    }
    file(&mut tx.reader(), structure)
}

/// The structure's fields after a merge patch.
fn merged(tx: &mut Tx<'_>, before: &Structure, patch: &StructurePatch) -> Result<Fields> {
    let admin = *tx.actor() == Actor::Anct;
    let mut refused = Vec::new();
    for (given, field) in [
        (patch.kind.is_some(), "kind"),
        (patch.experimental.is_some(), "experimental"),
        (patch.ds_number.is_some(), "ds_number"),
        (patch.zones_source.is_some(), "zones_source"),
    ] {
        if given && !admin {
            refused.push(Fault::field(field, FaultCode::ReadOnly));
        }
    }
    if !refused.is_empty() {
        return Err(Problem::invalid(refused));
    }
    let commune_code = patch.commune_code.clone().unwrap_or_else(|| before.commune_code.clone());
    let postal_code = patch.postal_code.clone().unwrap_or_else(|| before.postal_code.clone());
    let commune = territories::require_commune(&mut tx.reader(), &commune_code, &postal_code, "")?;
    let siret = patch.siret.clone().unwrap_or_else(|| before.siret.clone());
    let ridet = patch.ridet.clone().unwrap_or_else(|| before.ridet.clone());
    if siret.is_some() == ridet.is_some() {
        return Err(Problem::invalid_field("siret", FaultCode::ExactlyOneIdentifier));
    }
    require_ridet_at_home(ridet.as_deref(), &commune)?;
    let moved = before.commune_code != commune.code;
    let given = territories::point(Some(&commune), patch.longitude, patch.latitude)?;
    let point = if moved { given } else { given.or(Some((before.longitude, before.latitude))) };
    Ok(Fields {
        kind: patch.kind.unwrap_or(before.kind),
        experimental: patch.experimental.unwrap_or(before.experimental),
        name: patch.name.as_deref().map_or_else(|| before.name.clone(), text::canonical),
        siret,
        ridet,
        address: patch.address.clone().map_or_else(|| before.address.clone(), |a| a.as_deref().map(text::canonical)),
        postal_code,
        commune,
        point,
        france_services: patch.france_services.unwrap_or(before.france_services),
        network: patch.network.map_or_else(|| before.network.clone(), |network| network.map(|n| n.to_string())),
        ds_number: patch.ds_number.clone().unwrap_or_else(|| before.ds_number.clone()),
    })
}

/// The contact after a merge patch. A contact that was forgotten has to be given whole.
fn merged_contact(before: Option<&Contact>, commune: &Commune, patch: &super::dto::ContactPatch) -> Result<Contact> {
    let mut missing = Vec::new();
    let mut keep = |new: &Option<String>, old: Option<&str>, field: &str| {
        new.clone().or(old.map(ToOwned::to_owned)).unwrap_or_else(|| {
            missing.push(Fault::field(&format!("contact/{field}"), FaultCode::Required));
            String::new()
        })
    };
    let input = ContactInput {
        first_name: keep(&patch.first_name, before.map(|b| b.first_name.as_str()), "first_name"),
        last_name: keep(&patch.last_name, before.map(|b| b.last_name.as_str()), "last_name"),
        job: keep(&patch.job, before.map(|b| b.job.as_str()), "job"),
        email: keep(&patch.email, before.map(|b| b.email.as_str()), "email"),
        phone: keep(&patch.phone, before.map(|b| b.phone.as_str()), "phone"),
    };
    if missing.is_empty() { contact(&input, commune, "contact/") } else { Err(Problem::invalid(missing)) }
}

/// The contact, its phone as it is dialled in the commune.
fn contact(input: &ContactInput, commune: &Commune, path: &str) -> Result<Contact> {
    let phone = formats::phone_in(&input.phone, &commune.departement_code)
        .ok_or_else(|| Problem::invalid_field(&format!("{path}phone"), FaultCode::InvalidPhone))?;
    Ok(Contact {
        first_name: text::canonical(&input.first_name),
        last_name: text::canonical(&input.last_name),
        job: text::canonical(&input.job),
        email: text::canonical_email(&input.email),
        phone,
    })
}

pub fn cancel(tx: &mut Tx<'_>, id: StructureId, version: Option<Expected>) -> Result<File> {
    let structure = lock(tx, id)?;
    require_version(version, structure.version)?;
    check_cancel(&mut tx.reader(), &structure)?;
    store::change(tx, id, &Change::Cancelled)?;
    accounts::service::close_structure(tx, id)?;
    let structure = lock(tx, id)?;
    emit(tx, StructureEvent::Cancelled, &structure)?;
    if structure.confirmed_at.is_some() {
        write_to(tx, &structure, |to| mails::cancelled(&structure, to))?;
    }
    file(&mut tx.reader(), structure)
}

/// A structure that holds no posts leaves by itself; it may apply anew.
pub fn leave(tx: &mut Tx<'_>, id: StructureId, version: Option<Expected>, leave: &Leave) -> Result<File> {
    let structure = lock(tx, id)?;
    require_version(version, structure.version)?;
    check_leave(&mut tx.reader(), &structure)?;
    store::change(tx, id, &Change::Left { reason: leave.reason })?;
    let structure = lock(tx, id)?;
    emit(tx, StructureEvent::Withdrawn, &structure)?;
    write_to(tx, &structure, |to| mails::left(&structure, to))?;
    file(&mut tx.reader(), structure)
}

fn check_leave(reader: &mut Reader<'_>, structure: &Structure) -> Result<()> {
    if structure.posts > 0 {
        return Err(Problem::new(Code::StructureHasPosts));
    }
    after(STEPS, structure.status, can::leave_structure::LINE)?;
    require_no_open_application(reader, structure.id)
}

fn write_to(tx: &mut Tx<'_>, structure: &Structure, write: impl FnOnce(&str) -> mail::Email) -> Result<()> {
    match contact_email(tx, structure.id)? {
        Some(address) => mail::send(tx, &write(&address)),
        None => Ok(()),
    }
}

fn check_cancel(reader: &mut Reader<'_>, structure: &Structure) -> Result<()> {
    after(STEPS, structure.status, can::cancel_structure::LINE)?;
    require_no_open_application(reader, structure.id)
}

/// Marks a structure as a duplicate of another, which stays.
pub fn merge(tx: &mut Tx<'_>, id: StructureId, version: Option<Expected>, into: StructureId) -> Result<File> {
    // Both rows in one order, so that two merges never wait for each other.
    for id in if id < into { [id, into] } else { [into, id] } {
        store::lock(tx, &Reach::Country, id)?;
    }
    let structure = lock(tx, id)?;
    require_version(version, structure.version)?;
    check_merge(&mut tx.reader(), &structure)?;
    let reach = tx.reach();
    let target =
        store::find(tx.conn(), &reach, into)?.ok_or_else(|| Problem::invalid_field("into_id", FaultCode::UnknownId))?;
    if into == id {
        return Err(Problem::new(Code::MergeIntoItself));
    }
    if !is_confirmed(target.status) {
        return Err(Problem::new(Code::MergeTargetNotUsable).with("status", target.status));
    }
    let was_confirmed = structure.confirmed_at.is_some();
    store::change(tx, id, &Change::MergedInto(into))?;
    store::void_confirmations(tx, id)?;
    accounts::service::close_structure(tx, id)?;
    // Those that were merged into this one before follow it: a duplicate always names the one that stays.
    for former in store::lead_on(tx, id, into)? {
        let former = lock_any(tx, former)?;
        emit(tx, StructureEvent::Updated, &former)?;
    }
    let structure = lock(tx, id)?;
    emit(tx, StructureEvent::Merged, &structure)?;
    if was_confirmed {
        write_to(tx, &structure, |to| mails::merged(&structure, &target, to))?;
        write_to(tx, &target, |to| mails::merged_here(&structure, &target, to))?;
    }
    file(&mut tx.reader(), structure)
}

fn check_merge(reader: &mut Reader<'_>, structure: &Structure) -> Result<()> {
    after(STEPS, structure.status, can::merge_structure::LINE)?;
    if structure.posts > 0 {
        return Err(Problem::new(Code::StructureHasPosts));
    }
    require_no_open_application(reader, structure.id)?;
    // Who owes, or is owed, cannot vanish behind another.
    if store::has_open_money(reader.conn(), structure.id)? {
        return Err(Problem::new(Code::StructureHasMoney));
    }
    Ok(())
}

fn require_no_open_application(reader: &mut Reader<'_>, id: StructureId) -> Result<()> {
    if store::has_open_application(reader.conn(), id)? {
        return Err(Problem::new(Code::StructureHasOpenApplication));
    }
    Ok(())
}

fn transitions(reader: &mut Reader<'_>, structure: &Structure) -> Result<Vec<Transition>> {
    let principal = reader.principal();
    let cancel = check_cancel(reader, structure);
    let merge = check_merge(reader, structure);
    let leave = check_leave(reader, structure);
    Ok(vec![
        Transition::new(can::cancel_structure::LINE, principal, cancel),
        Transition::new(can::leave_structure::LINE, principal, leave),
        Transition::new(can::merge_structure::LINE, principal, merge),
    ])
}

/// The first posts of a structure are granted, or further ones.
pub fn retain(tx: &mut Tx<'_>, id: StructureId, wave: i32, on: NaiveDate) -> Result<()> {
    let structure = lock_any(tx, id)?;
    after(STEPS, structure.status, "retain")?;
    store::change(tx, id, &Change::Retained { wave, on })?;
    emit(tx, StructureEvent::Retained, &structure)
}

/// A structure that holds no posts any more leaves the scheme.
pub fn withdraw_if_empty(tx: &mut Tx<'_>, id: StructureId) -> Result<()> {
    let structure = lock_any(tx, id)?;
    if structure.posts > 0 || after(STEPS, structure.status, "withdraw").is_err() {
        // It shows how many posts it holds: its version moves with them.
        store::touch(tx, id)?;
        return emit(tx, StructureEvent::Updated, &structure);
    }
    store::change(tx, id, &Change::Withdrawn)?;
    emit(tx, StructureEvent::Withdrawn, &structure)
}

/// What retention asks for, once a day: registrations not confirmed within the link's life, and
/// contacts of structures that left two years ago.
pub fn forget(tx: &mut Tx<'_>) -> Result<(usize, usize)> {
    let now = tx.now().instant();
    let cancelled = tx.purge(Purge::of("unconfirmed_structures", "structures"), |tx| {
        store::cancel_unconfirmed(tx, now - Duration::days(CONFIRMATION_DAYS))
    })?;
    let contacts = tx.purge(Purge::of("structure_contacts", "structure_contacts"), |tx| {
        store::forget_contacts(tx, now - Duration::days(2 * 365))
    })?;
    Ok((cancelled, contacts))
}

/// Structures follow their commune into the intercommunal body that it belongs to now. Tells how many did; when the territories
/// were loaded anew.
pub fn follow_communes(tx: &mut Tx<'_>) -> Result<usize> {
    let moved = store::follow_communes(tx)?;
    for id in &moved {
        let structure = lock_any(tx, *id)?;
        emit(tx, StructureEvent::Updated, &structure)?;
    }
    Ok(moved.len())
}

fn emit(tx: &mut Tx<'_>, kind: StructureEvent, structure: &Structure) -> Result<()> {
    let place = Some((Some(structure.id), structure.departement_code.as_str(), structure.region_code.as_str()));
    events::emit(tx, kind, structure.id.uuid(), place)
}
