//! Use cases of places.

use crate::features::places::dto::{NewPlace, OpeningSpan, PlaceMembership, PlacePatch};
use crate::features::places::model::{PlaceProgramme, Span, minutes, overlap, to_osm};
use crate::features::places::store::{self, Fields, Membership, Place};
use crate::features::recruitments::service as recruitments;
use crate::features::structures::service as structures;
use crate::features::territories::service::{self as territories, Commune};
use crate::platform::auth::Actor;
use crate::platform::codes::{CommuneCode, DepartementCode};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Faults, Named, Problem, Result};
use crate::platform::events::{self, PlaceEvent};
use crate::platform::ids::{CounsellorId, PlaceId, StructureId};
use crate::platform::transitions::require_version;
use crate::platform::{formats, hours, text};

mod standard;

pub use self::standard::standard;

/// Places nearer than this may be the same one.
const NEAR_METRES: f64 = 100.0;
/// More places than the country has.
const ALL: i64 = 100_000;

/// A place with who works there.
pub struct File {
    pub place: Place,
    pub members: Vec<Membership>,
    /// Whether the caller knows the names without consent.
    pub knows_names: bool,
    pub near: Vec<PlaceId>,
}

impl File {
    /// Those whose names the caller sees though they are not public.
    pub fn known(&self) -> impl Iterator<Item = &Membership> {
        self.members.iter().filter(|member| self.knows_names && !member.name_published)
    }
}

pub fn find(reader: &mut Reader<'_>, id: PlaceId) -> Result<File> {
    let actor = reader.actor().clone();
    let place = store::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    let knows_names = store::is_own(reader.conn(), &actor, id)?;
    let near = store::near(reader.conn(), id, (place.longitude, place.latitude), NEAR_METRES)?;
    // Who works there is closed to most; what is shown of them is decided by their consent.
    reader.widen()?;
    let members = store::members(reader.conn(), id)?;
    Ok(File { place, members, knows_names, near })
}

/// The structure that a place of the caller belongs to.
fn home(tx: &mut Tx<'_>, named: Option<StructureId>) -> Result<StructureId> {
    let unknown = || Problem::invalid_field("structure_id", FaultCode::UnknownId);
    match (tx.actor().clone(), named) {
        (Actor::Employer(own), None) => Ok(own),
        (Actor::Counsellor(own), None) => Ok(recruitments::find_counsellor(&mut tx.reader(), own)?.structure_id),
        (_, None) => Err(Problem::invalid_field("structure_id", FaultCode::Required)),
        (Actor::Counsellor(own), Some(named)) => {
            let at = recruitments::find_counsellor(&mut tx.reader(), own)?.structure_id;
            if at == named { Ok(named) } else { Err(unknown()) }
        }
        (_, Some(named)) => Ok(structures::require(&mut tx.reader(), named).named_by("structure_id")?.id),
    }
}

fn codes<T: TextEnum + Ord>(terms: Option<&Vec<T>>) -> Vec<String> {
    let mut terms: Vec<T> = terms.cloned().unwrap_or_default();
    terms.sort_unstable();
    terms.dedup();
    terms.into_iter().map(|term| term.as_str().to_owned()).collect()
}

/// Hours given as a week or as text, as the text that is kept.
fn hours(week: Option<&Vec<OpeningSpan>>, osm: Option<&str>) -> Result<Option<String>> {
    match (week, osm) {
        (Some(_), Some(_)) => {
            let fault = Fault::field("opening_hours", FaultCode::MustBeEmpty).with("because", "opening_hours_osm");
            Err(Problem::invalid(vec![fault]))
        }
        (None, None) => Ok(None),
        (None, Some(text)) => hours::canonical(text).map(Some).map_err(|position| {
            let fault = Fault::field("opening_hours_osm", FaultCode::InvalidOpeningHours);
            Problem::invalid(vec![fault.with("position", position)])
        }),
        (Some(week), None) => {
            let span = |span: &OpeningSpan| {
                let (opens, closes) = (minutes(&span.opens)?, minutes(&span.closes)?);
                (opens < closes).then_some(Span { day: span.day, opens, closes })
            };
            let spans: Option<Vec<Span>> = week.iter().map(span).collect();
            let spans = spans.filter(|spans| !overlap(spans));
            let spans = spans.ok_or_else(|| Problem::invalid_field("opening_hours", FaultCode::InvalidValue))?;
            Ok(to_osm(&spans))
        }
    }
}

/// A phone number as it is dialled in the commune.
fn phone(phone: Option<&str>, commune: Option<&Commune>) -> Result<Option<String>> {
    let Some(departement) = commune.map(|commune| commune.departement_code.as_str()) else { return Ok(None) };
    let read = |phone| {
        let found = formats::public_phone_in(phone, departement);
        found.ok_or_else(|| Problem::invalid_field("phone", FaultCode::InvalidPhone))
    };
    phone.map(read).transpose()
}

/// Where a place lies and when and how it is reached: what is judged together, so that all faults are told at once.
struct Reached {
    commune: Commune,
    /// The point that was given.
    point: Option<(f64, f64)>,
    phone: Option<String>,
    opening_hours: Option<String>,
}

/// What of it was written, with what a change leaves as it is.
struct Written<'w> {
    commune_code: &'w CommuneCode,
    postal_code: &'w str,
    point: (Option<f64>, Option<f64>),
    phone: Option<&'w str>,
    week: Option<&'w Vec<OpeningSpan>>,
    osm: Option<&'w str>,
}

fn reached(tx: &mut Tx<'_>, written: &Written<'_>) -> Result<Reached> {
    let mut faults = Faults::default();
    let commune = territories::require_commune(&mut tx.reader(), written.commune_code, written.postal_code, "");
    let commune = faults.keep(commune)?;
    // What lies there is judged although the postal code is of elsewhere.
    let there = match &commune {
        Some(commune) => Some(commune.clone()),
        None => territories::find_commune(&mut tx.reader(), written.commune_code)?,
    };
    let point = faults.keep(territories::point(there.as_ref(), written.point.0, written.point.1))?.flatten();
    let phone = faults.keep(phone(written.phone, there.as_ref()))?.flatten();
    let opening_hours = faults.keep(hours(written.week, written.osm))?.flatten();
    faults.into_result()?;
    let commune = commune.ok_or_else(|| Problem::internal("a commune without faults is there"))?;
    Ok(Reached { commune, point, phone, opening_hours })
}

pub fn create(tx: &mut Tx<'_>, new: &NewPlace) -> Result<File> {
    let structure_id = home(tx, new.structure_id)?;
    let reached = reached(
        tx,
        &Written {
            commune_code: &new.commune_code,
            postal_code: &new.postal_code,
            point: (new.longitude, new.latitude),
            phone: new.phone.as_deref(),
            week: new.opening_hours.as_ref(),
            osm: new.opening_hours_osm.as_deref(),
        },
    )?;
    let programmes = match &new.programmes {
        Some(programmes) => codes(Some(programmes)),
        None => vec![PlaceProgramme::ConseillersNumeriques.to_string()],
    };
    let fields = Fields {
        structure_id,
        name: text::canonical(&new.name),
        kind: new.kind,
        siret: new.siret.clone(),
        address: text::canonical(&new.address),
        address_complement: new.address_complement.as_deref().map(text::canonical),
        postal_code: new.postal_code.clone(),
        point: reached.point.unwrap_or((reached.commune.longitude, reached.commune.latitude)),
        commune: reached.commune,
        phone: reached.phone,
        email: new.email.as_deref().map(text::canonical_email),
        website: new.website.clone(),
        booking_url: new.booking_url.clone(),
        opening_hours: reached.opening_hours,
        presentation: new.presentation.as_deref().map(text::canonical),
        services: codes(Some(&new.services)),
        audiences: codes(new.audiences.as_ref()),
        special_care: codes(new.special_care.as_ref()),
        fees: codes(new.fees.as_ref()),
        access_modes: codes(new.access_modes.as_ref()),
        support_modes: codes(new.support_modes.as_ref()),
        programmes,
        itinerant: new.itinerant.unwrap_or(false),
        published: new.published.unwrap_or(true),
    };
    let id = PlaceId::new();
    store::insert(tx, id, &fields)?;
    if let Actor::Counsellor(own) = tx.actor().clone() {
        store::join(tx, id, own, false, false, false)?;
    }
    told(tx, PlaceEvent::Created, id)
}

/// Locks a place that the caller may change.
fn lock(tx: &mut Tx<'_>, id: PlaceId, version: Option<i32>) -> Result<Place> {
    let actor = tx.actor().clone();
    let place = store::lock(tx, &actor, id)?.ok_or_else(Problem::not_found)?;
    if !store::is_own(tx.conn(), &actor, id)? {
        return Err(Problem::not_found());
    }
    require_version(version, place.version)?;
    if place.merged_into_id.is_some() {
        return Err(Problem::new(Code::PlaceMerged));
    }
    Ok(place)
}

pub fn update(tx: &mut Tx<'_>, id: PlaceId, version: Option<i32>, patch: &PlacePatch) -> Result<File> {
    let before = lock(tx, id, version)?;
    let commune_code = patch.commune_code.clone().unwrap_or_else(|| before.commune_code.clone());
    let postal_code = patch.postal_code.clone().unwrap_or_else(|| before.postal_code.clone());
    let reached = reached(
        tx,
        &Written {
            commune_code: &commune_code,
            postal_code: &postal_code,
            point: (patch.longitude, patch.latitude),
            phone: patch.phone.as_ref().and_then(Option::as_deref),
            week: patch.opening_hours.as_ref(),
            osm: patch.opening_hours_osm.as_ref().and_then(Option::as_deref),
        },
    )?;
    let moved = before.commune_code != reached.commune.code;
    let town = (reached.commune.longitude, reached.commune.latitude);
    let stays = if moved { town } else { (before.longitude, before.latitude) };
    let opening_hours = match (&patch.opening_hours, &patch.opening_hours_osm) {
        (None, None) => before.opening_hours.clone(),
        _ => reached.opening_hours,
    };
    let keep = |new: &Option<Option<String>>, old: &Option<String>| new.clone().unwrap_or_else(|| old.clone());
    let fields = Fields {
        structure_id: before.structure_id,
        name: patch.name.as_deref().map_or_else(|| before.name.clone(), text::canonical),
        kind: patch.kind.unwrap_or(before.kind),
        siret: keep(&patch.siret, &before.siret),
        address: patch.address.as_deref().map_or_else(|| before.address.clone(), text::canonical),
        address_complement: keep(&patch.address_complement, &before.address_complement),
        postal_code,
        point: reached.point.unwrap_or(stays),
        commune: reached.commune,
        phone: if patch.phone.is_some() { reached.phone } else { before.phone.clone() },
        email: keep(&patch.email, &before.email).map(|email| text::canonical_email(&email)),
        website: keep(&patch.website, &before.website),
        booking_url: keep(&patch.booking_url, &before.booking_url),
        opening_hours,
        presentation: keep(&patch.presentation, &before.presentation).map(|text| text::canonical(&text)),
        services: patch.services.as_ref().map_or(before.services.clone(), |new| codes(Some(new))),
        audiences: patch.audiences.as_ref().map_or(before.audiences.clone(), |new| codes(Some(new))),
        special_care: patch.special_care.as_ref().map_or(before.special_care.clone(), |new| codes(Some(new))),
        fees: patch.fees.as_ref().map_or(before.fees.clone(), |new| codes(Some(new))),
        access_modes: patch.access_modes.as_ref().map_or(before.access_modes.clone(), |new| codes(Some(new))),
        support_modes: patch.support_modes.as_ref().map_or(before.support_modes.clone(), |new| codes(Some(new))),
        programmes: patch.programmes.as_ref().map_or(before.programmes.clone(), |new| codes(Some(new))),
        itinerant: patch.itinerant.unwrap_or(before.itinerant),
        published: patch.published.unwrap_or(before.published),
    };
    store::update(tx, id, &fields)?;
    told(tx, PlaceEvent::Updated, id)
}

/// Marks a place as a duplicate of another, which takes over who works there.
pub fn merge(tx: &mut Tx<'_>, id: PlaceId, version: Option<i32>, into: PlaceId) -> Result<File> {
    // Both rows in one order, so that two merges never wait for each other.
    let actor = tx.actor().clone();
    for id in if id < into { [id, into] } else { [into, id] } {
        store::lock(tx, &actor, id)?;
    }
    lock(tx, id, version)?;
    if id == into {
        return Err(Problem::new(Code::MergeIntoItself));
    }
    let target = lock(tx, into, None).named_by("into_id")?;
    tx.as_service(|tx| store::merge(tx, id, target.id))?;
    told(tx, PlaceEvent::Updated, into)?;
    told(tx, PlaceEvent::Merged, id)
}

/// Makes a counsellor work at a place, or changes how they appear there.
pub fn join(tx: &mut Tx<'_>, id: PlaceId, counsellor: CounsellorId, membership: &PlaceMembership) -> Result<File> {
    let is_self = *tx.actor() == Actor::Counsellor(counsellor);
    // A counsellor may come to work wherever a place is shown to everybody.
    let actor = tx.actor().clone();
    let place = store::lock(tx, &actor, id)?.ok_or_else(Problem::not_found)?;
    if place.merged_into_id.is_some() {
        return Err(Problem::new(Code::PlaceMerged));
    }
    if !is_self {
        lock(tx, id, None)?;
        recruitments::find_counsellor(&mut tx.reader(), counsellor)?;
    }
    let known =
        tx.as_service(|tx| store::members(tx.conn(), id))?.into_iter().find(|row| row.counsellor_id == counsellor);
    for (given, field) in [(membership.name_published, "name_published"), (membership.objects, "objects")] {
        if given.is_some() && !is_self {
            return Err(Problem::invalid_field(field, FaultCode::ReadOnly));
        }
    }
    let of = |given: Option<bool>, old: Option<bool>| given.or(old).unwrap_or(false);
    let main = of(membership.main, known.as_ref().map(|row| row.main));
    if main && place.itinerant {
        return Err(Problem::invalid_field("main", FaultCode::InvalidValue));
    }
    let named = of(membership.name_published, known.as_ref().map(|row| row.name_published));
    let objects = of(membership.objects, known.as_ref().map(|row| row.objects));
    tx.as_service(|tx| store::join(tx, id, counsellor, main, named, objects))?;
    told(tx, PlaceEvent::Updated, id)
}

/// A counsellor works there no longer.
pub fn leave(tx: &mut Tx<'_>, id: PlaceId, counsellor: CounsellorId, version: Option<i32>) -> Result<()> {
    if *tx.actor() != Actor::Counsellor(counsellor) {
        lock(tx, id, None)?;
    }
    let actor = tx.actor().clone();
    let place = store::lock(tx, &actor, id)?.ok_or_else(Problem::not_found)?;
    require_version(version, place.version)?;
    if !tx.as_service(|tx| store::leave(tx, id, counsellor))? {
        return Err(Problem::not_found());
    }
    told(tx, PlaceEvent::Updated, id)?;
    Ok(())
}

/// A place, for what names one: where it lies.
pub fn require(reader: &mut Reader<'_>, id: PlaceId) -> Result<Place> {
    let actor = reader.actor().clone();
    store::find(reader.conn(), &actor, id)?
        .filter(|place| place.merged_into_id.is_none())
        .ok_or_else(Problem::not_found)
}

/// A place whoever may see it, also one that is merged: for what lies there.
pub fn require_any(reader: &mut Reader<'_>, id: PlaceId) -> Result<Place> {
    store::find(reader.conn(), &Actor::System, id)?.ok_or_else(Problem::not_found)
}

fn told(tx: &mut Tx<'_>, kind: PlaceEvent, id: PlaceId) -> Result<File> {
    let file = tx.as_service(|tx| find(&mut tx.reader(), id));
    let mut file = match file {
        Ok(file) => file,
        // Whoever left a place that is not public sees it no longer.
        Err(problem) => {
            let place = tx.as_service(|tx| store::find(tx.conn(), &Actor::System, id))?.ok_or(problem)?;
            File { place, members: Vec::new(), knows_names: false, near: Vec::new() }
        }
    };
    let actor = tx.actor().clone();
    file.knows_names = store::is_own(tx.conn(), &actor, id)?;
    let (departement, region) = (file.place.departement_code.as_str(), file.place.region_code.as_str());
    let place = Some((Some(file.place.structure_id), departement, region));
    events::emit(tx, kind, id.uuid(), place)?;
    Ok(file)
}

/// Public places within a box.
pub fn map(
    reader: &mut Reader<'_>,
    departements: Option<Vec<DepartementCode>>,
    bbox: Option<[f64; 4]>,
) -> Result<Vec<Place>> {
    store::list_public(reader.conn(), departements, bbox, ALL)
}
