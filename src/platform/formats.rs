//! Formats that the document names and the door checks.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::error::FaultCode;
use super::{hours, text};

type Check = fn(&str) -> bool;

/// Every `format` of a schema that is checked, in one place for requests and document.
pub const FORMATS: &[(&str, Check)] = &[
    ("uuid", is_uuid),
    ("date", is_date),
    ("date-time", is_instant),
    ("email", text::is_email),
    ("line", text::is_clean_line),
    ("text", text::is_clean_text),
    ("siret", is_siret),
    ("ridet", is_ridet),
    ("url", |address| web_address(address).is_some()),
    ("opening_hours", |hours| text::is_clean_line(hours) && hours::canonical(hours).is_ok()),
    ("phone", |phone| !phones(phone).is_empty()),
    ("public_phone", |phone| short_number(phone).is_some() || !phones(phone).is_empty()),
    ("iban", |iban| iban_canonical(iban).is_some()),
    ("bic", |bic| bic_canonical(bic).is_some()),
];

/// How a text of a format is written where it comes otherwise, and can mean only one thing: whatever comes in is read so before
/// it is checked. A text that is not of the format stays what it is.
pub fn canonical(format: &str) -> Option<fn(&str) -> String> {
    Some(match format {
        "siret" | "ridet" => compact,
        "url" => |address| web_address(address).unwrap_or_else(|| address.trim().to_owned()),
        "email" => |address| address.trim().to_owned(),
        _ => return None,
    })
}

/// An identifier as it is printed, without its spaces and dots.
pub fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '.').collect()
}

/// What is said of a text that is not of `format`, with what the sentence names.
pub fn fault(format: &str, text: &str) -> (FaultCode, Option<(&'static str, String)>) {
    let code = match format {
        "date" => FaultCode::InvalidDate,
        "email" => FaultCode::InvalidEmail,
        "line" | "text" => FaultCode::InvalidText,
        "siret" => FaultCode::InvalidSiret,
        "phone" => FaultCode::InvalidPhone,
        "iban" => FaultCode::InvalidIban,
        "bic" => FaultCode::InvalidBic,
        "ridet" => FaultCode::InvalidRidet,
        "url" => FaultCode::InvalidUrl,
        "public_phone" => FaultCode::InvalidPhone,
        "opening_hours" if text::is_clean_line(text) => {
            let position = hours::canonical(text).err().unwrap_or(1);
            return (FaultCode::InvalidOpeningHours, Some(("position", position.to_string())));
        }
        "opening_hours" => FaultCode::InvalidText,
        _ => return (FaultCode::InvalidFormat, Some(("format", format.to_owned()))),
    };
    (code, None)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// A civil date written in full, from 1900 to 2100.
pub fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
        && text.parse::<NaiveDate>().is_ok_and(|date| (1900..=2100).contains(&date.year()))
}

/// RFC 3339 with a `T`, an offset, and no leap second.
fn is_instant(text: &str) -> bool {
    text.len() >= 20
        && text.as_bytes()[10] == b'T'
        && !text[17..].starts_with("60")
        && is_date(&text[..10])
        && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// SIRET: 14 digits whose Luhn sum is a multiple of 10. The establishments of La Poste
/// (SIREN 356000000) may instead have digits that add up to a multiple of 5.
pub fn is_siret(text: &str) -> bool {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) || text.bytes().all(|b| b == b'0') {
        return false;
    }
    let digits = || text.bytes().map(|b| u32::from(b - b'0'));
    let luhn: u32 = digits()
        .rev()
        .enumerate()
        .map(|(rank, digit)| match (rank % 2, digit * 2) {
            (1, double) if double > 9 => double - 9,
            (1, double) => double,
            _ => digit,
        })
        .sum();
    luhn.is_multiple_of(10) || (text.starts_with("356000000") && digits().sum::<u32>().is_multiple_of(5))
}

/// RIDET of New Caledonia: 7 to 10 digits.
pub fn is_ridet(text: &str) -> bool {
    (7..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// An address of the web as it is kept: `http` or `https`, a host with a name, nobody's password. A bare host gets `https://`.
pub fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let with_scheme = ["http:", "https:"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)));
    let url = url::Url::parse(&if with_scheme { text.to_owned() } else { format!("https://{text}") }).ok()?;
    let host = url.host_str()?;
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let (name, top) = host.rsplit_once('.')?;
    let named = name.split('.').all(label) && label(top) && top.len() >= 2 && !top.bytes().all(|b| b.is_ascii_digit());
    let web = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let written = url.as_str();
    // A slash that nobody wrote is left away.
    let written = if text.ends_with('/') { written } else { written.strip_suffix('/').unwrap_or(written) };
    (named && web).then(|| written.to_owned())
}

/// An account number of the SEPA area without spaces, in capitals, or `None`.
pub fn iban_canonical(text: &str) -> Option<String> {
    let compact: String = text.split(' ').collect::<String>().to_ascii_uppercase();
    let iban = sepa::validate_iban(&compact).ok()?;
    iban.is_sepa().then(|| iban.as_str().to_owned())
}

/// The code of a bank in capitals, or `None`.
pub fn bic_canonical(text: &str) -> Option<String> {
    sepa::validate_bic(&text.trim().to_ascii_uppercase()).ok().map(|bic| bic.as_str().to_owned())
}

/// Calling codes of France and its overseas territories.
const CALLING_CODES: [i32; 9] = [33, 262, 508, 590, 594, 596, 681, 687, 689];

/// The number plan of a département.
fn plan_of(departement: &str) -> Region {
    match departement {
        "971" | "977" | "978" => Region::GP,
        "972" => Region::MQ,
        "973" => Region::GF,
        "974" => Region::RE,
        "976" => Region::YT,
        "975" => Region::PM,
        "986" => Region::WF,
        "987" => Region::PF,
        "988" => Region::NC,
        _ => Region::FR,
    }
}

/// A phone number written somewhere in a département, in international form. A number without a country's code is read as it
/// is dialled there; where that gives none, the other plans are asked, and `None` is answered where they disagree.
pub fn phone_in(text: &str, departement: &str) -> Option<String> {
    if let Some(known) = dialled(text, plan_of(departement)) {
        return Some(known);
    }
    let others = phones(text);
    let mut others = others.iter();
    others.next().filter(|_| others.next().is_none()).cloned()
}

/// The same of a number that the public calls, which may be a short one (`3949`).
pub fn public_phone_in(text: &str, departement: &str) -> Option<String> {
    short_number(text).or_else(|| phone_in(text, departement))
}

/// A short number of a public service: three digits that begin with 1, four that begin with 3.
pub fn short_number(text: &str) -> Option<String> {
    let digits = compact(text);
    let short = match digits.as_bytes() {
        [b'1', rest @ ..] if rest.len() == 2 => rest,
        [b'3', rest @ ..] if rest.len() == 3 => rest,
        _ => return None,
    };
    short.iter().all(u8::is_ascii_digit).then_some(digits)
}

/// Every number of France and its overseas territories that a text may stand for, in international form.
fn phones(text: &str) -> BTreeSet<String> {
    const PLANS: [Region; 10] = [
        Region::FR,
        Region::GP,
        Region::MQ,
        Region::GF,
        Region::RE,
        Region::YT,
        Region::PM,
        Region::WF,
        Region::NC,
        Region::PF,
    ];
    PLANS.into_iter().filter_map(|plan| dialled(text, plan)).collect()
}

/// A number as it is dialled where a plan is in use.
fn dialled(text: &str, plan: Region) -> Option<String> {
    let text = text.trim();
    if text.len() > 40 || !text.chars().all(|c| c.is_ascii_digit() || " +.-()/\u{a0}\u{202f}".contains(c)) {
        return None;
    }
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let overseas = |code: &str| digits.strip_prefix('0').map(|rest| format!("+{code}{rest}"));
    let text = if digits.starts_with("+269") {
        // Mayotte left +269 for +262 in 2007.
        digits.replacen("+269", "+262", 1)
    } else if digits.len() == 10 && (digits.starts_with("0269") || digits.starts_with("0639")) {
        // These are Mayotte's wherever they are dialled, though the plan of the mainland has room for them.
        overseas("262")?
    } else if plan == Region::PM && digits.len() == 10 && (digits.starts_with("0508") || digits.starts_with("0708")) {
        format!("+508{}", digits.get(if digits.starts_with("0508") { 4 } else { 1 }..)?)
    } else {
        text.to_owned()
    };
    let number = PHONE_NUMBER_UTIL.parse(&text, Some(plan)).ok()?;
    let known = CALLING_CODES.contains(&number.country_code) && PHONE_NUMBER_UTIL.is_valid_number(&number);
    known.then(|| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sirets_have_a_key_and_la_poste_its_own() {
        for siret in ["13002603200016", "35600000000048", "35600000049837"] {
            assert!(is_siret(siret), "{siret}");
        }
        for siret in ["13002603200017", "1300260320001", "00000000000000", "13002603200016 ", "35600000049838"] {
            assert!(!is_siret(siret), "{siret}");
        }
    }

    #[test]
    fn phones_of_the_whole_country_become_international() {
        for (written, stored) in [
            ("05 63 22 82 00", "+33563228200"),
            ("+33 5 63 22 82 00", "+33563228200"),
            ("0262 40 77 77", "+262262407777"),
            ("+262 269 61 00 00", "+262269610000"),
            ("+269 269 61 00 00", "+262269610000"),
            ("0590 99 39 00", "+590590993900"),
            ("+687 27 00 00", "+687270000"),
            ("+689 40 46 84 00", "+68940468400"),
        ] {
            assert_eq!(phone_in(written, "82").as_deref(), Some(stored), "{written}");
        }
        for wrong in ["", "12", "+1 202 555 0123", "05 63 22 82", "téléphone"] {
            assert_eq!(phone_in(wrong, "82"), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_those_of_the_place_where_they_are_dialled() {
        for (departement, written, stored) in [
            ("988", "24 15 41", Some("+687241541")),
            ("988", "41 43 19", Some("+687414319")),
            ("975", "41 43 19", Some("+508414319")),
            ("976", "0269 61 00 00", Some("+262269610000")),
            ("82", "0269 61 00 00", Some("+262269610000")),
            ("976", "0639 69 00 00", Some("+262639690000")),
            ("975", "05 08 41 10 50", Some("+508411050")),
            ("971", "0590 99 39 00", Some("+590590993900")),
            ("977", "0590 27 65 00", Some("+590590276500")),
            ("986", "72 11 11", Some("+681721111")),
            ("987", "40 46 84 00", Some("+68940468400")),
            ("988", "05 63 22 82 00", Some("+33563228200")),
            ("988", "+33 5 63 22 82 00", Some("+33563228200")),
            // Six digits on the mainland may be of several islands.
            ("82", "41 43 19", None),
        ] {
            assert_eq!(phone_in(written, departement).as_deref(), stored, "{written} in {departement}");
        }
        assert_eq!(public_phone_in("39 49", "82").as_deref(), Some("3949"));
        assert_eq!(public_phone_in("115", "82").as_deref(), Some("115"));
        assert_eq!((short_number("4949"), short_number("31"), phone_in("3949", "82")), (None, None, None));
    }

    #[test]
    fn addresses_of_the_web_are_taken_as_people_write_them() {
        for (written, kept) in [
            ("www.ville.fr", Some("https://www.ville.fr")),
            (" HTTPS://WWW.LORMONT.FR ", Some("https://www.lormont.fr")),
            ("http://x.fr/A?b=c#d", Some("http://x.fr/A?b=c#d")),
            ("https://x.fr/", Some("https://x.fr/")),
            ("https://www.mairie-chéroy.fr/accès", Some("https://www.xn--mairie-chroy-jeb.fr/acc%C3%A8s")),
            ("http://https://www.x.fr/", None),
            ("http://www,x.fr", None),
            ("https://user:pw@x.fr/", None),
            ("mairie@x.fr", None),
            ("ftp://x.fr", None),
            ("javascript:alert(1)", None),
            ("https://localhost", None),
            ("https://127.0.0.1/", None),
            ("www.x.fr www.y.fr", None),
            ("non", None),
        ] {
            assert_eq!(web_address(written).as_deref(), kept, "{written}");
        }
    }

    #[test]
    fn identifiers_are_read_as_they_are_printed() {
        assert_eq!(canonical("siret").map(|of| of(" 401 092 267\u{a0}00020 ")), Some("40109226700020".to_owned()));
        assert_eq!(canonical("ridet").map(|of| of("1234567.001")), Some("1234567001".to_owned()));
    }

    #[test]
    fn account_numbers_have_a_key_and_lie_in_the_sepa_area() {
        for (written, stored) in [
            ("FR76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189"),
            ("fr7630006000011234567890189", "FR7630006000011234567890189"),
            ("DE89370400440532013000", "DE89370400440532013000"),
        ] {
            assert_eq!(iban_canonical(written).as_deref(), Some(stored), "{written}");
        }
        for wrong in
            ["", "FR7630006000011234567890188", "FR76", "BR1500000000000010932840814P2", "30006000011234567890189"]
        {
            assert_eq!(iban_canonical(wrong), None, "{wrong}");
        }
        assert_eq!(bic_canonical("agrifrpp").as_deref(), Some("AGRIFRPP"));
        assert_eq!(bic_canonical("AGRIFR"), None);
    }

    #[test]
    fn dates_and_identifiers_have_one_form() {
        for wrong in ["2024-2-9", "0000-01-01", "2024-02-30", "2024/02/09", "2101-01-01", "24-02-2009"] {
            assert!(!is_date(wrong), "{wrong}");
        }
        assert!(is_date("2024-02-29"));
        assert!(is_instant("2024-02-29T10:00:00Z") && is_instant("2024-02-29T10:00:00.123+02:00"));
        for wrong in ["2024-02-29 10:00:00Z", "2024-02-29T10:00:60Z", "2024-02-29T10:00:00", "2024-02-29"] {
            assert!(!is_instant(wrong), "{wrong}");
        }
        assert!(is_uuid("01890a5d-ac96-774b-bcce-b302099a8057"));
        assert!(!is_uuid("{01890a5d-ac96-774b-bcce-b302099a8057}") && !is_uuid("01890a5dac96774bbcceb302099a8057"));
    }
}
