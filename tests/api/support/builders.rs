//! Made-up things to work with.

use std::sync::atomic::{AtomicU32, Ordering};

/// A SIRET with a right key that no real establishment has, another one at each call.
pub fn siret() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let siren = with_key(format!("99{number:06}"));
    with_key(format!("{siren}0001"))
}

/// Appends the digit that makes the Luhn sum a multiple of 10.
fn with_key(digits: String) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(rank, byte)| match (rank % 2, u32::from(byte - b'0') * 2) {
            (0, double) if double > 9 => double - 9,
            (0, double) => double,
            (_, double) => double / 2,
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[test]
fn made_up_sirets_are_well_formed_and_differ() {
    let sirets: std::collections::BTreeSet<String> = (0..50).map(|_| siret()).collect();
    assert_eq!(sirets.len(), 50);
    for siret in sirets {
        assert!(conum::platform::formats::is_siret(&siret), "{siret}");
    }
}
