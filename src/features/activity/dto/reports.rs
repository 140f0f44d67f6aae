//! Shapes of activity reports.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::features::activity::model::{ActivityKind, Channel, Content, RedirectionBody, SubTheme, Theme};
use crate::features::activity::service::{File, ImportStatus, Imported, ImportedLine};
use crate::features::activity::store::reports::{Report, ReportSort, Revision, Search};
use crate::page_of;
use crate::platform::codes::{CommuneCode, DepartementCode, EpciSiren};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Fault, FaultCode, Place, Problem, Result};
use crate::platform::http::{patch, problem};
use crate::platform::ids::{ActivityReportId, CounsellorId, PlaceId, StructureId};
use crate::platform::problems::Language;
use crate::platform::text;

/// People by age; absent brackets are empty.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgeCounts {
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub moins_12: i32,
    #[serde(rename = "12_18")]
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub from_12: i32,
    #[serde(rename = "18_35")]
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub from_18: i32,
    #[serde(rename = "35_60")]
    #[schema(minimum = 0, maximum = 1000, example = 2)]
    pub from_35: i32,
    #[schema(minimum = 0, maximum = 1000, example = 4)]
    pub plus_60: i32,
}

/// People by situation; absent ones are empty.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatusCounts {
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub scolarise: i32,
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub sans_emploi: i32,
    #[schema(minimum = 0, maximum = 1000, example = 2)]
    pub en_emploi: i32,
    #[schema(minimum = 0, maximum = 1000, example = 4)]
    pub retraite: i32,
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub heterogene: i32,
}

/// How people are accompanied further.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FollowUps {
    /// One to one.
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    pub individual_count: i32,
    /// In a workshop.
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub workshop_count: i32,
}

/// People redirected to a body.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redirection {
    pub body: RedirectionBody,
    #[schema(minimum = 1, maximum = 1000, example = 1)]
    pub people_count: i32,
}

/// What a counsellor reports of an activity.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"held_on": "2021-06-16", "activity": "collectif", "channel": "autre_lieu", "commune_code": "82112", "duration_minutes": 90, "participants_count": 6, "returning_count": 2, "ages": {"35_60": 2, "plus_60": 4}, "statuses": {"en_emploi": 2, "retraite": 4}, "themes": ["internet", "demarche_en_ligne"], "sub_themes": ["demarche_en_ligne.impots"], "follow_ups": {"individual_count": 1}, "redirections": [{"body": "caf", "people_count": 1}]}))]
pub struct NewActivityReport {
    /// What another system calls it; the same name is no second report.
    #[schema(min_length = 1, max_length = 100, format = "line", example = "2021-06-16-1")]
    pub external_id: Option<String>,
    /// Only in an employer's import: whose report it is.
    pub counsellor_id: Option<CounsellorId>,
    /// Civil day, from 2020-01-01 until today, that a contract of the counsellor covers.
    #[schema(example = "2021-06-16")]
    pub held_on: NaiveDate,
    pub activity: ActivityKind,
    pub channel: Channel,
    /// The place, with the channel `rattachement` only.
    pub place_id: Option<PlaceId>,
    /// INSEE code of the commune: with `autre_lieu`; with `distance` and `domicile` the employer's where absent.
    pub commune_code: Option<CommuneCode>,
    #[schema(minimum = 1, maximum = 1439, example = 90)]
    pub duration_minutes: i32,
    /// One where absent; more in a workshop (`collectif`) only.
    #[schema(minimum = 1, maximum = 1000, example = 6)]
    pub participants_count: Option<i32>,
    /// Of them, people who had been accompanied before.
    #[schema(minimum = 0, maximum = 1000, example = 2)]
    pub returning_count: Option<i32>,
    /// Add up to the participants.
    pub ages: AgeCounts,
    /// Add up to the participants.
    pub statuses: StatusCounts,
    #[schema(min_items = 1, max_items = 20)]
    pub themes: Vec<Theme>,
    /// Each with its theme.
    #[schema(max_items = 30)]
    pub sub_themes: Option<Vec<SubTheme>>,
    pub follow_ups: Option<FollowUps>,
    /// Of each body once; all together at most the participants.
    #[schema(max_items = 21)]
    pub redirections: Option<Vec<Redirection>>,
    /// Only its author reads it, and it is forgotten after a year.
    #[schema(min_length = 1, max_length = 2000, format = "text")]
    pub note: Option<String>,
}

impl NewActivityReport {
    /// What it says, in the form of the rules.
    pub fn content(&self) -> Result<Content> {
        let mut redirections = BTreeMap::new();
        for redirection in self.redirections.iter().flatten() {
            if redirections.insert(redirection.body, redirection.people_count).is_some() {
                return Err(Problem::invalid_field("redirections", FaultCode::NotUnique));
            }
        }
        let note = self.note.as_deref().map(text::canonical);
        if note
            .as_ref()
            .is_some_and(|note| note.is_empty() || note.chars().count() > 2000 || !text::is_clean_text(note))
        {
            return Err(Problem::invalid_field("note", FaultCode::InvalidText));
        }
        let follow_ups = self.follow_ups.clone().unwrap_or_default();
        let mut sub_themes = self.sub_themes.clone().unwrap_or_default();
        sub_themes.sort_unstable();
        sub_themes.dedup();
        Ok(Content {
            activity: self.activity,
            channel: self.channel,
            held_on: self.held_on,
            place_id: self.place_id,
            commune_code: self.commune_code.clone(),
            duration_minutes: self.duration_minutes,
            participants: self.participants_count.unwrap_or(1),
            returning: self.returning_count.unwrap_or(0),
            ages: [self.ages.moins_12, self.ages.from_12, self.ages.from_18, self.ages.from_35, self.ages.plus_60],
            statuses: [
                self.statuses.scolarise,
                self.statuses.sans_emploi,
                self.statuses.en_emploi,
                self.statuses.retraite,
                self.statuses.heterogene,
            ],
            themes: self.themes.clone(),
            sub_themes,
            follow_up_individual: follow_ups.individual_count,
            follow_up_workshop: follow_ups.workshop_count,
            redirections,
            note,
        })
    }
}

/// Changes of a report; absent members stay, null erases.
#[derive(Clone, Debug, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"duration_minutes": 60}))]
pub struct ActivityReportPatch {
    #[schema(nullable = false)]
    pub held_on: Option<NaiveDate>,
    #[schema(nullable = false)]
    pub activity: Option<ActivityKind>,
    /// With its place or commune: what another channel had is dropped.
    #[schema(nullable = false)]
    pub channel: Option<Channel>,
    #[serde(default, deserialize_with = "patch::member")]
    pub place_id: Option<Option<PlaceId>>,
    #[serde(default, deserialize_with = "patch::member")]
    pub commune_code: Option<Option<CommuneCode>>,
    #[schema(minimum = 1, maximum = 1439, nullable = false)]
    pub duration_minutes: Option<i32>,
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    pub participants_count: Option<i32>,
    #[schema(minimum = 0, maximum = 1000, nullable = false)]
    pub returning_count: Option<i32>,
    /// All of them anew.
    #[schema(nullable = false)]
    pub ages: Option<AgeCounts>,
    /// All of them anew.
    #[schema(nullable = false)]
    pub statuses: Option<StatusCounts>,
    #[schema(min_items = 1, max_items = 20, nullable = false)]
    pub themes: Option<Vec<Theme>>,
    #[schema(max_items = 30, nullable = false)]
    pub sub_themes: Option<Vec<SubTheme>>,
    #[schema(nullable = false)]
    pub follow_ups: Option<FollowUps>,
    #[schema(max_items = 21, nullable = false)]
    pub redirections: Option<Vec<Redirection>>,
    #[serde(default, deserialize_with = "patch::member")]
    #[schema(min_length = 1, max_length = 2000, format = "text")]
    pub note: Option<Option<String>>,
}

impl ActivityReportPatch {
    /// The report after the change.
    pub fn applied(&self, before: Report) -> NewActivityReport {
        let before = ActivityReportItem::from(before);
        let moved = self.channel.is_some_and(|channel| channel != before.channel);
        let place = if moved { None } else { before.place_id };
        // The commune of a place is the place's own.
        let commune = (!moved && before.place_id.is_none()).then_some(before.commune_code);
        NewActivityReport {
            external_id: None,
            counsellor_id: None,
            held_on: self.held_on.unwrap_or(before.held_on),
            activity: self.activity.unwrap_or(before.activity),
            channel: self.channel.unwrap_or(before.channel),
            place_id: self.place_id.unwrap_or(place),
            commune_code: self.commune_code.clone().unwrap_or(commune),
            duration_minutes: self.duration_minutes.unwrap_or(before.duration_minutes),
            participants_count: Some(self.participants_count.unwrap_or(before.participants_count)),
            returning_count: Some(self.returning_count.unwrap_or(before.returning_count)),
            ages: self.ages.clone().unwrap_or(before.ages),
            statuses: self.statuses.clone().unwrap_or(before.statuses),
            themes: self.themes.clone().unwrap_or_else(|| parsed(&before.themes)),
            sub_themes: Some(self.sub_themes.clone().unwrap_or_else(|| parsed(&before.sub_themes))),
            follow_ups: Some(self.follow_ups.clone().unwrap_or(before.follow_ups)),
            redirections: Some(self.redirections.clone().unwrap_or(before.redirections)),
            note: self.note.clone().unwrap_or(before.note),
        }
    }
}

fn parsed<T: TextEnum>(codes: &[String]) -> Vec<T> {
    codes.iter().filter_map(|code| T::parse(code)).collect()
}

/// An activity report in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityReportItem {
    pub id: ActivityReportId,
    pub external_id: Option<String>,
    pub counsellor_id: CounsellorId,
    /// The employer of the contract that covers the day.
    pub structure_id: StructureId,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: String,
    #[schema(example = "2021-06-16")]
    pub held_on: NaiveDate,
    pub activity: ActivityKind,
    pub channel: Channel,
    pub place_id: Option<PlaceId>,
    pub commune_code: CommuneCode,
    #[schema(example = "Moissac")]
    pub commune_name: String,
    pub departement_code: DepartementCode,
    #[schema(minimum = 1, maximum = 1439, example = 90)]
    pub duration_minutes: i32,
    #[schema(minimum = 1, maximum = 1000, example = 6)]
    pub participants_count: i32,
    #[schema(minimum = 0, maximum = 1000, example = 2)]
    pub returning_count: i32,
    pub ages: AgeCounts,
    pub statuses: StatusCounts,
    #[schema(value_type = Vec<Theme>)]
    pub themes: Vec<String>,
    #[schema(value_type = Vec<SubTheme>)]
    pub sub_themes: Vec<String>,
    pub follow_ups: FollowUps,
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    pub redirected_count: i32,
    pub redirections: Vec<Redirection>,
    pub note: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

/// What a report said before a change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityReportRevision {
    /// The version that was replaced.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    pub replaced_at: DateTime<Utc>,
    /// The columns as they were; without the note.
    #[schema(value_type = Object, additional_properties)]
    pub content: Value,
}

/// An activity report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityReportView {
    pub report: ActivityReportItem,
    /// What it said before, the latest first.
    pub revisions: Vec<ActivityReportRevision>,
}

page_of! {
    /// A page of activity reports.
    ActivityReportPage of ActivityReportItem
}

/// Filters of activity reports.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityReportFilter {
    /// On or after this day.
    #[param(example = "2021-06-01")]
    pub from_on: Option<NaiveDate>,
    /// On or before this day.
    #[param(example = "2021-06-30")]
    pub to_on: Option<NaiveDate>,
    /// Kinds of activity.
    #[param(inline)]
    pub activity: Option<Vec<ActivityKind>>,
    /// Channels.
    #[param(inline)]
    pub channel: Option<Vec<Channel>>,
    /// A theme among others.
    #[param(inline)]
    pub theme: Option<Theme>,
    /// The place.
    pub place_id: Option<PlaceId>,
    /// INSEE code of the commune; a city's holds its arrondissements.
    #[param(inline)]
    pub commune_code: Option<CommuneCode>,
    /// SIREN of the intercommunal body.
    #[param(inline)]
    pub epci_siren: Option<EpciSiren>,
    /// What another system calls it.
    #[param(max_length = 100, format = "line")]
    pub external_id: Option<String>,
    /// Only what has changed at or after this instant.
    #[param(example = "2021-06-16T00:00:00Z")]
    pub updated_since: Option<DateTime<Utc>>,
    /// Order; `-held_on` by default.
    #[param(inline)]
    pub sort: Option<Vec<ReportSort>>,
}

impl ActivityReportFilter {
    pub fn search(&self) -> Search {
        Search {
            from: self.from_on,
            to: self.to_on,
            activities: self.activity.clone(),
            channels: self.channel.clone(),
            theme: self.theme,
            place: self.place_id,
            commune: self.commune_code.clone(),
            epci: self.epci_siren.clone(),
            external_id: self.external_id.clone(),
            updated_since: self.updated_since,
        }
    }
}

impl From<Report> for ActivityReportItem {
    fn from(row: Report) -> Self {
        let at = |counts: &[i32], rank: usize| counts.get(rank).copied().unwrap_or_default();
        let bodies: BTreeMap<RedirectionBody, i32> = serde_json::from_value(row.redirections).unwrap_or_default();
        Self {
            id: row.id,
            external_id: row.external_id,
            counsellor_id: row.counsellor_id,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            held_on: row.held_on,
            activity: row.activity,
            channel: row.channel,
            place_id: row.place_id,
            commune_code: row.commune_code,
            commune_name: row.commune_name,
            departement_code: row.place_departement_code,
            duration_minutes: row.duration_minutes,
            participants_count: row.participants,
            returning_count: row.returning_participants,
            ages: AgeCounts {
                moins_12: at(&row.ages, 0),
                from_12: at(&row.ages, 1),
                from_18: at(&row.ages, 2),
                from_35: at(&row.ages, 3),
                plus_60: at(&row.ages, 4),
            },
            statuses: StatusCounts {
                scolarise: at(&row.statuses, 0),
                sans_emploi: at(&row.statuses, 1),
                en_emploi: at(&row.statuses, 2),
                retraite: at(&row.statuses, 3),
                heterogene: at(&row.statuses, 4),
            },
            themes: row.themes,
            sub_themes: row.sub_themes,
            follow_ups: FollowUps {
                individual_count: row.follow_up_individual,
                workshop_count: row.follow_up_workshop,
            },
            redirected_count: row.follow_up_redirected,
            redirections: bodies.into_iter().map(|(body, people_count)| Redirection { body, people_count }).collect(),
            note: row.note,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

impl From<Revision> for ActivityReportRevision {
    fn from(row: Revision) -> Self {
        Self { version: row.version, replaced_at: row.replaced_at, content: row.content }
    }
}

impl From<File> for ActivityReportView {
    fn from(file: File) -> Self {
        Self { report: file.report.into(), revisions: file.revisions.into_iter().map(Into::into).collect() }
    }
}

/// One fault of a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportFault {
    /// JSON Pointer into the line.
    #[schema(example = "/ages")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "sum_differs")]
    pub code: String,
    /// What is wrong, in the language of `Accept-Language`.
    #[schema(example = "La somme doit être 6, elle est 5.")]
    pub detail: String,
}

/// What became of a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityImportLine {
    /// Number of the line in the file, from 1.
    #[schema(minimum = 1, example = 2)]
    pub line: i64,
    pub external_id: Option<String>,
    pub status: ImportStatus,
    /// Null in a line that was refused.
    pub report_id: Option<ActivityReportId>,
    pub faults: Vec<ImportFault>,
}

/// What became of a file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityImport {
    #[schema(minimum = 0, example = 500)]
    pub created_count: i64,
    #[schema(minimum = 0, example = 0)]
    pub updated_count: i64,
    #[schema(minimum = 0, example = 0)]
    pub unchanged_count: i64,
    #[schema(minimum = 0, example = 0)]
    pub refused_count: i64,
    /// Lines refused, and those written where there are a thousand of them at most, in the order of the file.
    pub lines: Vec<ActivityImportLine>,
    /// Refused lines that are not among them: mend the first ones and send the file again, which changes nothing twice.
    #[schema(minimum = 0, example = 0)]
    pub lines_omitted_count: i64,
}

/// Lines that went well are only told one by one where there are not more of them.
const TOLD: usize = 1000;
/// An answer tells of lines up to so many bytes, and up to so many for each byte of the file.
const ROOM: (usize, usize) = (32 * 1024, 8);

impl ActivityImport {
    /// `length` is the file's, in bytes.
    pub fn new(imported: Imported, length: usize, language: Language) -> Self {
        let count = |status| imported.lines.iter().filter(|line| line.status == status).count() as i64;
        let mut answer = Self {
            created_count: count(ImportStatus::Created),
            updated_count: count(ImportStatus::Updated),
            unchanged_count: count(ImportStatus::Unchanged),
            refused_count: count(ImportStatus::Refused),
            lines: Vec::new(),
            lines_omitted_count: 0,
        };
        let brief = imported.lines.len() > TOLD;
        let mut room = ROOM.0 + ROOM.1 * length;
        for line in imported.lines.into_iter().filter(|line| !brief || line.status == ImportStatus::Refused) {
            let line = ActivityImportLine::new(line, language);
            match room.checked_sub(line.size()) {
                Some(left) => {
                    room = left;
                    answer.lines.push(line);
                }
                None => answer.lines_omitted_count += 1,
            }
        }
        answer
    }
}

impl ActivityImportLine {
    fn new(line: ImportedLine, language: Language) -> Self {
        let fault = |fault: &Fault| ImportFault {
            pointer: match &fault.place {
                Place::Pointer(pointer) => pointer.clone(),
                _ => String::new(),
            },
            code: fault.code.as_str().to_owned(),
            detail: problem::say_fault(fault, language),
        };
        Self {
            line: line.line as i64,
            external_id: line.external_id,
            status: line.status,
            report_id: line.report_id,
            faults: line.faults.iter().map(fault).collect(),
        }
    }

    /// About how many bytes it takes in the answer.
    fn size(&self) -> usize {
        let fault = |fault: &ImportFault| 50 + fault.pointer.len() + fault.code.len() + fault.detail.len();
        130 + self.external_id.as_ref().map_or(0, String::len) + self.faults.iter().map(fault).sum::<usize>()
    }
}
