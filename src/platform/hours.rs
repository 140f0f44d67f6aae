//! Opening hours in the syntax of OpenStreetMap, as people write them.
//!
//! What can mean only one thing is taken and written as the syntax has it. A week is read only from what says nothing but a week:
//! comments, seasons and holidays are left to the text, never guessed at. `opening_hours.js`, which reads the texts for the
//! national map, reads the same weeks (`tests/data/opening_hours.csv`).

use std::collections::BTreeMap;

/// Longest text that is kept.
pub const MOST: usize = 1000;

/// A span of a day of the week: Monday is 0; minutes after midnight.
pub type DaySpan = (u8, u16, u16);

/// A character, and where it stood in what was written.
type Written = Vec<(char, usize)>;

const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const FRENCH: [[&str; 2]; 7] = [
    ["lu", "lundi"],
    ["ma", "mardi"],
    ["me", "mercredi"],
    ["je", "jeudi"],
    ["ve", "vendredi"],
    ["sa", "samedi"],
    ["di", "dimanche"],
];

/// The text as the syntax has it; or at which character (from 1) it cannot be read, overlaps itself, or names days without hours.
pub fn canonical(text: &str) -> Result<String, usize> {
    let written = normal(text);
    let plain: String = written.iter().map(|(c, _)| c).collect();
    let at = |position: usize| written.get(position).or(written.last()).map_or(1, |(_, at)| at + 1);
    if let Err(error) = opening_hours_syntax::parse(&plain) {
        return Err(at(column(&error.to_string()).unwrap_or(1).saturating_sub(1)));
    }
    if plain.chars().count() > MOST {
        return Err(MOST);
    }
    if let Some(start) = pieces(&plain).find_map(|(start, piece)| days_alone(piece).then_some(start)) {
        return Err(at(start));
    }
    match read(&plain) {
        Err(start) => Err(at(start)),
        Ok(_) => Ok(plain),
    }
}

/// The week that a text says, where it says one and nothing else.
pub fn week(text: &str) -> Option<Vec<DaySpan>> {
    read(text).ok().flatten()
}

/// The column that the parser names: ` --> 1:5`.
fn column(error: &str) -> Option<usize> {
    let rest = error.split_once("--> ")?.1.split_once(':')?.1;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// What people write otherwise than the syntax, and can mean only one thing.
fn normal(text: &str) -> Written {
    let mut written: Written = Vec::new();
    let mut quoted = false;
    for (at, c) in text.trim().chars().enumerate() {
        quoted ^= c == '"';
        let c = match c {
            c if quoted => c,
            '–' | '—' | '−' | '‑' | '‒' => '-',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if quoted || c != ' ' || written.last().is_none_or(|(last, _)| *last != ' ') {
            written.push((c, at));
        }
    }
    while written.last().is_some_and(|(c, _)| " ;,".contains(*c)) {
        written.pop();
    }
    spaced(&hours(&french(&written)))
}

/// Pieces between quotes, which are comments, stay as they are.
fn outside_quotes(written: &Written, change: impl Fn(&[(char, usize)]) -> Written) -> Written {
    let mut done = Written::new();
    for (rank, piece) in written.split(|(c, _)| *c == '"').enumerate() {
        if rank > 0 {
            done.push(('"', piece.first().map_or(0, |(_, at)| at.saturating_sub(1))));
        }
        if rank % 2 == 0 { done.extend(change(piece)) } else { done.extend_from_slice(piece) }
    }
    done
}

/// French names of days.
fn french(written: &Written) -> Written {
    outside_quotes(written, |piece| {
        let mut done = Written::new();
        for word in piece.chunk_by(|(a, _), (b, _)| a.is_alphabetic() == b.is_alphabetic()) {
            let text: String = word.iter().flat_map(|(c, _)| c.to_lowercase()).collect();
            match FRENCH.iter().position(|names| names.contains(&text.as_str())) {
                Some(day) => done.extend(DAYS[day].chars().map(|c| (c, word[0].1))),
                None => done.extend_from_slice(word),
            }
        }
        done
    })
}

/// `9h`, `14h30` and `17 :00` as `09:00`, `14:30` and `17:00`.
fn hours(written: &Written) -> Written {
    outside_quotes(written, |piece| {
        let mut done = Written::new();
        let digit = |at: usize| piece.get(at).is_some_and(|(c, _)| c.is_ascii_digit());
        for (rank, (c, at)) in piece.iter().copied().enumerate() {
            let before = done.last().is_some_and(|(last, _)| last.is_ascii_digit());
            match c {
                'h' | 'H' if before && !piece.get(rank + 1).is_some_and(|(next, _)| next.is_alphabetic()) => {
                    done.push((':', at));
                    if !digit(rank + 1) {
                        done.extend([('0', at), ('0', at)]);
                    }
                }
                _ => done.push((c, at)),
            }
        }
        done
    })
}

/// Spaces where none can stand, and hours of one digit.
fn spaced(written: &Written) -> Written {
    let tight = outside_quotes(written, |piece| {
        let mut done = Written::new();
        for (rank, (c, at)) in piece.iter().copied().enumerate() {
            let next = piece.get(rank + 1).map(|(next, _)| *next);
            let before = done.last().map(|(last, _)| *last);
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            let lone = match (before, next) {
                (Some('-'), Some(_)) | (Some(_), Some('-')) => true,
                (before, Some(':')) if digit(before) => true,
                (Some(':'), next) if digit(next) => true,
                (Some(_), Some(',' | ';')) => true,
                (Some(','), next) if digit(next) => comma_after_digit(&done),
                (Some(','), Some(next)) if next.is_alphabetic() => {
                    comma_after_day(&done) && day_at(piece, rank + 1).is_some()
                }
                _ => false,
            };
            if c != ' ' || !lone {
                done.push((c, at));
            }
        }
        done
    });
    outside_quotes(&tight, |piece| {
        let mut done = Written::new();
        for (rank, (c, at)) in piece.iter().copied().enumerate() {
            let alone = !done.last().is_some_and(|(last, _)| last.is_ascii_digit());
            if c.is_ascii_digit() && alone && piece.get(rank + 1).is_some_and(|(next, _)| *next == ':') {
                done.push(('0', at));
            }
            done.push((c, at));
        }
        done
    })
}

fn comma_after_digit(done: &Written) -> bool {
    done.iter().rev().nth(1).is_some_and(|(c, _)| c.is_ascii_digit())
}

fn comma_after_day(done: &Written) -> bool {
    let before: Written = done[..done.len() - 1].iter().rev().take_while(|(c, _)| c.is_alphabetic()).copied().collect();
    let word: String = before.iter().rev().map(|(c, _)| c).collect();
    DAYS.contains(&word.as_str())
}

fn day_at(piece: &[(char, usize)], from: usize) -> Option<usize> {
    let word: String = piece[from..].iter().map(|(c, _)| *c).take_while(|c| c.is_alphabetic()).collect();
    DAYS.iter().position(|day| *day == word)
}

/// The rules of a text, with the place where each begins.
fn pieces(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split(';').map(move |piece| {
        let lead = piece.chars().take_while(|c| *c == ' ').count();
        let found = (start + lead, piece.trim());
        start += piece.chars().count() + 1;
        found
    })
}

/// A word of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Day(u8),
    Holiday,
    Time(u16),
    Closed,
    To,
    And,
}

/// `None` where something stands that is no part of a usual week.
fn words(rule: &str) -> Option<Vec<Word>> {
    let mut found = Vec::new();
    let mut rest = rule;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' => 1,
            '-' | ',' => {
                found.push(if first == '-' { Word::To } else { Word::And });
                1
            }
            c if c.is_ascii_digit() => {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len());
                found.push(Word::Time(minutes(&rest[..end])?));
                end
            }
            c if c.is_ascii_alphabetic() => {
                let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                found.push(match &rest[..end] {
                    "off" | "closed" => Word::Closed,
                    "PH" | "SH" => Word::Holiday,
                    day => Word::Day(u8::try_from(DAYS.iter().position(|known| *known == day)?).ok()?),
                });
                end
            }
            _ => return None,
        };
        rest = &rest[length..];
    }
    Some(found)
}

/// `HH:MM`, up to 24:00.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours * 60 + minutes <= 1440).then_some(hours * 60 + minutes)
}

/// Whether a rule names days and says nothing of them.
fn days_alone(rule: &str) -> bool {
    words(rule).is_some_and(|words| {
        !words.is_empty()
            && words.iter().all(|word| matches!(word, Word::Day(_) | Word::Holiday | Word::To | Word::And))
    })
}

/// One rule: its days, its hours, and whether it adds to what was said of these days.
struct Rule {
    days: Vec<u8>,
    spans: Vec<(u16, u16)>,
    adds: bool,
    /// Whether it names no day, and means all of them.
    dayless: bool,
}

/// The week of a text; `Ok(None)` where it says something else, or more. Fails at the rule whose hours overlap.
fn read(text: &str) -> Result<Option<Vec<DaySpan>>, usize> {
    let mut week: BTreeMap<u8, Vec<(u16, u16)>> = BTreeMap::new();
    let mut read = Vec::new();
    for (start, piece) in pieces(text) {
        let Some(rules) = rules(piece) else { return Ok(None) };
        read.extend(rules.into_iter().map(|rule| (start, rule)));
    }
    // Hours of no day, beside those of some, are added by one reader and put in their place by another.
    if read.len() > 1 && read.iter().any(|(_, rule)| rule.dayless) {
        return Ok(None);
    }
    for (start, rule) in read {
        for day in rule.days {
            let spans = week.entry(day).or_default();
            // What is closed is closed, however it is added.
            if !rule.adds || rule.spans.is_empty() {
                spans.clear();
            }
            spans.extend(&rule.spans);
            spans.sort_unstable();
            if spans.windows(2).any(|pair| pair[1].0 < pair[0].1) {
                return Err(start);
            }
        }
    }
    let mut found: Vec<DaySpan> = Vec::new();
    for (day, opens, closes) in
        week.into_iter().flat_map(|(day, spans)| spans.into_iter().map(move |(a, b)| (day, a, b)))
    {
        match found.last_mut() {
            // Two spans that touch are one.
            Some(last) if last.0 == day && last.2 == opens => last.2 = closes,
            _ => found.push((day, opens, closes)),
        }
    }
    Ok(Some(found))
}

/// The rules of a piece between semicolons: further ones come after a comma.
fn rules(piece: &str) -> Option<Vec<Rule>> {
    if piece == "24/7" {
        return Some(vec![Rule { days: (0..7).collect(), spans: vec![(0, 1440)], adds: false, dayless: true }]);
    }
    let words = words(piece)?;
    let mut rest = words.as_slice();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let dayless = !matches!(rest.first(), Some(Word::Day(_) | Word::Holiday));
        let (days, after) = days(rest)?;
        let (spans, after) = spans(after)?;
        found.push(Rule { days, spans, adds: !found.is_empty(), dayless });
        rest = match after {
            [] => after,
            [Word::And, further @ ..] if !further.is_empty() => further,
            _ => return None,
        };
    }
    (!found.is_empty()).then_some(found)
}

/// The days that a rule names: all of them where it names none, and none where it speaks of holidays only.
fn days(words: &[Word]) -> Option<(Vec<u8>, &[Word])> {
    let mut named = Vec::new();
    let mut rest = words;
    let mut any = false;
    loop {
        rest = match rest {
            [Word::Day(from), Word::To, Word::Day(to), after @ ..] => {
                let length = (*to + 7 - *from) % 7;
                named.extend((0..=length).map(|rank| (*from + rank) % 7));
                after
            }
            [Word::Day(day), after @ ..] => {
                named.push(*day);
                after
            }
            [Word::Holiday, after @ ..] => after,
            _ if any => return None,
            _ => return Some(((0..7).collect(), rest)),
        };
        any = true;
        match rest {
            [Word::And, after @ ..] => rest = after,
            _ => return Some((named, rest)),
        }
    }
}

/// Spans of minutes of a day, and the words behind them.
type Spans<'w> = (Vec<(u16, u16)>, &'w [Word]);

/// The hours that a rule names, of one day.
fn spans(words: &[Word]) -> Option<Spans<'_>> {
    if let [Word::Closed, after @ ..] = words {
        return Some((Vec::new(), after));
    }
    let mut named = Vec::new();
    let mut rest = words;
    while let [Word::Time(opens), Word::To, Word::Time(closes), after @ ..] = rest {
        if opens >= closes {
            return None;
        }
        named.push((*opens, *closes));
        rest = after;
        match after {
            [Word::And, further @ ..] if matches!(further.first(), Some(Word::Time(_))) => rest = further,
            _ => break,
        }
    }
    (!named.is_empty()).then_some((named, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A week as the table of the tests writes it: `0:540-720 …`.
    fn told(text: &str) -> Option<String> {
        let week = week(&canonical(text).ok()?)?;
        Some(week.iter().map(|(day, a, b)| format!("{day}:{a}-{b}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_can_mean_only_one_thing_is_taken() {
        for (written, kept) in [
            ("Mo-Fr 09:00-17 :00", "Mo-Fr 09:00-17:00"),
            ("Mo-Fr 09:00-12:00;", "Mo-Fr 09:00-12:00"),
            ("Mo–Fr 09:00–12:00", "Mo-Fr 09:00-12:00"),
            ("Mo-Fr 14h00-19h00", "Mo-Fr 14:00-19:00"),
            ("Lu-Ve 09:00-12:00", "Mo-Fr 09:00-12:00"),
            ("lundi - vendredi 9h-12h30, 14h - 17h", "Mo-Fr 09:00-12:30,14:00-17:00"),
            (
                "Tu, Th, Fr 13:30-18:00; We, Sa 10:30-12:30, 13:30-18:00",
                "Tu,Th,Fr 13:30-18:00; We,Sa 10:30-12:30,13:30-18:00",
            ),
            ("Mo-Fr 09:00-12:00, Sa 10:00-12:00", "Mo-Fr 09:00-12:00, Sa 10:00-12:00"),
            ("Mo 9:00-12:00 \"Sur rendez-vous – 9h, Lu\"", "Mo 09:00-12:00 \"Sur rendez-vous – 9h, Lu\""),
            ("24/7", "24/7"),
        ] {
            assert_eq!(canonical(written).as_deref(), Ok(kept), "{written}");
        }
    }

    #[test]
    fn hours_that_nobody_gave_are_never_read() {
        for text in [
            "\"sur rendez-vous\"",
            "Mo-Fr \"sur rendez-vous\"",
            "Mo-Fr 09:00-12:00 \"sur rendez-vous\"",
            "Mo-Fr 22:00-02:00",
            "Mo[1] 09:00-12:00",
            "Jul-Aug Mo 09:00-12:00",
            "Mo sunrise-12:00",
            "Mo 09:00+",
            "Mo-Fr unknown",
        ] {
            let kept = canonical(text).unwrap_or_else(|at| panic!("{text}: {at}"));
            assert_eq!(week(&kept), None, "{text}");
        }
        for (text, at) in [
            ("Mo-Fr", 1),
            ("Mo 09:00-12:00; Tu,We", 17),
            ("Mo-Fr 09:00-12:00,11:00-17:00", 1),
            ("Sa 10:00-12:00; Mo 09:00-12:00, Mo 11:00-13:00", 17),
            ("le matin", 1),
            ("Mo-Fr 09:00-25:99", 13),
        ] {
            let found = canonical(text);
            assert!(found.is_err(), "{text}: {found:?}");
            if text != "Mo-Fr 09:00-25:99" {
                assert_eq!(found, Err(at), "{text}");
            }
        }
    }

    #[test]
    fn weeks_are_those_that_the_national_map_reads() {
        let mut read = 0;
        for row in csv::Reader::from_reader(include_str!("../../tests/data/opening_hours.csv").as_bytes()).records() {
            let row = row.unwrap();
            if let Some(week) = told(&row[0]) {
                assert_eq!(week, row[1], "{}", &row[0]);
                read += 1;
            }
        }
        assert!(read >= 300, "{read}");
    }
}
