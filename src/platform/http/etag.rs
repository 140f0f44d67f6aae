//! Entity tags (RFC 9110, 8.8 and 13.1): what an answer says, and what a caller expects of a resource.
//!
//! A tag stands for the whole answer, because details show what other rows, the caller's role and the day decide: `"v5-1f3a…"`
//! is the resource's version and a digest of the body. `If-None-Match` compares the tag, `If-Match` the version in it: what
//! somebody else's row changes in an answer must not keep a caller from writing.

use actix_web::http::header::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};

use crate::platform::error::{Code, Fault, FaultCode, Place, Problem, Result};

/// What `If-Match` looks like.
const FORM: &str = "\"v5-1f3a\" or \"v5\", as ETag gave it; several separated by commas, or *";
/// Different versions that one `If-Match` may name.
const MOST: usize = 16;
/// A member that says when an answer was made: two answers that differ in nothing else say the same.
const MADE_AT: &[u8] = b"\"computed_at\":\"";

/// The tag of an answer: strong, or weak where the answer says when it was made.
pub fn of(version: Option<i32>, body: &[u8]) -> String {
    let (digest, dated) = digest(body);
    let weak = if dated { "W/" } else { "" };
    match version {
        Some(version) => format!("{weak}\"v{version}-{digest}\""),
        None => format!("{weak}\"{digest}\""),
    }
}

/// The tag of bytes that never change while the program runs.
pub fn exact(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!("\"{}\"", hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A digest of all that is said, and whether an instant of making was left out of it.
fn digest(body: &[u8]) -> (String, bool) {
    let mut hash = Sha256::new();
    let mut rest = body;
    let mut dated = false;
    while let Some(at) = rest.windows(MADE_AT.len()).position(|window| window == MADE_AT) {
        let (said, made) = rest.split_at(at + MADE_AT.len());
        hash.update(said);
        rest = made.iter().position(|byte| *byte == b'"').map_or(&[], |end| &made[end..]);
        dated = true;
    }
    hash.update(rest);
    (hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect(), dated)
}

/// The version that the inside of a tag of ours names: `v5`, `v5-1f3a`, and what a proxy hung on it (`v5-1f3a-gzip`).
fn version_in(opaque: &str) -> Option<i32> {
    let told = opaque.strip_prefix('v')?;
    let digits = told.split_once('-').map_or(told, |(digits, _)| digits);
    digits.parse().ok().filter(|version| *version >= 0)
}

/// Versions that `If-Match` names, of which one must be the row's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    versions: [i32; MOST],
    count: usize,
}

impl Expected {
    /// Whether the row may have this version.
    pub fn admits(&self, current: i32) -> bool {
        self.versions[..self.count].contains(&current)
    }

    /// Reads `If-Match`; none without one, and for `*`. Tags of others name no version of ours. A weak tag is taken as well: ours name
    /// versions, and whoever compresses on the way weakens what passes.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>> {
        let Some(list) = Tags::read(headers, &actix_web::http::header::IF_MATCH) else { return Ok(None) };
        let tags = match list {
            Tags::Any => return Ok(None),
            Tags::Listed(tags) => tags,
            Tags::Malformed => return Err(malformed()),
        };
        let mut expected = Self::default();
        for version in tags.iter().filter_map(|tag| version_in(tag)) {
            if expected.admits(version) {
                continue;
            }
            *expected.versions.get_mut(expected.count).ok_or_else(malformed)? = version;
            expected.count += 1;
        }
        Ok(Some(expected))
    }
}

fn malformed() -> Problem {
    let fault = Fault::new(Place::Header("If-Match"), FaultCode::InvalidFormat).with("format", FORM);
    Problem::new(Code::InvalidParameter).faults(vec![fault])
}

/// Whether `If-None-Match` names this tag, by weak comparison. What is no list of tags names none.
pub fn is_held(headers: &HeaderMap, tag: &str) -> bool {
    match Tags::read(headers, &actix_web::http::header::IF_NONE_MATCH) {
        Some(Tags::Any) => true,
        Some(Tags::Listed(tags)) => tags.iter().any(|held| *held == opaque(tag)),
        Some(Tags::Malformed) | None => false,
    }
}

/// Whether `If-Range` allows parts: strong comparison, so that parts are of one and the same answer.
pub fn is_same(held: &str, tag: &str) -> bool {
    held == tag && !tag.starts_with("W/")
}

/// The same tag for an answer whose bytes were changed on the way, as by compression.
pub fn weakened(tag: &str) -> String {
    if tag.starts_with("W/") { tag.to_owned() } else { format!("W/{tag}") }
}

fn opaque(tag: &str) -> &str {
    tag.trim_start_matches("W/").trim_matches('"')
}

/// The insides of the tags of a header, over all its lines.
#[derive(Debug, PartialEq, Eq)]
enum Tags<'h> {
    Any,
    Listed(Vec<&'h str>),
    Malformed,
}

impl<'h> Tags<'h> {
    fn read(headers: &'h HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut listed = Vec::new();
        let mut lines = headers.get_all(name).peekable();
        lines.peek()?;
        for line in lines {
            let Ok(line) = line.to_str() else { return Some(Self::Malformed) };
            if line.trim() == "*" {
                return Some(Self::Any);
            }
            match Self::list(line) {
                Some(tags) => listed.extend(tags),
                None => return Some(Self::Malformed),
            }
        }
        Some(if listed.is_empty() { Self::Malformed } else { Self::Listed(listed) })
    }

    /// A comma may stand within a tag: the quotes decide.
    fn list(line: &str) -> Option<Vec<&str>> {
        let mut found = Vec::new();
        let mut rest = line;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return Some(found);
            }
            let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
            let (inside, after) = quoted.split_once('"')?;
            if !inside.bytes().all(|byte| byte == 0x21 || (0x23..=0x7e).contains(&byte)) {
                return None;
            }
            found.push(inside);
            rest = after.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderValue, IF_MATCH, IF_NONE_MATCH};

    use super::*;

    fn headers(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn a_list_of_tags_expects_any_of_their_versions() {
        for (lines, admitted, refused) in [
            (&["\"v5\""][..], &[5][..], &[4, 6][..]),
            (&["\"v5-1f3a\""], &[5], &[4]),
            (&["W/\"v5-1f3a\""], &[5], &[4]),
            (&["\"v5-1f3a-gzip\""], &[5], &[1]),
            (&["\"v5\", \"zzz\""], &[5], &[0, 6]),
            (&["\"a,b\" ,, W/\"v7\",\"v8-x\""], &[7, 8], &[0]),
            (&["\"v5\"", "\"v6\""], &[5, 6], &[7]),
            (&["\"zzz\""], &[], &[0, 1, 5]),
            (&["\"v-1\", \"v99999999999\", \"v\", \"5\""], &[], &[-1, 0, 1, 5]),
        ] {
            let expected = Expected::read(&headers(&IF_MATCH, lines)).unwrap().unwrap();
            assert!(admitted.iter().all(|version| expected.admits(*version)), "{lines:?}");
            assert!(!refused.iter().any(|version| expected.admits(*version)), "{lines:?}");
        }
        assert_eq!(Expected::read(&HeaderMap::new()).unwrap(), None);
        assert_eq!(Expected::read(&headers(&IF_MATCH, &["*"])).unwrap(), None, "any version");
    }

    #[test]
    fn what_is_no_list_of_tags_is_told() {
        let many = (0..=MOST).map(|version| format!("\"v{version}\"")).collect::<Vec<_>>().join(",");
        for line in ["v5", "5", "\"v5", "\"v5\" \"v6\"", "w/\"v5\"", "\"v 5\"", "", ",", many.as_str()] {
            let problem = Expected::read(&headers(&IF_MATCH, &[line])).unwrap_err();
            assert_eq!(problem.code(), Code::InvalidParameter, "{line}");
        }
        let same = format!("{many},{many}").replace("\"v16\"", "\"v0\"");
        assert!(Expected::read(&headers(&IF_MATCH, &[&same])).is_ok(), "the same version counts once");
    }

    #[test]
    fn what_is_held_is_compared_weakly() {
        let tag = of(Some(5), b"{\"a\":1}");
        for (line, held) in [
            (tag.as_str(), true),
            (&weakened(&tag), true),
            (&format!("\"other\", {tag}"), true),
            ("*", true),
            ("\"v5\"", false),
            ("v5", false),
        ] {
            assert_eq!(is_held(&headers(&IF_NONE_MATCH, &[line]), &tag), held, "{line}");
        }
    }

    #[test]
    fn a_tag_follows_what_is_said_and_not_when() {
        let said = |value: u8, at: &str| format!("{{\"value\":{value},\"computed_at\":\"{at}\",\"end\":true}}");
        let tag = of(None, said(1, "2021-06-16T08:00:00Z").as_bytes());
        assert!(tag.starts_with("W/"), "{tag}: equal in meaning, not in bytes");
        assert_eq!(of(None, said(1, "2021-06-17T09:00:00Z").as_bytes()), tag);
        assert_ne!(of(None, said(2, "2021-06-16T08:00:00Z").as_bytes()), tag);
        assert_ne!(of(Some(5), b"{\"a\":1}"), of(Some(5), b"{\"a\":2}"));
        assert_ne!(of(Some(5), b"{}"), of(Some(6), b"{}"));
        assert!(!is_same(&tag, &tag) && is_same("\"a\"", "\"a\""));
    }
}
