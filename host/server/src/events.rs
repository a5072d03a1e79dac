//! The live state as a stream of server-sent events.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use model::Live;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;
use crate::query::NoParameters;

/// Least time between two states.
const PACE: Duration = Duration::from_millis(500);
/// Most time without an event. A comment would keep the connection too, but the page could not see it
/// and so not tell a quiet home from a lost connection.
const PING: Duration = Duration::from_secs(15);
const PING_EVENT: Bytes = Bytes::from_static(b"event: ping\ndata: {}\n\n");
/// When the browser is to try again after a lost connection, milliseconds: a line of the first event.
const RETRY: Bytes = Bytes::from_static(b"retry: 2000\n");
/// A stream ends after this long, so that who listens is looked at again. The browser comes back by itself.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// Most streams at once.
const STREAMS_MOST: usize = 256;

/// What the streams share.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    live: watch::Receiver<Arc<Live>>,
    written: Arc<Written>,
    shutdown: CancellationToken,
    free: Arc<Semaphore>,
}

impl Events {
    pub(crate) fn new(live: watch::Receiver<Arc<Live>>, shutdown: CancellationToken) -> Self {
        Self { live, written: Arc::default(), shutdown, free: Arc::new(Semaphore::new(STREAMS_MOST)) }
    }
}

/// The newest state as an event: written once, whatever the number of pages.
#[derive(Debug, Default)]
struct Written(Mutex<Option<(Arc<Live>, Bytes)>>);

impl Written {
    fn event(&self, live: &Arc<Live>) -> serde_json::Result<Bytes> {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, event)) = newest.as_ref().filter(|(of, _)| Arc::ptr_eq(of, live)) {
            return Ok(event.clone());
        }
        let event = Bytes::from(format!("event: live\ndata: {}\n\n", serde_json::to_string(&**live)?));
        *newest = Some((live.clone(), event.clone()));
        Ok(event)
    }
}

/// Server-sent events.
///
/// `live` with a `Live` at once and on every change, at most two a second, the newest one counting;
/// `ping` with `{}` after 15 quiet seconds. The stream ends when the daemon stops, and after ten minutes.
#[utoipa::path(
    get,
    path = "/api/events",
    tag = "live",
    responses(
        (status = 200, description = "Endless; the data of each `live` event is a `Live` as JSON.", body = String, content_type = "text/event-stream"),
        (status = 503, description = "Too many streams are open.", body = crate::Failure),
    )
)]
pub(crate) async fn events(State(events): State<Events>, _: NoParameters) -> Result<Response, ApiError> {
    let permit = events.free.clone().try_acquire_owned().map_err(|_| {
        let message = format!("{STREAMS_MOST} event streams are open, and no more are allowed; close a page");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", message)
    })?;
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(stream_of(events, permit).map(Ok::<_, Infallible>))).into_response())
}

struct Streaming {
    live: watch::Receiver<Arc<Live>>,
    written: Arc<Written>,
    shutdown: CancellationToken,
    sent_at: Option<Instant>,
    ends_at: Instant,
    _permit: OwnedSemaphorePermit,
}

fn stream_of(events: Events, permit: OwnedSemaphorePermit) -> impl Stream<Item = Bytes> {
    let Events { mut live, written, shutdown, .. } = events;
    live.mark_changed();
    let ends_at = Instant::now() + LONGEST;
    let start = Streaming { live, written, shutdown, sent_at: None, ends_at, _permit: permit };
    let states = stream::unfold(start, |mut streaming| async move {
        let event = streaming.next().await?;
        Some((event, streaming))
    });
    stream::iter([RETRY]).chain(states)
}

impl Streaming {
    async fn next(&mut self) -> Option<Bytes> {
        let quiet = sleep(PING);
        tokio::select! {
            () = self.shutdown.cancelled() => None,
            () = sleep_until(self.ends_at) => None,
            () = quiet => Some(PING_EVENT),
            changed = changed(&mut self.live, self.sent_at) => {
                changed.ok()?;
                self.sent_at = Some(Instant::now());
                let live = self.live.borrow_and_update().clone();
                self.written.event(&live).inspect_err(|error| {
                    tracing::error!(error = error as &dyn std::error::Error, "the live state cannot be written as JSON");
                }).ok()
            }
        }
    }
}

/// Waits for a state that was not sent yet, and for its turn. Cancelling it loses nothing: what is
/// marked as seen is the caller's doing.
async fn changed(
    live: &mut watch::Receiver<Arc<Live>>,
    sent_at: Option<Instant>,
) -> Result<(), watch::error::RecvError> {
    live.changed().await?;
    live.mark_changed();
    if let Some(sent_at) = sent_at {
        sleep_until(sent_at + PACE).await;
    }
    Ok(())
}
