//! Whom a window admits.

use crate::text_enum;

text_enum! {
    /// Kinds of structure that a window admits.
    pub enum Audience "audiences" ["call_windows.audience"] {
        Public "public" "Structures publiques" "Public bodies",
        Private "private" "Structures privées" "Private bodies",
        All "all" "Toutes les structures" "All structures",
    }
}

impl Audience {
    /// The audience that a structure belongs to.
    pub fn of(public: bool) -> Self {
        if public { Audience::Public } else { Audience::Private }
    }
}
