//! Closed lists of codes, published with their labels.

use actix_web::{HttpMessage, HttpRequest, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::features::accounts::model::{AccountStatus, ApiClientStatus};
use crate::features::activity::model::{
    ActivityKind, AgeBracket, Channel, Dimension, DurationBand, Mission, PublicStatus, RedirectionBody, SubTheme,
    TerritoryOf, Theme,
};
use crate::features::activity::service::ImportStatus;
use crate::features::applications::model::{ApplicationKind, ApplicationStatus, CoordinatorTime, OpinionKind};
use crate::features::audit::model::AuditAction;
use crate::features::call_windows::model::Audience;
use crate::features::candidates::model::{CandidateStatus, UnsubscribeReason};
use crate::features::committees::model::{CommitteeStatus, Outcome};
use crate::features::matching::model::{DeclineReason, MatchCondition, MatchOrigin, MatchSide, MatchStatus, RunScope};
use crate::features::places::model::{
    AccessMode, Day, PlaceAudience, PlaceFee, PlaceKind, PlaceProgramme, PlaceService, SpecialCare, SupportMode,
};
use crate::features::posts::model::{
    AttachmentEnd, AttachmentReason, EndReason, Phase, PostChange, PostReturnStatus, PostStatus, ReturnReason,
};
use crate::features::recruitments::model::{
    ContractType, CounsellorStatus, ExtensionStatus, RecruitmentDocument, RecruitmentOrigin, RecruitmentStatus,
    TerminationReason,
};
use crate::features::reservations::model::ReservationStatus;
use crate::features::statistics::model::{ProgrammeDimension, UncoveredKind};
use crate::features::structures::model::{IdentityField, Network, StructureKind, StructureStatus};
use crate::features::subsidies::dto::{PaymentOutcome, ReconciledResource};
use crate::features::subsidies::model::{
    AgreementDocument, AgreementStatus, BatchStatus, Category, Condition, CreditReason, CreditStatus, EnvelopeCode,
    InstalmentStatus, LedgerKind, LegalForm, LineStatus, RejectionReason, ScaleTerritory,
};
use crate::features::subsidies::service::{DifferenceKind, LineKind};
use crate::features::trainings::model::{
    AttendanceStatus, CertificationKind, CertificationResult, EnrolmentStatus, PathKind, SessionStatus,
};
use crate::features::webhooks::model::{DeliveryStatus, WebhookStatus};
use crate::page_of;
use crate::platform::auth::{Caller, Role, can};
use crate::platform::db::listing::{PageSpec, Position, Rows};
use crate::platform::db::text_enum::Vocabulary;
use crate::platform::error::Problem;
use crate::platform::http::front::Spoken;
use crate::platform::http::page::PageParams;
use crate::platform::http::{Answer, Paging, PathParams, Reply};
use crate::platform::problems::Language;

/// Every list of codes of the product.
pub fn all() -> Vec<Vocabulary> {
    vec![
        Vocabulary::of::<Role>(),
        Vocabulary::of::<AccountStatus>(),
        Vocabulary::of::<ApiClientStatus>(),
        Vocabulary::of::<AuditAction>(),
        Vocabulary::of::<StructureKind>(),
        Vocabulary::of::<StructureStatus>(),
        Vocabulary::of::<Network>(),
        Vocabulary::of::<IdentityField>(),
        Vocabulary::of::<Audience>(),
        Vocabulary::of::<ApplicationKind>(),
        Vocabulary::of::<ApplicationStatus>(),
        Vocabulary::of::<CoordinatorTime>(),
        Vocabulary::of::<OpinionKind>(),
        Vocabulary::of::<CommitteeStatus>(),
        Vocabulary::of::<Outcome>(),
        Vocabulary::of::<ReservationStatus>(),
        Vocabulary::of::<Phase>(),
        Vocabulary::of::<PostStatus>(),
        Vocabulary::of::<ReturnReason>(),
        Vocabulary::of::<EndReason>(),
        Vocabulary::of::<PostReturnStatus>(),
        Vocabulary::of::<AttachmentReason>(),
        Vocabulary::of::<AttachmentEnd>(),
        Vocabulary::of::<PostChange>(),
        Vocabulary::of::<CandidateStatus>(),
        Vocabulary::of::<UnsubscribeReason>(),
        Vocabulary::of::<MatchStatus>(),
        Vocabulary::of::<MatchSide>(),
        Vocabulary::of::<MatchOrigin>(),
        Vocabulary::of::<DeclineReason>(),
        Vocabulary::of::<RunScope>(),
        Vocabulary::of::<MatchCondition>(),
        Vocabulary::of::<ContractType>(),
        Vocabulary::of::<RecruitmentStatus>(),
        Vocabulary::of::<RecruitmentOrigin>(),
        Vocabulary::of::<TerminationReason>(),
        Vocabulary::of::<RecruitmentDocument>(),
        Vocabulary::of::<ExtensionStatus>(),
        Vocabulary::of::<CounsellorStatus>(),
        Vocabulary::of::<PathKind>(),
        Vocabulary::of::<SessionStatus>(),
        Vocabulary::of::<EnrolmentStatus>(),
        Vocabulary::of::<AttendanceStatus>(),
        Vocabulary::of::<CertificationKind>(),
        Vocabulary::of::<CertificationResult>(),
        Vocabulary::of::<Category>(),
        Vocabulary::of::<ScaleTerritory>(),
        Vocabulary::of::<Condition>(),
        Vocabulary::of::<LegalForm>(),
        Vocabulary::of::<AgreementDocument>(),
        Vocabulary::of::<AgreementStatus>(),
        Vocabulary::of::<LineKind>(),
        Vocabulary::of::<InstalmentStatus>(),
        Vocabulary::of::<BatchStatus>(),
        Vocabulary::of::<LineStatus>(),
        Vocabulary::of::<PaymentOutcome>(),
        Vocabulary::of::<RejectionReason>(),
        Vocabulary::of::<CreditReason>(),
        Vocabulary::of::<CreditStatus>(),
        Vocabulary::of::<EnvelopeCode>(),
        Vocabulary::of::<LedgerKind>(),
        Vocabulary::of::<ReconciledResource>(),
        Vocabulary::of::<DifferenceKind>(),
        Vocabulary::of::<PlaceKind>(),
        Vocabulary::of::<PlaceService>(),
        Vocabulary::of::<PlaceAudience>(),
        Vocabulary::of::<SpecialCare>(),
        Vocabulary::of::<PlaceFee>(),
        Vocabulary::of::<AccessMode>(),
        Vocabulary::of::<SupportMode>(),
        Vocabulary::of::<PlaceProgramme>(),
        Vocabulary::of::<Day>(),
        Vocabulary::of::<ActivityKind>(),
        Vocabulary::of::<Channel>(),
        Vocabulary::of::<Theme>(),
        Vocabulary::of::<SubTheme>(),
        Vocabulary::of::<Mission>(),
        Vocabulary::of::<DurationBand>(),
        Vocabulary::of::<AgeBracket>(),
        Vocabulary::of::<PublicStatus>(),
        Vocabulary::of::<RedirectionBody>(),
        Vocabulary::of::<Dimension>(),
        Vocabulary::of::<TerritoryOf>(),
        Vocabulary::of::<ImportStatus>(),
        Vocabulary::of::<WebhookStatus>(),
        Vocabulary::of::<DeliveryStatus>(),
        Vocabulary::of::<ProgrammeDimension>(),
        Vocabulary::of::<UncoveredKind>(),
    ]
}

pub fn configure(config: &mut ServiceConfig) {
    config.service(list_vocabularies).service(find_vocabulary);
}

/// A closed list of codes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VocabularyView {
    #[schema(example = "roles")]
    pub name: &'static str,
    /// The codes in the order in which people expect them.
    pub terms: Vec<TermView>,
}

/// A code and what it means.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TermView {
    #[schema(example = "prefecture")]
    pub code: &'static str,
    /// In the language of `Accept-Language`.
    #[schema(example = "Préfecture")]
    pub label: &'static str,
    /// In French.
    #[schema(example = "Préfecture")]
    pub label_fr: &'static str,
    /// In English.
    #[schema(example = "Prefecture")]
    pub label_en: &'static str,
}

page_of! {
    /// A page of vocabularies.
    VocabularyPage of VocabularyView
}

impl VocabularyView {
    fn new(vocabulary: Vocabulary, language: Language) -> Self {
        let terms = vocabulary.terms.iter().map(|term| TermView {
            code: term.code,
            label: if language == Language::English { term.label_en } else { term.label_fr },
            label_fr: term.label_fr,
            label_en: term.label_en,
        });
        Self { name: vocabulary.name, terms: terms.collect() }
    }
}

fn language(request: &HttpRequest) -> Language {
    request.extensions().get::<Spoken>().map(|spoken| spoken.language).unwrap_or_default()
}

/// List the vocabularies.
///
/// Every closed list of codes with its labels, by name.
#[utoipa::path(tag = "service", params(PageParams),
    responses((status = 200, description = "A page of vocabularies.", body = VocabularyPage)))]
#[get("/vocabularies")]
pub async fn list_vocabularies(
    _caller: Caller<can::list_vocabularies>,
    paging: Paging,
    request: HttpRequest,
) -> Answer {
    let language = language(&request);
    let rows = page(all(), &paging.spec(Vec::new())?);
    VocabularyPage::reply(&paging, rows.map(|vocabulary| VocabularyView::new(vocabulary, language))).map(Reply::public)
}

/// One page of a list that lies in the program, by name.
fn page(mut all: Vec<Vocabulary>, spec: &PageSpec) -> Rows<Vocabulary> {
    let limit = usize::try_from(spec.limit).unwrap_or(usize::MAX);
    all.sort_by_key(|vocabulary| vocabulary.name);
    let total = all.len() as i64;
    let start = match &spec.start {
        None => 0,
        Some(Position { backwards, values }) => {
            let name = values.first().map(String::as_str).unwrap_or_default();
            let before = all.partition_point(|vocabulary| vocabulary.name < name);
            let here = usize::from(all.get(before).is_some_and(|vocabulary| vocabulary.name == name));
            if *backwards { before.saturating_sub(limit) } else { before + here }
        }
    };
    let end = match &spec.start {
        Some(Position { backwards: true, values }) => {
            let name = values.first().map(String::as_str).unwrap_or_default();
            all.partition_point(|vocabulary| vocabulary.name < name)
        }
        _ => all.len().min(start.saturating_add(limit)),
    };
    let (more, fewer) = (end < all.len(), start > 0);
    let rows: Vec<Vocabulary> = all.drain(start..end).collect();
    let edge =
        |row: Option<&Vocabulary>, backwards| row.map(|row| Position { backwards, values: vec![row.name.to_owned()] });
    Rows {
        next: edge(rows.last().filter(|_| more), false),
        prev: edge(rows.first().filter(|_| fewer), true),
        present: None,
        total,
        rows,
    }
}

/// Find a vocabulary by its name.
#[utoipa::path(tag = "service",
    params(("name" = String, Path, description = "Name of the vocabulary.", pattern = "^[a-z_]{1,60}$", example = "roles")),
    responses((status = 200, description = "The vocabulary.", body = VocabularyView)))]
#[get("/vocabularies/{name}")]
pub async fn find_vocabulary(
    _caller: Caller<can::find_vocabulary>,
    name: PathParams<String>,
    request: HttpRequest,
) -> Answer {
    let found = all().into_iter().find(|vocabulary| vocabulary.name == name.0).ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(&VocabularyView::new(found, language(&request)))?.public())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_both_ways() {
        let spec = |limit, start| PageSpec { start, ..PageSpec::first(limit, Vec::new()) };
        let names = |rows: &Rows<Vocabulary>| rows.rows.iter().map(|v| v.name).collect::<Vec<_>>();
        let whole = names(&page(all(), &spec(500, None)));
        let first = page(all(), &spec(2, None));
        assert!(first.prev.is_none() && first.total == whole.len() as i64);
        let second = page(all(), &spec(2, first.next.clone()));
        assert_eq!([names(&first), names(&second)].concat(), whole[..4]);
        assert_eq!(names(&page(all(), &spec(2, second.prev))), names(&first));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = all().iter().map(|vocabulary| vocabulary.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        assert!(names.contains(&"roles"));
    }
}
