//! The live state as a stream of server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream;
use model::Live;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;
use crate::query::Parameters;

/// Least time between two states.
const PACE: Duration = Duration::from_millis(500);
/// Most time without an event. A comment would keep the connection too, but the page could not see it
/// and so not tell a quiet home from a lost connection.
const PING: Duration = Duration::from_secs(15);
/// When the browser is to try again after a lost connection.
const RETRY: Duration = Duration::from_secs(2);
/// A stream ends after this long, so that who listens is looked at again. The browser comes back by itself.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// Most streams at once.
const STREAMS_MOST: usize = 256;

/// What the streams share.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    live: watch::Receiver<Arc<Live>>,
    shutdown: CancellationToken,
    free: Arc<Semaphore>,
}

impl Events {
    pub(crate) fn new(live: watch::Receiver<Arc<Live>>, shutdown: CancellationToken) -> Self {
        Self { live, shutdown, free: Arc::new(Semaphore::new(STREAMS_MOST)) }
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
pub(crate) async fn events(State(events): State<Events>, parameters: Parameters) -> Result<Response, ApiError> {
    parameters.only(&[])?;
    let permit = events.free.clone().try_acquire_owned().map_err(|_| {
        let message = format!("{STREAMS_MOST} event streams are open, and no more are allowed; close a page");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", message)
    })?;
    let headers = [(header::CACHE_CONTROL, "no-cache"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, Sse::new(stream_of(events.live, events.shutdown, permit))).into_response())
}

struct Streaming {
    live: watch::Receiver<Arc<Live>>,
    shutdown: CancellationToken,
    sent_at: Option<Instant>,
    ends_at: Instant,
    _permit: OwnedSemaphorePermit,
}

fn stream_of(
    mut live: watch::Receiver<Arc<Live>>,
    shutdown: CancellationToken,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    live.mark_changed();
    let start = Streaming { live, shutdown, sent_at: None, ends_at: Instant::now() + LONGEST, _permit: permit };
    stream::unfold(start, |mut streaming| async move {
        let event = streaming.next().await?;
        Some((Ok(event), streaming))
    })
}

impl Streaming {
    async fn next(&mut self) -> Option<Event> {
        let quiet = sleep(PING);
        tokio::select! {
            () = self.shutdown.cancelled() => None,
            () = sleep_until(self.ends_at) => None,
            () = quiet => Some(Event::default().event("ping").data("{}")),
            changed = changed(&mut self.live, self.sent_at) => {
                changed.ok()?;
                let first = self.sent_at.replace(Instant::now()).is_none();
                let live = self.live.borrow_and_update().clone();
                let event = match Event::default().event("live").json_data(&*live) {
                    Ok(event) => event,
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "the live state cannot be written as JSON");
                        return None;
                    }
                };
                Some(if first { event.retry(RETRY) } else { event })
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
