//! One reader's connection: what is written to it, how long it may idle, and when it ends.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRef;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::Place;
use super::frame::Frame;
use crate::access::{Caller, Directory, Sessions};
use crate::settings::Clock;

/// How often a silent stream says that it is alive: proxies and browsers give up on one that says nothing.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a stream asks whether its reader may still read it.
const LOOK_AT_LOGIN: Duration = Duration::from_secs(2);
/// How long a reader may leave a frame unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How many frames wait for the network at most; more wait in the hub's queue.
const FRAMES_ON_THE_WAY: usize = 2;
/// What a browser is asked to wait before it comes back, in milliseconds, and the first sign of life.
const GREETING: &str = "retry: 1000\n\n";
/// A comment, which readers skip.
const SIGN_OF_LIFE: &str = ":\n\n";

/// The stream is over; its reader comes back with `Last-Event-ID` if it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over;

/// What tells whether a reader may still read.
#[derive(Clone)]
pub(crate) struct Readership {
    pub(crate) directory: Arc<Directory>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) clock: Clock,
    /// Cancelled when the program stops.
    pub(crate) shutdown: CancellationToken,
}

/// What a stream is written to.
pub(crate) struct Connection {
    readership: Readership,
    caller: Caller,
    out: mpsc::Sender<Bytes>,
    _place: Place,
}

impl Connection {
    /// Answers with a stream that `run` writes, and goes on after the answer has begun.
    pub(crate) fn open<S, F>(state: S, caller: Caller, place: Place, run: impl FnOnce(Self) -> F) -> Response
    where
        Readership: FromRef<S>,
        F: Future<Output = Result<(), Over>> + Send + 'static,
    {
        let (out, written) = mpsc::channel(FRAMES_ON_THE_WAY);
        let readership = Readership::from_ref(&state);
        let shutdown = readership.shutdown.clone();
        let running = run(Self { readership, caller, out, _place: place });
        tokio::spawn(async move { shutdown.run_until_cancelled(running).await });
        answer(Body::from_stream(ReceiverStream::new(written).map(Ok::<_, Infallible>)))
    }

    /// Tells the reader that it is heard.
    pub(super) async fn greet(&self) -> Result<(), Over> {
        self.write(Bytes::from_static(GREETING.as_bytes())).await
    }

    pub(super) async fn send(&self, frame: Frame) -> Result<(), Over> {
        self.write(frame.bytes).await
    }

    pub(super) async fn send_all(&self, frames: Vec<Frame>) -> Result<(), Over> {
        for frame in frames {
            self.send(frame).await?;
        }
        Ok(())
    }

    /// Writes; over when the reader is gone or does not read.
    pub(super) async fn write(&self, bytes: Bytes) -> Result<(), Over> {
        match timeout(WRITE_TIMEOUT, self.out.send(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }

    /// Keeps the reader's connection alive as long as the reader may read: only ever ends with [`Over`].
    pub(super) async fn attend(&self) -> Over {
        let (mut alive, mut looks) = (interval(KEEP_ALIVE), interval(LOOK_AT_LOGIN));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        alive.reset();
        loop {
            let stands = tokio::select! {
                _ = alive.tick() => self.write(Bytes::from_static(SIGN_OF_LIFE.as_bytes())).await.is_ok(),
                _ = looks.tick() => self.is_welcome().await,
                () = self.out.closed() => false,
            };
            if !stands {
                return Over;
            }
        }
    }

    /// Whether the reader is logged in as it was when the stream began. A reader whose roles or companies changed comes
    /// back and is asked anew; a database that does not answer is no reason to send anybody away.
    async fn is_welcome(&self) -> bool {
        let (Readership { directory, sessions, clock, .. }, reader) = (&self.readership, self.caller.id());
        let Ok(user) = sessions.user_of(self.caller.shown(), clock()).await else { return true };
        let Ok(known) = directory.snapshot().await else { return true };
        user == Some(reader) && known.user(reader).is_some_and(|member| **member == *self.caller.member())
    }
}

fn answer(body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        // nginx would otherwise gather what should arrive at once.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, body).into_response()
}
