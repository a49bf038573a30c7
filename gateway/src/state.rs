//! The state shared by all handlers: the log, the directory and the settings of the gateway.
//!
//! It depends on parts that do not depend on it; extractors, handlers and the server depend on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRef;
use chrono::{DateTime, Utc};
use commands::clock;
use commands::log::EventLog;
use dispatcher::Receipts;
use projections::Positions;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::access::{Directory, Passwords, Sessions, Throttle};
use crate::freshness::Freshness;
use crate::live::{Live, LoginCheck};
use crate::metrics_recorder::{Measured, recorder};
use crate::settings::Settings;
use crate::slots::{self, Slots};
use crate::spool_space::SpoolSpace;

/// The state of the gateway. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    log: EventLog,
    positions: Positions,
    settings: Settings,
    directory: Arc<Directory>,
    sessions: Arc<Sessions>,
    passwords: Passwords,
    throttle: Throttle,
    freshness: Freshness,
    live: Live,
    receipts: Receipts,
    costly_reads: Slots,
    confirmations: Slots,
    uploads: Slots,
    imports: Slots,
    spool_space: SpoolSpace,
    shutdown: CancellationToken,
    ready: AtomicBool,
    projected: AtomicBool,
    measured: Measured,
}

impl AppState {
    /// The state over a log. `shutdown` ends the live streams.
    pub fn new(log: EventLog, settings: Settings, positions: Positions, shutdown: CancellationToken) -> Self {
        // Install the recorder first: metrics counted before are lost.
        recorder();
        let pool = log.pool().clone();
        let freshness = Freshness::new(log.reader().clone(), positions.clone(), settings.read_wait);
        Self(Arc::new(Inner {
            directory: Directory::new(log.reader().clone(), positions.clone(), settings.read_wait).into(),
            sessions: Sessions::new(pool).into(),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            freshness,
            live: Live::new(log.reader().clone(), positions.clone(), shutdown.clone()),
            receipts: Receipts::start(&log),
            costly_reads: Slots::new(slots::costly_reads()),
            confirmations: Slots::new(slots::confirmations()),
            uploads: Slots::new(slots::uploads()),
            imports: Slots::new(slots::imports()),
            spool_space: SpoolSpace::default(),
            log,
            positions,
            settings,
            shutdown,
            ready: AtomicBool::new(false),
            projected: AtomicBool::new(false),
            measured: Measured::default(),
        }))
    }

    /// The event log: the only way to write.
    pub fn log(&self) -> &EventLog {
        &self.0.log
    }

    /// The database, for queries.
    pub fn pool(&self) -> &PgPool {
        self.0.log.pool()
    }

    /// The position of each projection.
    pub fn positions(&self) -> &Positions {
        &self.0.positions
    }

    /// The directory of users and companies.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// The sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// The hashing of passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// The throttle of failed logins.
    pub fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// The positions of callers' last writes.
    pub fn freshness(&self) -> &Freshness {
        &self.0.freshness
    }

    /// The live streams.
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// The recorder of providers' reports.
    pub fn receipts(&self) -> &Receipts {
        &self.0.receipts
    }

    /// The slots for costly reads.
    pub fn costly_reads(&self) -> &Slots {
        &self.0.costly_reads
    }

    /// The slots for counting the audience of a confirmed send.
    pub fn confirmations(&self) -> &Slots {
        &self.0.confirmations
    }

    /// The slots for uploads.
    pub fn uploads(&self) -> &Slots {
        &self.0.uploads
    }

    /// The slots for imports.
    pub fn imports(&self) -> &Slots {
        &self.0.imports
    }

    /// The disk space for uploaded files.
    pub fn spool_space(&self) -> &SpoolSpace {
        &self.0.spool_space
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Cancelled when the program stops: every stream ends on it.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.0.shutdown
    }

    /// Whether the start is over: migrations and demo data.
    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// Records that the start is over.
    pub fn set_ready(&self) {
        self.0.ready.store(true, Ordering::Release);
    }

    /// Whether every projection can be read. The positive answer is cached, since it does not change while the program
    /// runs.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_projected(&self) -> sqlx::Result<bool> {
        if self.0.projected.load(Ordering::Acquire) {
            return Ok(true);
        }
        let is_projected = projections::is_ready(self.log().reader()).await?;
        self.0.projected.fetch_or(is_projected, Ordering::AcqRel);
        Ok(is_projected)
    }

    /// When the platform's metrics were last measured.
    pub fn measured(&self) -> &Measured {
        &self.0.measured
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0.settings.clock)()
    }

    /// A new id.
    pub fn new_id(&self) -> Uuid {
        clock::new_id()
    }
}

/// What a live stream needs to check its reader's login.
impl FromRef<AppState> for LoginCheck {
    fn from_ref(AppState(state): &AppState) -> Self {
        Self {
            directory: Arc::clone(&state.directory),
            sessions: Arc::clone(&state.sessions),
            clock: Arc::clone(&state.settings.clock),
            shutdown: state.shutdown.clone(),
        }
    }
}
