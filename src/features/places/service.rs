//! Use cases of places.

use super::dto::{NewPlace, OpeningSpan, PlaceMembership, PlacePatch};
use super::model::{
    AccessMode, PlaceAudience, PlaceFee, PlaceProgramme, PlaceService, Span, SpecialCare, SupportMode, canonical_osm,
    minutes, overlap, to_osm,
};
use super::store::{self, Fields, Membership, Place};
use crate::features::recruitments::service as recruitments;
use crate::features::structures::service as structures;
use crate::features::territories::service as territories;
use crate::platform::auth::Actor;
use crate::platform::codes::DepartementCode;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, FaultCode, Named, Problem, Result};
use crate::platform::events::{self, Kind, PlaceEvent, StructureEvent, Told};
use crate::platform::ids::{CounsellorId, PlaceId, StructureId};
use crate::platform::problems::Language;
use crate::platform::transitions::{Expected, require_version};
use crate::platform::{formats, standing, text};

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
        (_, Some(named)) => {
            let structure = structures::require(&mut tx.reader(), named).named_by("structure_id")?;
            standing::require_live(tx, structure.id)?;
            Ok(structure.id)
        }
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
            Err(Problem::invalid_field("opening_hours", FaultCode::MustBeEmpty).with("because", "opening_hours_osm"))
        }
        (None, None) => Ok(None),
        (None, Some(text)) => match canonical_osm(text) {
            Some(text) => Ok(Some(text)),
            None => Err(Problem::invalid_field("opening_hours_osm", FaultCode::InvalidValue)),
        },
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

fn phone(phone: Option<&str>) -> Result<Option<String>> {
    phone
        .map(|phone| formats::phone_e164(phone).ok_or_else(|| Problem::invalid_field("phone", FaultCode::InvalidPhone)))
        .transpose()
}

pub fn create(tx: &mut Tx<'_>, new: &NewPlace) -> Result<File> {
    let structure_id = home(tx, new.structure_id)?;
    let commune = territories::require_commune(&mut tx.reader(), &new.commune_code, &new.postal_code, "")?;
    let point = point(new.longitude, new.latitude)?.unwrap_or((commune.longitude, commune.latitude));
    let programmes = match &new.programmes {
        Some(programmes) => codes(Some(programmes)),
        None => vec![PlaceProgramme::ConseillersNumeriques.to_string()],
    };
    let fields = Fields {
        structure_id,
        name: text::canonical(&new.name),
        siret: new.siret.clone(),
        address: text::canonical(&new.address),
        address_complement: new.address_complement.as_deref().map(text::canonical),
        postal_code: new.postal_code.clone(),
        commune,
        point,
        phone: phone(new.phone.as_deref())?,
        email: new.email.as_deref().map(text::canonical_email),
        website: new.website.clone(),
        booking_url: new.booking_url.clone(),
        opening_hours: hours(new.opening_hours.as_ref(), new.opening_hours_osm.as_deref())?,
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
fn lock(tx: &mut Tx<'_>, id: PlaceId, version: Option<Expected>) -> Result<Place> {
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

pub fn update(tx: &mut Tx<'_>, id: PlaceId, version: Option<Expected>, patch: &PlacePatch) -> Result<File> {
    let before = lock(tx, id, version)?;
    let commune_code = patch.commune_code.clone().unwrap_or_else(|| before.commune_code.clone());
    let postal_code = patch.postal_code.clone().unwrap_or_else(|| before.postal_code.clone());
    let commune = territories::require_commune(&mut tx.reader(), &commune_code, &postal_code, "")?;
    let moved = before.commune_code != commune.code;
    let given = point(patch.longitude, patch.latitude)?;
    let stays = if moved { (commune.longitude, commune.latitude) } else { (before.longitude, before.latitude) };
    let opening_hours = match (&patch.opening_hours, &patch.opening_hours_osm) {
        (None, None) => before.opening_hours.clone(),
        (week, osm) => hours(week.as_ref(), osm.as_ref().and_then(Option::as_deref))?,
    };
    let keep = |new: &Option<Option<String>>, old: &Option<String>| new.clone().unwrap_or_else(|| old.clone());
    let fields = Fields {
        structure_id: before.structure_id,
        name: patch.name.as_deref().map_or_else(|| before.name.clone(), text::canonical),
        siret: keep(&patch.siret, &before.siret),
        address: patch.address.as_deref().map_or_else(|| before.address.clone(), text::canonical),
        address_complement: keep(&patch.address_complement, &before.address_complement),
        postal_code,
        commune,
        point: given.unwrap_or(stays),
        phone: match &patch.phone {
            Some(new) => phone(new.as_deref())?,
            None => before.phone.clone(),
        },
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

fn point(longitude: Option<f64>, latitude: Option<f64>) -> Result<Option<(f64, f64)>> {
    match (longitude, latitude) {
        (Some(longitude), Some(latitude)) => Ok(Some((longitude, latitude))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Problem::invalid_field("latitude", FaultCode::Required)),
        (None, Some(_)) => Err(Problem::invalid_field("longitude", FaultCode::Required)),
    }
}

/// Marks a place as a duplicate of another, which takes over who works there.
pub fn merge(tx: &mut Tx<'_>, id: PlaceId, version: Option<Expected>, into: PlaceId) -> Result<File> {
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
pub fn leave(tx: &mut Tx<'_>, id: PlaceId, counsellor: CounsellorId, version: Option<Expected>) -> Result<()> {
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

/// Public places in the columns of the national standard.
pub fn standard(
    reader: &mut Reader<'_>,
    departements: Option<Vec<DepartementCode>>,
    bbox: Option<[f64; 4]>,
) -> Result<String> {
    let places = store::list_public(reader.conn(), departements, bbox, ALL)?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let broken = |e: csv::Error| Problem::internal(format!("cannot write the places: {e}"));
    writer.write_record(STANDARD).map_err(broken)?;
    for place in &places {
        writer.write_record(row(place).iter().map(|cell| harmless(cell))).map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|e| Problem::internal(format!("cannot write the places: {e}")))?;
    String::from_utf8(bytes).map_err(|e| Problem::internal(e.to_string()))
}

/// Public places within a box.
pub fn map(
    reader: &mut Reader<'_>,
    departements: Option<Vec<DepartementCode>>,
    bbox: Option<[f64; 4]>,
) -> Result<Vec<Place>> {
    store::list_public(reader.conn(), departements, bbox, ALL)
}

/// Columns of the standard « lieux de médiation numérique », in its order.
const STANDARD: [&str; 30] = [
    "id",
    "pivot",
    "nom",
    "commune",
    "code_postal",
    "code_insee",
    "adresse",
    "complement_adresse",
    "latitude",
    "longitude",
    "typologie",
    "telephone",
    "courriels",
    "site_web",
    "horaires",
    "presentation_resume",
    "presentation_detail",
    "source",
    "itinerance",
    "structure_parente",
    "date_maj",
    "services",
    "publics_specifiquement_adresses",
    "prise_en_charge_specifique",
    "frais_a_charge",
    "dispositif_programmes_nationaux",
    "formations_labels",
    "modalites_acces",
    "modalites_accompagnement",
    "prise_rdv",
];

fn row(place: &Place) -> [String; 30] {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        place.reference.clone(),
        some(&place.siret),
        place.name.clone(),
        place.commune_name.clone(),
        place.postal_code.clone(),
        place.commune_code.to_string(),
        place.address.clone(),
        some(&place.address_complement),
        place.latitude.to_string(),
        place.longitude.to_string(),
        String::new(),
        some(&place.phone),
        some(&place.email),
        some(&place.website),
        some(&place.opening_hours),
        some(&place.presentation),
        String::new(),
        "conseiller-numerique".to_owned(),
        if place.itinerant { "Itinérant" } else { "Fixe" }.to_owned(),
        place.structure_name.clone(),
        place.updated_at.with_timezone(&chrono_tz::Europe::Paris).date_naive().to_string(),
        labels::<PlaceService>(&place.services),
        labels::<PlaceAudience>(&place.audiences),
        labels::<SpecialCare>(&place.special_care),
        labels::<PlaceFee>(&place.fees),
        labels::<PlaceProgramme>(&place.programmes),
        String::new(),
        labels::<AccessMode>(&place.access_modes),
        labels::<SupportMode>(&place.support_modes),
        some(&place.booking_url),
    ]
}

/// The standard speaks in French labels, joined by bars.
fn labels<T: TextEnum>(codes: &[String]) -> String {
    codes
        .iter()
        .filter_map(|code| T::parse(code))
        .map(|term| term.label(Language::French))
        .collect::<Vec<_>>()
        .join("|")
}

/// A cell that no spreadsheet runs. Phone numbers of the standard begin with a plus, and are digits.
fn harmless(cell: &str) -> String {
    let number = cell.strip_prefix(['+', '-']).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'));
    if number { cell.to_owned() } else { text::harmless(cell) }
}

/// Places go with their structure: to the one that stays where it was merged, out of public sight where it was cancelled.
pub fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    let ends = |told: &&Told| matches!(told.kind, Kind::Structure(StructureEvent::Merged | StructureEvent::Cancelled));
    let ended: Vec<uuid::Uuid> = told.iter().filter(ends).map(|told| told.id).collect();
    if ended.is_empty() {
        return Ok(());
    }
    for id in store::follow_structures(tx, ended)? {
        let place = store::find(tx.conn(), &Actor::System, id)?.ok_or_else(Problem::not_found)?;
        let at = Some((Some(place.structure_id), place.departement_code.as_str(), place.region_code.as_str()));
        events::emit(tx, PlaceEvent::Updated, id.uuid(), at)?;
    }
    Ok(())
}
