//! Comparison with a copy that somebody keeps: first counts and sums by bucket, then the rows of the buckets that differ.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::features::subsidies::dto::{NewReconciliation, ReconciledResource};
use crate::features::subsidies::store::mirrors::{self, Bucket, Row, Source};
use crate::platform::db::Reader;
use crate::platform::error::{Fault, FaultCode, Place, Problem, Result};
use crate::text_enum;

text_enum! {
    /// How a row of the copy differs.
    pub enum DifferenceKind "reconciliation_differences" [] {
        Missing "missing" "Absente de la copie" "Missing in the copy",
        Unknown "unknown" "Absente de la source" "Not in the source",
        Different "different" "Différente" "Different",
    }
}

/// A row that differs, as it is here.
#[derive(Clone, Debug)]
pub struct Difference {
    pub id: Uuid,
    pub kind: DifferenceKind,
    /// As it is here; none of what is not.
    pub source: Option<Row>,
}

/// What a comparison finds.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub buckets_compared: usize,
    /// Buckets that differ, as they are here; with no rows where there are none here.
    pub buckets: Vec<Bucket>,
    /// Identifiers here in the buckets that differ.
    pub ids: Vec<Uuid>,
    /// Rows that differ, where the copy sent its own of these buckets.
    pub differences: Option<Vec<Difference>>,
}

/// Identifiers told at most; a caller whose copy differs more starts anew.
const IDS: usize = 10_000;

fn source(resource: ReconciledResource) -> Source {
    match resource {
        ReconciledResource::Posts => Source { table: "posts", status: "x.status", amount: "0::bigint" },
        ReconciledResource::Recruitments => {
            Source { table: "recruitments", status: "x.status", amount: "x.gross_monthly_salary_cents" }
        }
        ReconciledResource::Agreements => Source { table: "agreements", status: "x.status", amount: "x.amount_cents" },
        ReconciledResource::Instalments => {
            Source { table: "instalments", status: "x.status", amount: "x.amount_cents" }
        }
        ReconciledResource::CreditNotes => {
            Source { table: "credit_notes", status: "x.status", amount: "x.amount_cents" }
        }
        ReconciledResource::Enrolments => Source { table: "enrolments", status: "x.status", amount: "0::bigint" },
    }
}

pub fn reconcile(reader: &mut Reader<'_>, asked: &NewReconciliation) -> Result<Comparison> {
    let source = source(asked.resource);
    let length = usize::try_from(asked.suffix_length).unwrap_or(2);
    let mut theirs: BTreeMap<(String, String), (i64, i64, i64)> = BTreeMap::new();
    for (at, bucket) in asked.buckets.iter().enumerate() {
        let fault = |field: &str, code| {
            Problem::invalid(vec![Fault::new(Place::Pointer(format!("/buckets/{at}/{field}")), code)])
        };
        if bucket.suffix.len() != length {
            return Err(fault("suffix", FaultCode::InvalidValue));
        }
        let key = (bucket.suffix.clone(), bucket.status.clone());
        if theirs.insert(key, (bucket.rows_count, bucket.amount_cents, bucket.versions_sum)).is_some() {
            return Err(fault("suffix", FaultCode::NotUnique));
        }
    }
    let mut found = Vec::new();
    let mut compared = 0;
    for bucket in mirrors::buckets(reader.conn(), source, asked.suffix_length)? {
        compared += 1;
        let copy = theirs.remove(&(bucket.suffix.clone(), bucket.status.clone()));
        if copy != Some((bucket.rows_count, bucket.amount_cents, bucket.versions_sum)) {
            found.push(bucket);
        }
    }
    // What is only there.
    for ((suffix, status), _) in theirs {
        compared += 1;
        found.push(Bucket { suffix, status, rows_count: 0, amount_cents: 0, versions_sum: 0 });
    }
    found.sort_by(|a, b| (&a.suffix, &a.status).cmp(&(&b.suffix, &b.status)));
    let mut suffixes: Vec<String> = found.iter().map(|bucket| bucket.suffix.clone()).collect();
    suffixes.dedup();
    let rows = mirrors::rows(reader.conn(), source, &suffixes, asked.suffix_length)?;
    let ids = rows.iter().map(|row| row.id).take(IDS).collect();
    let differences = asked.rows.as_ref().map(|copies| {
        let copies: Vec<Row> = copies
            .iter()
            .map(|row| Row {
                id: row.id,
                status: row.status.clone(),
                amount_cents: row.amount_cents,
                version: row.version,
            })
            .filter(|row| suffixes.iter().any(|suffix| row.id.to_string().ends_with(suffix.as_str())))
            .collect();
        compare(rows, copies)
    });
    Ok(Comparison { buckets_compared: compared, buckets: found, ids, differences })
}

fn compare(here: Vec<Row>, there: Vec<Row>) -> Vec<Difference> {
    let mut copies: BTreeMap<Uuid, Row> = there.into_iter().map(|row| (row.id, row)).collect();
    let mut found: Vec<Difference> = here
        .into_iter()
        .filter_map(|row| match copies.remove(&row.id) {
            Some(copy) if copy == row => None,
            Some(_) => Some(Difference { id: row.id, kind: DifferenceKind::Different, source: Some(row) }),
            None => Some(Difference { id: row.id, kind: DifferenceKind::Missing, source: Some(row) }),
        })
        .collect();
    found.extend(copies.into_values().map(|row| Difference {
        id: row.id,
        kind: DifferenceKind::Unknown,
        source: None,
    }));
    found.sort_by_key(|difference| difference.id);
    found
}
