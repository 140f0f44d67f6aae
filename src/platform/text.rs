//! Text as people write it: normal forms, search keys and what is refused.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Canonical form in which text is stored: trimmed, NFC.
pub fn canonical(text: &str) -> String {
    text.trim().nfc().collect()
}

/// Key under which names are searched: no accents, case, punctuation; `st` and `ste` read as
/// `saint` and `sainte`, so that "St Étienne" finds "Saint-Étienne".
pub fn search_key(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'œ' | 'Œ' => plain.push_str("oe"),
            'æ' | 'Æ' => plain.push_str("ae"),
            'ß' => plain.push_str("ss"),
            'ø' | 'Ø' => plain.push('o'),
            'ł' | 'Ł' => plain.push('l'),
            c if c.is_alphanumeric() => plain.extend(c.to_lowercase()),
            _ => plain.push(' '),
        }
    }
    plain
        .split_whitespace()
        .map(|word| match word {
            "st" => "saint",
            "ste" => "sainte",
            word => word,
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The pattern that finds `text` within search keys; `None` where nothing is left to look for.
pub fn search_pattern(text: &str) -> Option<String> {
    let key = search_key(text);
    (!key.is_empty()).then(|| format!("%{}%", like_literal(&key)))
}

/// Escapes what LIKE would read as a wildcard, so that the text is searched literally.
pub fn like_literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Whether a one-line text may be stored: something visible, no control, bidirectional-override
/// or zero-width character.
pub fn is_clean_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(|c| c.is_control() || is_invisible(c))
}

/// The same for several lines: line breaks and tabs are welcome.
pub fn is_clean_text(text: &str) -> bool {
    !text.trim().is_empty()
        && !text.chars().any(|c| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || is_invisible(c))
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// An e-mail address as it is stored: trimmed and in lower case.
pub fn canonical_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether an e-mail address can be written to by every mail server: ASCII without quotes, a local part of at most 64
/// characters, a domain with a dot, 254 in all. Other letters look like ours (а is not a), and need servers that few have.
pub fn is_email(text: &str) -> bool {
    let text = text.trim();
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b))
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(atom)
        && domain.contains('.')
        && domain.split('.').all(label)
        && text.parse::<lettre::Address>().is_ok()
}

/// A text that no spreadsheet runs: what begins like a formula gets an apostrophe in front. A sign and digits are a number, or
/// the number of a phone, and run nothing.
pub fn harmless(text: &str) -> String {
    const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let number = text
        .strip_prefix(['+', '-'])
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    if text.starts_with(STARTS) && !number { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_keys_forgive_accents_case_hyphens_and_saints() {
        for name in ["Saint-Étienne", "ST ETIENNE", "st. étienne", "Saint  Etienne"] {
            assert_eq!(search_key(name), "saint etienne", "{name}");
        }
        assert_eq!(search_key("L'Haÿ-les-Roses"), "l hay les roses");
        assert_eq!(search_key("Œuilly"), "oeuilly");
    }

    #[test]
    fn names_of_people_are_accepted_and_tricks_refused() {
        for name in ["N’Guyen-Å", "d'Œuvre", "Y"] {
            assert!(is_clean_line(name), "{name}");
        }
        for name in ["", "  ", "a\u{200B}b", "a\u{202E}b", "a\nb", "\u{FEFF}x"] {
            assert!(!is_clean_line(name), "{name:?}");
        }
    }

    #[test]
    fn addresses_are_checked() {
        for address in ["mairie@example.org", " A.B+c@sub.example.org ", "o'neil_1@example.org"] {
            assert!(is_email(address), "{address}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for address in [
            "",
            "a",
            "a@b",
            "a b@example.org",
            "a@-x.org",
            "a@example..org",
            "x@exa\u{200B}mple.org",
            // A Cyrillic letter, an accent, quotes, a literal address, dots out of place.
            "\u{430}dmin@example.org",
            "é@example.org",
            "a@exämple.org",
            "\"quoted local\"@example.org",
            "\"a\"@example.org",
            "a@[192.0.2.1]",
            ".a@example.org",
            "a.@example.org",
            "a..b@example.org",
            "a@b@example.org",
            "a,b@example.org",
            long.as_str(),
        ] {
            assert!(!is_email(address), "{address}");
        }
    }
}
