//! Plainly fictitious data around real places, brought about by the product's own use cases.

mod doing;
mod generate;
mod living;
mod paying;

pub use generate::generate;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::features::applications::dto::{NewApplication, OpinionInput};
use crate::features::applications::model::{ApplicationKind, OpinionKind};
use crate::features::call_windows::dto::NewCallWindow;
use crate::features::call_windows::model::Audience;
use crate::features::committees::dto::{DecisionInput, NewCommittee};
use crate::features::committees::model::Outcome;
use crate::features::reservations::dto::NewReservation;
use crate::features::structures::dto::{ContactInput, NewStructure};
use crate::features::structures::model::StructureKind;
use crate::features::{activity, applications, call_windows, committees, reservations, structures};
use crate::platform::auth::{Actor, Principal, Territory};
use crate::platform::clock::Clock;
use crate::platform::db::purge::{Purges, Share};
use crate::platform::db::{Db, Outcome as Kept, Request, Settings, Site, Tx};
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{ApplicationId, ReservationId, StructureId};
use crate::sql;

/// A structure, what it asks for and what becomes of it.
struct Line {
    name: &'static str,
    kind: StructureKind,
    commune: &'static str,
    postal_code: &'static str,
    asked: i32,
    /// Posts granted; `None` while undecided.
    granted: Option<i32>,
    opinion: Option<OpinionKind>,
    reserved: bool,
}

const fn line(
    name: &'static str,
    kind: StructureKind,
    commune: &'static str,
    postal_code: &'static str,
    asked: i32,
) -> Line {
    Line { name, kind, commune, postal_code, asked, granted: None, opinion: None, reserved: false }
}

const fn granted(line: Line, posts: i32) -> Line {
    Line { granted: Some(posts), opinion: Some(OpinionKind::Favourable), ..line }
}

const fn reserved(line: Line) -> Line {
    Line { reserved: true, ..line }
}

use StructureKind::{Commune, Epci, EtablissementPublic, Prive};

/// Decided in the first wave, by public bodies of Haute-Garonne, Lot, La Réunion and Corsica.
const FIRST: &[Line] = &[
    granted(line("Commune de Figeac (démonstration)", Commune, "46102", "46100", 1), 1),
    granted(line("CCAS de Cahors (démonstration)", EtablissementPublic, "46042", "46000", 2), 2),
    granted(line("Commune de Muret (démonstration)", Commune, "31395", "31600", 1), 1),
    granted(line("Commune de Saint-Paul (démonstration)", Commune, "97415", "97460", 3), 2),
    granted(line("Commune de Corte (démonstration)", Commune, "2B096", "20250", 1), 1),
];

/// Decided in the second wave, partly on the Sicoval's reservation.
const SECOND: &[Line] = &[
    reserved(granted(line("Commune de Labège (démonstration)", Commune, "31254", "31670", 1), 1)),
    reserved(granted(line("CA du Sicoval (démonstration)", Epci, "31254", "31670", 2), 2)),
    granted(line("Association Numérique pour tous 31 (démonstration)", Prive, "31555", "31000", 2), 1),
    granted(line("Association Lien rural du Lot (démonstration)", Prive, "46128", "46500", 1), 1),
];

/// Still on their way.
const WAITING: &[Line] = &[
    Line {
        opinion: Some(OpinionKind::Unfavourable),
        ..line("Commune de Rocamadour (démonstration)", Commune, "46240", "46500", 1)
    },
    line("Commune de Colomiers (démonstration)", Commune, "31149", "31770", 3),
    line("Association Déclic numérique (démonstration)", Prive, "31555", "31200", 1),
];

struct Demo {
    db: Db,
    /// What the clock of the demonstration shows.
    now: Arc<Mutex<DateTime<Utc>>>,
}

/// Loads the demonstration into a database that holds no structure yet. Tells whether it did.
pub fn load(url: &str) -> Result<bool> {
    let demo = Demo::new(url);
    let empty = demo.db.read_now(&Principal::system("demo"), &|reader| {
        sql!("select not exists (select from structures) as yes").holds(reader.conn())
    })?;
    if !empty {
        return Ok(false);
    }
    demo.open_call("2020-11-17", Audience::Public)?;
    let first = demo.apply("2021-02-01", FIRST)?;
    demo.open_call("2021-03-01", Audience::Private)?;
    demo.decide("2021-03-24", 1, 1, FIRST, &first, None)?;
    let sicoval = demo.reserve("2021-04-15")?;
    let second = demo.apply("2021-05-10", SECOND)?;
    demo.decide("2021-06-16", 2, 2, SECOND, &second, Some(sicoval))?;
    demo.apply("2021-07-01", WAITING)?;
    living::load(&demo)?;
    paying::load(&demo)?;
    doing::load(&demo)?;
    // Everybody sees what the demonstration did until the last month that is closed.
    let yesterday = (Clock::system().now().today() - TimeDelta::days(1)).to_string();
    demo.act(&yesterday, Actor::System, |tx| activity::service::publish(tx).map(|_| ()))?;
    // Nobody is to be written to from a demonstration.
    demo.act("2021-07-01", Actor::System, |tx| {
        let now = tx.now().instant();
        sql!(
            "update emails set status = 'sent', sent_at = {}, text_body = '', html_body = '' where status = 'queued'",
            now
        )
        .run(tx.conn())
    })?;
    // Five years are told at once: what the nights would have forgotten by now is forgotten, without asking anybody.
    demo.act(&yesterday, Actor::System, |tx| crate::app::jobs::tidy(tx).map(|_| ()))?;
    Ok(true)
}

impl Demo {
    fn new(url: &str) -> Self {
        let now = Arc::new(Mutex::new(Clock::system().now().instant()));
        let told = now.clone();
        let clock = Clock::driven_by(move || told.lock().map(|now| *now).unwrap_or_default());
        let site = Site {
            front_url: "https://conum.example.org".to_owned(),
            followers: crate::app::FOLLOWERS,
            private_webhooks: false,
            payer: Some(crate::app::config::demonstration_payer()),
            reading_quota: 0,
            purges: Purges { share: Share { percent: 100, ..Share::default() }, confirmed: Vec::new() },
        };
        Self { db: Db::new(&Settings::single(url), clock, site), now }
    }

    /// Runs a use case as `actor`, on the morning of `day`.
    fn act<T>(&self, day: &str, actor: Actor, work: impl Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let principal = Principal { actor, subject: "demo".to_owned(), ..Principal::anonymous() };
        let request = Request { principal: Arc::new(principal), operation: "demo", request_id: String::new() };
        if let Ok(mut now) = self.now.lock() {
            *now = format!("{day}T09:00:00Z").parse().unwrap_or_default();
        }
        self.db.write_now(&request, &|tx| work(tx).map(Kept::Keep))
    }

    fn open_call(&self, day: &str, audience: Audience) -> Result<()> {
        let opens_on = date(day)?;
        self.act(day, Actor::Anct, |tx| {
            call_windows::service::create(tx, &NewCallWindow { audience, opens_on, closes_on: None }).map(|_| ())
        })
    }

    fn reserve(&self, day: &str) -> Result<ReservationId> {
        let new = NewReservation {
            name: "Accord préalable du Sicoval (démonstration)".to_owned(),
            departement_code: None,
            epci_siren: Some("243100633".into()),
            lead_structure_id: None,
            lead_departement_code: Some("31".into()),
            posts_reserved: 4,
            until_on: Some(date("2030-12-31")?),
        };
        self.act(day, Actor::Anct, |tx| reservations::service::create(tx, &new).map(|reservation| reservation.id))
    }

    /// Registers, confirms and applies; then the prefecture gives its opinion.
    fn apply(&self, day: &str, lines: &[Line]) -> Result<Vec<ApplicationId>> {
        let wanted_start_on = date(day)? + TimeDelta::days(90);
        lines
            .iter()
            .enumerate()
            .map(|(rank, line)| {
                let (structure, departement) = self.register(day, rank, line)?;
                let application = NewApplication {
                    structure_id: None,
                    kind: ApplicationKind::Initial,
                    posts_requested: line.asked,
                    wanted_start_on,
                    has_candidate: rank % 2 == 0,
                    motivation: "Données de démonstration : accompagner les habitants éloignés du numérique."
                        .to_owned(),
                    pledge: true,
                    coordinator: None,
                };
                let id = self.act(day, Actor::Employer(structure), |tx| {
                    let draft = applications::service::create(tx, &application)?.application;
                    Ok(applications::service::submit(tx, draft.id, None)?.application.id)
                })?;
                if let Some(opinion) = line.opinion {
                    let input = OpinionInput {
                        opinion,
                        comment: "Avis de démonstration de la préfecture.".to_owned(),
                        donor_structure_id: None,
                    };
                    let prefecture = Actor::Prefecture(Territory::Departement(departement));
                    self.act(day, prefecture, |tx| {
                        applications::service::give_opinion(tx, id, None, &input).map(|_| ())
                    })?;
                }
                Ok(id)
            })
            .collect()
    }

    fn register(&self, day: &str, rank: usize, line: &Line) -> Result<(StructureId, String)> {
        let number = rank as u32 + 100 * day.bytes().map(u32::from).sum::<u32>();
        let new = NewStructure {
            kind: line.kind,
            experimental: None,
            name: line.name.to_owned(),
            siret: Some(siret(number)),
            ridet: None,
            address: None,
            postal_code: line.postal_code.to_owned(),
            commune_code: line.commune.into(),
            longitude: None,
            latitude: None,
            contact: ContactInput {
                first_name: "Contact".to_owned(),
                last_name: "Démonstration".to_owned(),
                job: "Responsable".to_owned(),
                email: format!("contact-{number}@example.org"),
                phone: "+33563000000".to_owned(),
            },
            france_services: Some(rank.is_multiple_of(3)),
            zrr: Some(rank % 4 == 1),
            qpv: None,
            network: None,
            ds_number: None,
        };
        self.act(day, Actor::System, |tx| {
            let structure = structures::service::register(tx, &new)?.structure;
            structures::service::confirm_registration(tx, structure.id)?;
            Ok((structure.id, structure.departement_code.into()))
        })
    }

    fn decide(
        &self,
        day: &str,
        number: i32,
        wave: i32,
        lines: &[Line],
        applications: &[ApplicationId],
        reservation: Option<ReservationId>,
    ) -> Result<()> {
        let new = NewCommittee { number, wave, phase: None, held_on: date(day)? };
        self.act(day, Actor::Anct, |tx| {
            let id = committees::service::create(tx, &new)?.committee.id;
            for application in applications {
                committees::service::add_to_agenda(tx, id, None, *application)?;
            }
            committees::service::open(tx, id, None)?;
            for (application, line) in applications.iter().zip(lines) {
                let decision = DecisionInput {
                    outcome: if line.granted.is_some() { Outcome::Retained } else { Outcome::Refused },
                    posts_granted: line.granted,
                    observations: None,
                    priority: None,
                    beyond_request: None,
                    without_opinion: Some(true),
                    reservation_id: reservation.filter(|_| line.reserved),
                };
                committees::service::record_decision(tx, id, *application, None, &decision)?;
            }
            committees::service::close(tx, id, None).map(|_| ())
        })
    }
}

fn date(text: &str) -> Result<NaiveDate> {
    text.parse().map_err(|_| Problem::internal("a date of the demonstration"))
}

/// A SIRET with right keys that no establishment has: its SIREN starts with 99.
fn siret(number: u32) -> String {
    let siren = with_key(format!("99{:06}", number % 1_000_000));
    with_key(format!("{siren}0001"))
}

/// Appends the digit that makes the Luhn sum a multiple of 10.
fn with_key(digits: String) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(rank, byte)| match (rank % 2, u32::from(byte - b'0') * 2) {
            (0, double) if double > 9 => double - 9,
            (0, double) => double,
            (_, double) => double / 2,
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}
