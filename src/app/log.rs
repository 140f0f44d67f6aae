//! One JSON object a line, for people's tools and machines alike.

use std::fmt::Write as _;
use std::io::Write as _;

use log::kv::{Error, Key, Value, VisitSource};
use serde_json::json;

/// Starts logging to standard error; `RUST_LOG` chooses what (info by default, without the framework's own chatter).
pub fn start() {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info,actix_server=warn,r2d2=off"))
        .format(|out, record| {
            let now = crate::platform::clock::Clock::system().now().instant();
            // One buffer, written at once: lines of several threads never mix.
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
            out.write_all(line.as_bytes())
        })
        .init();
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
