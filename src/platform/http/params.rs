//! Typed path and query parameters, read after the door has checked them.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::front::Admitted;
use crate::platform::error::{Problem, Result};

/// Query parameters.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

/// Path parameters: one value, or a tuple of several in the order of the path.
#[derive(Clone, Debug)]
pub struct PathParams<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(request, |admitted| typed(Value::Object(admitted.query.clone())).map(Self)))
    }
}

impl<T: DeserializeOwned> FromRequest for PathParams<T> {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(request, |admitted| {
            let mut values: Vec<Value> = admitted.path.values().cloned().collect();
            let value = if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
            typed(value).map(Self)
        }))
    }
}

fn admitted<T>(request: &HttpRequest, read: impl FnOnce(&Admitted) -> Result<T>) -> Result<T> {
    match request.extensions().get::<Admitted>() {
        Some(admitted) => read(admitted),
        None => Err(Problem::internal("parameters read before the door")),
    }
}

/// The door has checked the value against the document; a failure here is a gap between both.
fn typed<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|e| Problem::internal(format!("parameters: {e}")))
}

/// Reads `application/x-www-form-urlencoded` strictly: no broken escape, no invalid UTF-8, no NUL.
pub fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((percent_decode(&name.replace('+', " "))?, percent_decode(&value.replace('+', " "))?))
        })
        .collect()
}

/// `None` for a broken escape, invalid UTF-8 or a NUL.
pub fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return (!text.contains('\0')).then(|| text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push((high * 16 + low) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Escapes a text for a query or a path segment.
pub fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~,:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_strictly() {
        assert_eq!(
            pairs("q=St+%C3%89tienne&x"),
            Some(vec![("q".into(), "St Étienne".into()), ("x".into(), String::new())])
        );
        for broken in ["q=%", "q=%C3", "q=%zz", "q=%00", "q=%+1"] {
            assert_eq!(pairs(broken), None, "{broken}");
        }
        assert_eq!(percent_decode(&percent_encode("a b&é/%")).as_deref(), Some("a b&é/%"));
    }
}
