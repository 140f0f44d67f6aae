//! Lists as files: the same list, whole, as CSV, NDJSON or a spreadsheet, read in one snapshot and sent while it is read. What
//! the public asks for is made once and handed out for a while.
//!
//! The handler of a list is called batch after batch: what it would answer page by page is what the file holds, with the
//! same filters, order and reach.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::Arc;

use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::Paris;
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::reply::{Answer, Batch, Reply};
use super::sheet::{Shapes, begin_sheet, write_cell};
use crate::platform::contract::{Column, ColumnKind};
use crate::platform::db::listing::Whole;
use crate::platform::db::{Db, Outcome, Reader, Request};
use crate::platform::error::{Code, Problem, Result};
use crate::platform::journal::{self, Shown};
use crate::platform::spool::{Patience, Spool, Spooled};
use crate::platform::text::harmless;

/// Rows that a sheet holds beside its heading.
const SHEET_ROWS: usize = 1_048_575;

/// What a list may be answered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv { excel_fr: bool },
    Ndjson,
    Xlsx,
}

/// Media types of lists beside JSON, with the names that `format` gives them.
pub const FORMATS: [(&str, &str); 3] = [
    ("csv", "text/csv"),
    ("ndjson", "application/x-ndjson"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
];

impl Format {
    /// The format of this name or media type.
    pub fn find(name: &str, excel_fr: bool) -> Option<Self> {
        match FORMATS.iter().position(|(short, media)| *short == name || *media == name)? {
            0 => Some(Self::Csv { excel_fr }),
            1 => Some(Self::Ndjson),
            _ => Some(Self::Xlsx),
        }
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Csv { .. } => ("csv", "text/csv; charset=utf-8"),
            Self::Ndjson => ("ndjson", FORMATS[1].1),
            Self::Xlsx => ("xlsx", FORMATS[2].1),
        }
    }
}

/// A list asked for as a file.
#[derive(Clone, Debug)]
pub struct Export {
    pub format: Format,
    pub columns: Arc<Vec<Column>>,
    /// Name of the list, for the file's.
    pub name: String,
    /// Where the reading stands, shared with the list.
    pub whole: Arc<Whole>,
    /// Address of who asks.
    pub address: IpAddr,
}

/// What travels to the caller.
pub type Chunk = std::result::Result<Bytes, Problem>;

/// Bytes that travel at a time.
const CHUNK: usize = 32 * 1024;

/// Who asks for a file, and over which connection.
#[derive(Clone, Debug)]
pub struct Asker {
    /// An account, or an address.
    pub holder: String,
    /// Of the public: under which name its file is kept.
    pub public: Option<String>,
    pub socket: Option<Socket>,
}

/// The connection of a caller, to be cut when they take nothing: the server writes no more to it, and so never learns of it.
#[derive(Clone, Debug)]
pub struct Socket(Arc<std::net::TcpStream>);

impl Socket {
    pub fn of(connection: &TcpStream) -> Option<Self> {
        let own = connection.as_fd().try_clone_to_owned().ok()?;
        Some(Self(Arc::new(std::net::TcpStream::from(own))))
    }

    fn cut(&self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }
}

/// Starts reading; answers once the first batch is there, so that a refusal is a problem like any other.
pub async fn answer(
    db: &Db,
    request: Request,
    export: Export,
    asker: Asker,
    work: impl Fn(&mut Reader<'_>) -> Result<Reply> + Send + 'static,
) -> Answer {
    let today = db.clock().now().today();
    let (extension, media) = export.format.names();
    let name = format!("{}-{today}.{extension}", export.name);
    let exports = db.exports();
    let begin = || make(db, request, export, &asker, work);
    let mut file = match &asker.public {
        Some(name) => exports.kept(name, begin)?,
        None => begin()?,
    };
    let cursor = file.begun().await?;
    let (chunks, stream) = mpsc::channel::<Chunk>(1);
    actix_web::rt::spawn(hand_out(file, chunks, Patience::new(exports.pace), asker.socket));
    Ok(Reply::stream(media, name, stream, cursor))
}

/// Reads the list on a thread of its own, into a file of its own.
fn make(
    db: &Db,
    request: Request,
    export: Export,
    asker: &Asker,
    work: impl Fn(&mut Reader<'_>) -> Result<Reply> + Send + 'static,
) -> Result<Spooled> {
    let place = db.export_place(&asker.holder, asker.public.is_some())?;
    let (spool, file) = Spool::create()?;
    let db = db.clone();
    let reading = std::thread::Builder::new().name("export".to_owned()).spawn(move || {
        let note = |shown: &Shown| match journal::notes(&request.principal.actor) {
            true => db.write_now(&request, &|tx| journal::note(tx, shown).map(Outcome::Keep)),
            false => Ok(()),
        };
        let outcome = db.snapshot_now(&request.principal, &mut |reader| write(reader, &export, &work, &note, &spool));
        drop(place);
        if let Err(problem) = &outcome {
            log::warn!(code = problem.code().as_str(); "an export broke off");
        }
        spool.end(outcome);
    });
    match reading {
        Ok(_) => Ok(file),
        Err(_) => {
            Err(Problem::new(Code::ServiceUnavailable).header("Retry-After", 1).caused_by("no thread for an export"))
        }
    }
}

/// Hands a file out as it grows. Who takes it too slowly, or for too long, loses the connection. A failure half-way must not
/// look like the end of the file: the answer is broken off.
async fn hand_out(mut file: Spooled, chunks: mpsc::Sender<Chunk>, mut patience: Patience, socket: Option<Socket>) {
    let mut at = 0;
    loop {
        let chunk = file.read(at, CHUNK).await;
        let length = match &chunk {
            Ok(bytes) if bytes.is_empty() => break,
            Ok(bytes) => bytes.len(),
            Err(_) => 0,
        };
        let failed = chunk.is_err();
        let begun = Instant::now();
        match timeout(patience.left(), chunks.send(chunk.map(Bytes::from))).await {
            Ok(Ok(())) if !failed => {}
            Ok(_) => return,
            Err(_) => return cut(socket.as_ref()),
        }
        patience.spend(begun.elapsed(), length);
        at += length as u64;
    }
    // The last bytes are still to be taken.
    if timeout(patience.left(), chunks.reserve()).await.is_err() {
        cut(socket.as_ref());
    }
}

fn cut(socket: Option<&Socket>) {
    log::warn!("a file was taken too slowly: the connection is cut");
    if let Some(socket) = socket {
        socket.cut();
    }
}

/// Reads batch after batch and sends what each becomes, once whom it shows is noted.
fn write(
    reader: &mut Reader<'_>,
    export: &Export,
    work: &dyn Fn(&mut Reader<'_>) -> Result<Reply>,
    note: &dyn Fn(&Shown) -> Result<()>,
    spool: &Spool,
) -> Result<()> {
    let mut file = Encoder::new(export)?;
    loop {
        let (batch, shown) = work(reader)?.into_batch().ok_or_else(|| Problem::internal("a list without rows"))?;
        shown.as_ref().map_or(Ok(()), note)?;
        let rows = file.rows(&batch)?;
        spool.write(&rows)?;
        spool.begin(batch.events_cursor.clone());
        let Batch { next, .. } = batch;
        match next {
            Some(position) => export.whole.go_to(position),
            None => break,
        }
    }
    file.end(spool)
}

/// Rows as bytes of a file.
enum Encoder<'a> {
    Csv { columns: &'a [Column], excel_fr: bool, head: bool },
    Ndjson,
    Xlsx { columns: &'a [Column], book: Box<Workbook>, row: usize, shapes: Box<Shapes> },
}

impl<'a> Encoder<'a> {
    fn new(export: &'a Export) -> Result<Self> {
        let columns = export.columns.as_slice();
        Ok(match export.format {
            Format::Csv { excel_fr } => Self::Csv { columns, excel_fr, head: true },
            Format::Ndjson => Self::Ndjson,
            Format::Xlsx => {
                let mut book = Box::new(Workbook::new());
                let sheet = book.add_worksheet_with_constant_memory().map_err(broken)?;
                begin_sheet(sheet, &export.name, columns)?;
                Self::Xlsx { columns, book, row: 0, shapes: Box::new(Shapes::new()) }
            }
        })
    }

    fn rows(&mut self, batch: &Batch) -> Result<Vec<u8>> {
        match self {
            Self::Ndjson => {
                let mut bytes = Vec::new();
                for row in &batch.rows {
                    serde_json::to_writer(&mut bytes, row).map_err(broken)?;
                    bytes.push(b'\n');
                }
                Ok(bytes)
            }
            Self::Csv { columns, excel_fr, head } => {
                let mut bytes = Vec::new();
                // Spreadsheets take the mark for UTF-8, others would take it for text.
                if *head && *excel_fr {
                    bytes.extend_from_slice("\u{feff}".as_bytes());
                }
                let separator = if *excel_fr { b';' } else { b',' };
                let mut writer =
                    csv::WriterBuilder::new().delimiter(separator).terminator(csv::Terminator::CRLF).from_writer(bytes);
                if std::mem::take(head) {
                    writer.write_record(columns.iter().map(|column| column.name.as_str())).map_err(broken)?;
                }
                for row in &batch.rows {
                    writer.write_record(columns.iter().map(|column| cell(row, column, *excel_fr))).map_err(broken)?;
                }
                writer.into_inner().map_err(broken)
            }
            Self::Xlsx { columns, book, row, shapes } => {
                if *row + batch.rows.len() > SHEET_ROWS {
                    return Err(Problem::internal("more rows than a sheet holds"));
                }
                let sheet = book.worksheet_from_index(0).map_err(broken)?;
                for values in &batch.rows {
                    *row += 1;
                    for (at, column) in columns.iter().enumerate() {
                        let at = (u32::try_from(*row).unwrap_or(u32::MAX), index(at));
                        write_cell(sheet, at, values, column, shapes)?;
                    }
                }
                Ok(Vec::new())
            }
        }
    }

    /// What can only be written once all rows are known.
    fn end(self, spool: &Spool) -> Result<()> {
        let Self::Xlsx { mut book, columns, row, .. } = self else { return Ok(()) };
        let (last_row, last_column) = (u32::try_from(row).unwrap_or(u32::MAX), index(columns.len().saturating_sub(1)));
        let sheet = book.worksheet_from_index(0).map_err(broken)?;
        sheet.autofilter(0, 0, last_row, last_column).map_err(broken)?;
        let path = std::env::temp_dir().join(format!("conum-{}.xlsx", uuid::Uuid::new_v4()));
        let saved = book.save(&path).map_err(broken);
        let file = saved.and_then(|()| std::fs::File::open(&path).map_err(broken));
        // Gone from the folder at once; what is open stays readable.
        let _ = std::fs::remove_file(&path);
        let mut file = file?;
        loop {
            let mut bytes = vec![0; 64 * 1024];
            let read = std::io::Read::read(&mut file, &mut bytes).map_err(broken)?;
            if read == 0 {
                return Ok(());
            }
            bytes.truncate(read);
            spool.write(&bytes)?;
        }
    }
}

pub(super) fn broken(cause: impl std::fmt::Display) -> Problem {
    Problem::internal(format!("cannot write the export: {cause}"))
}

pub(super) fn index(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

pub(super) fn find<'v>(row: &'v Value, column: &Column) -> &'v Value {
    column.path.iter().fold(row, |value, member| &value[member.as_str()])
}

/// A value as the text of a cell.
fn cell(row: &Value, column: &Column, excel_fr: bool) -> String {
    match find(row, column) {
        Value::Null => String::new(),
        Value::Bool(yes) if excel_fr => if *yes { "vrai" } else { "faux" }.to_owned(),
        Value::Number(number) if excel_fr => number.to_string().replace('.', ","),
        Value::Number(number) => number.to_string(),
        Value::String(text) => match (column.kind, excel_fr) {
            (ColumnKind::Date, true) => french_day(text).unwrap_or_else(|| text.clone()),
            (ColumnKind::Instant, true) => french_instant(text).unwrap_or_else(|| text.clone()),
            (ColumnKind::Date | ColumnKind::Instant, false) => text.clone(),
            (ColumnKind::Amount | ColumnKind::Id | ColumnKind::Other, _) => harmless(text),
        },
        Value::Array(items) => harmless(&items.iter().map(plain).collect::<Vec<_>>().join("|")),
        other => harmless(&plain(other)),
    }
}

pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn french_day(text: &str) -> Option<String> {
    Some(text.parse::<NaiveDate>().ok()?.format("%d/%m/%Y").to_string())
}

fn french_instant(text: &str) -> Option<String> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Paris).format("%d/%m/%Y %H:%M:%S").to_string())
}

/// What the caller asks for: by name first, then by the media types that are accepted, the most wanted first.
pub fn asked(named: Option<&str>, excel_fr: bool, accept: Option<&str>) -> Option<Format> {
    if let Some(name) = named {
        return Format::find(name, excel_fr);
    }
    let mut ranges: BTreeMap<(i32, usize), String> = BTreeMap::new();
    for (at, range) in accept.unwrap_or_default().split(',').enumerate() {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let wanted = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        if wanted > 0.0 {
            ranges.insert((-(wanted * 1000.0) as i32, at), media);
        }
    }
    for media in ranges.into_values() {
        if matches!(media.as_str(), "application/json" | "application/*" | "*/*") {
            return None;
        }
        if media == "text/*" {
            return Some(Format::Csv { excel_fr });
        }
        if let Some(format) = Format::find(&media, excel_fr) {
            return Some(format);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn column(kind: ColumnKind) -> Column {
        Column { name: "a.b".to_owned(), path: vec!["a".to_owned(), "b".to_owned()], kind }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_neutralised() {
        for text in ["=1+1", "+33563+1", "-2-3", "+cmd|x", "+", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠1"] {
            assert_eq!(cell(&json!({"a": {"b": text}}), &column(ColumnKind::Other), false), format!("'{text}"));
        }
        for number in ["+33563228200", "-2"] {
            assert_eq!(cell(&json!({"a": {"b": number}}), &column(ColumnKind::Other), false), number);
        }
        assert_eq!(cell(&json!({"a": {"b": -12}}), &column(ColumnKind::Other), false), "-12");
        assert_eq!(cell(&json!({"a": {"b": ["=x", "y"]}}), &column(ColumnKind::Other), false), "'=x|y");
    }

    #[test]
    fn the_french_profile_writes_numbers_and_dates_as_in_french() {
        for (kind, value, text) in [
            (ColumnKind::Other, json!(12.5), "12,5"),
            (ColumnKind::Other, json!(true), "vrai"),
            (ColumnKind::Date, json!("2021-06-16"), "16/06/2021"),
            (ColumnKind::Instant, json!("2021-06-16T22:30:00Z"), "17/06/2021 00:30:00"),
            (ColumnKind::Date, Value::Null, ""),
        ] {
            assert_eq!(cell(&json!({"a": {"b": value}}), &column(kind), true), text);
        }
    }

    #[test]
    fn the_most_wanted_format_wins() {
        let csv = Some(Format::Csv { excel_fr: false });
        for (named, accept, expected) in [
            (None, None, None),
            (None, Some("*/*"), None),
            (None, Some("text/csv"), csv),
            (None, Some("application/json;q=0.5, text/csv"), csv),
            (None, Some("application/json, text/csv"), None),
            (None, Some("text/csv;q=0, application/x-ndjson"), Some(Format::Ndjson)),
            (Some("csv"), Some("application/json"), csv),
            (Some("json"), Some("text/csv"), None),
            (Some("xlsx"), None, Some(Format::Xlsx)),
        ] {
            assert_eq!(asked(named, false, accept), expected, "{named:?} {accept:?}");
        }
    }
}
