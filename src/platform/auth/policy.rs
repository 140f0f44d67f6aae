//! The one place that says who may call what. One line an operation.

use std::sync::Arc;

use super::actor::{Principal, Role};
use crate::platform::db::text_enum::TextEnum;
use crate::platform::error::{Code, Problem, Result};

/// What the policy says of one operation.
#[derive(Debug)]
pub struct Line {
    pub operation: &'static str,
    /// Scope that a token must carry if it is narrowed by scopes at all.
    pub scope: Option<&'static str>,
    pub roles: &'static [Role],
    /// Whether it may be called without a token.
    pub anonymous: bool,
}

impl Line {
    pub fn admits(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// As whom the operation hears a principal whom it authorises: as itself where its role is listed, as one of the
    /// public elsewhere. A handler therefore never meets a role that its line does not list.
    pub fn heard(&self, principal: Arc<Principal>) -> Arc<Principal> {
        match principal.actor.role() {
            Some(role) if !self.admits(role) => Arc::new(principal.as_public()),
            _ => principal,
        }
    }

    /// Whether the role and the scopes of a principal admit the call; the first thing that does not
    /// is the refusal.
    pub fn authorise(&self, principal: &Principal) -> Result<()> {
        let Some(role) = principal.actor.role() else { return Ok(()) };
        if !self.admits(role) {
            // A form open to all is open to those signed in as well, whatever their scopes.
            if self.anonymous {
                return Ok(());
            }
            return Err(Problem::new(Code::RoleNotAllowed)
                .with("role", role)
                .with("allowed", self.role_names())
                .extension("roles_required", self.roles.iter().map(ToString::to_string).collect::<Vec<_>>()));
        }
        match self.scope {
            Some(scope) => require_scope(principal, scope),
            None => Ok(()),
        }
    }

    /// The roles as a text for people.
    pub fn role_names(&self) -> String {
        self.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// A permission as a type: the signature of a handler says which line it obeys.
pub trait Permission: 'static {
    const LINE: &'static Line;
}

macro_rules! roles {
    (signed_in) => { Role::ALL };
    ([$($role:ident)*]) => { &[$(Role::$role),*] };
}

macro_rules! policy {
    ($($operation:ident $scope:literal $anonymous:ident $roles:tt;)+) => {
        /// One type for each operation, for `Caller<can::operation>`.
        #[allow(non_camel_case_types)]
        pub mod can {
            $(
                #[derive(Debug)]
                pub struct $operation;
                impl super::Permission for $operation {
                    const LINE: &'static super::Line = &super::lines::$operation;
                }
            )+
        }

        #[allow(non_upper_case_globals)]
        mod lines {
            use super::{Line, Role, TextEnum};
            $(
                pub static $operation: Line = Line {
                    operation: stringify!($operation),
                    scope: if $scope.is_empty() { None } else { Some($scope) },
                    roles: roles!($roles),
                    anonymous: policy!(@anonymous $anonymous),
                };
            )+
        }

        /// The whole policy, in order.
        pub static LINES: &[&Line] = &[$(&lines::$operation),+];
    };
    (@anonymous open) => { true };
    (@anonymous closed) => { false };
}

/// The line of an operation.
pub fn find(operation: &str) -> Option<&'static Line> {
    LINES.iter().copied().find(|line| line.operation == operation)
}

/// Refuses a principal whose token is narrowed to other scopes.
pub fn require_scope(principal: &Principal, scope: &str) -> Result<()> {
    if principal.has_scope(scope) {
        return Ok(());
    }
    Err(Problem::new(Code::InsufficientScope).with("scope", scope).extension("scopes_required", vec![scope]))
}

/// What is made for somebody else, or for later, to act with.
#[derive(Clone, Copy, Debug)]
pub enum Gift<'a> {
    /// An account, a link that signs it in, or the address that gets such links: all that its role may do.
    Account,
    /// The scopes of a program, or of a webhook that reads for its owner.
    Scopes(&'a [String]),
}

/// Nothing that is given gives more than its maker's token has: a narrowed token gives scopes of its own only, and no
/// account at all, since accounts are not narrowed. Every use case that makes or changes somebody who acts asks here.
pub fn require_to_give(maker: &Principal, gift: Gift<'_>) -> Result<()> {
    let (Some(role), Some(own)) = (maker.actor.role(), &maker.scopes) else { return Ok(()) };
    let whole = scopes_of(role);
    let lacking = |wanted: &[String]| wanted.iter().filter(|scope| !own.contains(scope)).cloned().collect::<Vec<_>>();
    let missing = lacking(&whole);
    let lacks = match gift {
        // A token that may do all of its role gives what its role may give.
        _ if missing.is_empty() => return Ok(()),
        Gift::Account => missing,
        Gift::Scopes(scopes) => lacking(scopes),
    };
    match lacks.first().cloned() {
        None => Ok(()),
        Some(first) => {
            Err(Problem::new(Code::InsufficientScope).with("scope", first).extension("scopes_required", lacks))
        }
    }
}

/// Every scope there is, in order of name.
pub fn scopes() -> Vec<&'static str> {
    let mut scopes: Vec<&str> = LINES.iter().filter_map(|line| line.scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Every scope that some operation of the role asks for.
pub fn scopes_of(role: Role) -> Vec<String> {
    let mut scopes: Vec<String> =
        LINES.iter().filter(|line| line.admits(role)).filter_map(|line| line.scope).map(ToOwned::to_owned).collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

// open: also without a token. closed: only with one. What of the rows a role sees is its reach.
policy! {
    health_live "" open [];
    health_ready "" open [];
    list_problems "" open [];
    find_problem "" open [];
    find_openid_configuration "" open [];
    find_jwks "" open [];
    issue_token "" open [];

    list_vocabularies "" open signed_in;
    find_vocabulary "" open signed_in;
    find_me "" closed signed_in;
    list_my_tasks "" closed signed_in;
    list_accounts "accounts:read" closed [Anct Bdt Prefecture Employer];
    invite_account "accounts:write" closed [Anct Bdt Prefecture Employer];
    find_account "accounts:read" closed [Anct Bdt Prefecture Employer];
    update_account "accounts:write" closed [Anct Bdt Prefecture Employer];
    revoke_account "accounts:write" closed [Anct Bdt Prefecture Employer];
    request_login_link "" open [];
    exchange_login_link "" open [];
    list_api_clients "api-clients:read" closed [Anct Bdt Prefecture Employer];
    create_api_client "api-clients:write" closed [Anct Bdt Prefecture Employer];
    find_api_client "api-clients:read" closed [Anct Bdt Prefecture Employer];
    update_api_client "api-clients:write" closed [Anct Bdt Prefecture Employer];
    rotate_api_client "api-clients:write" closed [Anct Bdt Prefecture Employer];
    revoke_api_client "api-clients:write" closed [Anct Bdt Prefecture Employer];
    list_audit_entries "audit-entries:read" closed [Anct];
    list_accesses "accesses:read" closed [Anct];
    list_my_accesses "" closed [Candidate Counsellor];

    list_regions "" open signed_in;
    list_departements "" open signed_in;
    find_departement "" open signed_in;
    list_epcis "" open signed_in;
    list_communes "" open signed_in;
    find_commune "" open signed_in;

    register_structure "structures:write" open [Anct];
    confirm_structure "" open [];
    list_structures "structures:read" closed [Anct Bdt Prefecture Observer Employer];
    find_structure "structures:read" closed [Anct Bdt Prefecture Observer Employer];
    find_structure_by_identifier "structures:read" closed [Anct Bdt Prefecture Observer Employer];
    update_structure "structures:write" closed [Anct Employer];
    cancel_structure "structures:write" closed [Anct];
    leave_structure "structures:write" closed [Employer];
    merge_structure "structures:write" closed [Anct];
    list_retained_structures "" open signed_in;

    list_call_windows "" open signed_in;
    create_call_window "call-windows:write" closed [Anct];
    update_call_window "call-windows:write" closed [Anct];
    list_applications "applications:read" closed [Anct Prefecture Observer Employer];
    create_application "applications:write" closed [Anct Employer];
    find_application "applications:read" closed [Anct Prefecture Employer];
    update_application "applications:write" closed [Employer];
    submit_application "applications:write" closed [Anct Employer];
    withdraw_application "applications:write" closed [Anct Employer];
    give_opinion "applications:write" closed [Prefecture];

    list_committees "committees:read" closed [Anct Bdt Prefecture Observer];
    create_committee "committees:write" closed [Anct];
    find_committee "committees:read" closed [Anct Bdt Prefecture Observer];
    update_committee "committees:write" closed [Anct];
    add_to_agenda "committees:write" closed [Anct];
    remove_from_agenda "committees:write" closed [Anct];
    open_committee "committees:write" closed [Anct];
    close_committee "committees:write" closed [Anct];
    list_decisions "committees:read" closed [Anct Bdt Prefecture Observer];
    record_decision "committees:write" closed [Anct];
    import_decisions "committees:write" closed [Anct];

    list_allotments "allotments:read" closed [Anct Bdt Prefecture Observer];
    set_allotment "allotments:write" closed [Anct];
    list_reservations "reservations:read" closed [Anct Prefecture Observer];
    create_reservation "reservations:write" closed [Anct];
    find_reservation "reservations:read" closed [Anct Prefecture];
    release_reservation "reservations:write" closed [Anct];

    list_posts "posts:read" closed [Anct Bdt Prefecture Observer Employer];
    find_post "posts:read" closed [Anct Bdt Prefecture Observer Employer];
    list_post_history "posts:read" closed [Anct Bdt Prefecture Observer Employer];
    transfer_post "posts:write" closed [Anct];
    extend_post_deadline "posts:write" closed [Anct];
    take_back_post "posts:write" closed [Anct];
    list_post_returns "post-returns:read" closed [Anct Prefecture Employer];
    find_post_return "post-returns:read" closed [Anct Prefecture Employer];
    request_post_return "post-returns:write" closed [Anct Employer];
    accept_post_return "post-returns:write" closed [Anct];
    refuse_post_return "post-returns:write" closed [Anct];

    register_candidate "" open [];
    confirm_candidate "" open [];
    unsubscribe_candidate "" open [];
    answer_availability_reminder "" open [];
    list_candidates "candidates:read" closed [Anct Prefecture Employer Candidate];
    find_candidate "candidates:read" closed [Anct Employer Candidate];
    update_candidate "candidates:write" closed [Candidate];
    pause_candidate "candidates:write" closed [Candidate];
    resume_candidate "candidates:write" closed [Candidate];
    block_candidate "candidates:write" closed [Anct];
    unblock_candidate "candidates:write" closed [Anct];
    erase_candidate "candidates:write" closed [Anct Candidate];

    list_matching_runs "matching-runs:read" closed [Anct Employer];
    run_matching "matching-runs:write" closed [Anct Employer];
    find_matching_run "matching-runs:read" closed [Anct Employer];
    list_matches "matches:read" closed [Anct Employer Candidate];
    create_match "matches:write" closed [Employer];
    explain_match "matches:read" closed [Anct Employer Candidate];
    find_match "matches:read" closed [Anct Employer Candidate];
    accept_match "matches:write" closed [Employer Candidate];
    decline_match "matches:write" closed [Employer Candidate];
    record_meeting "matches:write" closed [Employer];
    select_match "matches:write" closed [Employer];
    reject_match "matches:write" closed [Employer];

    list_minimum_wages "" open signed_in;
    set_minimum_wage "minimum-wages:write" closed [Anct];
    list_recruitments "recruitments:read" closed [Anct Bdt Prefecture Observer Employer Candidate Counsellor];
    submit_recruitment "recruitments:write" closed [Employer];
    find_recruitment "recruitments:read" closed [Anct Bdt Prefecture Employer Candidate Counsellor];
    update_recruitment "recruitments:write" closed [Employer];
    validate_recruitment "recruitments:write" closed [Anct Bdt];
    refuse_recruitment "recruitments:write" closed [Anct Bdt];
    cancel_recruitment "recruitments:write" closed [Employer];
    decline_recruitment "recruitments:write" closed [Candidate];
    request_termination "recruitments:write" closed [Employer];
    cancel_termination "recruitments:write" closed [Employer];
    terminate_recruitment "recruitments:write" closed [Anct];
    rectify_recruitment "recruitments:write" closed [Anct];
    renew_recruitment "recruitments:write" closed [Employer];
    request_extension "recruitments:write" closed [Employer];
    list_extensions "extensions:read" closed [Anct Bdt Prefecture Employer];
    find_extension "extensions:read" closed [Anct Bdt Prefecture Employer];
    validate_extension "extensions:write" closed [Anct Bdt];
    refuse_extension "extensions:write" closed [Anct Bdt];
    list_counsellors "counsellors:read" closed [Anct Bdt Prefecture Coordinator Employer Counsellor];
    find_counsellor "counsellors:read" closed [Anct Bdt Prefecture Coordinator Employer Counsellor];
    update_counsellor "counsellors:write" closed [Anct Employer Counsellor];

    list_training_bodies "" open signed_in;
    create_training_body "training-bodies:write" closed [Anct Bdt];
    list_training_paths "" open signed_in;
    create_training_path "training-paths:write" closed [Anct Bdt];
    list_training_sessions "training-sessions:read" closed signed_in;
    create_training_session "training-sessions:write" closed [Bdt TrainingBody];
    find_training_session "training-sessions:read" closed signed_in;
    update_training_session "training-sessions:write" closed [Bdt TrainingBody];
    cancel_training_session "training-sessions:write" closed [Bdt TrainingBody];
    download_session_calendar "training-sessions:read" closed signed_in;
    download_counsellor_calendar "counsellors:read" closed [Anct Bdt Prefecture Employer Counsellor];
    download_structure_calendar "structures:read" closed [Anct Bdt Prefecture Employer];
    list_enrolments "enrolments:read" closed [Anct Bdt Prefecture Employer Counsellor TrainingBody];
    enrol "enrolments:write" closed [Anct Bdt Employer Counsellor TrainingBody];
    find_enrolment "enrolments:read" closed [Anct Bdt Prefecture Employer Counsellor TrainingBody];
    confirm_enrolment "enrolments:write" closed [Bdt TrainingBody];
    cancel_enrolment "enrolments:write" closed [Bdt TrainingBody];
    drop_out_enrolment "enrolments:write" closed [Bdt TrainingBody];
    complete_enrolment "enrolments:write" closed [Bdt TrainingBody];
    exempt_enrolment "enrolments:write" closed [Anct Bdt];
    record_attendance "enrolments:write" closed [Bdt TrainingBody];
    list_certifications "certifications:read" closed [Anct Bdt Prefecture Employer Counsellor TrainingBody];
    record_certification "certifications:write" closed [Anct Bdt TrainingBody];
    training_statistics "statistics:read" closed [Anct Bdt Prefecture Observer TrainingBody];

    list_places "places:read" open signed_in;
    create_place "places:write" closed [Anct Employer Counsellor];
    find_place "places:read" open signed_in;
    update_place "places:write" closed [Anct Employer Counsellor];
    merge_place "places:write" closed [Anct];
    join_place "places:write" closed [Anct Employer Counsellor];
    leave_place "places:write" closed [Anct Employer Counsellor];
    places_map "" open signed_in;
    export_standard_places "" open signed_in;

    list_activity_reports "activity-reports:read" closed [Counsellor];
    create_activity_report "activity-reports:write" closed [Counsellor];
    import_activity_reports "activity-reports:write" closed [Counsellor Employer];
    find_activity_report "activity-reports:read" closed [Counsellor];
    update_activity_report "activity-reports:write" closed [Counsellor];
    delete_activity_report "activity-reports:write" closed [Counsellor];
    activity_statistics "statistics:read" open [Anct Bdt Prefecture Employer Counsellor Coordinator Observer];
    activity_series "statistics:read" open [Anct Bdt Prefecture Employer Counsellor Coordinator Observer];
    programme_statistics "statistics:read" open signed_in;
    coverage_statistics "statistics:read" open [Anct Bdt Prefecture Coordinator Observer];
    list_uncovered_territories "statistics:read" closed [Anct Prefecture Coordinator Observer];
    departements_map "" open signed_in;

    list_events "events:read" closed [Anct Bdt Prefecture Employer TrainingBody];
    list_webhooks "webhooks:read" closed [Anct Bdt Prefecture Employer];
    create_webhook "webhooks:write" closed [Anct Bdt Prefecture Employer];
    find_webhook "webhooks:read" closed [Anct Bdt Prefecture Employer];
    update_webhook "webhooks:write" closed [Anct Bdt Prefecture Employer];
    delete_webhook "webhooks:write" closed [Anct Bdt Prefecture Employer];
    test_webhook "webhooks:write" closed [Anct Bdt Prefecture Employer];
    replay_webhook "webhooks:write" closed [Anct Bdt Prefecture Employer];
    list_webhook_deliveries "webhooks:read" closed [Anct Bdt Prefecture Employer];
    list_subsidy_scales "" open signed_in;
    create_subsidy_scale "subsidy-scales:write" closed [Anct];
    list_agreements "agreements:read" closed [Anct Bdt Prefecture Employer];
    create_agreement "agreements:write" closed [Bdt Employer];
    find_agreement "agreements:read" closed [Anct Bdt Prefecture Employer];
    update_agreement "agreements:write" closed [Bdt Employer];
    explain_calculation "agreements:read" closed [Anct Bdt Employer];
    instruct_agreement "agreements:write" closed [Bdt];
    sign_agreement "agreements:write" closed [Bdt];
    amend_agreement "agreements:write" closed [Bdt];
    close_agreement "agreements:write" closed [Bdt];
    abandon_agreement "agreements:write" closed [Bdt];
    find_bank_details "bank-details:read" closed [Bdt Employer];
    set_bank_details "bank-details:write" closed [Employer];
    list_instalments "instalments:read" closed [Anct Bdt Employer];
    summarise_instalments "instalments:read" closed [Anct Bdt Prefecture Employer];
    find_instalment "instalments:read" closed [Anct Bdt Employer];
    waive_condition "instalments:write" closed [Bdt];
    list_payment_batches "payment-batches:read" closed [Anct Bdt];
    create_payment_batch "payment-batches:write" closed [Bdt];
    find_payment_batch "payment-batches:read" closed [Anct Bdt];
    list_payment_lines "payment-batches:read" closed [Anct Bdt];
    download_pain001 "payment-batches:read" closed [Bdt];
    record_payment_results "payment-batches:write" closed [Bdt];
    list_credit_notes "credit-notes:read" closed [Anct Bdt Employer];
    find_credit_note "credit-notes:read" closed [Anct Bdt Employer];
    repay_credit_note "credit-notes:write" closed [Bdt];
    offset_credit_note "credit-notes:write" closed [Bdt];
    list_envelopes "envelopes:read" closed [Anct Bdt Prefecture Observer];
    set_envelope "envelopes:write" closed [Anct];
    list_envelope_shares "envelopes:read" closed [Anct Bdt Prefecture Observer];
    list_ledger_entries "ledger-entries:read" closed [Anct Bdt Employer];
    reconcile "reconciliations:write" closed [Bdt];
}
