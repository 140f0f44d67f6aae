//! Tables from files, as spreadsheets write them: rows of texts under the names of their columns, with the numbers of their lines.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};

use super::db::text_enum::TextEnum;
use super::problems::Language;
use super::text;

/// What a packed spreadsheet may unpack to, in bytes.
const MOST_UNPACKED: u64 = 96 * 1024 * 1024;

/// A table, read as far as its lines may go.
#[derive(Debug)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Whether a French spreadsheet wrote it: dates and decimals are French.
    pub french: bool,
}

/// A row with something in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Line of the file, from 1, where it begins.
    pub line: usize,
    /// Cells in the order of the columns: as many as the row has.
    pub cells: Vec<String>,
}

impl Row {
    /// Cells that stand under a column, with its name; empty ones are left out.
    pub fn named<'t>(&'t self, columns: &'t [String]) -> impl Iterator<Item = (&'t str, &'t str)> {
        columns
            .iter()
            .map(String::as_str)
            .zip(self.cells.iter().map(String::as_str))
            .filter(|(column, cell)| !column.is_empty() && !cell.is_empty())
    }

    /// Whether something stands where no column is.
    pub fn overflows(&self, columns: &[String]) -> bool {
        let nameless = |at: usize| columns.get(at).is_none_or(String::is_empty);
        self.cells.iter().enumerate().any(|(at, cell)| !cell.is_empty() && nameless(at))
    }
}

/// Reads CSV whose columns stand in its first line, between commas, semicolons or tabs; `Err` says in a few words why it cannot.
pub fn csv(file: &str, most: usize) -> Result<Table, String> {
    // Excel may say by itself what separates, in a line that is none of the table.
    let told = file.lines().next().and_then(|line| line.strip_prefix("sep=")).and_then(|rest| rest.bytes().next());
    let skipped = if told.is_some() { file.find('\n').map_or(file.len(), |end| end + 1) } else { 0 };
    let text = &file[skipped..];
    let separator = told.unwrap_or_else(|| separator(text));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut lines = Lines { text, at: 0, line: 1 + file[..skipped].matches('\n').count() };
    let mut table = Table { columns: Vec::new(), rows: Vec::new(), french: separator != b',' };
    for record in reader.records() {
        let record = record.map_err(|_| "the file cannot be read as CSV".to_owned())?;
        let start = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
        let cells: Vec<String> = record.iter().map(text::canonical).collect();
        let line = lines.of(start);
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if table.columns.is_empty() {
            table.columns = cells;
        } else {
            table.rows.push(Row { line, cells });
            if table.rows.len() > most {
                return Err(format!("more than {most} lines"));
            }
        }
    }
    if table.columns.is_empty() {
        return Err("the first line does not name the columns".to_owned());
    }
    Ok(table)
}

/// What separates the names of the columns: whatever of the three stands most often in the first line that says something.
fn separator(text: &str) -> u8 {
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: u8| head.bytes().filter(|byte| *byte == separator).count();
    // Of equals the last is taken: a comma where nothing separates.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Counts lines up to a place, however they end.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the first character from `start` on that ends no line.
    fn of(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(self.at + 1) != Some(&b'\n'));
            if self.at >= start && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.line += usize::from(ends);
            self.at += 1;
        }
        self.line
    }
}

/// Reads the first sheet of a workbook.
pub fn xlsx(file: &[u8], most: usize) -> Result<Table, String> {
    let broken = |_| "the file is no spreadsheet that can be read".to_owned();
    require_small(file)?;
    let mut book: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(file)).map_err(|e: calamine::XlsxError| broken(e))?;
    let sheet = book.sheet_names().first().cloned().ok_or("the spreadsheet has no sheet")?;
    let range = book.worksheet_range(&sheet).map_err(broken)?;
    let first = range.start().map_or(0, |(row, _)| usize::try_from(row).unwrap_or(0));
    let mut table = Table { columns: Vec::new(), rows: Vec::new(), french: true };
    for (at, row) in range.rows().enumerate() {
        let cells: Vec<String> = row.iter().map(written).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if table.columns.is_empty() {
            table.columns = cells;
        } else if table.rows.len() == most {
            return Err(format!("more than {most} lines"));
        } else {
            table.rows.push(Row { line: first + at + 1, cells });
        }
    }
    if table.columns.is_empty() { Err("the first line does not name the columns".to_owned()) } else { Ok(table) }
}

/// Refuses what unpacks to more than a sheet of so many lines may be: a small file may hold gigabytes.
fn require_small(file: &[u8]) -> Result<(), String> {
    let broken = |_| "the file is no spreadsheet that can be read".to_owned();
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).map_err(broken)?;
    let mut left = MOST_UNPACKED;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(broken)?;
        let read = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink())
            .map_err(|_| broken(zip::result::ZipError::FileNotFound))?;
        left = left.checked_sub(read).ok_or("the spreadsheet is too large")?;
    }
    Ok(())
}

/// A cell as a text: dates as RFC 3339 writes them, whole numbers without decimals.
fn written(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => format!("{number:.0}"),
        Data::DateTime(at) => match at.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => at.date().to_string(),
            Some(at) => at.to_string(),
            None => String::new(),
        },
        other => text::canonical(&other.to_string()),
    }
}

/// A number as it is written in a cell: `30`, `30.0`, and of a French spreadsheet `30,0`. `None` where it is none.
pub fn number(cell: &str, french: bool) -> Option<f64> {
    let plain: String = cell.chars().filter(|c| !c.is_whitespace() && *c != '\u{202f}').collect();
    let plain = if french { plain.replace(',', ".") } else { plain };
    plain.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A day of a French spreadsheet, `16/06/2021`, as RFC 3339 writes it; another text stays what it is.
pub fn day(cell: &str, french: bool) -> String {
    let read = |cell: &str| chrono::NaiveDate::parse_from_str(cell, "%d/%m/%Y").ok();
    match read(cell).filter(|_| french && cell.len() == 10) {
        Some(day) => day.to_string(),
        None => cell.to_owned(),
    }
}

/// The code of a term that is given by its code or by its label; the text as it is otherwise.
pub fn code_of<T: TextEnum>(cell: &str) -> String {
    let key = text::search_key(cell);
    let named =
        |term: &T| [Language::French, Language::English].iter().any(|l| text::search_key(term.label(*l)) == key);
    let coded = |term: &T| text::search_key(term.as_str()) == key;
    let find = |is: &dyn Fn(&T) -> bool| T::ALL.iter().copied().find(|term| is(term));
    let found = T::parse(cell).or_else(|| find(&coded)).or_else(|| find(&named));
    found.map_or_else(|| cell.to_owned(), |term| term.as_str().to_owned())
}

/// A text that an export of ours wrote: an apostrophe keeps a spreadsheet from running it.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| text::harmless(rest) == cell).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(file: &str) -> Vec<usize> {
        csv(file, 100).expect("a table").rows.iter().map(|row| row.line).collect()
    }

    #[test]
    fn lines_are_those_of_the_file_however_they_end() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [2, 3]);
        assert_eq!(lines("a,b\r\n1,2\r\n3,4\r\n"), [2, 3]);
        assert_eq!(lines("a,b\r1,2\r3,4"), [2, 3]);
        assert_eq!(lines("\r\na,b\r\n\r\n1,2\r\n\r\n\r\n3,4"), [4, 7]);
        assert_eq!(lines("a,b\r\n\"x\r\ny\",2\r\n3,4\r\n"), [2, 4]);
        assert_eq!(lines("a;b\n1;2\n;\n;;;\n3;4\n;\n"), [2, 5]);
        assert_eq!(lines("sep=;\r\na;b\r\n1;2\r\n"), [3]);
    }

    #[test]
    fn columns_stand_between_commas_semicolons_or_tabs() {
        for (file, french) in [("a,b\n1,2", false), ("a;b\n1;2", true), ("a\tb\n1\t2", true)] {
            let table = csv(file, 10).expect(file);
            assert_eq!((table.columns.len(), table.french), (2, french), "{file}");
            assert_eq!(table.rows[0].named(&table.columns).collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        }
        let short = csv("a,b,c\n1\n1,2,3,\n1,2,3,4", 10).expect("a table");
        assert_eq!(
            short.rows.iter().map(|row| row.overflows(&short.columns)).collect::<Vec<_>>(),
            [false, false, true]
        );
        assert!(csv("", 10).is_err() && csv("a\n1\n2", 1).is_err());
    }

    #[test]
    fn numbers_and_days_are_read_as_the_spreadsheet_writes_them() {
        assert_eq!(
            (number("30,0", true), number("1 200", true), number("30,0", false)),
            (Some(30.0), Some(1200.0), None)
        );
        assert_eq!((number("x", true), number("inf", true)), (None, None));
        assert_eq!((day("16/06/2021", true), day("16/06/2021", false)), ("2021-06-16".into(), "16/06/2021".into()));
        assert_eq!((unguarded("'=1+1"), unguarded("'hui"), unguarded("'+33")), ("=1+1", "'hui", "'+33"));
    }

    #[test]
    fn a_small_file_that_unpacks_to_gigabytes_is_refused() {
        let mut bytes = Vec::new();
        {
            let mut archive = zip::ZipWriter::new(Cursor::new(&mut bytes));
            archive.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).unwrap();
            let zeros = vec![b' '; 1024 * 1024];
            for _ in 0..=MOST_UNPACKED / 1024 / 1024 {
                std::io::Write::write_all(&mut archive, &zeros).unwrap();
            }
            archive.finish().unwrap();
        }
        assert!(bytes.len() < 1024 * 1024);
        assert_eq!(xlsx(&bytes, 10).unwrap_err(), "the spreadsheet is too large");
        assert!(xlsx(b"PK no zip", 10).is_err());
    }
}
