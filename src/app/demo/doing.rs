//! Places, and what the counsellors of the demonstration report of the past months.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

use super::Demo;
use crate::features::activity::dto::NewActivityReport;
use crate::features::activity::model::{ActivityKind, Channel, Content, PublicStatus, RedirectionBody, Theme};
use crate::features::activity::service::import;
use crate::features::places::dto::{NewPlace, PlaceMembership};
use crate::features::places::model::{PlaceFee, PlaceKind, PlaceService};
use crate::features::places::service as places;
use crate::platform::auth::Actor;
use crate::platform::clock::Clock;
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Fault, FaultCode, Place, Result};
use crate::platform::http::import::Line;
use crate::platform::ids::{CounsellorId, PlaceId, StructureId};
use crate::sql;

/// Somebody in post, and where.
#[derive(diesel::QueryableByName)]
struct Person {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: CounsellorId,
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    structure_id: StructureId,
    #[diesel(sql_type = diesel::sql_types::Text)]
    commune_code: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    postal_code: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    commune_name: String,
    #[diesel(sql_type = diesel::sql_types::Date)]
    since_on: NaiveDate,
}

/// Everything up to yesterday.
pub(super) fn load(demo: &Demo) -> Result<()> {
    let today = Clock::system().now().today();
    let yesterday = (today - TimeDelta::days(1)).to_string();
    let people: Vec<Person> = demo.act(&yesterday, Actor::System, |tx| {
        sql!(
            "select k.id, k.structure_id, s.commune_code, s.postal_code, c.name as commune_name, r.starts_on as since_on
             from counsellors k join recruitments r on r.id = k.recruitment_id join structures s on s.id = k.structure_id
                join communes c on c.code = s.commune_code
             where k.status = 'in_post' and r.starts_on < {} and (r.ends_on is null or r.ends_on >= {}) order by k.reference",
            today,
            today
        )
        .load(tx.conn())
    })?;
    let mut known: BTreeMap<StructureId, PlaceId> = BTreeMap::new();
    for (rank, person) in people.iter().enumerate() {
        let place = match known.get(&person.structure_id) {
            Some(place) => *place,
            None => {
                let place = create_place(demo, &yesterday, person, known.len() + 1)?;
                known.insert(person.structure_id, place);
                place
            }
        };
        let membership = PlaceMembership { main: Some(true), name_published: Some(rank % 3 == 0), objects: None };
        demo.act(&yesterday, Actor::Counsellor(person.id), |tx| {
            places::join(tx, place, person.id, &membership).map(|_| ())
        })?;
        report(demo, &yesterday, today, person, place, rank)?;
    }
    Ok(())
}

fn create_place(demo: &Demo, day: &str, person: &Person, number: usize) -> Result<PlaceId> {
    let new = NewPlace {
        structure_id: None,
        name: format!("Espace numérique {number} de {} (démonstration)", person.commune_name),
        kind: Some(PlaceKind::Epn),
        siret: None,
        address: "Place de la Mairie".to_owned(),
        address_complement: None,
        postal_code: person.postal_code.clone(),
        commune_code: person.commune_code.clone().into(),
        longitude: None,
        latitude: None,
        phone: Some("05 53 00 00 00".to_owned()),
        email: Some("espace-numerique@example.org".to_owned()),
        website: Some("https://example.org/espace-numerique".to_owned()),
        booking_url: None,
        opening_hours: None,
        opening_hours_osm: Some("Mo-Fr 09:00-12:00,14:00-17:30; Sa 09:00-12:00".to_owned()),
        presentation: Some("Lieu de démonstration.".to_owned()),
        services: vec![PlaceService::Demarches, PlaceService::Quotidien, PlaceService::Securite],
        audiences: None,
        special_care: None,
        fees: Some(vec![PlaceFee::Gratuit]),
        access_modes: None,
        support_modes: None,
        programmes: None,
        itinerant: None,
        published: None,
    };
    demo.act(day, Actor::Employer(person.structure_id), |tx| Ok(places::create(tx, &new)?.place.id))
}

/// One report on most working days of the last half-year, of every kind in turn.
fn report(demo: &Demo, day: &str, today: NaiveDate, person: &Person, place: PlaceId, rank: usize) -> Result<()> {
    let first = person.since_on.max(today - TimeDelta::days(180));
    let mut lines = Vec::new();
    for (turn, on) in first.iter_days().take_while(|on| *on < today).enumerate() {
        let number = turn + rank * 7;
        if matches!(on.weekday(), Weekday::Sat | Weekday::Sun) || number.is_multiple_of(4) {
            continue;
        }
        lines.push(as_imported(lines.len() + 1, line(on, place, number)));
    }
    if lines.is_empty() {
        return Ok(());
    }
    demo.act(day, Actor::Counsellor(person.id), |tx| import(tx, &lines).map(|_| ()))
}

/// A line of a file, as the import reads it.
fn as_imported(line: usize, value: serde_json::Value) -> Line<NewActivityReport> {
    let key = value["external_id"].as_str().map(ToOwned::to_owned);
    let unread = |_| vec![Fault::new(Place::Pointer(String::new()), FaultCode::InvalidValue)];
    Line { line, key, item: serde_json::from_value(value).map_err(unread) }
}

fn line(on: NaiveDate, place: PlaceId, number: usize) -> serde_json::Value {
    let activity =
        [ActivityKind::Individuel, ActivityKind::Individuel, ActivityKind::Ponctuel, ActivityKind::Collectif]
            [number % 4];
    let people = if activity == ActivityKind::Collectif { 4 + (number % 7) as i32 } else { 1 };
    let old = people - people * (number % 3) as i32 / 3;
    let themes =
        [Theme::DemarcheEnLigne, Theme::EquipementInformatique, Theme::Internet, Theme::Courriel, Theme::Securite];
    let content = Content {
        activity,
        channel: if number % 9 == 1 { Channel::Distance } else { Channel::Rattachement },
        held_on: on,
        place_id: (number % 9 != 1).then_some(place),
        commune_code: None,
        duration_minutes: [30, 45, 60, 90][number % 4],
        participants: people,
        returning: if number.is_multiple_of(3) { people / 2 } else { 0 },
        ages: [0, 0, 0, people - old, old],
        statuses: [0, people - old, 0, old, 0],
        themes: vec![themes[number % 5]],
        sub_themes: Vec::new(),
        follow_up_individual: i32::from(number.is_multiple_of(6)),
        follow_up_workshop: 0,
        redirections: if number % 20 == 5 { BTreeMap::from([(RedirectionBody::Caf, 1)]) } else { BTreeMap::new() },
        note: None,
    };
    as_line(&content, number)
}

/// The content as a line of an import.
fn as_line(content: &Content, number: usize) -> serde_json::Value {
    let statuses: serde_json::Map<String, serde_json::Value> = PublicStatus::ALL
        .iter()
        .zip(content.statuses)
        .map(|(status, people)| (status.to_string(), people.into()))
        .collect();
    let redirections: Vec<serde_json::Value> = content
        .redirections
        .iter()
        .map(|(body, people)| serde_json::json!({"body": body, "people_count": people}))
        .collect();
    let mut line = serde_json::json!({
        "external_id": format!("demo-{}-{number}", content.held_on), "held_on": content.held_on, "activity": content.activity,
        "channel": content.channel, "duration_minutes": content.duration_minutes, "participants_count": content.participants,
        "returning_count": content.returning, "ages": {"35_60": content.ages[3], "plus_60": content.ages[4]},
        "statuses": statuses, "themes": content.themes, "follow_ups": {"individual_count": content.follow_up_individual},
        "redirections": redirections,
    });
    if let Some(place) = content.place_id {
        line["place_id"] = serde_json::json!(place);
    }
    line
}
