//! Jobs for the tests of the workers.

use chrono::{DateTime, Utc};
use domain::deliveries::Deliveries;
use domain::notification::{Addressee, Recipient};
use domain::personal::Personal;
use domain::value::{Channel, ContactKind};
use uuid::Uuid;

use super::active_task::ActiveTask;
use super::job::Job;
use crate::tasks::load::Loaded;
use crate::tasks::{ChunkId, Task};

/// A time, in seconds after some moment.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time")
}

/// A task of one chunk.
pub(super) fn task(lane: i16, company: u128, people: usize) -> Task {
    Task {
        id: ChunkId {
            notification: Uuid::from_u128(0x0192_e4a0_7b1c_7def_8123_4560_0000_0000).into(),
            chunk: 1,
        },
        epoch: 1,
        company: Uuid::from_u128(company).into(),
        channel: Channel::Email,
        lane,
        people,
        chunk_people: people,
        due_at: at(0),
        expires_at: None,
    }
}

/// What a task is loaded with when nothing has happened yet.
pub(super) fn loaded(task: Task) -> Loaded {
    let person = |number: usize| {
        let client = Uuid::from_u128(300 + number as u128);
        let address = format!("ana{number}@example.com");
        let addressee = Addressee {
            client_name: "Ana".into(),
            contact_name: "Ana".into(),
            address,
            ..Addressee::nobody()
        };
        Recipient {
            client: client.into(),
            kind: ContactKind::Holder,
            is_foreign: false,
            addressee: Personal::new(client, addressee),
        }
    };
    let recipients = (1..=task.people).map(person).collect();
    Loaded { task, recipients, deliveries: Deliveries::default(), sequence: 0 }
}

/// A job for each person of a new task.
pub(super) fn jobs_of(lane: i16, company: u128, people: usize) -> Vec<Job> {
    ActiveTask::begin(loaded(task(lane, company, people)), 0.5, at(0)).1
}

/// A job of a task of one person.
pub(super) fn job() -> Job {
    jobs_of(1, 200, 1).remove(0)
}
