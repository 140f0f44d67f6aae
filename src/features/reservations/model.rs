//! What a reservation is.

use crate::text_enum;

text_enum! {
    /// State of a reservation.
    pub enum ReservationStatus "reservation_statuses" ["reservations.status"] {
        Active "active" "Active" "Active",
        Released "released" "Libérée" "Released",
        Expired "expired" "Échue" "Expired",
    }
}

/// Months for which a reservation holds when no date is given.
pub const DEFAULT_MONTHS: u32 = 12;
