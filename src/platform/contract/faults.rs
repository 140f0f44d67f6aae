//! What a value does wrong, as faults that name their place.

use std::collections::HashSet;

use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::platform::error::{Fault, FaultCode, Place};
use crate::platform::formats;
use crate::platform::http::json::escape;

/// Longer names are no misspelling of ours: looking for the nearest would take long.
const LONGEST_GUESS: usize = 100;

/// A name that is not known where it stands, with the nearest one that is.
pub fn unknown_name<'n>(place: Place, name: &str, known: impl Iterator<Item = &'n str>) -> Fault {
    let known: Vec<&str> = known.collect();
    let guesses: &[&str] = if name.len() <= LONGEST_GUESS { &known } else { &[] };
    let nearest = guesses
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 2 + candidate.len() / 3);
    match nearest {
        Some((_, nearest)) => Fault::new(place, FaultCode::Unknown).with("nearest", nearest),
        None => Fault::new(place, FaultCode::UnknownNoGuess).with("known", known.join(", ")),
    }
}

/// Every fault of a value that the validator finds; each place once.
pub fn of(validator: &Validator, value: &Value, place: impl Fn(&str) -> Place) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    for error in validator.iter_errors(value) {
        let path = error.instance_path().to_string();
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                found.push(Fault::new(place(&format!("{path}/{}", escape(name))), FaultCode::Required));
            }
            // Of a choice between a form and nothing, what the form does not allow.
            ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
                let told = context.iter().flatten().find(|error| !asks_for_nothing(error.kind()));
                let kind = told.map_or(error.kind(), |error| error.kind());
                let inner = told.map_or_else(|| path.clone(), |error| error.instance_path().to_string());
                let at = if inner.starts_with(&path) { inner } else { path };
                let (code, parameter) = fault_of(kind, error.instance());
                let mut fault = Fault::new(place(&at), code);
                fault.params.extend(parameter);
                found.push(fault);
            }
            kind => {
                let (code, parameter) = fault_of(kind, error.instance());
                let mut fault = Fault::new(place(&path), code);
                fault.params.extend(parameter);
                found.push(fault);
            }
        }
    }
    once(found)
}

/// One place is told once: a wrong type also breaks every other rule there.
pub fn once(mut faults: Vec<Fault>) -> Vec<Fault> {
    let mut places = HashSet::new();
    faults.retain(|fault| places.insert(fault.place.clone()));
    faults
}

/// Whether a rule allows nothing but `null`.
fn asks_for_nothing(kind: &ValidationErrorKind) -> bool {
    matches!(kind, ValidationErrorKind::Type { kind: TypeKind::Single(single) } if single.to_string() == "null")
}

fn fault_of(kind: &ValidationErrorKind, value: &Value) -> (FaultCode, Option<(&'static str, String)>) {
    use ValidationErrorKind as E;
    let limit = |limit: &dyn std::fmt::Display| Some(("limit", limit.to_string()));
    match kind {
        E::MinLength { limit: l } => (FaultCode::TooShort, limit(l)),
        E::MaxLength { limit: l } => (FaultCode::TooLong, limit(l)),
        E::Minimum { limit: l } | E::ExclusiveMinimum { limit: l } => (FaultCode::TooSmall, limit(l)),
        E::Maximum { limit: l } | E::ExclusiveMaximum { limit: l } => (FaultCode::TooLarge, limit(l)),
        E::MinItems { limit: l } => (FaultCode::TooFew, limit(l)),
        E::MaxItems { limit: l } => (FaultCode::TooMany, limit(l)),
        E::UniqueItems => (FaultCode::NotUnique, None),
        E::Enum { options } => {
            let allowed: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            (FaultCode::NotInList, Some(("allowed", allowed.join(", "))))
        }
        E::Constant { expected_value } => (FaultCode::NotInList, Some(("allowed", expected_value.to_string()))),
        E::Pattern { pattern } => (FaultCode::InvalidFormat, Some(("format", pattern.clone()))),
        E::Format { format } => formats::fault(format, value.as_str().unwrap_or_default()),
        E::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(single) => single.to_string(),
                TypeKind::Multiple(several) => {
                    several.iter().map(|t| t.to_string()).filter(|t| t != "null").collect::<Vec<_>>().join(", ")
                }
            };
            (FaultCode::WrongType, Some(("expected", expected)))
        }
        _ => (FaultCode::InvalidValue, None),
    }
}
