//! Formats that the document names and the door checks.

use chrono::{Datelike, NaiveDate};

use super::error::FaultCode;
use super::text;

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
    ("phone", |phone| phone_e164(phone).is_some()),
    ("iban", |iban| iban_canonical(iban).is_some()),
    ("bic", |bic| bic_canonical(bic).is_some()),
];

/// What is said of a text that is not of `format`.
pub fn fault(format: &str) -> FaultCode {
    match format {
        "date" => FaultCode::InvalidDate,
        "email" => FaultCode::InvalidEmail,
        "line" | "text" => FaultCode::InvalidText,
        "siret" => FaultCode::InvalidSiret,
        "phone" => FaultCode::InvalidPhone,
        "iban" => FaultCode::InvalidIban,
        "bic" => FaultCode::InvalidBic,
        _ => FaultCode::InvalidFormat,
    }
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

/// A phone number of France or its overseas territories in international form, or `None`.
pub fn phone_e164(text: &str) -> Option<String> {
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
    const CODES: [i32; 9] = [33, 262, 508, 590, 594, 596, 681, 687, 689];
    // Each territory reads a number written without its country code in its own way.
    const REGIONS: [Region; 10] = [
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
    let text = text.trim();
    if text.len() > 40 || !text.chars().all(|c| c.is_ascii_digit() || " +.-()\u{a0}".contains(c)) {
        return None;
    }
    // Mayotte left +269 for +262 in 2007.
    let text = text.strip_prefix("+269").map_or_else(|| text.to_owned(), |rest| format!("+262{rest}"));
    REGIONS.iter().find_map(|region| {
        let number = PHONE_NUMBER_UTIL.parse(&text, Some(*region)).ok()?;
        let known = CODES.contains(&number.country_code) && PHONE_NUMBER_UTIL.is_valid_number(&number);
        known.then(|| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned())
    })
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
            assert_eq!(phone_e164(written).as_deref(), Some(stored), "{written}");
        }
        for wrong in ["", "12", "+1 202 555 0123", "05 63 22 82", "téléphone"] {
            assert_eq!(phone_e164(wrong), None, "{wrong}");
        }
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
