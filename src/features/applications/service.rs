//! Use cases of applications and opinions.

use chrono::NaiveDate;

use super::dto::{ApplicationPatch, NewApplication, OpinionInput};
use super::mails;
use super::model::{ApplicationKind, ApplicationStatus, STEPS};
use super::store::{self, Application, Change, Fields, Opinion};
use crate::features::call_windows;
use crate::features::call_windows::model::Audience;
use crate::features::structures;
use crate::features::structures::model::StructureStatus;
use crate::features::structures::store::Structure;
use crate::platform::auth::policy::Permission;
use crate::platform::auth::{Actor, Role, Territory, can};
use crate::platform::db::{Reader, Tx};
use crate::platform::error::{Code, Fault, FaultCode, Named, Problem, Result};
use crate::platform::events::{self, ApplicationEvent, Kind, StructureEvent, Told};
use crate::platform::ids::{ApplicationId, CommitteeId, StructureId};
use crate::platform::mail::Email;
use crate::platform::transitions::{Act, Expected, POSSIBLE, Transition, after, refusal, require_version};
use crate::platform::{mail, text};

/// An application with all that its detail shows.
pub struct File {
    pub application: Application,
    pub opinion: Option<Opinion>,
    pub transitions: Vec<Transition>,
}

pub fn find(reader: &mut Reader<'_>, id: ApplicationId) -> Result<File> {
    let actor = reader.actor().clone();
    let application = store::find(reader.conn(), &actor, id)?.ok_or_else(Problem::not_found)?;
    file(reader, application)
}

fn file(reader: &mut Reader<'_>, application: Application) -> Result<File> {
    let opinion = store::find_opinion(reader.conn(), application.id)?;
    let transitions = transitions(reader, &application)?;
    Ok(File { application, opinion, transitions })
}

fn lock(tx: &mut Tx<'_>, id: ApplicationId) -> Result<Application> {
    store::lock(tx, id)?.ok_or_else(Problem::not_found)
}

pub fn create(tx: &mut Tx<'_>, new: &NewApplication) -> Result<File> {
    let structure_id = author(tx, new.structure_id)?;
    let structure = structures::service::lock(tx, structure_id).named_by("structure_id")?;
    let fields = Fields {
        kind: new.kind,
        posts_requested: new.posts_requested,
        wanted_start_on: new.wanted_start_on,
        has_candidate: new.has_candidate,
        motivation: text::canonical(&new.motivation),
        coordinator: new.coordinator,
    };
    require_start(&tx.reader(), fields.wanted_start_on)?;
    require_one_coordinator(fields.coordinator.is_some(), fields.posts_requested, "posts_requested")?;
    require_may_apply(&mut tx.reader(), &structure, new.kind)?;
    let id = store::insert(tx, structure_id, &fields)?;
    let application = lock(tx, id)?;
    emit(tx, ApplicationEvent::Created, &application)?;
    file(&mut tx.reader(), application)
}

/// The structure that applies: the employer's own; the ANCT names one.
fn author(tx: &Tx<'_>, named: Option<StructureId>) -> Result<StructureId> {
    match (tx.actor(), named) {
        (Actor::Employer(own), None) => Ok(*own),
        (_, Some(named)) => Ok(named),
        (_, None) => Err(Problem::invalid_field("structure_id", FaultCode::Required)),
    }
}

/// A coordinator's post is asked for, and granted, one at a time.
pub fn require_one_coordinator(coordinator: bool, posts: i32, field: &str) -> Result<()> {
    if coordinator && posts > 1 {
        return Err(Problem::invalid(vec![Fault::field(field, FaultCode::TooLarge).with("limit", 1)]));
    }
    Ok(())
}

fn require_start(reader: &Reader<'_>, wanted: NaiveDate) -> Result<()> {
    if wanted < reader.today() {
        return Err(Problem::invalid_field("wanted_start_on", FaultCode::InThePast));
    }
    Ok(())
}

/// Whether a structure may apply so today: confirmed, in its window, with or without posts.
fn require_may_apply(reader: &mut Reader<'_>, structure: &Structure, kind: ApplicationKind) -> Result<()> {
    use StructureStatus::{Registered, Retained, Withdrawn};
    if !matches!(structure.status, Registered | Retained | Withdrawn) {
        return Err(Problem::new(Code::StructureNotReady).with("status", structure.status));
    }
    call_windows::service::require_open(reader, Audience::of(structure.kind.is_public()))?;
    match kind {
        ApplicationKind::Initial if structure.posts > 0 => Err(Problem::new(Code::InitialNeedsNoPosts)),
        ApplicationKind::Additional if structure.posts == 0 => Err(Problem::new(Code::AdditionalNeedsPosts)),
        _ => Ok(()),
    }
}

pub fn update(tx: &mut Tx<'_>, id: ApplicationId, version: Option<Expected>, patch: &ApplicationPatch) -> Result<File> {
    let before = lock(tx, id)?;
    require_version(version, before.version)?;
    if before.status != ApplicationStatus::Draft {
        return Err(refusal(STEPS, before.status, can::update_application::LINE));
    }
    let fields = Fields {
        kind: before.kind,
        posts_requested: patch.posts_requested.unwrap_or(before.posts_requested),
        wanted_start_on: patch.wanted_start_on.unwrap_or(before.wanted_start_on),
        has_candidate: patch.has_candidate.unwrap_or(before.has_candidate),
        motivation: patch.motivation.as_deref().map_or(before.motivation, text::canonical),
        coordinator: patch.coordinator.unwrap_or(before.coordinator),
    };
    require_one_coordinator(fields.coordinator.is_some(), fields.posts_requested, "posts_requested")?;
    if patch.wanted_start_on.is_some() {
        require_start(&tx.reader(), fields.wanted_start_on)?;
    }
    store::update(tx, id, &fields)?;
    let application = lock(tx, id)?;
    emit(tx, ApplicationEvent::Updated, &application)?;
    file(&mut tx.reader(), application)
}

pub fn submit(tx: &mut Tx<'_>, id: ApplicationId, version: Option<Expected>) -> Result<File> {
    let structure_id = find(&mut tx.reader(), id)?.application.structure_id;
    structures::service::lock(tx, structure_id)?;
    let application = lock(tx, id)?;
    require_version(version, application.version)?;
    check_submit(&mut tx.reader(), &application)?;
    store::change(tx, id, &Change::Submitted)?;
    let application = lock(tx, id)?;
    emit(tx, ApplicationEvent::Submitted, &application)?;
    announce(tx, &application)?;
    file(&mut tx.reader(), application)
}

fn check_submit(reader: &mut Reader<'_>, application: &Application) -> Result<()> {
    after(STEPS, application.status, can::submit_application::LINE)?;
    let structure = structures::service::require(reader, application.structure_id)?;
    require_start(reader, application.wanted_start_on)?;
    require_may_apply(reader, &structure, application.kind)
}

/// Writes to the structure and to the prefecture that is to give its opinion.
fn announce(tx: &mut Tx<'_>, application: &Application) -> Result<()> {
    if let Some(recipient) = structures::service::contact_email(tx, application.structure_id)? {
        mail::send(tx, &mails::received(application, &recipient))?;
    }
    // The prefecture's accounts lie outside the structure's own reach.
    tx.widen()?;
    for recipient in store::prefecture_addresses(tx, &application.departement_code, &application.region_code)? {
        mail::send(tx, &mails::opinion_awaited(application, &recipient))?;
    }
    Ok(())
}

pub fn withdraw(tx: &mut Tx<'_>, id: ApplicationId, version: Option<Expected>) -> Result<File> {
    let application = lock(tx, id)?;
    require_version(version, application.version)?;
    check_withdraw(&application)?;
    store::drop_from_agenda(tx, id)?;
    store::change(tx, id, &Change::Withdrawn)?;
    let application = lock(tx, id)?;
    emit(tx, ApplicationEvent::Withdrawn, &application)?;
    file(&mut tx.reader(), application)
}

/// Further posts are asked for beside those that a structure holds: with the last one, what it asked for falls, unless the
/// committee has decided.
pub fn follow(tx: &mut Tx<'_>, told: &[Told]) -> Result<()> {
    let left: Vec<uuid::Uuid> = told
        .iter()
        .filter(|told| told.kind == Kind::Structure(StructureEvent::Withdrawn))
        .map(|told| told.id)
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    for id in store::open_additional(tx, left)? {
        let application = lock(tx, id)?;
        if check_withdraw(&application).is_err() {
            continue;
        }
        store::drop_from_agenda(tx, id)?;
        store::change(tx, id, &Change::Withdrawn)?;
        emit(tx, ApplicationEvent::Withdrawn, &application)?;
        if let Some(recipient) = structures::service::contact_email(tx, application.structure_id)? {
            mail::send(tx, &mails::fell(&application, &recipient))?;
        }
    }
    Ok(())
}

fn check_withdraw(application: &Application) -> Result<()> {
    after(STEPS, application.status, can::withdraw_application::LINE)?;
    if application.decision_recorded {
        return Err(Problem::new(Code::TransitionNotAllowed)
            .with("transition", can::withdraw_application::LINE.operation)
            .with("status", "decided")
            .extension(POSSIBLE, Vec::<String>::new()));
    }
    Ok(())
}

/// Gives or replaces the prefecture's opinion.
pub fn give_opinion(
    tx: &mut Tx<'_>,
    id: ApplicationId,
    version: Option<Expected>,
    input: &OpinionInput,
) -> Result<File> {
    let application = lock(tx, id)?;
    require_version(version, application.version)?;
    let status = check_opinion(&application)?;
    let (departement_code, region_code) = match tx.actor() {
        Actor::Prefecture(Territory::Departement(code)) => (Some(code.as_str().into()), None),
        Actor::Prefecture(Territory::Region(code)) => (None, Some(code.as_str().into())),
        _ => return Err(Problem::internal("an opinion of somebody else")),
    };
    if let Some(donor) = input.donor_structure_id {
        let reach = tx.reach();
        if donor == application.structure_id || !store::structure_in_reach(tx.conn(), &reach, donor)? {
            return Err(Problem::invalid(vec![Fault::field("donor_structure_id", FaultCode::UnknownId)]));
        }
    }
    let opinion = Opinion {
        opinion: input.opinion,
        comment: text::canonical(&input.comment),
        donor_structure_id: input.donor_structure_id,
        departement_code,
        region_code,
        given_at: tx.now().instant(),
    };
    store::put_opinion(tx, id, &opinion)?;
    store::change(tx, id, &Change::Opinion(status))?;
    let application = lock(tx, id)?;
    emit(tx, ApplicationEvent::OpinionGiven, &application)?;
    file(&mut tx.reader(), application)
}

fn check_opinion(application: &Application) -> Result<ApplicationStatus> {
    let status =
        after(STEPS, application.status, can::give_opinion::LINE).map_err(|_| Problem::new(Code::OpinionFrozen))?;
    if application.decision_recorded {
        return Err(Problem::new(Code::OpinionFrozen));
    }
    Ok(status)
}

fn transitions(reader: &mut Reader<'_>, application: &Application) -> Result<Vec<Transition>> {
    let principal = reader.principal();
    let submit = check_submit(reader, application);
    Ok(vec![
        Transition::new(can::submit_application::LINE, principal, submit),
        Transition::new(can::withdraw_application::LINE, principal, check_withdraw(application)),
        Transition::new(can::give_opinion::LINE, principal, check_opinion(application).map(|_| ())),
    ])
}

/// An application that the committee is about to look at, locked.
pub fn lock_for_committee(tx: &mut Tx<'_>, id: ApplicationId) -> Result<Application> {
    lock(tx, id)
}

/// Moves the version: what may be done with it has changed.
pub fn touch(tx: &mut Tx<'_>, id: ApplicationId) -> Result<()> {
    store::touch(tx, id)
}

/// The applications of an agenda, locked in one order.
pub fn lock_agenda(tx: &mut Tx<'_>, committee: CommitteeId) -> Result<Vec<Application>> {
    store::lock_all(tx, committee)
}

/// Stands on a committee's agenda from now on.
pub fn put_on_agenda(tx: &mut Tx<'_>, application: &Application, committee: CommitteeId) -> Result<()> {
    after(STEPS, application.status, "put_on_agenda")?;
    store::change(tx, application.id, &Change::OnAgenda(committee))?;
    emit(tx, ApplicationEvent::PutOnAgenda, application)
}

/// Waits for another committee.
pub fn remove_from_agenda(tx: &mut Tx<'_>, application: &Application) -> Result<()> {
    after(STEPS, application.status, "remove_from_agenda")?;
    store::change(tx, application.id, &Change::OffAgenda)?;
    emit(tx, ApplicationEvent::RemovedFromAgenda, application)
}

/// What a closed committee made of an application.
pub enum Settlement {
    Retained { posts: i32, recruit_before: NaiveDate },
    Refused,
    FurtherExamination,
}

/// The committee's decision of `on` takes effect, and the structure is told.
pub fn settle(tx: &mut Tx<'_>, application: &Application, on: NaiveDate, settlement: &Settlement) -> Result<()> {
    let recipient = structures::service::contact_email(tx, application.structure_id)?;
    let (event, change, kind, email): (_, _, _, fn(&Application, &str) -> Email) = match settlement {
        Settlement::Retained { posts, recruit_before } => {
            if let Some(recipient) = &recipient {
                let until = recruit_before.format("%d/%m/%Y").to_string();
                mail::send(tx, &mails::retained(application, recipient, *posts, &until))?;
            }
            after(STEPS, application.status, "retain")?;
            store::change(tx, application.id, &Change::Retained { posts: *posts, on })?;
            return emit(tx, ApplicationEvent::Retained, application);
        }
        Settlement::Refused => {
            (Act::Course("refuse"), Change::Refused { on }, ApplicationEvent::Refused, mails::refused)
        }
        Settlement::FurtherExamination => (
            Act::Course("examine_further"),
            Change::FurtherExamination,
            ApplicationEvent::ExaminedFurther,
            mails::examined_further,
        ),
    };
    after(STEPS, application.status, event)?;
    store::change(tx, application.id, &change)?;
    if let Some(recipient) = &recipient {
        mail::send(tx, &email(application, recipient))?;
    }
    emit(tx, kind, application)
}

fn emit(tx: &mut Tx<'_>, kind: ApplicationEvent, application: &Application) -> Result<()> {
    // A draft is its applicant's, until it is submitted.
    if application.submitted_at.is_none() && kind != ApplicationEvent::Submitted {
        let to = events::Audience {
            roles: &[Role::Anct, Role::Employer],
            structure_id: Some(application.structure_id),
            departement_code: Some(&application.departement_code),
            region_code: Some(&application.region_code),
        };
        return events::emit_to(tx, kind, application.id.uuid(), &to);
    }
    let (departement, region) = (application.departement_code.as_str(), application.region_code.as_str());
    let place = Some((Some(application.structure_id), departement, region));
    events::emit(tx, kind, application.id.uuid(), place)
}
