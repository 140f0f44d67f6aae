//! Made-up callers, to try the service with. Never in production.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::Duration;
use diesel::QueryableByName;
use diesel::sql_types as st;
use serde::Serialize;

use super::config::Config;
use crate::platform::auth::local_issuer::LocalIssuer;
use crate::platform::auth::policy::scopes_of;
use crate::platform::auth::{Actor, Principal, Territory};
use crate::platform::clock::Now;
use crate::platform::db::Db;
use crate::platform::error::{Problem, Result};
use crate::platform::ids::{CandidateId, CounsellorId, StructureId, TrainingBodyId};
use crate::sql;

/// A caller to be.
#[derive(Clone, Debug, Serialize)]
pub struct Persona {
    /// For people.
    pub label: String,
    pub role: &'static str,
    /// An access token for an hour.
    pub token: String,
}

/// A structure, and people who have to do with it.
#[derive(QueryableByName)]
struct Around {
    #[diesel(sql_type = st::Uuid)]
    structure_id: StructureId,
    #[diesel(sql_type = st::Text)]
    name: String,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    candidate_id: Option<CandidateId>,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    counsellor_id: Option<CounsellorId>,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    body_id: Option<TrainingBodyId>,
}

/// The personas, with an employer where there is a retained structure. Blocks on the database.
pub fn list(db: &Db, issuer: &LocalIssuer) -> Result<Vec<Persona>> {
    let departement = |code: &str| Actor::Prefecture(Territory::Departement(code.to_owned()));
    let mut actors = vec![
        ("ANCT".to_owned(), Actor::Anct),
        ("Banque des Territoires".to_owned(), Actor::Bdt),
        ("Préfecture du Tarn-et-Garonne (82)".to_owned(), departement("82")),
        ("Préfecture de la Haute-Garonne (31)".to_owned(), departement("31")),
        ("Observateur national".to_owned(), Actor::Observer(None)),
    ];
    let around: Option<Around> = db.read_private_now(&Principal::system("personas"), &|reader| {
        // Those to whom most has happened.
        sql!(
            "select s.id as structure_id, s.name,
                (select m.candidate_id from matches m where m.structure_id = s.id and m.status in ('mutual', 'proposed')
                 order by m.status, m.reference limit 1) as candidate_id,
                (select k.id from counsellors k where k.structure_id = s.id and k.status = 'in_post'
                 order by k.reference limit 1) as counsellor_id,
                (select b.id from training_bodies b order by b.reference limit 1) as body_id
             from structures s where s.status = 'retained'
             order by (select count(*) from recruitments r where r.structure_id = s.id) desc, s.reference limit 1"
        )
        .first(reader.conn())
    })?;
    if let Some(found) = around {
        let name = found.name;
        actors.push((format!("Employeur : {name}"), Actor::Employer(found.structure_id)));
        let candidate = found.candidate_id.map(Actor::Candidate);
        actors.extend(candidate.map(|actor| (format!("Candidat proposé à : {name}"), actor)));
        let counsellor = found.counsellor_id.map(Actor::Counsellor);
        actors.extend(counsellor.map(|actor| (format!("Conseiller de : {name}"), actor)));
        let body = found.body_id.map(Actor::TrainingBody);
        actors.extend(body.map(|actor| ("Organisme de formation A".to_owned(), actor)));
    }
    let now = db.clock().now();
    actors
        .into_iter()
        .map(|(label, actor)| {
            let scopes = actor.role().map(scopes_of).unwrap_or_default();
            Ok(Persona { label, role: actor.name(), token: token(issuer, actor, &scopes, now)? })
        })
        .collect()
}

/// A token of somebody made up, which production refuses. Each perimeter is a subject of its own, so that none meets the
/// kept answers of another.
pub fn token(issuer: &LocalIssuer, actor: Actor, scopes: &[String], now: Now) -> Result<String> {
    let (_, place) = actor.reach().as_setting();
    let subject = format!("demo-{}-{place}", actor.name()).trim_end_matches('-').to_owned();
    let principal = Principal { actor, subject, ..Principal::anonymous() };
    issuer.sign_persona(&principal, scopes, Duration::hours(1), now)
}

/// The personas for Swagger UI; no such address in production.
#[get("/demo/personas")]
pub async fn demo_personas(config: Data<Config>, db: Data<Db>, issuer: Data<LocalIssuer>) -> Result<HttpResponse> {
    if config.is_production() {
        return Err(Problem::not_found());
    }
    let personas = actix_web::web::block(move || list(&db, &issuer))
        .await
        .map_err(|_| Problem::internal("a database thread panicked"))??;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(personas))
}
