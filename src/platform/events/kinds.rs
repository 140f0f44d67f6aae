//! What happens, declared once: from these lines come the types that tell, the types that the document lists, and the
//! resources of the feed.
//!
//! An event that is not declared does not compile. One that is declared and told nowhere is a variant that nothing makes,
//! which the compiler refuses: nobody waits for what never comes. Who listens matches these types, which makes none.

use crate::platform::auth::policy::{Line, Permission, can};

/// A resource of which events are told.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// Its path segment, such as `posts`.
    pub segment: &'static str,
    /// Who may read it is told of it.
    pub read_by: &'static Line,
}

macro_rules! events {
    ($($subject:ident $event:ident $of:literal $segment:literal $reader:ident {
        $($happening:ident $name:literal),+ $(,)?
    })+) => {
        $(
            #[deny(dead_code)]
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub(crate) enum $event { $($happening),+ }

            impl $event {
                const fn name(self) -> &'static str {
                    match self { $(Self::$happening => concat!($of, ".", $name)),+ }
                }
            }

            impl From<$event> for Kind {
                fn from(event: $event) -> Self {
                    Self::$subject(event)
                }
            }
        )+

        /// What happened to what.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($subject($event)),+ }

        impl Kind {
            /// `resource.happening`, such as `post.granted`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$subject(event) => event.name()),+ }
            }

            /// Path segment of the resource, such as `posts`.
            pub(crate) const fn segment(self) -> &'static str {
                match self { $(Self::$subject(_) => $segment),+ }
            }
        }

        /// Every type of event, `resource.happening`, in order.
        pub static TYPES: &[&str] = &[$($(concat!($of, ".", $name)),+),+];

        /// Resources of which events are told, in order.
        pub static RESOURCES: &[Resource] =
            &[$(Resource { segment: $segment, read_by: can::$reader::LINE }),+];
    };
}

events! {
    Account AccountEvent "account" "accounts" list_accounts {
        Invited "invited",
        Revoked "revoked",
        Updated "updated",
    }
    Agreement AgreementEvent "agreement" "agreements" list_agreements {
        Abandoned "abandoned",
        Amended "amended",
        Changed "changed",
        Closed "closed",
        Drafted "drafted",
        Instructed "instructed",
        Signed "signed",
        Updated "updated",
    }
    ApiClient ApiClientEvent "api_client" "api-clients" list_api_clients {
        Created "created",
        Revoked "revoked",
        Rotated "rotated",
        Updated "updated",
    }
    Application ApplicationEvent "application" "applications" list_applications {
        Created "created",
        ExaminedFurther "examined_further",
        OpinionGiven "opinion_given",
        PutOnAgenda "put_on_agenda",
        Refused "refused",
        RemovedFromAgenda "removed_from_agenda",
        Retained "retained",
        Submitted "submitted",
        Updated "updated",
        Withdrawn "withdrawn",
    }
    BankDetails BankDetailsEvent "bank_details" "bank-details" find_bank_details {
        Set "set",
    }
    CallWindow CallWindowEvent "call_window" "call-windows" list_call_windows {
        Created "created",
        Updated "updated",
    }
    Candidate CandidateEvent "candidate" "candidates" list_candidates {
        Blocked "blocked",
        Confirmed "confirmed",
        Erased "erased",
        Paused "paused",
        Recruited "recruited",
        Registered "registered",
        Released "released",
        Resumed "resumed",
        Unblocked "unblocked",
        Unsubscribed "unsubscribed",
        Updated "updated",
    }
    Certification CertificationEvent "certification" "certifications" list_certifications {
        Recorded "recorded",
    }
    Committee CommitteeEvent "committee" "committees" list_committees {
        Closed "closed",
        Created "created",
        Opened "opened",
        Updated "updated",
    }
    Counsellor CounsellorEvent "counsellor" "counsellors" list_counsellors {
        Appointed "appointed",
        Left "left",
        Updated "updated",
    }
    CreditNote CreditNoteEvent "credit_note" "credit-notes" list_credit_notes {
        Issued "issued",
        Offset "offset",
        Released "released",
        Repaid "repaid",
    }
    Enrolment EnrolmentEvent "enrolment" "enrolments" list_enrolments {
        AttendanceRecorded "attendance_recorded",
        Cancelled "cancelled",
        Completed "completed",
        Confirmed "confirmed",
        DroppedOut "dropped_out",
        Exempted "exempted",
        Proposed "proposed",
        Started "started",
    }
    Envelope EnvelopeEvent "envelope" "envelopes" list_envelopes {
        Set "set",
    }
    Extension ExtensionEvent "extension" "extensions" list_extensions {
        Refused "refused",
        Requested "requested",
        Validated "validated",
    }
    Instalment InstalmentEvent "instalment" "instalments" list_instalments {
        Cancelled "cancelled",
        Changed "changed",
        FellDue "fell_due",
        Ordered "ordered",
        Paid "paid",
        Planned "planned",
        Rejected "rejected",
    }
    Match MatchEvent "match" "matches" list_matches {
        Accepted "accepted",
        Closed "closed",
        Declined "declined",
        Expired "expired",
        Met "met",
        Mutual "mutual",
        NotSelected "not_selected",
        Proposed "proposed",
        Selected "selected",
    }
    MinimumWage MinimumWageEvent "minimum_wage" "minimum-wages" list_minimum_wages {
        Set "set",
    }
    PaymentBatch PaymentBatchEvent "payment_batch" "payment-batches" list_payment_batches {
        Answered "answered",
        Ordered "ordered",
    }
    Place PlaceEvent "place" "places" list_places {
        Created "created",
        Merged "merged",
        Updated "updated",
    }
    Post PostEvent "post" "posts" list_posts {
        Changed "changed",
        DeadlineExtended "deadline_extended",
        Granted "granted",
        Occupied "occupied",
        Returned "returned",
        TakenBack "taken_back",
        Transferred "transferred",
        Vacated "vacated",
    }
    PostReturn PostReturnEvent "post_return" "post-returns" list_post_returns {
        Accepted "accepted",
        Refused "refused",
        Requested "requested",
    }
    Recruitment RecruitmentEvent "recruitment" "recruitments" list_recruitments {
        Begun "begun",
        Cancelled "cancelled",
        Changed "changed",
        Completed "completed",
        Declined "declined",
        Rectified "rectified",
        Refused "refused",
        Submitted "submitted",
        Terminated "terminated",
        TerminationCancelled "termination_cancelled",
        TerminationRequested "termination_requested",
        Updated "updated",
        Validated "validated",
    }
    Reservation ReservationEvent "reservation" "reservations" list_reservations {
        Consumed "consumed",
        Created "created",
        Expired "expired",
        Released "released",
        Updated "updated",
    }
    Structure StructureEvent "structure" "structures" list_structures {
        Cancelled "cancelled",
        Confirmed "confirmed",
        LeftReach "left_reach",
        Merged "merged",
        Registered "registered",
        Retained "retained",
        Updated "updated",
        Withdrawn "withdrawn",
    }
    SubsidyScale SubsidyScaleEvent "subsidy_scale" "subsidy-scales" list_subsidy_scales {
        Created "created",
    }
    TrainingBody TrainingBodyEvent "training_body" "training-bodies" list_training_bodies {
        Created "created",
    }
    TrainingPath TrainingPathEvent "training_path" "training-paths" list_training_paths {
        Created "created",
    }
    TrainingSession TrainingSessionEvent "training_session" "training-sessions" list_training_sessions {
        Cancelled "cancelled",
        Created "created",
        Updated "updated",
    }
    Webhook WebhookEvent "webhook" "webhooks" list_webhooks {
        Created "created",
        Deleted "deleted",
        Disabled "disabled",
        Updated "updated",
    }
}
