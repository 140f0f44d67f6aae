//! Typed identifiers: a structure's id never passes for a post's.

/// Declares identifiers, each a UUID of its own type.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new identifier, ordered by time (UUID version 7).
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }

            pub const fn from_uuid(id: uuid::Uuid) -> Self {
                Self(id)
            }

            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<$name> for $crate::platform::db::sql::Arg {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl From<Option<$name>> for $crate::platform::db::sql::Arg {
            fn from(id: Option<$name>) -> Self {
                id.map($name::uuid).into()
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                <uuid::Uuid as diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg>>::to_sql(&self.0, out)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                <uuid::Uuid as diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg>>::from_sql(value).map(Self)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .format(Some(utoipa::openapi::schema::SchemaFormat::KnownFormat(
                        utoipa::openapi::schema::KnownFormat::Uuid,
                    )))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

/// Identifiers as the database has them.
pub fn uuids<T: Copy + Into<uuid::Uuid>>(ids: &[T]) -> Vec<uuid::Uuid> {
    ids.iter().map(|id| (*id).into()).collect()
}

ids! {
    /// A person, or a service, known to the product with a role and a perimeter.
    AccountId,
    /// A program that signs in with its own credentials.
    ApiClientId,
    /// A host organisation.
    StructureId,
    /// A structure's request for posts.
    ApplicationId,
    /// A period during which structures may apply.
    CallWindowId,
    /// A session of the selection committee.
    CommitteeId,
    /// Posts set aside for a territory.
    ReservationId,
    /// One counsellor position.
    PostId,
    /// A request to give a post back.
    PostReturnId,
    /// A candidate.
    CandidateId,
    /// A counsellor.
    CounsellorId,
    /// A candidate and a structure put in contact.
    MatchId,
    /// One run of the matching.
    MatchingRunId,
    /// A candidate hired on a post under a contract.
    RecruitmentId,
    /// A request to extend a contract.
    ExtensionId,
    /// What counsellors may be trained in.
    TrainingPathId,
    /// A session of a training body.
    TrainingSessionId,
    /// A counsellor enrolled in a training.
    EnrolmentId,
    /// An attempt at a certification.
    CertificationId,
    /// What the State pays for a post.
    SubsidyScaleId,
    /// What the State and a structure sign.
    AgreementId,
    /// A post under an agreement.
    AgreementPostId,
    /// One planned payment of a post's subsidy.
    InstalmentId,
    /// Instalments paid together.
    PaymentBatchId,
    /// One line of a payment batch.
    PaymentLineId,
    /// Money asked back.
    CreditNoteId,
    /// A line of the ledger.
    LedgerEntryId,
    /// A training body.
    TrainingBodyId,
    /// An e-mail waiting to be sent, or sent.
    EmailId,
    /// A place where counsellors receive people.
    PlaceId,
    /// What a counsellor reports of an activity.
    ActivityReportId,
    /// Where events are sent to.
    WebhookId,
    /// An event on its way to a webhook.
    WebhookDeliveryId,
    /// A reading of somebody's data.
    AccessId,
    /// A line of the audit journal.
    AuditEntryId,
}
