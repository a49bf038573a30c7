//! The connection of one live stream: writes, keep-alive, and its end.

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

use super::StreamPermit;
use super::frame::Frame;
use crate::access::{Caller, Directory, Sessions};
use crate::settings::Clock;

/// How often an idle stream sends a comment: proxies and browsers close silent connections.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// How often a stream checks whether its reader is still logged in.
const LOGIN_CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How long a reader may leave a frame unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The capacity of the channel to the network. Further frames wait in the hub's queue.
const CHANNEL_FRAMES_MAX: usize = 2;
/// The browser's reconnection time in milliseconds, and the first bytes of the stream.
const PREAMBLE: &str = "retry: 1000\n\n";
/// A comment, which readers skip: the keep-alive.
const KEEP_ALIVE_COMMENT: &str = ":\n\n";

/// The stream has ended. Its reader may reconnect with `Last-Event-ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamEnded;

/// What a stream needs to check its reader's login.
#[derive(Clone)]
pub(crate) struct LoginCheck {
    pub(crate) directory: Arc<Directory>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) clock: Clock,
    /// Cancelled when the program stops.
    pub(crate) shutdown: CancellationToken,
}

/// The writing end of a stream.
pub(crate) struct Connection {
    login_check: LoginCheck,
    caller: Caller,
    out: mpsc::Sender<Bytes>,
    _permit: StreamPermit,
}

impl Connection {
    /// Answers with a stream written by `run`, which goes on after the answer has begun.
    pub(crate) fn open<S, F>(
        state: S,
        caller: Caller,
        permit: StreamPermit,
        run: impl FnOnce(Self) -> F,
    ) -> Response
    where
        LoginCheck: FromRef<S>,
        F: Future<Output = Result<(), StreamEnded>> + Send + 'static,
    {
        let (out, written) = mpsc::channel(CHANNEL_FRAMES_MAX);
        let login_check = LoginCheck::from_ref(&state);
        let shutdown = login_check.shutdown.clone();
        let running = run(Self { login_check, caller, out, _permit: permit });
        tokio::spawn(async move { shutdown.run_until_cancelled(running).await });
        answer(Body::from_stream(ReceiverStream::new(written).map(Ok::<_, Infallible>)))
    }

    /// Sends the first bytes, so that the reader knows that the stream is open.
    pub(super) async fn send_preamble(&self) -> Result<(), StreamEnded> {
        self.write(Bytes::from_static(PREAMBLE.as_bytes())).await
    }

    pub(super) async fn send(&self, frame: Frame) -> Result<(), StreamEnded> {
        self.write(frame.bytes).await
    }

    pub(super) async fn send_all(&self, frames: Vec<Frame>) -> Result<(), StreamEnded> {
        for frame in frames {
            self.send(frame).await?;
        }
        Ok(())
    }

    /// Writes bytes. The stream ends when the reader has closed it or does not read.
    pub(super) async fn write(&self, bytes: Bytes) -> Result<(), StreamEnded> {
        match timeout(WRITE_TIMEOUT, self.out.send(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(StreamEnded),
        }
    }

    /// Keeps the stream alive while its reader is logged in. Only returns when the stream has ended.
    pub(super) async fn keep_alive(&self) -> StreamEnded {
        let (mut alive, mut checks) = (interval(KEEP_ALIVE_INTERVAL), interval(LOGIN_CHECK_INTERVAL));
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        alive.reset();
        loop {
            let is_open = tokio::select! {
                _ = alive.tick() => self.write(Bytes::from_static(KEEP_ALIVE_COMMENT.as_bytes())).await.is_ok(),
                _ = checks.tick() => self.is_login_unchanged().await,
                () = self.out.closed() => false,
            };
            if !is_open {
                return StreamEnded;
            }
        }
    }

    /// Whether the reader's login is unchanged since the stream began. After a change of roles or companies the reader
    /// must reconnect and be authorized again. A database error does not end the stream.
    async fn is_login_unchanged(&self) -> bool {
        let (LoginCheck { directory, sessions, clock, .. }, reader) = (&self.login_check, self.caller.id());
        let Ok(user) = sessions.user_of(self.caller.credential(), clock()).await else { return true };
        let Ok(known) = directory.snapshot().await else { return true };
        user == Some(reader) && known.user(reader).is_some_and(|member| **member == *self.caller.member())
    }
}

fn answer(body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        // Disables buffering in nginx.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, body).into_response()
}
