//! One JSON object a line, for people's tools and machines alike.

use std::any::Any;
use std::fmt::Write as _;
use std::io::Write as _;

use log::Record;
use log::kv::{Error, Key, Value, VisitSource};
use serde_json::json;

/// Starts logging to standard error; `RUST_LOG` chooses what (info by default, without the framework's own chatter). What
/// panics is a line like any other, with its message and its place in the source.
pub fn start() {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info,actix_server=warn,r2d2=off"))
        .format(|out, record| {
            // One buffer, written at once: lines of several threads never mix.
            out.write_all(line(record).as_bytes())
        })
        .init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log::error!(target: "panic", place = place.as_str(); "{}", said(panic.payload()));
    }));
}

fn line(record: &Record<'_>) -> String {
    let now = crate::platform::clock::Clock::system().now().instant();
    let mut line = String::with_capacity(320);
    let _ = write!(
        line,
        "{{\"time\":\"{}\",\"level\":\"{}\",\"target\":{},\"message\":{}",
        now.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
        record.level(),
        json!(record.target()),
        json!(record.args().to_string())
    );
    let _ = record.key_values().visit(&mut Members(&mut line));
    line.push_str("}\n");
    line
}

/// The text of a panic.
fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text")
}

/// Appends each member of a record to the line.
struct Members<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Members<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let _ = if let Some(number) = value.to_u64() {
            write!(self.0, ",\"{key}\":{number}")
        } else if let Some(number) = value.to_f64() {
            write!(self.0, ",\"{key}\":{number:.3}")
        } else if let Some(text) = value.to_borrowed_str() {
            write!(self.0, ",\"{key}\":{}", json!(text))
        } else {
            write!(self.0, ",\"{key}\":{}", json!(value.to_string()))
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_many_lines_is_one_line_of_json() {
        let caught = std::panic::catch_unwind(|| std::panic::panic_any("first \"line\"\nsecond".to_owned()));
        let payload = caught.expect_err("a panic");
        let text = said(payload.as_ref());
        let record =
            line(&Record::builder().level(log::Level::Error).target("panic").args(format_args!("{text}")).build());
        assert_eq!(record.lines().count(), 1, "{record}");
        let read: serde_json::Value = serde_json::from_str(&record).expect("JSON");
        assert_eq!((&read["message"], &read["level"]), (&json!("first \"line\"\nsecond"), &json!("ERROR")));
        assert_eq!(said(&"a text"), "a text");
        assert_eq!(said(&7), "a panic without a text");
    }
}
