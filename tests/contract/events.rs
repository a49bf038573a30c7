//! The contract of stored events: every version ever stored can be decoded, and today's events are encoded as before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use domain::client::{ClientEvent, ClientProfile, Contact};
use domain::company::{CompanyEvent, CompanyProfile, Limit, OverLimit};
use domain::deliveries::{
    Cause, DeliveriesEvent, Detail, EditedAddress, Evidence, FailureClass, GroupOutcome, GroupReceipt,
    Observation, OutcomeGroup, Phase, ReceiptGroup, Resolution, ResolvedBy, SuppressionReason, Totals,
};
use domain::inbox::InboxEvent;
use domain::message::{Addressed, MessageEvent};
use domain::notification::{
    Addressee, ApprovalNeed, AudienceEvent, AudienceFilter, ClientList, NotificationEvent, Recipient,
    SmsOptions, UsedTemplate,
};
use domain::provider::{MoveCause, PROVIDER, ProviderEvent, Share};
use domain::receipt::{ReceiptEvent, Receiver};
use domain::suppression::{SUPPRESSION, SuppressionCause, SuppressionEvent};
use domain::template::{TemplateContent, TemplateEvent, TemplateHtml, TemplateVariable, TemplateVersion};
use domain::user::{UserEvent, UserProfile};
use domain::value::{Category, Channel, ContactKind, Member, Members, Priority, RecipientKind, Role};
use domain::{Event, Personal};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::update_is_asked_for;

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a time within range")
}

fn personal<T>(key: u128, value: T) -> Personal<T> {
    Personal::new(id(key), value)
}

fn messages() -> Vec<MessageEvent> {
    vec![
        MessageEvent::MessageSent {
            author: id(10),
            recipients: vec![id(11), id(12)],
            addressed: Addressed { users: vec![id(11)], roles: vec![Role::Operator], company: Some(id(20)) },
            body: personal(1, "Revisar el panel 4".into()),
            priority: Priority::High,
            acknowledge: true,
            in_reply_to: Some(id(2)),
            sent_at: at(1_700_000_000),
        },
        MessageEvent::MessageWithdrawn { withdrawn_at: at(1_700_000_005) },
    ]
}

fn receipts() -> Vec<ReceiptEvent> {
    let receiver = Receiver { message: id(1), user: id(11), author: id(10) };
    vec![
        ReceiptEvent::MessageSeen(receiver),
        ReceiptEvent::MessageRead(receiver),
        ReceiptEvent::MessageMarkedUnread { receiver, after_read_all: Some(7) },
        ReceiptEvent::MessageAcknowledged(receiver),
        ReceiptEvent::MessageDeleted(receiver),
        ReceiptEvent::MessageRestored(receiver),
    ]
}

fn inboxes() -> Vec<InboxEvent> {
    vec![InboxEvent::InboxRead { user: id(11), up_to: 7 }]
}

fn notifications() -> Vec<NotificationEvent> {
    vec![
        NotificationEvent::NotificationRequested {
            company: id(20),
            channel: Channel::Email,
            recipient_kind: RecipientKind::Everyone,
            category: Category::Service,
            subject: Some(personal(3, "Mantenimiento".into())),
            body: personal(3, "{{ cliente.nombre }}: mañana a las {{ hora }}.".into()),
            template: Some(Box::new(UsedTemplate {
                id: id(5),
                version: 2,
                html: Some(personal(3, "<p>Mañana a las {{ hora }}.</p>".into())),
                variables: personal(3, BTreeMap::from([("hora".to_owned(), "8".to_owned())])),
                company_name: "Vigía Andina".into(),
                company_logo: Some("https://vigia.example/logo.png".into()),
            })),
            only_to: Some(Box::new(Recipient {
                client: id(10),
                kind: ContactKind::Holder,
                is_foreign: false,
                addressee: personal(10, addressee()),
            })),
            sms: Some(SmsOptions { transliterate: true, segments_max: Some(2) }),
            filter: AudienceFilter {
                locale: Some("es-CO".parse().expect("a locale")),
                time_zone: Some("America/Bogota".parse().expect("a time zone")),
                clients: Some(ClientList { ids: [id(30)].into(), unknown: 1 }),
            },
            expires_at: Some(at(1_700_086_400)),
            send_at: Some(at(1_700_000_030)),
            held_until: Some(at(1_700_000_030)),
            needs_approval: Some(ApprovalNeed { people: 501, above: 500 }),
            excludes_foreign: true,
            author: id(10),
            requested_at: at(1_700_000_000),
        },
        NotificationEvent::NotificationApproved { by: id(11) },
        NotificationEvent::NotificationRejected { by: id(11), reason: personal(3, "No es la lista".into()) },
        NotificationEvent::NotificationRescheduled { send_at: at(1_700_003_600) },
        NotificationEvent::NotificationBegun { begun_at: at(1_700_000_060) },
        NotificationEvent::NotificationApprovalRequired { need: ApprovalNeed { people: 620, above: 500 } },
        NotificationEvent::NotificationPaused,
        NotificationEvent::NotificationPausedByLimit {
            over: OverLimit { limit: Limit::SmsPerDay, max: 100, taken: 80, asked: 21 },
        },
        NotificationEvent::NotificationResumed,
        NotificationEvent::AudienceClosed {
            generation: 1,
            total: 2,
            excluded: BTreeMap::from([("no_email".to_owned(), 1)]),
        },
        NotificationEvent::NotificationCompleted {
            generation: 1,
            totals: Totals { accepted: 1, failed: 1, ..Totals::default() },
        },
        NotificationEvent::NotificationCancelled,
        NotificationEvent::NotificationExpired,
        NotificationEvent::NotificationRetried { generation: 2 },
        NotificationEvent::DeliveriesRetried {
            generation: 3,
            people: 2,
            reason: Some(personal(3, "El proveedor estuvo caído".into())),
        },
    ]
}

fn addressee() -> Addressee {
    Addressee {
        client_name: "Ferretería Núñez".into(),
        contact_name: "Ana Núñez".into(),
        address: "ana@example.com".into(),
        locale: Some("es-CO".parse().expect("a locale")),
        time_zone: Some("America/Bogota".parse().expect("a time zone")),
        columns: BTreeMap::from([("saldo".into(), "$ 5.000".into())]),
    }
}

fn audiences() -> Vec<AudienceEvent> {
    vec![AudienceEvent::AudienceChunkResolved {
        notification: id(3),
        company: id(20),
        channel: Channel::Email,
        recipients: vec![Recipient {
            client: id(30),
            kind: ContactKind::EmergencyContact,
            is_foreign: false,
            addressee: personal(30, addressee()),
        }],
        cursor: "00ff".into(),
    }]
}

fn detail(member: u16, text: &str) -> Detail {
    let member = Member::try_new(member).expect("a member");
    Detail { member, text: personal(30 + u128::from(member.number()), text.into()) }
}

fn members(text: &str) -> Members {
    text.parse().expect("members")
}

fn cause(class: FailureClass, evidence: Evidence) -> Cause {
    Cause { class, evidence }
}

/// One group of each outcome.
fn outcomes() -> Vec<OutcomeGroup> {
    let group = |attempt, who, outcome, details| OutcomeGroup {
        generation: 1,
        attempt,
        members: members(who),
        outcome,
        details,
        passed_on: vec![],
    };
    let provider = || String::from("principal");
    vec![
        group(
            1,
            "1-2,4",
            GroupOutcome::Accepted {
                provider: provider(),
                references: ["250 queued as 1", "250 queued as 2", "250 queued as 4"]
                    .map(String::from)
                    .to_vec(),
            },
            vec![],
        ),
        group(
            2,
            "3",
            GroupOutcome::Deferred {
                provider: Some(provider()),
                since: at(1_700_000_000),
                until: at(1_700_000_060),
                cause: cause(FailureClass::Transient, Evidence::answered(Phase::Rcpt, "451 4.7.1")),
            },
            vec![detail(3, "try later")],
        ),
        group(
            1,
            "5-6",
            GroupOutcome::Failed {
                provider: Some(provider()),
                cause: cause(FailureClass::PermanentAddress, Evidence::answered(Phase::Rcpt, "550 5.1.1")),
            },
            vec![detail(5, "no such user"), detail(6, "no such user")],
        ),
        group(0, "7", GroupOutcome::Failed { provider: None, cause: Cause::EXPIRED }, vec![]),
        group(0, "8", GroupOutcome::Suppressed { provider: None, reason: SuppressionReason::Erased }, vec![]),
        group(
            1,
            "9",
            GroupOutcome::InDoubt {
                provider: provider(),
                evidence: Evidence::observed(Some(Phase::Reply), Observation::Closed),
            },
            vec![],
        ),
        group(0, "10-500", GroupOutcome::Cancelled, vec![]),
    ]
}

/// One group of each report.
fn reports() -> Vec<ReceiptGroup> {
    let group = |who, moments: &[i64], receipt, details| ReceiptGroup {
        members: members(who),
        provider: "principal".into(),
        at: moments.iter().map(|moment| at(*moment)).collect(),
        receipt,
        details,
    };
    let bounce = cause(FailureClass::PermanentAddress, Evidence::answered(Phase::Report, "5.1.1"));
    vec![
        group("1", &[1_700_000_100], GroupReceipt::Delivered, vec![]),
        group(
            "2",
            &[1_700_000_200],
            GroupReceipt::Bounced { cause: bounce },
            vec![detail(2, "no such user")],
        ),
        group("4", &[1_700_000_300], GroupReceipt::Complained, vec![]),
    ]
}

fn deliveries() -> Vec<DeliveriesEvent> {
    let (notification, company) = (id(3), id(20));
    vec![
        DeliveriesEvent::OutcomesRecorded { notification, company, outcomes: outcomes() },
        DeliveriesEvent::ReceiptsRecorded { notification, company, receipts: reports() },
        DeliveriesEvent::DoubtsResolved {
            notification,
            company,
            members: members("9"),
            resolution: Resolution::Resend,
            by: ResolvedBy::Person,
            reason: Some(personal(3, "No está en el registro del proveedor".into())),
        },
        DeliveriesEvent::DeliveriesReopened {
            notification,
            company,
            generation: 2,
            members: members("5-7"),
            addresses: vec![EditedAddress {
                is_foreign: false,
                member: members("5").iter().next().expect("a member"),
                address: personal(30, "ana.nunez@example.com".into()),
            }],
        },
        DeliveriesEvent::DeliveriesDiscarded {
            notification,
            company,
            members: members("8"),
            reason: personal(3, "El cliente se fue".into()),
        },
    ]
}

fn clients() -> Vec<ClientEvent> {
    let contact = Contact {
        kind: ContactKind::Holder,
        name: "Ana Núñez".into(),
        phone: Some("+573001234567".into()),
        email: Some("ana@example.com".into()),
    };
    let profile = || ClientProfile {
        external_id: Some("C-1".into()),
        name: "Ferretería Núñez".into(),
        contacts: vec![contact.clone()],
        columns: BTreeMap::from([("saldo".into(), "$ 5.000".into())]),
    };
    let (company, locale, time_zone) = (id(20), String::from("es-CO"), String::from("America/Bogota"));
    vec![
        ClientEvent::ClientRegistered {
            company,
            profile: personal(30, profile()),
            locale: locale.clone(),
            time_zone: time_zone.clone(),
        },
        ClientEvent::ClientChanged { company, profile: personal(30, profile()), locale, time_zone },
        ClientEvent::ClientErased { company },
    ]
}

fn companies() -> Vec<CompanyEvent> {
    let profile = || CompanyProfile {
        name: "Vigía Andina".into(),
        country: "CO".into(),
        time_zone: "America/Bogota".into(),
        logo_url: Some("https://vigia.example/logo.png".into()),
        limits: [(Limit::ApprovalAbove, 500), (Limit::SmsPerDay, 10_000)].into_iter().collect(),
    };
    vec![CompanyEvent::CompanyRegistered(profile()), CompanyEvent::CompanyChanged(profile())]
}

fn suppressions() -> Vec<SuppressionEvent> {
    vec![
        SuppressionEvent::SuppressionAdded {
            company: id(20),
            channel: Channel::Sms,
            address: personal(40, "+573001234567".into()),
            cause: SuppressionCause::Manual,
            note: Some(personal(40, "Lo pidió por teléfono".into())),
        },
        SuppressionEvent::SuppressionRemoved { reason: personal(40, "Fue un error".into()) },
    ]
}

fn providers() -> Vec<ProviderEvent> {
    let name = || String::from("primero");
    let moved = |cause, slow_after_ms| ProviderEvent::TrafficMoved {
        channel: Channel::Sms,
        name: name(),
        from: Share::of_percent(100),
        to: Share::of_percent(75),
        cause,
        bad: 31,
        of: 100,
        slow_after_ms,
        late_above_percent: None,
        at: at(1_700_000_000),
    };
    vec![
        ProviderEvent::ProviderPaused {
            channel: Channel::Sms,
            name: name(),
            reason: personal(60, "Anunció mantenimiento".into()),
        },
        ProviderEvent::ProviderResumed { channel: Channel::Sms, name: name() },
        moved(MoveCause::SlowAnswers, Some(1_000)),
    ]
}

fn users() -> Vec<UserEvent> {
    let profile = || {
        personal(
            10,
            UserProfile {
                name: "José Pérez".into(),
                email: "jose@example.com".into(),
                phone: Some("+573001234567".into()),
            },
        )
    };
    let (roles, companies) = (BTreeSet::from([Role::Operator, Role::Notifier]), BTreeSet::from([id(20)]));
    vec![
        UserEvent::UserRegistered { profile: profile(), roles: roles.clone(), companies: companies.clone() },
        UserEvent::UserProfileChanged { profile: profile() },
        UserEvent::UserAccessChanged { roles, companies },
        UserEvent::UserPasswordChanged,
        UserEvent::UserDisabled,
        UserEvent::UserEnabled,
        UserEvent::UserTokenIssued { token: id(50) },
    ]
}

fn templates() -> Vec<TemplateEvent> {
    let html = TemplateHtml {
        source: "<p>{{ hora }}</p>".into(),
        compiled: "<html><p>{{ hora }}</p></html>".into(),
    };
    let variable = |name: &str, default: Option<&str>, sample: Option<&str>| TemplateVariable {
        name: name.into(),
        default: default.map(str::to_owned),
        sample: sample.map(str::to_owned),
    };
    let version = |body_is_derived: bool| TemplateVersion {
        name: "Mantenimiento".into(),
        category: Category::Service,
        content: TemplateContent {
            subject: Some("Aviso".into()),
            body: "{{ hora }}".into(),
            body_is_derived,
            html: body_is_derived.then(|| html.clone()),
            variables: vec![variable("hora", None, Some("8")), variable("nota", Some(""), None)],
        },
        author: id(10),
        at: at(1_700_000_000),
    };
    vec![
        TemplateEvent::TemplateCreated {
            company: Some(id(20)),
            channel: Channel::Email,
            first: version(true),
        },
        TemplateEvent::TemplateVersionAdded { number: 2, version: version(false) },
    ]
}

/// An event in the form of its golden file.
fn golden<E: cqrs_es::DomainEvent>(aggregate_type: &str, event: &E) -> Value {
    json!({
        "aggregate_type": aggregate_type,
        "event_type": event.event_type(),
        "event_version": event.event_version(),
        "payload": event,
    })
}

fn todays_events() -> Vec<Value> {
    fn all<E: cqrs_es::DomainEvent>(
        aggregate_type: &'static str,
        events: Vec<E>,
    ) -> impl Iterator<Item = Value> {
        events.into_iter().map(move |event| golden(aggregate_type, &event))
    }
    all("message", messages())
        .chain(all("receipt", receipts()))
        .chain(all("inbox", inboxes()))
        .chain(all("notification", notifications()))
        .chain(all("audience", audiences()))
        .chain(all("deliveries", deliveries()))
        .chain(all("client", clients()))
        .chain(all("company", companies()))
        .chain(all(SUPPRESSION, suppressions()))
        .chain(all(PROVIDER, providers()))
        .chain(all("user", users()))
        .chain(all("template", templates()))
        .collect()
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().expect("a text")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contract/events")
}

/// `contract/events/<aggregate>.<EventType>.v<version>.json`. A file never changes; newer versions get files of their
/// own. `UPDATE_CONTRACT=1` writes missing files.
#[test]
fn todays_events_are_written_as_their_golden_files() {
    for event in todays_events() {
        let name = format!(
            "{}.{}.v{}.json",
            text(&event, "aggregate_type"),
            text(&event, "event_type"),
            text(&event, "event_version")
        );
        let path = folder().join(&name);
        if !path.exists() && update_is_asked_for() {
            let json = serde_json::to_string_pretty(&event).expect("JSON");
            std::fs::write(&path, json + "\n").expect("the golden file can be written");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let stored: Value = serde_json::from_str(&stored).expect("a golden file is JSON");
        assert_eq!(event, stored, "{name}");
    }
}

#[test]
fn every_event_that_was_ever_stored_can_be_read() {
    let files: Vec<_> = std::fs::read_dir(folder()).expect("the golden files").collect();
    assert!(files.len() >= todays_events().len());
    for file in files {
        let path = file.expect("a golden file").path();
        let event: Value =
            serde_json::from_slice(&std::fs::read(&path).expect("a golden file")).expect("JSON");
        let (aggregate, kind, version) =
            (text(&event, "aggregate_type"), text(&event, "event_type"), text(&event, "event_version"));
        let read = Event::decode(aggregate, kind, version, event["payload"].clone());
        assert!(read.is_ok(), "{}: {read:?}", path.display());
        let text = Event::decode_text(aggregate, kind, version, &event["payload"].to_string());
        assert_eq!(text.ok(), read.ok(), "{}", path.display());
    }
}
