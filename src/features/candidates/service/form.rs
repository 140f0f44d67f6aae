//! What a candidate says of themselves, checked.

use crate::features::candidates::dto::{CandidatePatch, NewCandidate};
use crate::features::candidates::model::OWN_DOMAIN;
use crate::features::candidates::store::{Candidate, Fields};
use crate::features::territories::service as territories;
use crate::platform::codes::CommuneCode;
use crate::platform::db::Reader;
use crate::platform::error::{Code, Fault, FaultCode, Problem, Result};
use crate::platform::{formats, text};

pub(super) fn fields_of(reader: &mut Reader<'_>, new: &NewCandidate) -> Result<(Fields, Option<String>)> {
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    let mut faults = Vec::new();
    let commune = commune(reader, &new.commune_code, &new.postal_code, &mut faults)?;
    let phone = new
        .phone
        .as_deref()
        .map(|phone| e164(phone, departement_of(commune.as_ref())))
        .transpose()
        .map_err(|problem| collect(problem, &mut faults))
        .ok()
        .flatten();
    address_faults(&new.email, &mut faults);
    let anywhere = is(new.anywhere);
    if anywhere == new.max_distance_km.is_some() {
        faults.push(Fault::field("max_distance_km", FaultCode::DistanceOrAnywhere));
    }
    if new.available_from < reader.today() {
        faults.push(Fault::field("available_from", FaultCode::InThePast));
    }
    let situation = [new.job_seeker, new.employed, new.in_training, new.graduated, new.experienced].map(is);
    situation_faults(situation, new.diploma_name.is_some(), &mut faults);
    let (Some(commune), true) = (commune, faults.is_empty()) else { return Err(Problem::invalid(faults)) };
    let [job_seeker, employed, in_training, graduated, experienced] = situation;
    let fields = Fields {
        first_name: text::canonical(&new.first_name),
        last_name: text::canonical(&new.last_name),
        postal_code: new.postal_code.clone(),
        commune,
        max_distance_km: new.max_distance_km.map(|radius| radius.km()),
        anywhere,
        available_from: new.available_from,
        job_seeker,
        employed,
        in_training,
        graduated,
        experienced,
        diploma_name: new.diploma_name.as_deref().map(text::canonical),
    };
    Ok((fields, phone))
}

/// The candidate's fields after a merge patch.
pub(super) fn merged(reader: &mut Reader<'_>, before: &Candidate, patch: &CandidatePatch) -> Result<Fields> {
    let mut faults = Vec::new();
    let commune_code = patch.commune_code.clone().unwrap_or_else(|| before.commune_code.clone());
    let postal_code = patch.postal_code.clone().unwrap_or_else(|| before.postal_code.clone());
    let commune = commune(reader, &commune_code, &postal_code, &mut faults)?;
    if let Some(email) = &patch.email {
        address_faults(email, &mut faults);
    }
    if let Some(Some(phone)) = &patch.phone {
        let _ = e164(phone, departement_of(commune.as_ref())).map_err(|problem| collect(problem, &mut faults));
    }
    let (max_distance_km, anywhere) = match (patch.max_distance_km, patch.anywhere) {
        (Some(Some(radius)), None | Some(false)) => (Some(radius.km()), false),
        (None | Some(None), Some(true)) => (None, true),
        (None, None) => (before.max_distance_km, before.anywhere),
        (None, Some(false)) if !before.anywhere => (before.max_distance_km, false),
        _ => {
            faults.push(Fault::field("max_distance_km", FaultCode::DistanceOrAnywhere));
            (None, true)
        }
    };
    if patch.available_from.is_some_and(|day| day < reader.today()) {
        faults.push(Fault::field("available_from", FaultCode::InThePast));
    }
    let situation = [
        patch.job_seeker.unwrap_or(before.job_seeker),
        patch.employed.unwrap_or(before.employed),
        patch.in_training.unwrap_or(before.in_training),
        patch.graduated.unwrap_or(before.graduated),
        patch.experienced.unwrap_or(before.experienced),
    ];
    let mut diploma_name = patch.diploma_name.clone().unwrap_or_else(|| before.diploma_name.clone());
    if patch.graduated == Some(false) && patch.diploma_name.is_none() {
        diploma_name = None;
    }
    situation_faults(situation, diploma_name.is_some(), &mut faults);
    let (Some(commune), true) = (commune, faults.is_empty()) else { return Err(Problem::invalid(faults)) };
    let [job_seeker, employed, in_training, graduated, experienced] = situation;
    Ok(Fields {
        first_name: patch.first_name.as_deref().map_or_else(|| before.first_name.clone(), text::canonical),
        last_name: patch.last_name.as_deref().map_or_else(|| before.last_name.clone(), text::canonical),
        postal_code,
        commune,
        max_distance_km,
        anywhere,
        available_from: patch.available_from.unwrap_or(before.available_from),
        job_seeker,
        employed,
        in_training,
        graduated,
        experienced,
        diploma_name: diploma_name.as_deref().map(text::canonical),
    })
}

fn commune(
    reader: &mut Reader<'_>,
    commune_code: &CommuneCode,
    postal_code: &str,
    faults: &mut Vec<Fault>,
) -> Result<Option<territories::Commune>> {
    match territories::require_commune(reader, commune_code, postal_code, "") {
        Ok(commune) => Ok(Some(commune)),
        Err(problem) if problem.code() == Code::ValidationFailed => {
            collect(problem, faults);
            Ok(None)
        }
        Err(problem) => Err(problem),
    }
}

fn collect(problem: Problem, faults: &mut Vec<Fault>) {
    faults.extend(problem.into_faults());
}

fn address_faults(email: &str, faults: &mut Vec<Fault>) {
    if text::canonical_email(email).ends_with(OWN_DOMAIN) {
        faults.push(Fault::field("email", FaultCode::ProfessionalAddress));
    }
}

fn situation_faults(situation: [bool; 5], diploma: bool, faults: &mut Vec<Fault>) {
    let graduated = situation[3];
    if !situation.contains(&true) {
        faults.push(Fault::field("job_seeker", FaultCode::SituationMissing));
    }
    if graduated && !diploma {
        faults.push(Fault::field("diploma_name", FaultCode::Required));
    }
    if diploma && !graduated {
        faults.push(Fault::field("diploma_name", FaultCode::MustBeEmpty).with("because", "graduated = false"));
    }
}

fn departement_of(commune: Option<&territories::Commune>) -> &str {
    commune.map_or("", |commune| commune.departement_code.as_str())
}

/// A phone number as it is dialled in the département.
pub(super) fn e164(phone: &str, departement: &str) -> Result<String> {
    formats::phone_in(phone, departement).ok_or_else(|| Problem::invalid_field("phone", FaultCode::InvalidPhone))
}
