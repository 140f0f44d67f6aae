//! Closed lists of codes: one declaration gives the Rust variants, the SQL text, the JSON, the
//! OpenAPI schema and the labels in French and English.

use crate::platform::problems::Language;

/// What the vocabularies, the documents and the guards ask of an enumeration.
pub trait TextEnum: Sized + Copy + 'static {
    /// Name under which its vocabulary is published.
    const NAME: &'static str;
    /// `table.column` of every column that holds it.
    const COLUMNS: &'static [&'static str];
    const ALL: &'static [Self];
    fn as_str(self) -> &'static str;
    fn label(self, language: Language) -> &'static str;

    fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == code)
    }
}

/// An enumeration with its type forgotten, for the vocabularies and the guards.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    pub name: &'static str,
    pub columns: &'static [&'static str],
    pub terms: Vec<Term>,
}

#[derive(Clone, Copy, Debug)]
pub struct Term {
    pub code: &'static str,
    pub label_fr: &'static str,
    pub label_en: &'static str,
}

impl Vocabulary {
    pub fn of<T: TextEnum>() -> Self {
        Self {
            name: T::NAME,
            columns: T::COLUMNS,
            terms: T::ALL
                .iter()
                .map(|value| Term {
                    code: value.as_str(),
                    label_fr: value.label(Language::French),
                    label_en: value.label(Language::English),
                })
                .collect(),
        }
    }
}

/// `text_enum! { /// doc pub enum Name "vocabulary_name" ["table.column"] { Variant "code" "français" "English", … } }`
///
/// The code is a `tt`: utoipa does not see through a captured `literal`, and would publish the
/// names of the variants instead.
#[macro_export]
macro_rules! text_enum {
    ($(#[$doc:meta])* pub enum $name:ident $vocabulary:literal [$($column:literal),* $(,)?] {
        $($variant:ident $code:tt $fr:literal $en:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $(#[doc = $en] #[serde(rename = $code)] $variant),+ }

        impl $crate::platform::db::text_enum::TextEnum for $name {
            const NAME: &'static str = $vocabulary;
            const COLUMNS: &'static [&'static str] = &[$($column),*];
            const ALL: &'static [Self] = &[$($name::$variant),+];

            fn as_str(self) -> &'static str {
                match self { $($name::$variant => $code),+ }
            }

            fn label(self, language: $crate::platform::problems::Language) -> &'static str {
                match (self, language) {$(
                    ($name::$variant, $crate::platform::problems::Language::French) => $fr,
                    ($name::$variant, $crate::platform::problems::Language::English) => $en,
                )+}
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::platform::db::text_enum::TextEnum::as_str(*self))
            }
        }

        impl From<$name> for $crate::platform::db::sql::Arg {
            fn from(value: $name) -> Self {
                $crate::platform::db::text_enum::TextEnum::as_str(value).into()
            }
        }

        impl From<Option<$name>> for $crate::platform::db::sql::Arg {
            fn from(value: Option<$name>) -> Self {
                value.map($crate::platform::db::text_enum::TextEnum::as_str).into()
            }
        }

        impl From<Vec<$name>> for $crate::platform::db::sql::Arg {
            fn from(values: Vec<$name>) -> Self {
                values.into_iter().map(|v| v.to_string()).collect::<Vec<_>>().into()
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                use std::io::Write;
                out.write_all($crate::platform::db::text_enum::TextEnum::as_str(*self).as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let code = std::str::from_utf8(value.as_bytes())?;
                <$name as $crate::platform::db::text_enum::TextEnum>::parse(code)
                    .ok_or_else(|| format!("unknown {}: {code}", $vocabulary).into())
            }
        }
    };
}
