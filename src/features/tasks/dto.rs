//! Shapes of what waits.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::TaskOperation;
use super::store::{Count, Task, TaskSort};
use crate::platform::codes::DepartementCode;
use crate::platform::db::listing::Rows;
use crate::platform::http::{Answer, PageLinks, PageMeta, Paging, Reply};
use crate::platform::ids::StructureId;

/// Something that waits for the caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskItem {
    /// Operation that does it; `transitions` of the resource says whether it may be called now.
    pub operation: TaskOperation,
    /// Path segment of what it is done to.
    #[schema(example = "recruitments")]
    pub resource: String,
    pub resource_id: Uuid,
    /// Of the resource, or of the post or contract that it belongs to.
    #[schema(example = "CN-R-000012")]
    pub reference: Option<String>,
    pub structure_id: Option<StructureId>,
    #[schema(example = "Commune de Moissac")]
    pub structure_name: Option<String>,
    pub departement_code: Option<DepartementCode>,
    /// Since when it waits.
    pub since_at: DateTime<Utc>,
    /// Last day to do it, where there is one: a deadline, or the day from which it is late.
    pub until_on: Option<NaiveDate>,
    /// Whether that day is over.
    pub overdue: bool,
}

/// How many of a kind wait.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskCount {
    pub operation: TaskOperation,
    #[schema(minimum = 1, example = 4)]
    pub count: i64,
    /// Of them, past their last day.
    #[schema(minimum = 0, example = 1)]
    pub overdue_count: i64,
}

/// A page of what waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TaskPage {
    /// The rows of this page.
    pub data: Vec<TaskItem>,
    /// Addresses of this page and of its neighbours.
    pub links: PageLinks,
    /// Size of this page and of the whole list.
    pub meta: PageMeta,
    /// All that waits, by kind; kinds of which nothing waits are left out.
    pub counts: Vec<TaskCount>,
}

impl TaskPage {
    pub fn reply(paging: &Paging, rows: Rows<TaskItem>, counts: Vec<Count>) -> Answer {
        if paging.is_whole() {
            let cursor = paging.followed_from(&rows);
            return Reply::batch(&rows.rows, rows.next, cursor);
        }
        let (links, meta) = (paging.links(&rows), paging.meta(&rows));
        let counts = counts.into_iter().map(Into::into).collect();
        let page = Self { links, meta, data: rows.rows, counts };
        Reply::page(&page, &page.links)
    }
}

/// What of it is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskFilter {
    /// Operations.
    #[param(example = json!(["validate_recruitment"]))]
    pub operation: Option<Vec<TaskOperation>>,
    /// Most urgent first by default; what has no last day comes last.
    #[param(inline, example = json!(["until_on"]))]
    pub sort: Option<Vec<TaskSort>>,
}

impl TaskItem {
    pub fn new(row: Task, today: NaiveDate) -> Self {
        Self {
            operation: TaskOperation(row.operation),
            resource: row.resource,
            resource_id: row.resource_id,
            reference: row.reference,
            structure_id: row.structure_id,
            structure_name: row.structure_name,
            departement_code: row.departement_code,
            since_at: row.since_at,
            until_on: row.until_on,
            overdue: row.until_on.is_some_and(|until| until < today),
        }
    }
}

impl From<Count> for TaskCount {
    fn from(row: Count) -> Self {
        Self { operation: TaskOperation(row.operation), count: row.count, overdue_count: row.overdue_count }
    }
}
