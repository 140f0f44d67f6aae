//! Codes of territories as types: a region's never passes for a département's, and each has its one form, that of today.

use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{Output, ToSql};
use diesel::sql_types as st;

use super::territory;

/// Declares codes, each a text of its own type with its one pattern, its example, and what reads codes that were valid once
/// as those of today.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $pattern:literal $example:literal $today:path),+ $(,)?) => {$(
        $(#[doc = $doc])+
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = st::Text)]
        #[serde(from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// How one is written.
            pub const PATTERN: &'static str = $pattern;
            /// One that exists.
            pub const EXAMPLE: &'static str = $example;

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                &self.0 == other
            }
        }

        impl From<String> for $name {
            /// As it is written today, whatever was written.
            fn from(code: String) -> Self {
                Self($today(&code))
            }
        }

        impl From<&str> for $name {
            fn from(code: &str) -> Self {
                Self($today(code))
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }

        impl From<$name> for $crate::platform::db::sql::Arg {
            fn from(code: $name) -> Self {
                code.0.into()
            }
        }

        impl From<&$name> for $crate::platform::db::sql::Arg {
            fn from(code: &$name) -> Self {
                code.0.clone().into()
            }
        }

        impl From<Option<$name>> for $crate::platform::db::sql::Arg {
            fn from(code: Option<$name>) -> Self {
                code.map(|code| code.0).into()
            }
        }

        impl From<&Option<$name>> for $crate::platform::db::sql::Arg {
            fn from(code: &Option<$name>) -> Self {
                code.clone().into()
            }
        }

        impl From<Vec<$name>> for $crate::platform::db::sql::Arg {
            fn from(codes: Vec<$name>) -> Self {
                codes.into_iter().map(|code| code.0).collect::<Vec<_>>().into()
            }
        }

        impl ToSql<st::Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
                <str as ToSql<st::Text, Pg>>::to_sql(&self.0, out)
            }
        }

        impl FromSql<st::Text, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
                <String as FromSql<st::Text, Pg>>::from_sql(value).map(Self)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!($($doc),+).trim()))
                    .pattern(Some(Self::PATTERN))
                    .examples([Self::EXAMPLE])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

codes! {
    /// Code of a région: two digits, three overseas. One from before 2016 is read as that of the région that took it over.
    RegionCode "^[0-9]{2,3}$" "76" territory::region,
    /// Code of a département: two digits, `2A`, `2B`, three digits overseas.
    DepartementCode "^[0-9ABab]{2,3}$" "82" territory::departement,
    /// Official code of a commune (INSEE), which is not its postal code. One that no longer exists is read as that of the
    /// commune that took it over.
    CommuneCode "^[0-9ABab]{5}$" "82112" territory::commune,
    /// SIREN of an intercommunal body (EPCI): nine digits.
    EpciSiren "^[0-9]{9}$" "200066322" territory::epci,
}
