//! Configuration from the environment, read once, with all its errors at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::platform::auth::issuer::{Identity, REFRESH_EVERY, Trusted};
use crate::platform::db::purge::{Purges, Share};
use crate::platform::db::{Payer, Site};
use crate::platform::formats::{bic_canonical, iban_canonical};
use crate::platform::spool::Pace;

/// Where the service runs: production refuses everything made for demonstrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

/// How e-mails leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mailer {
    /// Files in a folder, for development.
    Folder(PathBuf),
    /// An SMTP server, as an address of the form `smtps://user:password@host:465`.
    Smtp(String),
}

/// Everything the service is told.
#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    pub database_url: String,
    pub listen: String,
    pub metrics_listen: Option<String>,
    /// Address under which callers see the service, without a final slash.
    pub public_url: String,
    /// Address of the front-end, for the links in e-mails.
    pub front_url: String,
    pub audience: String,
    pub signing_keys: Vec<PathBuf>,
    pub cursor_key: Vec<u8>,
    pub trusted_issuers: Vec<Trusted>,
    pub cors_origins: Vec<String>,
    pub workers: usize,
    pub pool_size: u32,
    pub queue: usize,
    /// Milliseconds without an answer after which the database counts as away.
    pub stall_millis: u64,
    /// How lists as files may be taken.
    pub pace: Pace,
    pub public_forms_per_minute: u32,
    pub behind_proxy: bool,
    pub mailer: Mailer,
    pub mail_from: String,
    /// Whose account pays subsidies.
    pub payer: Option<Payer>,
    /// Whether webhooks may name addresses within this network: for development and tests.
    pub private_webhooks: bool,
    pub posts_cap: Option<i32>,
    /// Open matches that a candidate, and a structure, may have at a time.
    pub match_cap: Option<i32>,
    /// Percent of a table that retention may remove in one night without asking.
    pub purge_share: u32,
    /// People whom one caller may be shown in a day; 0 sets no limit.
    pub reading_quota: i64,
    /// Seconds that requests under way get to finish after SIGTERM.
    pub shutdown_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustedIssuer {
    issuer: String,
    audience: Option<String>,
    /// `claims` or `accounts`.
    identity: String,
    #[serde(default)]
    types: Vec<String>,
    refresh_seconds: Option<u64>,
}

/// Reads variables and remembers what is wrong with them.
struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
    }

    /// A variable that holds a secret, or the content of the file that `NAME_FILE` names.
    fn secret(&mut self, name: &str) -> Option<String> {
        let variable = format!("{name}_FILE");
        let (given, file) = (self.text(name), self.text(&variable));
        let Some(file) = file else { return given };
        if given.is_some() {
            self.errors.push(format!("{name}, {variable}: only one of them"));
            return given;
        }
        let read = std::fs::read_to_string(&file).map(|text| text.trim().to_owned());
        match read {
            Ok(text) if !text.is_empty() => Some(text),
            Ok(_) => {
                self.errors.push(format!("{variable}: the file is empty"));
                None
            }
            Err(error) => {
                self.errors.push(format!("{variable}: {error}"));
                None
            }
        }
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &str, default: T, form: &str) -> T {
        match self.text(name) {
            None => default,
            Some(text) => text.parse().unwrap_or_else(|_| {
                self.errors.push(format!("{name}: expected {form}"));
                default
            }),
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(ToOwned::to_owned).collect()
    }
}

/// How lists as files may be taken, in the names of variables.
fn pace(reader: &mut Reader<'_>) -> Pace {
    let usual = Pace::default();
    let mut seconds = |name, default: Duration| {
        Duration::from_secs(reader.parsed(name, default.as_secs(), "a number of seconds").max(1))
    };
    let (grace, longest, public_age) = (
        seconds("CONUM_EXPORT_GRACE_SECONDS", usual.grace),
        seconds("CONUM_EXPORT_MAX_SECONDS", usual.longest),
        seconds("CONUM_PUBLIC_EXPORT_SECONDS", usual.public_age),
    );
    let least_rate = reader.parsed("CONUM_EXPORT_LEAST_RATE", usual.least_rate, "a number of bytes a second").max(1);
    Pace { least_rate, grace, longest, public_age }
}

impl Config {
    /// From the process's environment.
    pub fn from_env() -> Result<Self, Vec<String>> {
        Self::read(&|name| std::env::var(name).ok())
    }

    /// From any source of variables.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut reader = Reader { get, errors: Vec::new() };
        let environment = match reader.text("CONUM_ENV").as_deref() {
            None | Some("development") => Environment::Development,
            Some("production") => Environment::Production,
            Some(_) => {
                reader.errors.push("CONUM_ENV: expected development or production".to_owned());
                Environment::Production
            }
        };
        let production = environment == Environment::Production;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let workers = reader.parsed("CONUM_WORKERS", cores, "a number of threads").max(1);
        let listen = reader.text("CONUM_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        if listen.parse::<std::net::SocketAddr>().is_err()
            && !listen.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        {
            reader.errors.push("CONUM_LISTEN: expected ADDRESS:PORT, such as 127.0.0.1:8080".to_owned());
        }
        let port = listen.rsplit(':').next().unwrap_or("8080").to_owned();
        let public_url = reader
            .text("CONUM_PUBLIC_URL")
            .unwrap_or_else(|| format!("http://localhost:{port}"))
            .trim_end_matches('/')
            .to_owned();
        let config = Self {
            environment,
            database_url: database_url(&mut reader),
            metrics_listen: reader.text("CONUM_METRICS_LISTEN"),
            front_url: reader
                .text("CONUM_FRONT_URL")
                .unwrap_or_else(|| public_url.clone())
                .trim_end_matches('/')
                .to_owned(),
            audience: reader.text("CONUM_AUDIENCE").unwrap_or_else(|| "conum".to_owned()),
            signing_keys: reader.list("CONUM_SIGNING_KEYS").into_iter().map(PathBuf::from).collect(),
            cursor_key: reader.secret("CONUM_CURSOR_KEY").map(String::into_bytes).unwrap_or_default(),
            trusted_issuers: trusted_issuers(&mut reader),
            cors_origins: reader.list("CONUM_CORS_ORIGINS"),
            workers,
            pool_size: reader.parsed("CONUM_POOL_SIZE", workers as u32 * 2, "a number of connections").max(1),
            queue: reader.parsed("CONUM_QUEUE", 256, "a number of requests").max(1),
            pace: pace(&mut reader),
            stall_millis: reader.parsed("CONUM_STALL_MS", 400, "a number of milliseconds").max(50),
            public_forms_per_minute: reader.parsed("CONUM_PUBLIC_FORMS_PER_MINUTE", 60, "a number, 0 for no limit"),
            behind_proxy: reader.parsed("CONUM_BEHIND_PROXY", false, "true or false"),
            mailer: mailer(&mut reader, production),
            mail_from: reader
                .text("CONUM_MAIL_FROM")
                .unwrap_or_else(|| "conum <ne-pas-repondre@example.org>".to_owned()),
            payer: payer(&mut reader, production),
            private_webhooks: reader.parsed("CONUM_PRIVATE_WEBHOOKS", false, "true or false"),
            posts_cap: reader.text("CONUM_POSTS_CAP").map(|_| reader.parsed("CONUM_POSTS_CAP", 0, "a number of posts")),
            match_cap: reader
                .text("CONUM_MATCH_CAP")
                .map(|_| reader.parsed("CONUM_MATCH_CAP", 0, "a number of matches")),
            reading_quota: reader.parsed("CONUM_READING_QUOTA", 200_000_u32, "a number, 0 for no limit").into(),
            purge_share: reader.parsed("CONUM_PURGE_SHARE", Share::default().percent, "a number of percent").min(100),
            shutdown_seconds: reader.parsed("CONUM_SHUTDOWN_SECONDS", 20, "a number of seconds"),
            public_url,
            listen,
        };
        let named: Vec<&str> =
            ["CONUM_FRONT_URL", "CONUM_MAIL_FROM"].into_iter().filter(|name| reader.text(name).is_some()).collect();
        let mut errors = reader.errors;
        if production {
            config.check_production(&named, &mut errors);
        }
        if !config.cursor_key.is_empty() && config.cursor_key.len() < 32 {
            errors.push("CONUM_CURSOR_KEY: at least 32 characters".to_owned());
        }
        if config.mail_from.parse::<lettre::message::Mailbox>().is_err() {
            errors.push("CONUM_MAIL_FROM: expected an address such as conum <no-reply@example.org>".to_owned());
        }
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// `named` are those among the variables with a default that somebody set.
    fn check_production(&self, named: &[&str], errors: &mut Vec<String>) {
        let errors_about_mail = errors.iter().any(|error| error.starts_with("CONUM_MAIL:"));
        let mut require = |holds: bool, text: &str| {
            if !holds {
                errors.push(format!("{text} (CONUM_ENV=production)"));
            }
        };
        require(!self.signing_keys.is_empty(), "CONUM_SIGNING_KEYS: a file with a P-256 private key is required");
        require(!self.cursor_key.is_empty(), "CONUM_CURSOR_KEY: a secret of at least 32 characters is required");
        require(self.public_url.starts_with("https://"), "CONUM_PUBLIC_URL: an https address is required");
        require(
            named.contains(&"CONUM_FRONT_URL") && self.front_url.starts_with("https://"),
            "CONUM_FRONT_URL: the https address that links in e-mails lead to is required",
        );
        require(named.contains(&"CONUM_MAIL_FROM"), "CONUM_MAIL_FROM: the address that e-mails come from is required");
        if !errors_about_mail {
            require(matches!(self.mailer, Mailer::Smtp(_)), "CONUM_MAIL: an SMTP address is required");
        }
    }

    /// Every variable that is read, whatever it is set to.
    fn known() -> BTreeSet<String> {
        let asked = RefCell::new(BTreeSet::new());
        let _ = Self::read(&|name| {
            asked.borrow_mut().insert(name.to_owned());
            None
        });
        asked.into_inner()
    }

    /// What is to be told of variables that look like ours and that nobody reads: a name mistyped is a setting lost.
    pub fn strangers(names: impl Iterator<Item = String>) -> Vec<String> {
        let known = Self::known();
        let told = |name: String| {
            let nearest = known.iter().min_by_key(|known| strsim::levenshtein(known, &name));
            let near = nearest.filter(|known| strsim::levenshtein(known, &name) <= 3);
            let hint = near.map(|known| format!("; did you mean {known}?")).unwrap_or_default();
            format!("{name}: no such variable, ignored{hint}")
        };
        names.filter(|name| name.starts_with("CONUM_") && !known.contains(name)).map(told).collect()
    }

    /// What use cases need to know of where they run.
    pub fn site(&self) -> Site {
        Site {
            front_url: self.front_url.clone(),
            followers: super::FOLLOWERS,
            payer: self.payer.clone(),
            private_webhooks: self.private_webhooks,
            reading_quota: self.reading_quota,
            purges: Purges { share: Share { percent: self.purge_share, ..Share::default() }, confirmed: Vec::new() },
        }
    }

    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }
}

/// A made-up account, for everything but production.
pub fn demonstration_payer() -> Payer {
    Payer {
        name: "Banque des Territoires (démonstration)".to_owned(),
        iban: "FR7630001007941234567890185".to_owned(),
        bic: None,
    }
}

fn payer(reader: &mut Reader<'_>, production: bool) -> Option<Payer> {
    let (name, iban, bic) =
        (reader.text("CONUM_PAYER_NAME"), reader.text("CONUM_PAYER_IBAN"), reader.text("CONUM_PAYER_BIC"));
    if name.is_none() && iban.is_none() && bic.is_none() {
        return (!production).then(demonstration_payer);
    }
    let (Some(name), Some(iban)) = (name.filter(|name| name.len() <= 70), iban) else {
        reader
            .errors
            .push("CONUM_PAYER_NAME, CONUM_PAYER_IBAN: both are needed, a name of at most 70 bytes".to_owned());
        return None;
    };
    let bic_fits = bic.as_deref().is_none_or(|bic| bic_canonical(bic).is_some());
    let (Some(iban), true) = (iban_canonical(&iban), bic_fits) else {
        reader
            .errors
            .push("CONUM_PAYER_IBAN, CONUM_PAYER_BIC: expected an IBAN of the SEPA area, and a BIC or none".to_owned());
        return None;
    };
    Some(Payer { name, iban, bic: bic.as_deref().and_then(bic_canonical) })
}

fn database_url(reader: &mut Reader<'_>) -> String {
    let known = reader.errors.len();
    let given = reader.secret("DATABASE_URL");
    if given.is_none() && reader.errors.len() == known {
        reader.errors.push("DATABASE_URL: missing".to_owned());
    }
    given.unwrap_or_default()
}

fn mailer(reader: &mut Reader<'_>, production: bool) -> Mailer {
    match reader.secret("CONUM_MAIL") {
        Some(text) if text.starts_with("smtp://") || text.starts_with("smtps://") => Mailer::Smtp(text),
        Some(text) if text.starts_with("dir:") => Mailer::Folder(PathBuf::from(&text[4..])),
        Some(_) => {
            reader.errors.push("CONUM_MAIL: expected smtp://…, smtps://… or dir:FOLDER".to_owned());
            Mailer::Folder(PathBuf::new())
        }
        None if production => Mailer::Folder(PathBuf::new()),
        None => Mailer::Folder(PathBuf::from(".data/mail")),
    }
}

fn trusted_issuers(reader: &mut Reader<'_>) -> Vec<Trusted> {
    let Some(text) = reader.text("CONUM_TRUSTED_ISSUERS") else { return Vec::new() };
    let audience = reader.text("CONUM_AUDIENCE").unwrap_or_else(|| "conum".to_owned());
    let list: Vec<TrustedIssuer> = match serde_json::from_str(&text) {
        Ok(list) => list,
        Err(error) => {
            reader.errors.push(format!(
                "CONUM_TRUSTED_ISSUERS: expected a JSON list such as \
                 [{{\"issuer\":\"https://…\",\"identity\":\"claims\"}}], line {} column {}",
                error.line(),
                error.column()
            ));
            return Vec::new();
        }
    };
    list.into_iter()
        .filter_map(|entry| {
            let identity = match entry.identity.as_str() {
                "claims" => Identity::Claims,
                "accounts" => Identity::Accounts,
                _ => {
                    reader.errors.push("CONUM_TRUSTED_ISSUERS: identity is claims or accounts".to_owned());
                    return None;
                }
            };
            Some(Trusted {
                issuer: entry.issuer,
                audience: entry.audience.unwrap_or_else(|| audience.clone()),
                identity,
                types: entry.types,
                refresh_every: entry.refresh_seconds.map_or(REFRESH_EVERY, Duration::from_secs),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        Config::read(&|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn one_variable_is_enough_in_development() {
        let config = read(&[("DATABASE_URL", "postgres:///x")]).unwrap();
        assert_eq!(config.public_url, "http://localhost:8080");
        assert_eq!(config.mailer, Mailer::Folder(".data/mail".into()));
    }

    #[test]
    fn all_errors_are_told_at_once() {
        let errors =
            read(&[("CONUM_ENV", "production"), ("CONUM_QUEUE", "many"), ("CONUM_MAIL", "pigeon")]).unwrap_err();
        for name in [
            "DATABASE_URL",
            "CONUM_QUEUE",
            "CONUM_MAIL",
            "CONUM_MAIL_FROM",
            "CONUM_SIGNING_KEYS",
            "CONUM_CURSOR_KEY",
            "CONUM_PUBLIC_URL",
            "CONUM_FRONT_URL",
        ] {
            assert!(errors.iter().any(|e| e.starts_with(&format!("{name}:"))), "{name} in {errors:?}");
        }
    }

    #[test]
    fn secrets_may_lie_in_files() {
        let file = std::env::temp_dir().join(format!("conum-secret-{}", std::process::id()));
        std::fs::write(&file, "postgres:///from-a-file\n").unwrap();
        let path = file.display().to_string();
        assert_eq!(read(&[("DATABASE_URL_FILE", &path)]).unwrap().database_url, "postgres:///from-a-file");
        let both = read(&[("DATABASE_URL", "x"), ("DATABASE_URL_FILE", &path)]).unwrap_err();
        assert_eq!(both, ["DATABASE_URL, DATABASE_URL_FILE: only one of them"]);
        std::fs::remove_file(&file).unwrap();
        let missing = read(&[("DATABASE_URL_FILE", &path)]).unwrap_err();
        assert!(missing.len() == 1 && missing[0].starts_with("DATABASE_URL_FILE: "), "{missing:?}");
    }

    #[test]
    fn a_mistyped_name_is_told() {
        let told = |name: &str| Config::strangers([name.to_owned()].into_iter());
        assert_eq!(
            told("CONUM_BEHIND_PROXI"),
            ["CONUM_BEHIND_PROXI: no such variable, ignored; did you mean CONUM_BEHIND_PROXY?"]
        );
        assert_eq!(told("CONUM_QUITE_ANOTHER_THING"), ["CONUM_QUITE_ANOTHER_THING: no such variable, ignored"]);
        for known in ["CONUM_QUEUE", "CONUM_CURSOR_KEY_FILE", "CONUM_PAYER_BIC", "CONUM_MATCH_CAP", "PATH"] {
            assert_eq!(told(known), Vec::<String>::new());
        }
    }
}
