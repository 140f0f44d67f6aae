//! One JSON object a line, for people's tools and machines alike.

use std::io::Write;

use log::kv::{Error, Key, Value, VisitSource};
use serde_json::{Map, json};

/// Starts logging to standard error; `RUST_LOG` chooses what (info by default, without the framework's own chatter).
pub fn start() {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info,actix_server=warn,r2d2=off"))
        .format(|out, record| {
            let mut line = Map::new();
            let now = crate::platform::clock::Clock::system().now().instant();
            line.insert("time".into(), json!(now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)));
            line.insert("level".into(), json!(record.level().as_str()));
            line.insert("target".into(), json!(record.target()));
            line.insert("message".into(), json!(record.args().to_string()));
            let _ = record.key_values().visit(&mut Members(&mut line));
            writeln!(out, "{}", serde_json::Value::Object(line))
        })
        .init();
}

struct Members<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Members<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let value = if let Some(number) = value.to_u64() {
            json!(number)
        } else if let Some(number) = value.to_f64() {
            json!((number * 1000.0).round() / 1000.0)
        } else {
            json!(value.to_string())
        };
        self.0.insert(key.to_string(), value);
        Ok(())
    }
}
