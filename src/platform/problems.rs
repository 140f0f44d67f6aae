//! Every problem the service may answer: its stable code, its status, and what it says
//! in French and in English. `{name}` stands for a parameter of the problem.

/// Language of the texts; codes never change with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    French,
    English,
}

/// What a problem says in one language.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    pub title: &'static str,
    pub detail: &'static str,
    pub remedy: &'static str,
}

macro_rules! problems {
    ($($variant:ident $status:literal $code:literal
        fr($ft:literal, $fd:literal, $fr:literal)
        en($et:literal, $ed:literal, $er:literal);)+) => {
        /// The stable code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($variant),+ }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code),+ }
            }

            /// HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status),+ }
            }

            pub const fn text(self, language: Language) -> Text {
                match (self, language) { $(
                    (Code::$variant, Language::French) => Text { title: $ft, detail: $fd, remedy: $fr },
                    (Code::$variant, Language::English) => Text { title: $et, detail: $ed, remedy: $er },
                )+ }
            }

            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == code)
            }
        }
    };
}

macro_rules! faults {
    ($($variant:ident $code:literal $fr:literal $en:literal;)+) => {
        /// The stable code of one fault of a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FaultCode { $($variant),+ }

        impl FaultCode {
            pub const ALL: &'static [FaultCode] = &[$(FaultCode::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(FaultCode::$variant => $code),+ }
            }

            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) { $(
                    (FaultCode::$variant, Language::French) => $fr,
                    (FaultCode::$variant, Language::English) => $en,
                )+ }
            }
        }
    };
}

/// What parameters say in English, and in French.
const WORDS: &[(&str, &str)] = &[
    ("a key stands twice in an object", "une clé figure deux fois dans un objet"),
    ("nested more than 16 levels deep", "plus de 16 niveaux d'imbrication"),
    ("the character U+0000 is not accepted", "le caractère U+0000 n'est pas admis"),
    ("the JSON text ends too early", "le texte JSON s'arrête trop tôt"),
    ("not valid JSON", "JSON incorrect"),
    ("the text is not UTF-8", "le texte n'est pas en UTF-8"),
    ("the body broke off", "le corps s'est interrompu"),
    ("the query is not valid UTF-8 in percent-encoding", "les paramètres ne sont pas de l'UTF-8 en encodage pour cent"),
    ("the request cannot be read", "elle est illisible"),
    ("the first line does not name the columns", "la première ligne ne nomme pas les colonnes"),
    ("does not have as many columns as the first", "n'a pas autant de colonnes que la première"),
    ("no line beside the first", "aucune ligne après la première"),
    ("no line", "aucune ligne"),
    ("more than 50000 lines", "plus de 50000 lignes"),
    ("more than 5000 lines", "plus de 5000 lignes"),
    ("cannot be read", "est illisible"),
    ("invalid text", "texte incorrect"),
    ("line ", "ligne "),
    (", column ", ", colonne "),
    ("integer", "entier"),
    ("number", "nombre"),
    ("string", "texte"),
    ("boolean", "booléen"),
    ("object", "objet"),
    ("array", "liste"),
    ("one only", "un seul des deux"),
];

/// A parameter that is a text of ours, in a language.
pub fn say(value: &str, language: Language) -> String {
    match language {
        Language::English => value.to_owned(),
        Language::French => {
            WORDS.iter().fold(value.to_owned(), |text, (english, french)| text.replace(english, french))
        }
    }
}

/// Parameters that are texts of ours; the others are values.
pub const SAID: &[&str] = &["reason", "expected", "because"];

/// Puts the parameters of a problem into one of its texts.
pub fn fill<'a>(template: &str, params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    params.fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// A text without its parameters, for those who read what it says in general: `…` stands for each.
pub fn in_general(template: &str) -> String {
    let mut parts = template.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push('…');
        text.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    text
}

problems! {
    // The request itself.
    MalformedRequest 400 "malformed_request"
        fr("Requête illisible", "La requête n'a pas pu être lue : {reason}.", "Vérifiez la syntaxe de la requête : JSON valide en UTF-8, une seule fois chaque clé, au plus 16 niveaux.")
        en("Unreadable request", "The request could not be read: {reason}.", "Check the syntax of the request: valid UTF-8 JSON, each key once, at most 16 levels.");
    InvalidParameter 400 "invalid_parameter"
        fr("Paramètre incorrect", "Un ou plusieurs paramètres de la requête sont incorrects.", "Corrigez les paramètres listés dans errors.")
        en("Invalid parameter", "One or more parameters of the request are invalid.", "Mend the parameters listed in errors.");
    InvalidCursor 400 "invalid_cursor"
        fr("Curseur incompatible", "Ce curseur est illisible, ou vient d'une liste demandée avec d'autres filtres ou un autre tri.", "Reprenez la liste depuis sa première page, ou suivez links.next sans rien y changer.")
        en("Incompatible cursor", "This cursor is unreadable, or comes from a list with other filters or another sort.", "Start again from the first page, or follow links.next unchanged.");
    Unauthenticated 401 "unauthenticated"
        fr("Authentification requise", "Cette opération demande un jeton d'accès.", "Envoyez un en-tête Authorization: Bearer avec un jeton valide.")
        en("Authentication required", "This operation needs an access token.", "Send an Authorization: Bearer header with a valid token.");
    InvalidToken 401 "invalid_token"
        fr("Jeton refusé", "Le jeton d'accès est invalide, expiré ou révoqué.", "Demandez un nouveau jeton à votre fournisseur d'identité.")
        en("Token refused", "The access token is invalid, expired or revoked.", "Ask your identity provider for a new token.");
    InvalidClient 401 "invalid_client"
        fr("Client inconnu", "L'identifiant ou le secret du client est incorrect, ou le client est révoqué ou expiré.", "Vérifiez l'identifiant et le secret ; faites tourner le secret s'il est perdu.")
        en("Unknown client", "The client's identifier or secret is wrong, or the client is revoked or expired.", "Check identifier and secret; rotate the secret if it is lost.");
    RoleNotAllowed 403 "role_not_allowed"
        fr("Rôle insuffisant", "Le rôle {role} ne permet pas cette opération ; rôles admis : {allowed}.", "Utilisez un compte qui porte un de ces rôles.")
        en("Role not allowed", "The role {role} may not call this operation; allowed roles: {allowed}.", "Use an account with one of these roles.");
    InsufficientScope 403 "insufficient_scope"
        fr("Portée insuffisante", "Le jeton ne porte pas la portée {scope}.", "Demandez un jeton avec cette portée.")
        en("Insufficient scope", "The token lacks the scope {scope}.", "Ask for a token with this scope.");
    NotFound 404 "not_found"
        fr("Ressource introuvable", "Il n'y a rien à cette adresse, ou c'est hors de votre périmètre.", "Vérifiez l'adresse et l'identifiant.")
        en("Not found", "There is nothing at this address, or it is out of your reach.", "Check the address and the identifier.");
    MethodNotAllowed 405 "method_not_allowed"
        fr("Méthode non admise", "Cette adresse n'admet pas la méthode {method}.", "Utilisez une des méthodes de l'en-tête Allow.")
        en("Method not allowed", "This address does not take the method {method}.", "Use one of the methods in the Allow header.");
    NotAcceptable 406 "not_acceptable"
        fr("Format indisponible", "Aucun des formats demandés n'est disponible ; disponibles : {available}.", "Demandez un de ces formats dans Accept.")
        en("Not acceptable", "None of the formats asked for is available; available: {available}.", "Ask for one of these in Accept.");
    RequestTimeout 408 "request_timeout"
        fr("Requête trop lente", "Le corps de la requête n'est pas arrivé à temps.", "Renvoyez la requête.")
        en("Request too slow", "The body of the request did not arrive in time.", "Send the request again.");
    PayloadTooLarge 413 "payload_too_large"
        fr("Corps trop volumineux", "Le corps dépasse {limit} octets.", "Envoyez moins de données à la fois.")
        en("Payload too large", "The body exceeds {limit} bytes.", "Send less data at a time.");
    UriTooLong 414 "uri_too_long"
        fr("Adresse trop longue", "L'adresse dépasse {limit} octets.", "Réduisez le nombre de filtres.")
        en("URI too long", "The address exceeds {limit} bytes.", "Use fewer filters.");
    UnsupportedMediaType 415 "unsupported_media_type"
        fr("Type de contenu non admis", "Cette opération attend {expected}.", "Corrigez Content-Type et n'envoyez pas de Content-Encoding.")
        en("Unsupported media type", "This operation expects {expected}.", "Mend Content-Type and send no Content-Encoding.");
    ValidationFailed 422 "validation_failed"
        fr("Données incorrectes", "Une ou plusieurs valeurs sont incorrectes.", "Corrigez les valeurs listées dans errors.")
        en("Validation failed", "One or more values are wrong.", "Mend the values listed in errors.");
    RateLimited 429 "rate_limited"
        fr("Trop de requêtes", "Trop de requêtes en peu de temps.", "Attendez le nombre de secondes de Retry-After.")
        en("Too many requests", "Too many requests in a short time.", "Wait for the seconds given by Retry-After.");
    ReadingQuotaReached 429 "reading_quota_reached"
        fr("Quota de lectures atteint", "Ce compte a consulté aujourd'hui les données d'autant de personnes qu'un jour le permet ({limit}).", "Reprenez demain, ou demandez à l'exploitant de relever CONUM_READING_QUOTA. Si ce n'est pas vous, prévenez-le.")
        en("Reading quota reached", "This account has been shown the data of as many people today as a day allows ({limit}).", "Go on tomorrow, or ask the operator to raise CONUM_READING_QUOTA. If it was not you, tell them.");
    OriginNotAllowed 403 "origin_not_allowed"
        fr("Origine non admise", "Les pages de « {origin} » ne peuvent pas appeler cette opération depuis un navigateur.", "Demandez à l'exploitant d'ajouter cette origine à CONUM_CORS_ORIGINS, ou appelez depuis votre serveur.")
        en("Origin not allowed", "Pages of \"{origin}\" may not call this operation from a browser.", "Ask the operator to add this origin to CONUM_CORS_ORIGINS, or call from your server.");
    HeadersTooLarge 431 "headers_too_large"
        fr("En-têtes trop volumineux", "Les en-têtes dépassent {limit} octets.", "Envoyez moins d'en-têtes ou un jeton plus court.")
        en("Headers too large", "The headers exceed {limit} bytes.", "Send fewer headers or a shorter token.");
    InternalError 500 "internal_error"
        fr("Erreur interne", "Une erreur inattendue s'est produite ; elle est consignée.", "Signalez-la avec son request_id.")
        en("Internal error", "Something unexpected happened; it has been logged.", "Report it with its request_id.");
    ServiceUnavailable 503 "service_unavailable"
        fr("Service momentanément indisponible", "Le service ne peut pas répondre pour le moment.", "Réessayez après le nombre de secondes de Retry-After, avec la même Idempotency-Key.")
        en("Service unavailable", "The service cannot answer at the moment.", "Try again after the seconds given by Retry-After, with the same Idempotency-Key.");

    // Versions and repeated calls.
    PreconditionRequired 428 "precondition_required"
        fr("Version attendue", "Cette opération demande l'en-tête If-Match.", "Lisez la ressource et renvoyez son ETag dans If-Match.")
        en("Precondition required", "This operation needs the If-Match header.", "Read the resource and send its ETag in If-Match.");
    PreconditionFailed 412 "precondition_failed"
        fr("Version dépassée", "La ressource a changé depuis votre lecture.", "Relisez-la, vérifiez, puis renvoyez avec le nouvel ETag.")
        en("Precondition failed", "The resource has changed since you read it.", "Read it again, check, then send with the new ETag.");
    AmountChanged 412 "amount_changed"
        fr("Montant différent de celui lu", "Le montant serait de {actual} centimes, et non de {expected}.", "Relisez, vérifiez, puis renvoyez avec le montant actuel.")
        en("Not the amount that was read", "The amount would be {actual} cents, not {expected}.", "Read again, check, then send with the amount as it is now.");
    TermsChanged 412 "terms_changed"
        fr("Contrat différent de celui lu", "Les termes du contrat ne sont pas ceux que vous nommez : {members}.", "Relisez le recrutement, vérifiez, puis renvoyez avec ses termes actuels.")
        en("Not the contract that was read", "The terms of the contract are not those that you name: {members}.", "Read the recruitment again, check, then send with its terms as they are now.");
    IdempotencyKeyReused 422 "idempotency_key_reused"
        fr("Clé d'idempotence déjà employée", "Cette Idempotency-Key a servi à une requête différente.", "Prenez une nouvelle clé pour une nouvelle requête.")
        en("Idempotency key reused", "This Idempotency-Key was used for a different request.", "Take a new key for a new request.");
    IdempotencyInFlight 409 "idempotency_in_flight"
        fr("Requête déjà en cours", "Une requête avec cette Idempotency-Key est en cours.", "Réessayez dans un instant avec la même clé.")
        en("Request in flight", "A request with this Idempotency-Key is being carried out.", "Try again in a moment with the same key.");
    IdempotencyKeyRequired 400 "idempotency_key_required"
        fr("Clé d'idempotence attendue", "Cette opération demande l'en-tête Idempotency-Key.", "Envoyez une clé unique par effet voulu.")
        en("Idempotency key required", "This operation needs the Idempotency-Key header.", "Send one key for each intended effect.");

    // States and relations.
    TransitionNotAllowed 409 "transition_not_allowed"
        fr("Transition impossible", "« {transition} » est impossible depuis l'état {status}.", "Voyez transitions_possible pour ce qui peut être fait.")
        en("Transition not allowed", "\"{transition}\" is not possible from the state {status}.", "See transitions_possible for what can be done.");
    StillReferenced 409 "still_referenced"
        fr("Encore référencé", "D'autres données dépendent de celle-ci.", "Retirez d'abord ce qui en dépend.")
        en("Still referenced", "Other data depend on this.", "Remove what depends on it first.");
    UnknownReference 422 "unknown_reference"
        fr("Référence inconnue", "Une donnée désignée n'existe pas.", "Vérifiez les identifiants envoyés.")
        en("Unknown reference", "Something designated does not exist.", "Check the identifiers sent.");
    Conflict 409 "conflict"
        fr("Conflit", "Cette donnée existe déjà ou en contredit une autre.", "Relisez l'état actuel avant de réessayer.")
        en("Conflict", "This already exists or contradicts something else.", "Read the current state before trying again.");

    // Accounts.
    AccountExists 409 "account_exists"
        fr("Compte existant", "Un compte vivant porte déjà cette adresse, ce rôle et ce périmètre.", "Utilisez ce compte, ou révoquez-le d'abord.")
        en("Account exists", "A live account already has this address, role and perimeter.", "Use that account, or revoke it first.");
    PerimeterNotYours 403 "perimeter_not_yours"
        fr("Hors de votre périmètre", "Vous ne pouvez donner que votre propre rôle et votre propre périmètre.", "Demandez à l'ANCT.")
        en("Perimeter not yours", "You may only give your own role and perimeter.", "Ask the ANCT.");
    InvalidLink 410 "invalid_link"
        fr("Lien invalide", "Ce lien est inconnu, déjà utilisé ou expiré.", "Demandez un nouveau lien.")
        en("Invalid link", "This link is unknown, used or expired.", "Ask for a new link.");
    FeedRestarted 410 "feed_restarted"
        fr("Le flux a recommencé", "La base a été restaurée ou reprise par un autre serveur depuis que ce curseur a été remis : ce que vous avez lu après cette copie peut ne plus exister, et la suite ne peut plus être garantie.", "Listez de nouveau chaque ressource que vous suivez, remplacez votre copie par ces listes (ce qui n'y figure plus est à retirer), puis suivez le flux à partir du meta.events_cursor de la première page de la première liste. POST /api/v1/reconciliations compare ensuite votre copie à la source.")
        en("The feed began anew", "The database was restored, or another server took over, since this cursor was given out: what you read after the copy was made may no longer exist, and what follows can no longer be promised.", "List each resource that you follow anew, replace your copy by these lists (what is not in them is to be removed), then follow the feed from meta.events_cursor of the first list's first page. POST /api/v1/reconciliations then compares your copy with the source.");

    SecretShownOnce 409 "secret_shown_once"
        fr("Secret déjà montré", "La réponse à cette requête contenait un secret, montré une seule fois et jamais conservé : faites tourner le secret du client, ou demandez un nouveau lien.", "Faites tourner le secret du client (POST /api/v1/api-clients/{id}/rotate), ou demandez un nouveau lien.")
        en("Secret already shown", "The answer to this request held a secret, shown once and never kept: rotate the client's secret, or ask for a new link.", "Rotate the client's secret (POST /api/v1/api-clients/{id}/rotate), or ask for a new link.");
    AnswerForgotten 410 "answer_forgotten"
        fr("Réponse effacée", "Cette requête a déjà eu son effet ; sa réponse montrait une personne dont les données ont été effacées depuis, et n'est plus conservée. Rien n'a été refait.", "Lisez la ressource à l'adresse que donne Location, si elle est là.")
        en("Answer erased", "This request has had its effect already; its answer showed somebody whose data has been erased since, and is no longer kept. Nothing was done again.", "Read the resource at the address in Location, where there is one.");
    UnsupportedGrantType 400 "unsupported_grant_type"
        fr("Type d'autorisation non admis", "Seul grant_type=client_credentials est admis.", "Envoyez grant_type=client_credentials.")
        en("Unsupported grant type", "Only grant_type=client_credentials is accepted.", "Send grant_type=client_credentials.");
    InvalidScope 400 "invalid_scope"
        fr("Portée refusée", "Le client ne peut pas recevoir une des portées demandées ; admises : {allowed}.", "Demandez des portées du client, ou élargissez-les par PATCH /api/v1/api-clients/{id}.")
        en("Scope refused", "The client may not receive one of the scopes asked for; allowed: {allowed}.", "Ask for scopes of the client, or widen them with PATCH /api/v1/api-clients/{id}.");

    // Structures.
    StructureExists 409 "structure_exists"
        fr("Structure déjà inscrite", "Une structure est déjà inscrite avec ce {system}.", "Connectez-vous avec le compte de cette structure, ou contactez l'ANCT.")
        en("Structure already registered", "A structure is already registered with this {system}.", "Sign in with that structure's account, or contact the ANCT.");
    StructureHasPosts 409 "structure_has_posts"
        fr("La structure tient des postes", "Cette opération demande une structure sans poste.", "Rendez ou transférez d'abord ses postes.")
        en("The structure holds posts", "This operation needs a structure without posts.", "Return or transfer its posts first.");
    StructureHasOpenApplication 409 "structure_has_open_application"
        fr("Demande en cours", "La structure a une demande de postes ouverte.", "Attendez sa décision, ou faites-la retirer.")
        en("Application open", "The structure has an open application for posts.", "Wait for its decision, or have it withdrawn.");
    StructureNotReady 409 "structure_not_ready"
        fr("Structure non admise", "L'état {status} de la structure ne permet pas cette opération.", "Confirmez d'abord l'adresse de contact de la structure.")
        en("Structure not ready", "The structure's state {status} does not allow this operation.", "Confirm the structure's contact address first.");
    CommitteeNotHeldYet 409 "committee_not_held_yet"
        fr("Comité à venir", "Le comité se tient le {date}.", "Ouvrez-le et clôturez-le ce jour-là ou plus tard, ou corrigez held_on.")
        en("Not held yet", "The committee is held on {date}.", "Open and close it on that day or later, or correct held_on.");
    CommitteeBeforeApplication 409 "committee_before_application"
        fr("Comité antérieur à une demande", "Le comité est daté du {date}, avant le dépôt d'une demande de son ordre du jour, le {other}.", "Corrigez held_on, ou retirez cette demande de l'ordre du jour.")
        en("Committee before an application", "The committee is dated {date}, before an application on its agenda was submitted, on {other}.", "Correct held_on, or take that application off the agenda.");
    StructureNotLive 409 "structure_not_live"
        fr("Structure hors du dispositif", "L'état {status} de la structure ne permet pas de créer quoi que ce soit.", "Seule une structure inscrite ou retenue le peut. Si elle a été fusionnée, agissez pour celle qui reste.")
        en("Structure outside the scheme", "The structure's state {status} does not allow anything to be created.", "Only a registered or retained structure may. If it was merged, act for the one that stays.");
    StructureHasMoney 409 "structure_has_money"
        fr("Comptes ouverts", "La structure a une convention ou un trop-perçu en cours.", "Clôturez d'abord ses conventions et soldez ses trop-perçus.")
        en("Money is open", "The structure has an agreement or a credit note that is not settled.", "Close its agreements and settle its credit notes first.");
    MergeTargetNotUsable 409 "merge_target_not_usable"
        fr("Structure d'accueil inutilisable", "L'état {status} de la structure désignée ne permet pas d'y fusionner une autre.", "Désignez une structure dont l'adresse est confirmée et qui n'est ni annulée ni fusionnée.")
        en("Target not usable", "The state {status} of the structure that you name does not allow another to be merged into it.", "Name a structure with a confirmed address that is neither cancelled nor merged.");
    MergeIntoItself 409 "merge_into_itself"
        fr("Fusion impossible", "Une structure ne se fusionne qu'avec une autre structure vivante.", "Désignez une autre structure.")
        en("Cannot merge", "A structure merges only into another live structure.", "Name another structure.");

    // Call windows and applications.
    CallWindowOverlap 409 "call_window_overlap"
        fr("Fenêtres qui se chevauchent", "Une autre fenêtre du même public couvre une partie de ces dates.", "Choisissez des dates libres, ou fermez l'autre fenêtre.")
        en("Overlapping windows", "Another window of the same audience covers part of these dates.", "Choose free dates, or close the other window.");
    CallClosed 409 "call_closed"
        fr("Appel fermé", "Aucune fenêtre n'est ouverte aujourd'hui au public « {audience} ».", "Attendez l'ouverture d'une fenêtre : GET /api/v1/call-windows.")
        en("Call closed", "No window is open today to the audience \"{audience}\".", "Wait for a window to open: GET /api/v1/call-windows.");
    ApplicationExists 409 "application_exists"
        fr("Demande déjà ouverte", "La structure a déjà une demande ouverte de ce type.", "Modifiez ou retirez la demande ouverte.")
        en("Application already open", "The structure already has an open application of this kind.", "Change or withdraw the open one.");
    InitialNeedsNoPosts 409 "initial_needs_no_posts"
        fr("Demande initiale impossible", "La structure tient déjà des postes.", "Faites une demande de type additional.")
        en("Initial application impossible", "The structure already holds posts.", "Make an application of kind additional.");
    AdditionalNeedsPosts 409 "additional_needs_posts"
        fr("Demande complémentaire impossible", "La structure ne tient encore aucun poste.", "Faites une demande de type initial.")
        en("Additional application impossible", "The structure holds no posts yet.", "Make an application of kind initial.");
    OpinionFrozen 409 "opinion_frozen"
        fr("Avis figé", "La demande est décidée ou n'est pas déposée : l'avis ne change plus.", "Rien à faire : la décision est prise ou la demande est un brouillon.")
        en("Opinion frozen", "The application is decided or not submitted: the opinion cannot change.", "Nothing to do: the decision is made or the application is a draft.");

    // Committees.
    CommitteeNumberTaken 409 "committee_number_taken"
        fr("Numéro déjà pris", "Un comité porte déjà ce numéro.", "Prenez le numéro suivant.")
        en("Number taken", "A committee already has this number.", "Take the next number.");
    CommitteeNotInSession 409 "committee_not_in_session"
        fr("Comité hors séance", "Cette opération demande un comité {expected} ; il est {status}.", "Ouvrez d'abord la séance, ou prenez un autre comité.")
        en("Committee not in the right state", "This operation needs a committee {expected}; it is {status}.", "Open the session first, or take another committee.");
    NotOnAgenda 409 "not_on_agenda"
        fr("Pas à l'ordre du jour", "La demande {application} n'est pas à l'ordre du jour de ce comité.", "Mettez-la d'abord à l'ordre du jour.")
        en("Not on the agenda", "The application {application} is not on this committee's agenda.", "Put it on the agenda first.");
    AgendaEmpty 409 "agenda_empty"
        fr("Ordre du jour vide", "Un comité sans demande à l'ordre du jour ne s'ouvre pas.", "Inscrivez au moins une demande.")
        en("Empty agenda", "A committee with no application on its agenda does not open.", "Add at least one application.");
    DecisionMissing 409 "decision_missing"
        fr("Décisions manquantes", "Des demandes de l'ordre du jour n'ont pas de décision.", "Décidez chaque demande listée, ou retirez-la de l'ordre du jour.")
        en("Decisions missing", "Some applications on the agenda have no decision.", "Decide each application listed, or remove it from the agenda.");
    BeyondRequest 409 "beyond_request"
        fr("Plus que demandé", "{granted} postes accordés pour {requested} demandés.", "Confirmez par beyond_request: true.")
        en("More than requested", "{granted} posts granted for {requested} requested.", "Confirm with beyond_request: true.");
    OpinionMissing 409 "opinion_missing"
        fr("Avis manquant", "La demande n'a pas d'avis de préfecture.", "Attendez l'avis, ou confirmez par without_opinion: true.")
        en("Opinion missing", "The application has no opinion from a prefecture.", "Wait for it, or confirm with without_opinion: true.");
    ProgrammeCapExceeded 409 "programme_cap_exceeded"
        fr("Plafond national dépassé", "Le programme compte {cap} postes, {committed} sont engagés, {asked} de plus sont demandés.", "Réduisez les postes accordés ou libérez des réservations.")
        en("National cap exceeded", "The programme has {cap} posts, {committed} are committed, {asked} more are asked for.", "Reduce the posts granted or release reservations.");
    AllotmentExceeded 409 "allotment_exceeded"
        fr("Contingent dépassé", "Le contingent d'un ou plusieurs départements serait dépassé.", "Réduisez les postes des lignes listées, ou relevez le contingent.")
        en("Allotment exceeded", "The allotment of one or more départements would be exceeded.", "Reduce the posts of the lines listed, or raise the allotment.");
    AllotmentBelowCommitted 409 "allotment_below_committed"
        fr("Contingent trop bas", "{committed} postes sont déjà engagés dans ce département.", "Choisissez un contingent au moins égal.")
        en("Allotment too low", "{committed} posts are already committed in this département.", "Choose an allotment at least as high.");
    ReservationExhausted 409 "reservation_exhausted"
        fr("Réservation épuisée", "La réservation {reservation} n'a plus que {remaining} postes.", "Réduisez les postes pris sur elle.")
        en("Reservation exhausted", "The reservation {reservation} has only {remaining} posts left.", "Take fewer posts from it.");
    ReservationNotUsable 409 "reservation_not_usable"
        fr("Réservation inutilisable", "La réservation n'est plus active, ou la structure est hors de son territoire.", "Décidez sans elle, ou prenez-en une autre.")
        en("Reservation not usable", "The reservation is no longer active, or the structure is outside its territory.", "Decide without it, or take another.");

    // Training.
    TrainingBodyExists 409 "training_body_exists"
        fr("Organisme existant", "Un organisme de formation porte déjà ce SIRET.", "Utilisez celui qui existe.")
        en("Training body exists", "A training body already has this SIRET.", "Use the one that exists.");
    TrainingPathExists 409 "training_path_exists"
        fr("Parcours existant", "Un parcours porte déjà ce nom.", "Choisissez un autre nom.")
        en("Training path exists", "A path already has this name.", "Choose another name.");
    SessionFull 409 "session_full"
        fr("Session complète", "Toutes les places de la session sont prises.", "Choisissez une autre session : GET /api/v1/training-sessions?has_seats=true.")
        en("Session full", "Every seat of the session is taken.", "Choose another session: GET /api/v1/training-sessions?has_seats=true.");
    SessionBegun 409 "session_begun"
        fr("Session commencée", "La session a commencé le {date}.", "Choisissez une session à venir.")
        en("Session begun", "The session began on {date}.", "Choose a session to come.");
    SessionCancelled 409 "session_cancelled"
        fr("Session annulée", "La session est annulée.", "Choisissez une autre session.")
        en("Session cancelled", "The session is cancelled.", "Choose another session.");
    SessionNotOver 409 "session_not_over"
        fr("Session en cours", "La session ne prend fin que le {date}.", "Attendez la fin de la session.")
        en("Session not over", "The session ends on {date} only.", "Wait for the end of the session.");
    SessionsOverlap 409 "sessions_overlap"
        fr("Sessions simultanées", "La personne est déjà inscrite à une session aux mêmes dates.", "Choisissez d'autres dates, ou annulez l'autre inscription.")
        en("Sessions overlap", "The person is already enrolled in a session at the same time.", "Choose other dates, or cancel the other enrolment.");
    NothingAttended 409 "nothing_attended"
        fr("Aucune présence", "Aucune demi-journée de la session n'a été suivie.", "Déclarez l'abandon par POST /api/v1/enrolments/{id}/drop-out, ou corrigez les présences.")
        en("Nothing attended", "No half-day of the session was attended.", "Drop the enrolment out with POST /api/v1/enrolments/{id}/drop-out, or correct the attendance.");
    InitialTrainingExists 409 "initial_training_exists"
        fr("Formation initiale déjà financée", "Une seule formation initiale est financée par personne.", "Voyez les inscriptions de la personne.")
        en("Initial training exists", "One initial training a person is financed.", "See the person's enrolments.");
    ContinuingModuleExists 409 "continuing_module_exists"
        fr("Module déjà suivi cette année", "Un seul module de formation continue est suivi par année civile.", "Choisissez une session d'une autre année.")
        en("Continuing module exists", "One continuing module is followed a civil year.", "Choose a session of another year.");
    AlreadyEnrolled 409 "already_enrolled"
        fr("Déjà inscrit", "La personne est déjà inscrite à cette session.", "Rien à faire.")
        en("Already enrolled", "The person is already enrolled in this session.", "Nothing to do.");
    NoContractOnThatDay 409 "no_contract_on_that_day"
        fr("Aucun contrat ce jour-là", "Aucun contrat validé ne couvre le {date}.", "Choisissez une session pendant le contrat, ou faites-le valider.")
        en("No contract on that day", "No validated contract covers {date}.", "Choose a session within the contract, or have it validated.");
    EnrolmentNeedsSession 409 "enrolment_needs_session"
        fr("Session à trouver", "L'inscription n'a pas encore de session.", "Inscrivez la personne à une session, ou dispensez-la.")
        en("Session to be found", "The enrolment has no session yet.", "Enrol the person in a session, or exempt them.");
    AttendanceMissing 409 "attendance_missing"
        fr("Présences manquantes", "{count} demi-journées n'ont pas de présence relevée.", "Relevez la présence de chaque demi-journée.")
        en("Attendance missing", "{count} half-days have no attendance recorded.", "Record the attendance of every half-day.");
    HalfDayToCome 409 "half_day_to_come"
        fr("Demi-journée à venir", "La demi-journée du {date} n'est pas passée.", "Attendez ce jour.")
        en("Half-day to come", "The half-day of {date} has not passed.", "Wait for that day.");
    CertificationPassed 409 "certification_passed"
        fr("Certification déjà obtenue", "La personne a déjà obtenu cette certification.", "Rien à faire.")
        en("Certification passed", "The person has already passed this certification.", "Nothing to do.");

    // Subsidies.
    AgreementExists 409 "agreement_exists"
        fr("Convention existante", "La structure a déjà une convention vivante pour cette phase.", "Modifiez la convention existante, ou faites-la abandonner.")
        en("Agreement exists", "The structure already has a live agreement for this phase.", "Change the one that exists, or have it abandoned.");
    AgreementNeedsPosts 409 "agreement_needs_posts"
        fr("Aucun poste à conventionner", "La structure ne tient aucun poste de cette phase.", "Attendez l'attribution d'un poste.")
        en("No posts to agree upon", "The structure holds no post of this phase.", "Wait until a post is granted.");
    AgreementDocumentsMissing 409 "agreement_documents_missing"
        fr("Pièces manquantes", "Il manque des pièces au dossier : {missing}.", "Complétez documents par PATCH /api/v1/agreements/{id}.")
        en("Documents missing", "The file lacks documents: {missing}.", "Complete documents with PATCH /api/v1/agreements/{id}.");
    BankDetailsMissing 409 "bank_details_missing"
        fr("Coordonnées bancaires manquantes", "La structure n'a pas encore de coordonnées bancaires.", "L'employeur les saisit par PUT /api/v1/structures/{id}/bank-details.")
        en("Bank details missing", "The structure has no bank details yet.", "The employer enters them with PUT /api/v1/structures/{id}/bank-details.");
    ScaleMissing 409 "scale_missing"
        fr("Barème manquant", "Aucun barème n'est en vigueur pour la phase {phase}, la catégorie {category} et le département {departement}.", "L'ANCT en crée un par POST /api/v1/subsidy-scales.")
        en("Scale missing", "No scale is in force for the phase {phase}, the category {category} and the département {departement}.", "The ANCT creates one with POST /api/v1/subsidy-scales.");
    ScaleExists 409 "scale_exists"
        fr("Barème existant", "Un barème entre déjà en vigueur ce jour-là pour une de ces zones.", "Choisissez un autre jour : un barème ne change plus.")
        en("Scale exists", "A scale already enters into force on that day for one of these zones.", "Choose another day: a scale never changes.");
    EnvelopeExceeded 409 "envelope_exceeded"
        fr("Enveloppe dépassée", "L'enveloppe ne suffit pas, ou le montant alloué serait inférieur à ce qui est engagé.", "Relevez l'enveloppe par PUT /api/v1/envelopes/{code}, ou attendez que des crédits se libèrent.")
        en("Envelope exceeded", "The envelope does not suffice, or less would be allotted than is committed.", "Raise the envelope with PUT /api/v1/envelopes/{code}, or wait until credits are released.");
    NothingToAmend 409 "nothing_to_amend"
        fr("Rien à modifier", "La convention couvre déjà tous les postes, pour leur montant entier.", "Rien à faire.")
        en("Nothing to amend", "The agreement already covers all posts, for their full amounts.", "Nothing to do.");
    AgreementUnsettled 409 "agreement_unsettled"
        fr("Convention non soldée", "{count} tranches ou avoirs sont encore ouverts.", "Attendez leur paiement ou leur remboursement.")
        en("Agreement not settled", "{count} instalments or credit notes are still open.", "Wait until they are paid or repaid.");
    AgreementPostsOpen 409 "agreement_posts_open"
        fr("Des postes peuvent encore compter", "{count} postes peuvent encore gagner ou devoir une part de la subvention.", "Voyez posts_open : attendez que leurs mois soient acquis, ou qu'ils soient rendus.")
        en("Posts may still count", "{count} posts may still earn or owe a part of the subsidy.", "See posts_open: wait until their months are earned, or until they are returned.");
    WebhookLimitReached 409 "webhook_limit_reached"
        fr("Trop de webhooks", "Votre périmètre a déjà {limit} webhooks, le maximum.", "Supprimez-en un par DELETE /api/v1/webhooks/{id}, ou modifiez-le.")
        en("Too many webhooks", "Your perimeter has {limit} webhooks already, which is the limit.", "Delete one with DELETE /api/v1/webhooks/{id}, or change it.");
    NothingDue 409 "nothing_due"
        fr("Rien d'exigible", "Aucune tranche exigible ne correspond à ce choix.", "Voyez GET /api/v1/instalments?status=due ; une tranche n'est que dans un lot.")
        en("Nothing due", "No due instalment fits this choice.", "See GET /api/v1/instalments?status=due; an instalment is in one batch only.");
    PayerMissing 409 "payer_missing"
        fr("Compte payeur absent", "Le service ne connaît pas le compte qui paie.", "L'exploitant du service configure CONUM_PAYER_NAME et CONUM_PAYER_IBAN.")
        en("Payer missing", "The service does not know the account that pays.", "Whoever runs the service sets CONUM_PAYER_NAME and CONUM_PAYER_IBAN.");
    PaymentAnswered 409 "payment_answered"
        fr("Ligne déjà dénouée", "Des lignes du lot ont déjà une autre réponse.", "Relisez les lignes du lot : une réponse ne change plus.")
        en("Line already answered", "Lines of the batch already have another answer.", "Read the batch's lines again: an answer never changes.");
    OffsetTooLarge 409 "offset_too_large"
        fr("Avoir trop élevé", "L'avoir doit rester inférieur à ce que la tranche a encore à payer : {remaining} centimes.", "Demandez un remboursement, ou une tranche plus élevée.")
        en("Credit too large", "The credit note must stay below what the instalment still has to pay: {remaining} cents.", "Ask for a repayment, or take a larger instalment.");

    // Posts.
    PostNotVacant 409 "post_not_vacant"
        fr("Poste non vacant", "Le poste est {status}.", "Terminez d'abord le contrat en cours, ou prenez un autre poste.")
        en("Post not vacant", "The post is {status}.", "End the running contract first, or take another post.");
    PostReturnExists 409 "post_return_exists"
        fr("Retour déjà demandé", "Un retour de ce poste est déjà en attente.", "Attendez la décision de l'ANCT.")
        en("Return already requested", "A return of this post is already pending.", "Wait for the ANCT's decision.");
    DeadlineAlreadyExtended 409 "deadline_already_extended"
        fr("Délai déjà prolongé", "Le délai de recrutement ne se prolonge qu'une fois.", "Reprenez le poste, ou laissez courir le délai.")
        en("Deadline already extended", "The recruitment deadline is extended only once.", "Take the post back, or let the deadline run.");
    DeadlineNotPassed 409 "deadline_not_passed"
        fr("Délai en cours", "Le délai de recrutement court jusqu'au {deadline} inclus.", "Attendez la fin du délai.")
        en("Deadline not passed", "The recruitment deadline runs until {deadline} inclusive.", "Wait for the end of the deadline.");
    TransferTargetNotUsable 409 "transfer_target_not_usable"
        fr("Transfert impossible", "La structure de destination doit être une autre structure retenue ou inscrite.", "Choisissez une autre structure.")
        en("Transfer impossible", "The receiving structure must be another registered or retained structure.", "Choose another structure.");
    OccupantMayNotMove 409 "occupant_may_not_move"
        fr("Contrat non transférable", "Le contrat en cours sur ce poste attend une décision ou est suivi d'un renouvellement.", "Attendez la décision sur sa rupture, sa prolongation ou son renouvellement.")
        en("Contract cannot move", "The contract on this post waits for a decision, or a renewal follows it.", "Wait for the decision on its termination, extension or renewal.");

    // Places and activity.
    PlaceExists 409 "place_exists"
        fr("Lieu déjà connu", "Un lieu de ce nom existe déjà à cette adresse.", "Retrouvez-le par GET /api/v1/places, et rejoignez-le.")
        en("Place already known", "A place of this name exists at this address.", "Find it with GET /api/v1/places, and join it.");
    ReportExists 409 "report_exists"
        fr("Compte rendu déjà connu", "Un compte rendu porte déjà cet identifiant externe.", "Retrouvez-le par GET /api/v1/activity-reports?external_id=…, et modifiez-le.")
        en("Report already known", "A report has this external identifier already.", "Find it with GET /api/v1/activity-reports?external_id=…, and change it.");
    PlaceMerged 409 "place_merged"
        fr("Lieu fusionné", "Ce lieu est le doublon d'un autre.", "Agissez sur le lieu que merged_into_id désigne.")
        en("Merged place", "This place is a duplicate of another.", "Act on the place that merged_into_id names.");

    // Candidates and matching.
    CandidateInRecruitment 409 "candidate_in_recruitment"
        fr("Recrutement en cours", "Un recrutement de ce candidat est déposé ou en cours.", "Attendez sa fin, ou faites-le annuler.")
        en("Recruitment under way", "A recruitment of this candidate is submitted or running.", "Wait for its end, or have it cancelled.");
    CandidateNotAvailable 409 "candidate_not_available"
        fr("Candidat indisponible", "L'état {status} du candidat ne permet pas cette opération.", "Choisissez un autre candidat.")
        en("Candidate not available", "The candidate's state {status} does not allow this operation.", "Choose another candidate.");
    CandidateAlreadyRecruited 409 "candidate_already_recruited"
        fr("Candidat déjà engagé", "Un autre recrutement de ce candidat est déposé ou en cours.", "Choisissez un autre candidat, ou attendez l'issue de ce recrutement.")
        en("Candidate already engaged", "Another recruitment of this candidate is submitted or running.", "Choose another candidate, or wait for the outcome of that recruitment.");
    StructureNotRetained 409 "structure_not_retained"
        fr("Structure non retenue", "L'état {status} de la structure ne permet pas cette opération.", "Seule une structure retenue peut recruter.")
        en("Structure not retained", "The structure's state {status} does not allow this operation.", "Only a retained structure may recruit.");
    NoVacantPost 409 "no_vacant_post"
        fr("Aucun poste vacant", "La structure n'a aucun poste vacant, libre de tout recrutement.", "Attendez qu'un poste se libère, ou demandez des postes.")
        en("No vacant post", "The structure has no vacant post that no recruitment holds.", "Wait for a post to become vacant, or apply for posts.");
    DeadlinePassed 409 "deadline_passed"
        fr("Délai passé", "Le dernier jour pour cela était le {date}.", "Rien ne suit plus que la fin, que les deux côtés apprennent par courriel.")
        en("Too late", "The last day for this was {date}.", "Nothing but its end follows, of which both sides are told by e-mail.");
    MatchNotAgreed 409 "match_not_agreed"
        fr("Pas d'accord mutuel", "Ce candidat et votre structure sont en relation sans accord mutuel en cours : état {status}, dernier jour {date}.", "Un contrat suppose l'accord des deux côtés : attendez la réponse du candidat, ou choisissez un autre candidat.")
        en("No mutual agreement", "This candidate and your structure were matched, without a mutual agreement that lasts: state {status}, last day {date}.", "A contract needs the agreement of both sides: wait for the candidate's answer, or choose another candidate.");
    MatchExists 409 "match_exists"
        fr("Mise en relation déjà faite", "Ce candidat et cette structure ont déjà été mis en relation.", "Voyez GET /api/v1/matches.")
        en("Already matched", "This candidate and this structure have been matched before.", "See GET /api/v1/matches.");
    MatchCapReached 409 "match_cap_reached"
        fr("Plafond de mises en relation atteint", "Le côté « {side} » a déjà {cap} mises en relation ouvertes.", "Attendez qu'une mise en relation se termine, ou répondez à celles qui attendent.")
        en("Cap of matches reached", "The side \"{side}\" has {cap} open matches already.", "Wait for a match to end, or answer those that wait.");
    MatchAlreadyAccepted 409 "match_already_accepted"
        fr("Déjà acceptée", "Vous avez déjà accepté cette mise en relation.", "Attendez la réponse de l'autre côté.")
        en("Already accepted", "You have accepted this match already.", "Wait for the other side's answer.");

    // Recruitments.
    DocumentsMissing 409 "documents_missing"
        fr("Pièces manquantes", "Il manque des pièces au dossier du recrutement : {missing}.", "L'employeur complète documents par PATCH /api/v1/recruitments/{id}.")
        en("Documents missing", "The recruitment's file lacks documents: {missing}.", "The employer completes documents with PATCH /api/v1/recruitments/{id}.");
    RenewalExists 409 "renewal_exists"
        fr("Renouvellement en cours", "Un renouvellement de ce contrat est déposé ou validé.", "Annulez d'abord le renouvellement, ou agissez sur lui.")
        en("Renewal under way", "A renewal of this contract is submitted or validated.", "Cancel the renewal first, or act on it.");
    RenewalWaits 409 "renewal_waits"
        fr("Renouvellement non commencé", "Ce renouvellement attend la fin du contrat qu'il prolonge, qui est {status}.", "Agissez sur le contrat en cours.")
        en("Renewal not begun", "This renewal waits for the end of the contract that it renews, which is {status}.", "Act on the running contract.");
    ExtensionExists 409 "extension_exists"
        fr("Prolongation en attente", "Une prolongation de ce contrat attend une décision.", "Attendez la décision.")
        en("Extension pending", "An extension of this contract waits for a decision.", "Wait for the decision.");
    ContractOpenEnded 409 "contract_open_ended"
        fr("Contrat sans terme", "Un CDI ne se prolonge ni ne se renouvelle.", "Rien à faire : le contrat court sans terme.")
        en("Open-ended contract", "A CDI is neither extended nor renewed.", "Nothing to do: the contract runs without an end.");
    NothingToWaive 409 "nothing_to_waive"
        fr("Rien à lever", "La condition {condition} ne retient pas cette tranche.", "Relisez ce qui la retient (unmet).")
        en("Nothing to waive", "The condition {condition} keeps nothing of this instalment.", "Read again what keeps it (unmet).");
    ContractOver 409 "contract_over"
        fr("Contrat arrivé à son terme", "Le dernier jour du contrat était le {date}.", "Déposez un nouveau recrutement.")
        en("Contract over", "The last day of the contract was {date}.", "Submit a new recruitment.");
    ContractBegun 409 "contract_begun"
        fr("Contrat commencé", "Le contrat a commencé le {date} : il ne s'annule plus.", "Demandez sa rupture.")
        en("Contract begun", "The contract began on {date}: it cannot be undone any more.", "Ask for its termination.");
    ContractNotBegun 409 "contract_not_begun"
        fr("Contrat non commencé", "Le contrat commence le {date} : rien n'est encore à rompre.", "Annulez le recrutement.")
        en("Contract not begun", "The contract begins on {date}: there is nothing to break off yet.", "Cancel the recruitment.");
    TerminationNotDue 409 "termination_not_due"
        fr("Date de rupture à venir", "La rupture prend effet le {date} : elle se valide à partir de ce jour.", "Attendez cette date.")
        en("Termination not due", "The termination takes effect on {date}: it is validated from that day on.", "Wait for that date.");
    ContractsOverlap 409 "contracts_overlap"
        fr("Contrats qui se chevauchent", "Les dates chevauchent celles d'un autre contrat validé du candidat ou du poste.", "Choisissez des dates après la fin de l'autre contrat.")
        en("Overlapping contracts", "The dates overlap those of another validated contract of the candidate or of the post.", "Choose dates after the end of the other contract.");
    ImportFailed 422 "import_failed"
        fr("Import refusé", "Lignes incorrectes : {count} ; rien n'a été écrit.", "Corrigez les lignes listées dans errors et renvoyez tout le fichier.")
        en("Import refused", "Wrong lines: {count}; nothing was written.", "Mend the lines listed in errors and send the whole file again.");
}

faults! {
    Required "required" "Cette valeur est obligatoire." "This value is required.";
    Unknown "unknown" "Nom inconnu ; le plus proche est « {nearest} »." "Unknown name; the nearest is \"{nearest}\".";
    UnknownNoGuess "unknown_name" "Nom inconnu ; admis : {known}." "Unknown name; known: {known}.";
    Repeated "repeated" "Donné plusieurs fois." "Given several times.";
    WrongType "wrong_type" "Type attendu : {expected}." "Expected type: {expected}.";
    TooShort "too_short" "Au moins {limit} caractère(s)." "At least {limit} character(s).";
    TooLong "too_long" "Au plus {limit} caractère(s)." "At most {limit} character(s).";
    TooSmall "too_small" "Au moins {limit}." "At least {limit}.";
    TooLarge "too_large" "Au plus {limit}." "At most {limit}.";
    NotInteger "not_integer" "Un nombre entier est attendu." "A whole number is expected.";
    TooFew "too_few" "Au moins {limit} éléments." "At least {limit} items.";
    TooMany "too_many" "Au plus {limit} éléments." "At most {limit} items.";
    NotUnique "not_unique" "Éléments en double." "Duplicate items.";
    NotInList "not_in_list" "Valeurs admises : {allowed}." "Allowed values: {allowed}.";
    InvalidFormat "invalid_format" "Forme attendue : {format}." "Expected form: {format}.";
    InvalidSiret "invalid_siret" "SIRET incorrect : 14 chiffres avec une clé de contrôle." "Invalid SIRET: 14 digits with a check digit.";
    InvalidRidet "invalid_ridet" "RIDET incorrect : 7 à 10 chiffres." "Invalid RIDET: 7 to 10 digits.";
    InvalidIban "invalid_iban" "IBAN incorrect, ou hors de l'espace SEPA." "Invalid IBAN, or outside the SEPA area.";
    InvalidBic "invalid_bic" "BIC incorrect : 8 ou 11 caractères." "Invalid BIC: 8 or 11 characters.";
    InTheFuture "in_the_future" "Doit être aujourd'hui ou plus tôt." "Must be today or earlier.";
    InvalidPhone "invalid_phone" "Numéro de téléphone incorrect." "Invalid phone number.";
    InvalidUrl "invalid_url" "Adresse web attendue, par exemple https://www.exemple.fr/page : http ou https, un nom de domaine, ni espace ni mot de passe." "Expected an address of the web, such as https://www.example.org/page: http or https, a domain name, no space, no password.";
    InvalidOpeningHours "invalid_opening_hours" "Horaires illisibles, sans heures ou qui se chevauchent, à partir du caractère {position} ; par exemple : Mo-Fr 09:00-12:00,14:00-17:00; Sa 10:00-12:00." "Opening hours that cannot be read, have no hours or overlap, from character {position} on; for example: Mo-Fr 09:00-12:00,14:00-17:00; Sa 10:00-12:00.";
    CoordinatesFar "coordinates_far" "Ce point est à {km} km de la commune ; au plus {limit}." "This point is {km} km from the commune; at most {limit}.";
    CoordinatesSwapped "coordinates_swapped" "Longitude et latitude semblent inversées." "Longitude and latitude seem to be swapped.";
    InvalidEmail "invalid_email" "Adresse électronique incorrecte." "Invalid e-mail address.";
    InvalidText "invalid_text" "Caractères de contrôle ou invisibles refusés, texte vide refusé." "Control or invisible characters and blank text are refused.";
    InvalidDate "invalid_date" "Date attendue : AAAA-MM-JJ entre 1900 et 2100." "Expected a date: YYYY-MM-DD between 1900 and 2100.";
    InvalidValue "invalid_value" "Valeur incorrecte." "Invalid value.";
    UnknownCommune "unknown_commune" "Aucune commune ne porte ce code." "No commune has this code.";
    PostalCodeMismatch "postal_code_mismatch" "Ce code postal n'est pas de cette commune ; admis : {allowed}." "This postal code is not of this commune; allowed: {allowed}.";
    ExactlyOneIdentifier "exactly_one_identifier" "Donnez soit siret, soit ridet." "Give either siret or ridet.";
    InThePast "in_the_past" "Doit être aujourd'hui ou plus tard." "Must be today or later.";
    NotABankDay "not_a_bank_day" "Les banques ne travaillent pas ce jour-là (calendrier TARGET) ; jour suivant : {limit}." "Banks do not work on that day (TARGET calendar); the next day is {limit}.";
    NotAfter "not_after" "Doit être après {other}." "Must be after {other}.";
    MustBeTrue "must_be_true" "Doit être accepté." "Must be accepted.";
    MustBeEmpty "must_be_empty" "Doit être absent ici : {because}." "Must be absent here: {because}.";
    UnknownId "unknown_id" "Rien ne porte cet identifiant dans votre périmètre." "Nothing has this identifier within your reach.";
    PerimeterMismatch "perimeter_mismatch" "Le rôle {role} demande {expected}." "The role {role} needs {expected}.";
    OutsideDepartement "outside_departement" "Doit être dans le département {departement}." "Must be in the département {departement}.";
    ReadOnly "read_only" "Ne peut pas être modifié." "Cannot be changed.";
    MissingColumn "missing_column" "Colonne absente : {column}." "Missing column: {column}.";
    TransitionRefused "refused" "{reason}" "{reason}";
    DistanceOrAnywhere "distance_or_anywhere" "Donnez soit max_distance_km, soit anywhere = true." "Give either max_distance_km or anywhere = true.";
    SituationMissing "situation_missing" "Au moins une des cinq situations doit être vraie." "At least one of the five situations must be true.";
    ProfessionalAddress "professional_address" "Donnez une adresse personnelle." "Give a personal address.";
    OneTargetOnly "one_target_only" "Donnez une structure ou un candidat, pas les deux." "Give a structure or a candidate, not both.";
    BelowMinimumWage "below_minimum_wage" "Au moins {limit} centimes, le salaire minimum depuis le {since}." "At least {limit} cents, the minimum wage since {since}.";
    SumDiffers "sum_differs" "La somme doit être {expected}, elle est {sum}." "The sum must be {expected}, it is {sum}.";
    WithoutItsTheme "without_its_theme" "Chaque sous-thème va avec son thème." "Each sub-theme goes with its theme.";
    NotCovered "not_covered" "Aucun contrat validé ne couvre ce jour." "No validated contract covers this day.";
    WholeMonths "whole_months" "Les chiffres publics vont par mois entiers : {expected}." "Public figures come by whole months: {expected}.";
    NeedsTerritory "needs_territory" "Choisissez un département, une région ou une structure." "Choose a département, a region or a structure.";
    FollowsPrevious "follows_previous" "Un renouvellement commence le {date}, lendemain du contrat renouvelé." "A renewal starts on {date}, the day after the contract it renews.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL.iter().map(|c| c.as_str()).chain(FaultCode::ALL.iter().map(|c| c.as_str())) {
            assert!(seen.insert(code), "{code} stands twice");
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
        }
    }

    #[test]
    fn in_general_no_text_shows_a_place_to_be_filled() {
        assert_eq!(in_general("Le rôle {role} : {allowed}."), "Le rôle … : ….");
        for code in Code::ALL {
            for language in [Language::French, Language::English] {
                let Text { title, detail, remedy } = code.text(language);
                let detail = in_general(detail);
                assert!(!detail.contains(['{', '}']) && !title.contains('{'), "{}: {detail}", code.as_str());
                // A remedy may name the address of an operation, as the document writes it.
                let places = remedy.split_whitespace().filter(|word| word.contains('{'));
                assert!(places.into_iter().all(|word| word.contains("/api/v1/")), "{}: {remedy}", code.as_str());
            }
        }
    }

    #[test]
    fn both_languages_name_the_same_parameters() {
        let names = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(n, _)| n.to_owned())).collect();
            names.sort();
            names
        };
        for code in Code::ALL {
            let (fr, en) = (code.text(Language::French), code.text(Language::English));
            assert_eq!(names(fr.detail), names(en.detail), "{}", code.as_str());
        }
        for code in FaultCode::ALL {
            assert_eq!(names(code.text(Language::French)), names(code.text(Language::English)), "{}", code.as_str());
        }
    }
}
