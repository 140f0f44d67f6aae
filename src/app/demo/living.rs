//! A living territory: the Dordogne, with candidates, matches and recruitments in all states, up to yesterday.

use chrono::{NaiveDate, TimeDelta};

use super::{Demo, Line, granted, line};
use crate::features::candidates::dto::NewCandidate;
use crate::features::candidates::model::Radius;
use crate::features::matching::dto::MatchRefusal;
use crate::features::matching::model::{DeclineReason, Target};
use crate::features::recruitments::dto::{
    NewExtension, NewRecruitment, RecruitmentValidation, Renewal, TerminationRequest,
};
use crate::features::recruitments::model::{ContractType, REQUIRED_DOCUMENTS, TerminationReason};
use crate::features::structures::model::StructureKind::{Commune, Epci, EtablissementPublic, Prive};
use crate::features::{candidates, matching, recruitments};
use crate::platform::auth::Actor;
use crate::platform::clock::Clock;
use crate::platform::db::Tx;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{CandidateId, MatchId, PostId, RecruitmentId, StructureId};
use crate::sql;

const STRUCTURES: &[Line] = &[
    granted(line("Commune de Périgueux (démonstration)", Commune, "24322", "24000", 6), 6),
    granted(line("CA Bergeracoise (démonstration)", Epci, "24037", "24100", 6), 6),
    granted(line("Commune de Sarlat-la-Canéda (démonstration)", Commune, "24520", "24200", 4), 4),
    granted(line("CCAS de Boulazac Isle Manoire (démonstration)", EtablissementPublic, "24053", "24750", 4), 4),
    granted(line("Commune de Terrasson-Lavilledieu (démonstration)", Commune, "24547", "24120", 4), 4),
    granted(line("Commune de Nontron (démonstration)", Commune, "24311", "24300", 4), 4),
    granted(line("Association Clic en Périgord (démonstration)", Prive, "24322", "24000", 6), 6),
    granted(line("Association Écran vert (démonstration)", Prive, "24037", "24100", 5), 5),
    granted(line("Commune de Ribérac (démonstration)", Commune, "24352", "24600", 4), 4),
    granted(line("Commune de Thiviers (démonstration)", Commune, "24551", "24800", 3), 3),
    granted(line("Commune du Buisson-de-Cadouin (démonstration)", Commune, "24068", "24480", 2), 2),
    granted(line("Association Passerelle numérique (démonstration)", Prive, "24299", "24400", 4), 4),
];

/// Where candidates live: all over the Dordogne and around it.
const HOMES: &[(&str, &str)] = &[
    ("24322", "24000"),
    ("24037", "24100"),
    ("24520", "24200"),
    ("24053", "24750"),
    ("24547", "24120"),
    ("24311", "24300"),
    ("24352", "24600"),
    ("24551", "24800"),
    ("24068", "24480"),
    ("33243", "33500"),
    ("19031", "19100"),
    ("46102", "46100"),
];
const RADII: [i32; 6] = [10, 20, 20, 40, 40, 100];

/// What becomes of a recruitment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Submitted,
    Refused,
    Cancelled,
    Validated,
    OpenEnded,
    Completed,
    TerminationRequested,
    Terminated,
    ExtensionRequested,
    Extended,
    RenewalSubmitted,
    RenewalValidated,
}

use Fate as F;

/// How many recruitments come to each fate: sixty in all, not counting renewals.
const FATES: &[(Fate, usize)] = &[
    (F::Completed, 7),
    (F::Terminated, 6),
    (F::Refused, 5),
    (F::Cancelled, 3),
    (F::Validated, 19),
    (F::OpenEnded, 3),
    (F::TerminationRequested, 4),
    (F::ExtensionRequested, 2),
    (F::Extended, 2),
    (F::RenewalSubmitted, 2),
    (F::RenewalValidated, 2),
    (F::Submitted, 5),
];

/// Loads the territory. Everything happens within the last seven hundred days, so that no time limit has passed.
pub(super) fn load(demo: &Demo) -> Result<()> {
    let today = Clock::system().now().today();
    let ago = |days: i64| (today - TimeDelta::days(days)).to_string();
    let applications = demo.apply(&ago(700), STRUCTURES)?;
    demo.decide(&ago(690), 3, 3, STRUCTURES, &applications, None)?;
    let posts = posts(demo, &ago(690))?;
    let hired: usize = FATES.iter().map(|(_, count)| count).sum();
    let mut people = register(demo, &ago(680), 0, hired)?.into_iter();
    let mut posts = posts.into_iter();
    for (fate, count) in FATES {
        for rank in 0..*count {
            let (Some((structure, post)), Some(person)) = (posts.next(), people.next()) else {
                return Err(Problem::internal("a demonstration with more recruitments than posts"));
            };
            let left = recruit(demo, today, *fate, rank, structure, post, person)?;
            // A post without a contract serves the next one.
            if left {
                posts = std::iter::once((structure, post)).chain(posts).collect::<Vec<_>>().into_iter();
            }
        }
    }
    demo.act(&ago(2), Actor::System, |tx| recruitments::service::keep_calendar(tx).map(|_| ()))?;
    for (batch, days) in [(1, 50), (2, 40), (3, 25), (4, 12)] {
        register(demo, &ago(days), batch * 1000, 60)?;
    }
    demo.act(&ago(10), Actor::Anct, |tx| matching::service::run(tx, Target::Country).map(|_| ()))?;
    answer(demo, &ago(8))
}

/// Their posts, with the structures that hold them.
fn posts(demo: &Demo, day: &str) -> Result<Vec<(StructureId, PostId)>> {
    use diesel::sql_types as st;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        structure_id: StructureId,
        #[diesel(sql_type = st::Uuid)]
        id: PostId,
    }
    demo.act(day, Actor::System, |tx| {
        // One of each structure in turn, so that all of them live.
        let rows: Vec<Row> = sql!(
            "select p.structure_id, p.id from posts p join structures s on s.id = p.structure_id
             where s.departement_code = '24'
             order by row_number() over (partition by p.structure_id order by p.reference), s.reference"
        )
        .load(tx.conn())?;
        Ok(rows.into_iter().map(|row| (row.structure_id, row.id)).collect())
    })
}

/// Registers and confirms candidates, numbered from `first` on.
fn register(demo: &Demo, day: &str, first: usize, count: usize) -> Result<Vec<CandidateId>> {
    let mut people = Vec::with_capacity(count);
    for batch in (0..count).collect::<Vec<_>>().chunks(20) {
        people.extend(demo.act(day, Actor::System, |tx| {
            batch.iter().map(|rank| confirmed(tx, first + rank)).collect::<Result<Vec<_>>>()
        })?);
    }
    Ok(people)
}

fn confirmed(tx: &mut Tx<'_>, number: usize) -> Result<CandidateId> {
    let (commune, postal_code) = HOMES[(number * 7 + number / 12) % HOMES.len()];
    let anywhere = number % 12 == 5;
    let email = format!("candidat-{number}@example.org");
    let new = NewCandidate {
        first_name: "Candidat".to_owned(),
        last_name: format!("Démonstration {number}"),
        email: email.clone(),
        phone: number.is_multiple_of(3).then(|| "06 12 34 56 78".to_owned()),
        postal_code: postal_code.to_owned(),
        commune_code: commune.into(),
        max_distance_km: (!anywhere).then(|| Radius::try_from(RADII[number % RADII.len()]).ok()).flatten(),
        anywhere: Some(anywhere),
        available_from: tx.today(),
        job_seeker: Some(!number.is_multiple_of(4)),
        employed: Some(number.is_multiple_of(4)),
        in_training: Some(number.is_multiple_of(9)),
        graduated: Some(number.is_multiple_of(10)),
        experienced: Some(number % 3 == 1),
        diploma_name: number.is_multiple_of(10).then(|| "Titre de démonstration".to_owned()),
        motivation: Some("Données de démonstration : aider chacun à faire seul ses démarches en ligne.".to_owned()),
    };
    candidates::service::register(tx, &new)?;
    let token = mailed_token(tx, &email)?;
    Ok(candidates::service::confirm(tx, &token)?.0.id)
}

/// The token of the link mailed to an address.
fn mailed_token(tx: &mut Tx<'_>, email: &str) -> Result<String> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text_body: String,
    }
    let row: Row = sql!(
        "select text_body from emails where recipient = {} and template = 'candidate_confirm_address'
         order by created_at desc, id desc limit 1",
        email
    )
    .one(tx.conn())?;
    let (_, rest) = row.text_body.split_once("confirmation#jeton=").unwrap_or_default();
    Ok(rest.split_whitespace().next().unwrap_or_default().to_owned())
}

/// Leads one recruitment to its fate. Tells whether the post is left without a contract.
fn recruit(
    demo: &Demo,
    today: NaiveDate,
    fate: Fate,
    rank: usize,
    structure: StructureId,
    post: PostId,
    person: CandidateId,
) -> Result<bool> {
    let ago = |days: i64| today - TimeDelta::days(days);
    let rank = i64::try_from(rank).unwrap_or_default();
    let (start, end) = match fate {
        F::Completed => (ago(600 - rank), ago(200 - 20 * rank)),
        F::Terminated => (ago(560 - 5 * rank), ago(560) + TimeDelta::days(730)),
        F::RenewalSubmitted | F::RenewalValidated => (ago(500), today + TimeDelta::days(20 + rank)),
        F::Refused | F::Cancelled => (ago(300 - 10 * rank), ago(300) + TimeDelta::days(730)),
        F::Submitted => (today + TimeDelta::days(15 + rank), today + TimeDelta::days(745)),
        _ => (ago(280 - 9 * rank), ago(280 - 9 * rank) + TimeDelta::days(730)),
    };
    let open_ended = fate == F::OpenEnded;
    let new = NewRecruitment {
        post_id: post,
        candidate_id: person,
        contract_type: if open_ended { ContractType::Cdi } else { ContractType::Cdd },
        starts_on: start,
        ends_on: (!open_ended).then_some(end),
        gross_monthly_salary_cents: 200_000 + 1_000 * rank,
        documents: Some(REQUIRED_DOCUMENTS.to_vec()),
    };
    let submitted_on = start.min(ago(4)) - TimeDelta::days(20);
    let day = |date: NaiveDate| date.to_string();
    let employer = Actor::Employer(structure);
    let id = demo
        .act(&day(submitted_on), employer.clone(), |tx| Ok(recruitments::service::submit(tx, &new)?.recruitment.id))?;
    let decided_on = day(submitted_on + TimeDelta::days(6));
    match fate {
        F::Submitted => return Ok(false),
        F::Cancelled => {
            demo.act(&decided_on, employer, |tx| recruitments::service::cancel(tx, id, None).map(|_| ()))?;
            return Ok(true);
        }
        F::Refused => {
            let reason = "Démonstration : le contrat signé manque au dossier.";
            demo.act(&decided_on, Actor::Bdt, |tx| recruitments::service::refuse(tx, id, None, reason).map(|_| ()))?;
            return Ok(true);
        }
        _ => validate(demo, &decided_on, Actor::Bdt, id)?,
    }
    match fate {
        F::TerminationRequested | F::Terminated => {
            let last =
                if fate == F::Terminated { start + TimeDelta::days(120 + rank) } else { today + TimeDelta::days(10) };
            let asked = if fate == F::Terminated { last - TimeDelta::days(15) } else { ago(3) };
            let request = TerminationRequest {
                terminates_on: last,
                reason: if rank % 2 == 0 {
                    TerminationReason::Demission
                } else {
                    TerminationReason::RuptureCommunAccord
                },
                comment: None,
            };
            demo.act(&day(asked), employer, |tx| {
                recruitments::service::request_termination(tx, id, None, &request).map(|_| ())
            })?;
            if fate == F::Terminated {
                demo.act(&day(last + TimeDelta::days(1)), Actor::Anct, |tx| {
                    recruitments::service::terminate(tx, id, None).map(|_| ())
                })?;
            }
        }
        F::ExtensionRequested | F::Extended => extend(demo, &day(ago(3)), employer, id, end, fate == F::Extended)?,
        F::RenewalSubmitted | F::RenewalValidated => renew(demo, &day(ago(3)), employer, id, end, fate)?,
        _ => {}
    }
    Ok(false)
}

/// Reads the terms of a contract and validates it.
fn validate(demo: &Demo, day: &str, actor: Actor, id: RecruitmentId) -> Result<()> {
    demo.act(day, actor, |tx| {
        let read = recruitments::service::find(&mut tx.reader(), id)?;
        let terms = RecruitmentValidation::of(&read.recruitment);
        recruitments::service::validate(tx, id, None, &terms).map(|_| ())
    })
}

fn extend(demo: &Demo, day: &str, employer: Actor, id: RecruitmentId, end: NaiveDate, validated: bool) -> Result<()> {
    let new = NewExtension { ends_on: end + TimeDelta::days(180), gross_monthly_salary_cents: None };
    let extension =
        demo.act(day, employer, |tx| Ok(recruitments::service::request_extension(tx, id, &new)?.extension.id))?;
    if validated {
        demo.act(day, Actor::Bdt, |tx| recruitments::service::validate_extension(tx, extension, None).map(|_| ()))?;
    }
    Ok(())
}

fn renew(demo: &Demo, day: &str, employer: Actor, id: RecruitmentId, end: NaiveDate, fate: Fate) -> Result<()> {
    let new = Renewal {
        contract_type: ContractType::Cdd,
        ends_on: Some(end + TimeDelta::days(1095)),
        gross_monthly_salary_cents: 210_000,
        phase: None,
        documents: Some(REQUIRED_DOCUMENTS.to_vec()),
    };
    let renewal = demo.act(day, employer, |tx| Ok(recruitments::service::renew(tx, id, None, &new)?.recruitment.id))?;
    if fate == F::RenewalValidated {
        validate(demo, day, Actor::Anct, renewal)?;
    }
    Ok(())
}

/// Both sides answer some of the proposals.
fn answer(demo: &Demo, day: &str) -> Result<()> {
    use diesel::sql_types as st;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = st::Uuid)]
        id: MatchId,
        #[diesel(sql_type = st::Uuid)]
        structure_id: StructureId,
        #[diesel(sql_type = st::Uuid)]
        candidate_id: CandidateId,
    }
    let open: Vec<Row> = demo.act(day, Actor::System, |tx| {
        sql!("select id, structure_id, candidate_id from matches where status = 'proposed' order by reference")
            .load(tx.conn())
    })?;
    let refusal = MatchRefusal { reason: Some(DeclineReason::TropLoin), comment: None };
    for (rank, found) in open.iter().enumerate() {
        let (employer, candidate) = (Actor::Employer(found.structure_id), Actor::Candidate(found.candidate_id));
        let steps = rank % 6;
        if steps == 5 {
            demo.act(day, candidate, |tx| matching::service::decline(tx, found.id, None, &refusal).map(|_| ()))?;
            continue;
        }
        if steps >= 1 {
            demo.act(day, employer.clone(), |tx| matching::service::accept(tx, found.id, None).map(|_| ()))?;
        }
        if steps >= 2 {
            demo.act(day, candidate, |tx| matching::service::accept(tx, found.id, None).map(|_| ()))?;
        }
        if steps >= 3 {
            demo.act(day, employer.clone(), |tx| {
                matching::service::record_meeting(tx, found.id, None, None).map(|_| ())
            })?;
        }
        if steps == 4 {
            demo.act(day, employer, |tx| matching::service::select(tx, found.id, None).map(|_| ()))?;
        }
    }
    Ok(())
}
