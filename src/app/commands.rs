//! What the binary can be told to do.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use uuid::Uuid;

use super::config::{Config, Environment};
use super::server::{Service, local_issuer};
use super::{document, personas, server};
use crate::features::{structures, territories};
use crate::platform::auth::policy::scopes_of;
use crate::platform::auth::{Actor, Role, Territory};
use crate::platform::clock::Clock;
use crate::platform::db::private_cluster::{Keep, PrivateCluster};
use crate::platform::db::sql::Sql;
use crate::platform::db::{Db, Outcome, Request, Settings, Tx, feed, migrations, print_schema};
use crate::platform::http::front::Limits;
use crate::platform::ids::{CandidateId, CounsellorId, StructureId, TrainingBodyId};

/// System of record of the French digital-counsellor scheme.
#[derive(Parser)]
#[command(version, about)]
pub struct Commands {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a private database if DATABASE_URL is not set, migrate, load demo data, serve.
    Dev {
        /// Start without demo data.
        #[arg(long)]
        no_demo: bool,
    },
    /// Serve on CONUM_LISTEN. The database must be migrated.
    Serve,
    /// Bring the schema and the reference data up to date.
    Migrate,
    /// Print the OpenAPI document, or write all documents into a folder.
    Openapi {
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// Print the Rust schema of a freshly migrated database, or write it to a file.
    Schema {
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// Open the first account of the ANCT, which invites all others: mails a link that signs in once.
    Bootstrap {
        /// Address of whom it is for.
        #[arg(long)]
        email: String,
        /// Print the link instead of mailing it.
        #[arg(long)]
        print: bool,
        /// Also where the ANCT has an account already: for when nobody can sign in any more.
        #[arg(long)]
        force: bool,
    },
    /// Print an access token of a demonstration persona, valid for an hour. Never in production.
    Token(TokenArgs),
    /// Keep the figures of the activity: compare them with the reports, or make them anew.
    Statistics {
        #[command(subcommand)]
        action: super::statistics::Action,
    },
    /// Show what retention would remove now; with --confirm, carry it out together with purges that are held.
    Tidy {
        /// Names of held purges, separated by commas, once a person has looked at them.
        #[arg(long, value_delimiter = ',')]
        confirm: Vec<String>,
    },
    /// Make up data of the scheme's full size, to measure with. Never in production.
    Demo {
        #[command(subcommand)]
        action: DemoAction,
    },
    /// Say that the database was put back from a copy that the service cannot see, such as files of the same cluster.
    Restored,
    /// Ask a running service whether it is ready; for container health checks.
    Health,
}

#[derive(Subcommand)]
enum DemoAction {
    /// Write activity reports of made-up counsellors, from a seed.
    Generate {
        #[arg(long, default_value_t = 2_400_000)]
        reports: u64,
        #[arg(long, default_value_t = 1)]
        seed: u32,
    },
}

#[derive(clap::Args)]
struct TokenArgs {
    /// anct, bdt, prefecture, employer, candidate, counsellor, coordinator, training_body or observer.
    #[arg(long)]
    role: String,
    #[arg(long)]
    departement: Option<String>,
    #[arg(long)]
    region: Option<String>,
    /// Identifier of the structure (employer).
    #[arg(long)]
    structure: Option<Uuid>,
    /// Identifier of the candidate, counsellor or training body.
    #[arg(long)]
    subject: Option<Uuid>,
    /// Scopes, separated by spaces; all that the role may use by default.
    #[arg(long)]
    scope: Option<String>,
}

/// Runs the command line. The text of an error is for the person at the keyboard.
pub fn run() -> Result<(), String> {
    let commands = Commands::parse();
    let _ = dotenvy::dotenv();
    match commands.command {
        Command::Dev { no_demo } => dev(!no_demo),
        Command::Serve => serve(),
        Command::Migrate => migrate(&configuration(&[])?),
        Command::Openapi { write } => openapi(write.as_deref()),
        Command::Schema { write } => schema(write.as_deref()),
        Command::Bootstrap { email, print, force } => {
            let config = configuration(&[])?;
            super::bootstrap::run(&database(&config), &config, &email, print, force)
        }
        Command::Token(args) => token(&args),
        Command::Statistics { action } => super::statistics::run(&database(&configuration(&[])?), &action),
        Command::Demo { action: DemoAction::Generate { reports, seed } } => generate(reports, seed),
        Command::Tidy { confirm } => super::tidy::run(&configuration(&[])?, confirm),
        Command::Restored => restored(&configuration(&[])?),
        Command::Health => health(),
    }
}

fn restored(config: &Config) -> Result<(), String> {
    // Not a session of the service: it would begin an epoch by itself where it sees the copy.
    let begun = feed::restored(&mut migrations::connect(&config.database_url)?).map_err(|e| e.to_string())?;
    let (number, _) = begun.ok_or("this database is a standby: run the command on the primary")?;
    println!(
        "The feed begins epoch {number}. Partners: a cursor of before is answered 410 feed_restarted, which says to list anew.\n\
         Webhooks: each active one is sent feed.restarted and begins with the next event; what waited is dropped."
    );
    Ok(())
}

fn generate(reports: u64, seed: u32) -> Result<(), String> {
    let config = configuration(&[])?;
    if config.is_production() {
        return Err("made-up data is refused in production".to_owned());
    }
    super::demo::generate(&config.database_url, &database(&config), reports, seed)
}

/// The configuration, where `defaults` stand in for variables that are not set.
fn configuration(defaults: &[(&str, &str)]) -> Result<Config, String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for stranger in Config::strangers(names) {
        // Commands that keep no log say it to whoever is at the keyboard.
        if log::max_level() == log::LevelFilter::Off {
            eprintln!("{stranger}");
        } else {
            log::warn!("{stranger}");
        }
    }
    Config::read(&|name| {
        let given = std::env::var(name).ok();
        // A file that holds the value is no missing value.
        let told = || given.is_some() || std::env::var_os(format!("{name}_FILE")).is_some();
        let default = defaults.iter().find(|(n, _)| *n == name && !told()).map(|(_, v)| (*v).to_owned());
        given.or(default)
    })
    .map_err(|errors| format!("the configuration is incomplete:\n  {}", errors.join("\n  ")))
}

fn serve() -> Result<(), String> {
    super::log::start();
    let config = configuration(&[])?;
    let service = Service::assemble(config, Clock::system(), Limits::default())?;
    actix_web::rt::System::new().block_on(service.run())
}

fn migrate(config: &Config) -> Result<(), String> {
    for name in migrations::run(&config.database_url)? {
        println!("migrated {name}");
    }
    require_english(&database(config))?;
    if load_territories(&database(config), "migrate")? {
        println!("loaded the territories");
    }
    set_caps(&database(config), config)
}

/// Refusals without a code of their own are told apart by their text.
fn require_english(db: &Db) -> Result<(), String> {
    let language =
        "select current_setting('lc_messages') ~* '^(C|POSIX|en)' or current_setting('lc_messages') = '' as yes";
    let english = db
        .read_now(&crate::platform::auth::Principal::system("migrate"), &|reader| {
            crate::sql!(language).holds(reader.conn())
        })
        .map_err(|e| e.to_string())?;
    if english {
        return Ok(());
    }
    Err("the database speaks another language than English to this user, and errors would not be understood. \
         Let an administrator run: alter role <this user> set lc_messages = 'C'"
        .to_owned())
}

fn database(config: &Config) -> Db {
    Db::new(&Settings::single(&config.database_url), Clock::system(), config.site())
}

fn load_territories(db: &Db, job: &'static str) -> Result<bool, String> {
    let load = |tx: &mut Tx<'_>| {
        let loaded = territories::load::territories(tx)?;
        if loaded {
            structures::service::follow_communes(tx)?;
        }
        Ok(Outcome::Keep(loaded))
    };
    db.write_now(&Request::job(job), &load).map_err(|e| e.to_string())
}

fn set_caps(db: &Db, config: &Config) -> Result<(), String> {
    let caps = [("CONUM_POSTS_CAP", "posts_cap", config.posts_cap), ("CONUM_MATCH_CAP", "match_cap", config.match_cap)];
    for (variable, column, cap) in caps {
        let Some(cap) = cap else { continue };
        db.write_now(&Request::job("migrate"), &|tx| {
            let column = || Sql::raw(column);
            crate::sql!("update programme set {} = {} where {} <> {}", column(), cap, column(), cap)
                .run(tx.conn())
                .map(Outcome::Keep)
        })
        .map_err(|e| format!("{variable}: {e}"))?;
    }
    Ok(())
}

fn dev(demo: bool) -> Result<(), String> {
    super::log::start();
    require_free_port(&configuration(&[("DATABASE_URL", "unused")])?.listen)?;
    let given = std::env::var("DATABASE_URL").ok().filter(|url| !url.trim().is_empty());
    // Kept until the end: dropping it stops PostgreSQL.
    let (_cluster, url) = match given {
        Some(url) => (None, url),
        None => {
            let cluster = PrivateCluster::start(Path::new(".data/postgres"), Keep::Data)?;
            ensure_database(&cluster.url("postgres"), "conum")?;
            let url = cluster.url("conum");
            (Some(cluster), url)
        }
    };
    let config = configuration(&[("DATABASE_URL", &url)])?;
    if config.environment == Environment::Production {
        return Err("`conum dev` is for development: use `conum migrate` and `conum serve` in production".to_owned());
    }
    migrate(&config)?;
    if demo && super::demo::load(&config.database_url).map_err(|e| format!("demonstration data: {e}"))? {
        println!("loaded the demonstration data");
    }
    let service = server::Service::assemble(config.clone(), Clock::system(), Limits::default())?;
    println!("\n  Swagger UI   {}/swagger-ui/\n", config.public_url);
    println!("  Demonstration personas (Authorization: Bearer …), valid for an hour:\n");
    for persona in personas::list(&service.db, &service.local_issuer).map_err(|e| e.to_string())? {
        println!("  {}\n{}\n", persona.label, persona.token);
    }
    actix_web::rt::System::new().block_on(service.run())
}

/// Says at once that the port is taken, before anything is started.
fn require_free_port(listen: &str) -> Result<(), String> {
    std::net::TcpListener::bind(listen)
        .map(drop)
        .map_err(|e| format!("cannot listen on {listen}: {e}; set CONUM_LISTEN to another address"))
}

fn ensure_database(url: &str, name: &str) -> Result<(), String> {
    let mut conn = migrations::connect(url)?;
    let known = crate::sql!("select exists (select from pg_database where datname = {}) as yes", name)
        .holds(&mut conn)
        .map_err(|e| e.to_string())?;
    if known {
        return Ok(());
    }
    diesel::connection::SimpleConnection::batch_execute(&mut conn, &format!("create database {name}"))
        .map_err(|e| e.to_string())
}

fn openapi(folder: Option<&Path>) -> Result<(), String> {
    let document = document::build()?;
    let pretty = |value: &serde_json::Value| {
        serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| e.to_string())
    };
    let Some(folder) = folder else {
        print!("{}", pretty(&document)?);
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).map_err(|e| format!("{name}: {e}"));
    write("openapi.json", pretty(&document)?)?;
    write("openapi-3.0.json", pretty(&document::downgrade(&document))?)?;
    write("webhooks.json", pretty(&document::webhooks::document())?)?;
    write("authorization.md", document::authorization_table(&document))?;
    write("states.md", super::states::document())
}

fn schema(file: Option<&Path>) -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("conum-schema-{}", std::process::id()));
    let cluster = PrivateCluster::start(&folder, Keep::Nothing)?;
    migrations::run(&cluster.url("postgres"))?;
    let mut conn = migrations::connect(&cluster.url("postgres"))?;
    let text = print_schema::print(&mut conn).map_err(|e| e.to_string())?;
    match file {
        Some(file) => std::fs::write(file, text).map_err(|e| format!("{}: {e}", file.display())),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}

fn token(args: &TokenArgs) -> Result<(), String> {
    use crate::platform::db::text_enum::TextEnum;
    let refused = "demonstration tokens are refused in production: create an API client";
    if std::env::var("CONUM_ENV").is_ok_and(|environment| environment == "production") {
        return Err(refused.to_owned());
    }
    let config = configuration(&[("DATABASE_URL", "unused")])?;
    if config.is_production() {
        return Err(refused.to_owned());
    }
    let role = Role::parse(&args.role).ok_or_else(|| {
        format!(
            "unknown role {}: one of {}",
            args.role,
            Role::ALL.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ")
        )
    })?;
    let territory = match (&args.departement, &args.region) {
        (Some(code), None) => {
            Some(Territory::departement(code).ok_or_else(|| format!("no département has the code {code}"))?)
        }
        (None, Some(code)) => Some(Territory::region(code).ok_or_else(|| format!("no region has the code {code}"))?),
        (None, None) => None,
        (Some(_), Some(_)) => return Err("either --departement or --region".to_owned()),
    };
    let territory_or = || territory.clone().ok_or_else(|| format!("the role {role} needs --departement or --region"));
    let subject = || args.subject.ok_or_else(|| format!("the role {role} needs --subject"));
    let actor = match role {
        Role::Anct => Actor::Anct,
        Role::Bdt => Actor::Bdt,
        Role::Prefecture => Actor::Prefecture(territory_or()?),
        Role::Coordinator => Actor::Coordinator(territory_or()?),
        Role::Observer => Actor::Observer(territory),
        Role::Employer => {
            Actor::Employer(StructureId::from_uuid(args.structure.ok_or("the role employer needs --structure")?))
        }
        Role::Candidate => Actor::Candidate(CandidateId::from_uuid(subject()?)),
        Role::Counsellor => Actor::Counsellor(CounsellorId::from_uuid(subject()?)),
        Role::TrainingBody => Actor::TrainingBody(TrainingBodyId::from_uuid(subject()?)),
    };
    let issuer = local_issuer(&config)?;
    let scopes: Vec<String> = match &args.scope {
        Some(scopes) => scopes.split_whitespace().map(ToOwned::to_owned).collect(),
        None => scopes_of(role),
    };
    let token = personas::token(&issuer, actor, &scopes, Clock::system().now()).map_err(|e| e.to_string())?;
    println!("{token}");
    Ok(())
}

fn health() -> Result<(), String> {
    let config = configuration(&[("DATABASE_URL", "unused")])?;
    let address = asked_at(&config.listen);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(std::time::Duration::from_secs(3)))
        .build()
        .into();
    agent.get(format!("http://{address}/health/ready")).call().map(|_| ()).map_err(|e| format!("not ready: {e}"))
}

/// Where this machine reaches a service that listens there: every address is asked at the loopback one.
fn asked_at(listen: &str) -> String {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    let loopback = |address: SocketAddr| match address.ip() {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::LOCALHOST),
    };
    match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => SocketAddr::new(loopback(address), address.port()).to_string(),
        _ => listen.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::asked_at;

    #[test]
    fn health_is_asked_where_the_service_listens() {
        let told = ["0.0.0.0:8080", "[::]:8080", "10.1.2.3:80", "[::1]:8080", "localhost:8080"].map(asked_at);
        assert_eq!(told, ["127.0.0.1:8080", "[::1]:8080", "10.1.2.3:80", "[::1]:8080", "localhost:8080"]);
    }
}
