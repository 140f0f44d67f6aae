//! Runs of the matching against an oracle: slow, obvious, and without any code of the product.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use conum::app::jobs;

use crate::candidates::job;
use crate::support::App;

#[derive(Clone, Debug)]
struct Side {
    id: uuid::Uuid,
    longitude: f64,
    latitude: f64,
    departement: &'static str,
    open: i64,
}

#[derive(Clone, Debug)]
struct Person {
    side: Side,
    radius_km: Option<i32>,
    available: NaiveDate,
    registered: i64,
    active: bool,
}

#[derive(Clone, Debug)]
struct House {
    side: Side,
    wanted: NaiveDate,
    vacant: bool,
    retained: bool,
}

fn metres(a: &Side, b: &Side) -> i64 {
    let (p, q) = (a.latitude.to_radians(), b.latitude.to_radians());
    let (dp, dl) = (q - p, (b.longitude - a.longitude).to_radians());
    let h = (dp / 2.0).sin().powi(2) + p.cos() * q.cos() * (dl / 2.0).sin().powi(2);
    (2.0 * 6_371_008.8 * h.sqrt().min(1.0).asin()).round() as i64
}

fn oracle(
    people: &[Person],
    houses: &[House],
    matched: &BTreeSet<(uuid::Uuid, uuid::Uuid)>,
    today: NaiveDate,
    cap: i64,
) -> Vec<(uuid::Uuid, uuid::Uuid)> {
    let island =
        |d: &str| if d.starts_with("97") || d.starts_with("98") { d.to_owned() } else { "metropole".to_owned() };
    let mut pairs = Vec::new();
    for person in people {
        for house in houses {
            let distance = metres(&person.side, &house.side);
            let reaches = match person.radius_km {
                None => true,
                Some(km) => {
                    distance <= i64::from(km) * 1000
                        && island(person.side.departement) == island(house.side.departement)
                }
            };
            let eligible = person.active
                && house.retained
                && house.vacant
                && person.available <= house.wanted.max(today)
                && reaches
                && !matched.contains(&(person.side.id, house.side.id));
            if eligible {
                pairs.push((distance, person.registered, person.side.id, house.side.id));
            }
        }
    }
    pairs.sort();
    let mut open: std::collections::HashMap<uuid::Uuid, i64> =
        people.iter().map(|p| &p.side).chain(houses.iter().map(|h| &h.side)).map(|side| (side.id, side.open)).collect();
    let mut chosen = Vec::new();
    for (_, _, person, house) in pairs {
        if open[&person] < cap && open[&house] < cap {
            *open.entry(person).or_default() += 1;
            *open.entry(house).or_default() += 1;
            chosen.push((person, house));
        }
    }
    chosen
}

/// A small world at random: places that crowd together, caps partly used, pairs matched before.
struct World {
    people: Vec<Person>,
    houses: Vec<House>,
    matched: BTreeSet<(uuid::Uuid, uuid::Uuid)>,
    cap: i64,
}

fn world(seed: u64, today: NaiveDate) -> World {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    let mut random = StdRng::seed_from_u64(seed);
    const PLACES: [(&str, f64, f64); 8] = [
        ("82", 1.0853, 44.1045),
        ("82", 1.3550, 44.0181),
        ("31", 1.4442, 43.6047),
        ("2A", 8.7386, 41.9192),
        ("977", -62.8498, 17.8962),
        ("978", -63.0822, 18.0675),
        ("974", 55.4481, -20.8789),
        ("46", 2.0333, 44.6086),
    ];
    let place = |random: &mut StdRng| {
        let (departement, longitude, latitude) = PLACES[random.random_range(0..PLACES.len())];
        // Often the very same spot, so that distances tie.
        let spread = if random.random_bool(0.4) { 0.0 } else { 0.6 };
        let mut shift = || if spread == 0.0 { 0.0 } else { random.random_range(-spread..spread) };
        let (dx, dy) = (shift(), shift());
        (departement, longitude + dx, latitude + dy)
    };
    let crowd = if seed.is_multiple_of(10) { 120 } else { 12 };
    let people: Vec<Person> = (0..random.random_range(0..crowd))
        .map(|_| {
            let (departement, longitude, latitude) = place(&mut random);
            Person {
                side: Side { id: uuid::Uuid::from_u128(random.random()), longitude, latitude, departement, open: 0 },
                radius_km: [Some(5), Some(20), Some(40), Some(100), Some(100), None][random.random_range(0..6)],
                available: today + TimeDelta::days(random.random_range(0..120)),
                registered: random.random_range(0..6),
                active: random.random_bool(0.9),
            }
        })
        .collect();
    let houses: Vec<House> = (0..random.random_range(0..9))
        .map(|_| {
            let (departement, longitude, latitude) = place(&mut random);
            House {
                side: Side { id: uuid::Uuid::from_u128(random.random()), longitude, latitude, departement, open: 0 },
                wanted: today + TimeDelta::days(random.random_range(-30..120)),
                vacant: random.random_bool(0.85),
                retained: random.random_bool(0.9),
            }
        })
        .collect();
    World { people, houses, matched: BTreeSet::new(), cap: random.random_range(1..4) }
}

impl World {
    /// Earlier matches at random; some of them are open still.
    fn remember(&mut self, seed: u64) -> Vec<(usize, usize, bool)> {
        use rand::rngs::StdRng;
        use rand::{Rng, SeedableRng};
        let mut random = StdRng::seed_from_u64(seed ^ 0xABCD);
        let mut earlier = Vec::new();
        for p in 0..self.people.len() {
            for h in 0..self.houses.len() {
                let open = random.random_bool(0.4);
                // What is open keeps to the cap, between sides that are still there.
                let fits = self.people[p].side.open < self.cap
                    && self.houses[h].side.open < self.cap
                    && self.people[p].active
                    && self.houses[h].retained
                    && self.houses[h].vacant;
                if random.random_bool(0.06) && (!open || fits) {
                    self.matched.insert((self.people[p].side.id, self.houses[h].side.id));
                    if open {
                        self.people[p].side.open += 1;
                        self.houses[h].side.open += 1;
                    }
                    earlier.push((p, h, open));
                }
            }
        }
        earlier
    }
}

#[test]
fn runs_choose_what_the_oracle_chooses_in_its_order() {
    let app = App::start();
    let mut owner = app.database.owner();
    // The trigger of the journal and the checks of references say nothing about the choice.
    owner.run("set session_replication_role = replica");
    let today = app.today();
    let (mut proposals, mut worlds, mut crowded) = (0, 0, 0);
    for seed in 0..1000_u64 {
        let mut world = world(seed, today);
        let earlier = world.remember(seed);
        owner.run("truncate matches, matching_runs, candidates, structures, posts, applications cascade");
        owner.run(&format!("update programme set match_cap = {}", world.cap));
        let mut sql = String::new();
        for person in &world.people {
            let Side { id, longitude, latitude, departement, .. } = &person.side;
            let (radius, anywhere) = person.radius_km.map_or(("null".to_owned(), true), |km| (km.to_string(), false));
            let status = if person.active { "active" } else { "unavailable" };
            sql += &format!(
                "insert into candidates (id, first_name, last_name, search_key, postal_code, commune_code, departement_code,
                    region_code, longitude, latitude, max_distance_km, anywhere, available_from, job_seeker, employed, in_training,
                    graduated, experienced, status, confirmed_at, created_at)
                 values ('{id}', 'A', 'B', 'a b', '82200', '82112', '{departement}', '76', {longitude}, {latitude}, {radius}, {anywhere},
                    '{}', true, false, false, false, false, '{status}', now(), timestamptz '2021-01-01' + interval '{} minutes');",
                person.available, person.registered
            );
        }
        for (rank, house) in world.houses.iter().enumerate() {
            let Side { id, longitude, latitude, departement, .. } = &house.side;
            let status = if house.retained { "retained" } else { "registered" };
            sql += &format!(
                "insert into structures (id, kind, name, search_key, siret, postal_code, commune_code, departement_code, region_code,
                    longitude, latitude, status, confirmed_at, retained_on, retained_wave)
                 values ('{id}', 'commune', 'S', 's', '{:014}', '82200', '82112', '{departement}', '76', {longitude}, {latitude},
                    '{status}', now(), '2021-01-01', 1);
                 insert into applications (id, structure_id, kind, posts_requested, wanted_start_on, has_candidate, motivation, pledge)
                 values ('{id}', '{id}', 'initial', 1, '{}', false, 'm', true);
                 insert into posts (id, structure_id, application_id, granted_on, wave, phase, recruitment_deadline, status, available)
                 values ('{id}', '{id}', '{id}', '2021-01-01', 1, 'v1', '2021-06-01', '{}', {});",
                rank + 1,
                house.wanted,
                if house.vacant { "vacant" } else { "occupied" },
                house.vacant
            );
        }
        for (p, h, open) in &earlier {
            let (status, ended) = if *open { ("proposed", "null") } else { ("closed", "now()") };
            sql += &format!(
                "insert into matches (id, candidate_id, structure_id, origin, distance_m, status, ended_at, expires_on, structure_accepted_at)
                 values (gen_random_uuid(), '{}', '{}', 'manual', 1, '{status}', {ended}, '2099-01-01', now());",
                world.people[*p].side.id, world.houses[*h].side.id
            );
        }
        if !sql.is_empty() {
            owner.run(&sql);
        }
        let expected = oracle(&world.people, &world.houses, &world.matched, today, world.cap);
        job(&app, "run_matching", jobs::run_matching);
        let made: Vec<(uuid::Uuid, uuid::Uuid)> = owner
            .rows("select candidate_id, structure_id from matches where origin = 'run' order by reference")
            .iter()
            .map(|row| {
                let id = |name: &str| row[name].as_str().expect("an id").parse().expect("an id");
                (id("candidate_id"), id("structure_id"))
            })
            .collect();
        assert_eq!(made, expected, "world {seed}, cap {}", world.cap);
        proposals += made.len();
        worlds += 1;
        crowded += usize::from(world.people.len() > 60);
    }
    println!("{worlds} worlds, {proposals} proposals, {crowded} crowded worlds");
    assert!(worlds == 1000 && proposals > 1000 && crowded > 20);
}
