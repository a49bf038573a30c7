//! What every handler is given: the log, who is who, and the settings of this front door.
//!
//! It knows parts that know nothing of it; extractors, handlers and the server stand above it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRef;
use chrono::{DateTime, Utc};
use commands::clock;
use commands::log::EventLog;
use projections::Positions;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::access::{Directory, Passwords, Sessions, Throttle};
use crate::figures::{Measured, recorder};
use crate::freshness::Freshness;
use crate::live::{Live, Readership};
use crate::settings::Settings;
use crate::spool_space::SpoolSpace;
use crate::turns::{self, Turns};

/// The state of the front door. Cheap to clone.
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
    costly_reads: Turns,
    confirmations: Turns,
    uploads: Turns,
    imports: Turns,
    spool_space: SpoolSpace,
    shutdown: CancellationToken,
    ready: AtomicBool,
    projected: AtomicBool,
    measured: Measured,
}

impl AppState {
    /// The state over a log. `shutdown` ends streams that would otherwise never end.
    pub fn new(log: EventLog, settings: Settings, positions: Positions, shutdown: CancellationToken) -> Self {
        // From the first moment: figures counted before it is there are lost.
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
            costly_reads: Turns::new(turns::costly_reads()),
            confirmations: Turns::new(turns::confirmations()),
            uploads: Turns::new(turns::uploads()),
            imports: Turns::new(turns::imports()),
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

    /// The event log: the one way to write.
    pub fn log(&self) -> &EventLog {
        &self.0.log
    }

    /// The database, for queries.
    pub fn pool(&self) -> &PgPool {
        self.0.log.pool()
    }

    /// How far each projection is.
    pub fn positions(&self) -> &Positions {
        &self.0.positions
    }

    /// Who is who.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// Who is logged in.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// The hashing of passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// The brake on guessing.
    pub fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    /// What callers must be able to read.
    pub fn freshness(&self) -> &Freshness {
        &self.0.freshness
    }

    /// The live streams.
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// The turns at reads that cost the database much.
    pub fn costly_reads(&self) -> &Turns {
        &self.0.costly_reads
    }

    /// The turns at counting the audience of a confirmed send.
    pub fn confirmations(&self) -> &Turns {
        &self.0.confirmations
    }

    /// The turns at uploading a file.
    pub fn uploads(&self) -> &Turns {
        &self.0.uploads
    }

    /// The turns at importing a file that is here.
    pub fn imports(&self) -> &Turns {
        &self.0.imports
    }

    /// The room for uploaded files.
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

    /// Says that the start is over.
    pub fn set_ready(&self) {
        self.0.ready.store(true, Ordering::Release);
    }

    /// Whether every projection can be read. Once they can, they can for as long as this program runs.
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

    /// When the platform was last measured for `/metrics`.
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

/// What a live stream needs of the front door.
impl FromRef<AppState> for Readership {
    fn from_ref(AppState(state): &AppState) -> Self {
        Self {
            directory: Arc::clone(&state.directory),
            sessions: Arc::clone(&state.sessions),
            clock: Arc::clone(&state.settings.clock),
            shutdown: state.shutdown.clone(),
        }
    }
}
