//! Lists as spreadsheets: cells of their types under a heading that stays in sight.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};
use chrono_tz::Europe::Paris;
use rust_xlsxwriter::{Format as SheetFormat, Worksheet};
use serde_json::Value;

use super::export::{broken, find, index, plain};
use crate::platform::contract::{CENTS, Column, ColumnKind};
use crate::platform::error::Result;

/// How values look in a sheet.
pub struct Shapes {
    date: SheetFormat,
    instant: SheetFormat,
    amount: SheetFormat,
}

impl Shapes {
    pub fn new() -> Self {
        let of = |shape: &str| SheetFormat::new().set_num_format(shape);
        Self { date: of("dd/mm/yyyy"), instant: of("dd/mm/yyyy hh:mm:ss"), amount: of("#,##0.00\\ \"€\"") }
    }
}

/// Longest name of a sheet.
const SHEET_NAME: usize = 31;

/// A sheet with its heading, which stays in sight.
pub fn begin_sheet(sheet: &mut Worksheet, name: &str, columns: &[Column]) -> Result<()> {
    sheet.set_name(name.chars().take(SHEET_NAME).collect::<String>()).map_err(broken)?;
    sheet.set_freeze_panes(1, 0).map_err(broken)?;
    let bold = SheetFormat::new().set_bold();
    for (at, column) in columns.iter().enumerate() {
        let heading = heading(column);
        let least = match column.kind {
            ColumnKind::Id => 37,
            ColumnKind::Instant => 19,
            ColumnKind::Amount => 14,
            ColumnKind::Date | ColumnKind::Other => 12,
        };
        let width = least.max(heading.chars().count() + 3);
        sheet.set_column_width(index(at), u32::try_from(width).unwrap_or(12)).map_err(broken)?;
        sheet.write_string_with_format(0, index(at), heading, &bold).map_err(broken)?;
    }
    Ok(())
}

/// Amounts are euros in a sheet, and named so.
fn heading(column: &Column) -> String {
    match (column.kind, column.name.strip_suffix(CENTS)) {
        (ColumnKind::Amount, Some(name)) => format!("{name}_euros"),
        _ => column.name.clone(),
    }
}

pub fn write_cell(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    values: &Value,
    column: &Column,
    shapes: &Shapes,
) -> Result<()> {
    let value = find(values, column);
    match (value, column.kind) {
        (Value::Null, _) => return Ok(()),
        (Value::Bool(yes), _) => sheet.write_boolean(row, at, *yes),
        (Value::Number(number), kind) => match (number.as_f64(), kind) {
            // Beyond this a spreadsheet rounds.
            (Some(cents), ColumnKind::Amount) if cents.abs() < 9e15 => {
                sheet.write_number_with_format(row, at, cents / 100.0, &shapes.amount)
            }
            (Some(value), _) if value.abs() < 9e15 => sheet.write_number(row, at, value),
            _ => sheet.write_string(row, at, number.to_string()),
        },
        (Value::String(text), ColumnKind::Date) => match day_of(text) {
            Some(day) => sheet.write_datetime_with_format(row, at, day, &shapes.date),
            None => sheet.write_string(row, at, text),
        },
        (Value::String(text), ColumnKind::Instant) => match local_instant(text) {
            Some(instant) => sheet.write_datetime_with_format(row, at, instant, &shapes.instant),
            None => sheet.write_string(row, at, text),
        },
        // Texts are texts in a sheet, and nothing runs them.
        (Value::String(text), _) => sheet.write_string(row, at, text),
        (Value::Array(items), _) => sheet.write_string(row, at, items.iter().map(plain).collect::<Vec<_>>().join("|")),
        (other, _) => sheet.write_string(row, at, plain(other)),
    }
    .map_err(broken)?;
    Ok(())
}

/// A day that a sheet can hold.
fn day_of(text: &str) -> Option<NaiveDate> {
    text.parse::<NaiveDate>().ok().filter(|day| day.year() >= 1900)
}

/// An instant as the clocks of Paris show it: a sheet knows no zones.
fn local_instant(text: &str) -> Option<NaiveDateTime> {
    let local = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Paris).naive_local();
    (local.year() >= 1900).then_some(local)
}
