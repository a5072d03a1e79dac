//! The task that keeps the connection: gets in step, takes in events, passes requests on, notices when
//! nobody answers, and starts over.
//!
//! ```text
//! connect ─> auth ─> get_config until RUNNING ─> subscribe_entities ─> first states: in step
//!    ^          └─> rejected: wait long                                     │
//!    └────────────── wait, longer each time <── lost ──────────────────────┘
//! ```

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use model::Link;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::config::EntityId;
use super::connection::Connection;
use super::protocol::{self, Frame};
use super::retry::Retry;
use super::shared::{CallError, Request, Shared};
use super::tls;

/// More than any home's states take; a message beyond is not Home Assistant's.
const MESSAGE_LIMIT: usize = 16 << 20;

/// Why a session ended.
enum Ended {
    /// Our credentials are not accepted.
    Rejected(String),
    /// The connection broke.
    Lost(String),
}

/// Keeps the connection for as long as the handle lives.
pub async fn run(connection: Connection, shared: Arc<Shared>, mut requests: mpsc::Receiver<Request>) {
    let timing = connection.timing;
    let mut retry = Retry::new(timing.retry_first, timing.retry_most);
    loop {
        let ended = session(&connection, &shared, &mut requests, &mut retry).await;
        let wait = match ended {
            Ended::Rejected(reason) => {
                tracing::error!(place = connection.place(), reason, "Home Assistant rejects us");
                shared.down(Link::Rejected { reason });
                timing.retry_rejected
            }
            Ended::Lost(reason) => {
                let wait = retry.next();
                tracing::warn!(place = connection.place(), reason, ?wait, "no link to Home Assistant");
                shared.down(Link::Connecting { reason });
                wait
            }
        };
        let over = sleep(wait);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => break,
                request = requests.recv() => match request {
                    Some(request) => refuse(request),
                    None => return,
                },
            }
        }
    }
}

fn refuse(request: Request) {
    // Who does not wait any more needs no answer.
    let _ = request.reply.send(Err(CallError::LinkDown));
}

async fn session(
    connection: &Connection,
    shared: &Shared,
    requests: &mut mpsc::Receiver<Request>,
    retry: &mut Retry,
) -> Ended {
    let within = connection.timing.answer_within;
    let mut socket = match timeout(within, open(connection)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(ended)) => return ended,
        Err(_) => {
            return Ended::Lost(format!("no connection to {} within {} s", connection.place(), within.as_secs_f64()));
        }
    };
    let session = Session {
        connection,
        shared,
        socket: &mut socket,
        last_id: 0,
        waiting: BTreeMap::new(),
        step: Step::Starting { config: None, at: Instant::now() },
    };
    let ended = match session.run(requests, retry).await {
        Err(ended) => ended,
        Ok(never) => match never {},
    };
    // Home Assistant may be gone; the other end of a broken connection notices by itself.
    let _ = timeout(Duration::from_millis(100), socket.close(None)).await;
    ended
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(connection: &Connection) -> Result<Socket, Ended> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT))
        .read_buffer_size(16 << 10)
        .write_buffer_size(0);
    let place = connection.place();
    let url = connection.websocket.as_str();
    let tls = if connection.websocket.scheme() == "wss" {
        Some(tls::connector().map_err(|error| Ended::Lost(format!("no secure connection to {place}: {error}")))?)
    } else {
        None
    };
    let opened = connect_async_tls_with_config(url, Some(config), true, tls).await;
    let (mut socket, _) = opened.map_err(|error| match error {
        tungstenite::Error::Http(response) if response.status() == 403 => Ended::Rejected(format!(
            "{place} answers 403: this address may be banned after failed logins; remove it from \
             `ip_bans.yaml` in Home Assistant's configuration folder and restart Home Assistant"
        )),
        error => Ended::Lost(format!("no connection to {place}: {error}")),
    })?;
    loop {
        for frame in receive(&mut socket).await? {
            match frame {
                Frame::AuthRequired => send(&mut socket, protocol::auth(&connection.token)).await?,
                Frame::AuthOk => return Ok(socket),
                Frame::AuthInvalid(words) => {
                    return Err(Ended::Rejected(format!(
                        "Home Assistant at {place} rejects the token: {words}. Make a new long-lived access \
                         token in Home Assistant under your profile, Security, and put it where the old one is"
                    )));
                }
                _ => {}
            }
        }
    }
}

async fn send(socket: &mut Socket, text: String) -> Result<(), Ended> {
    socket.send(Message::text(text)).await.map_err(lost)
}

fn lost(error: tungstenite::Error) -> Ended {
    Ended::Lost(match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => closed(),
        error => format!("the connection to Home Assistant broke: {error}"),
    })
}

fn closed() -> String {
    "Home Assistant closed the connection".to_owned()
}

/// The frames of the next message, which may be none. Safe to be dropped while it waits.
async fn receive(socket: &mut Socket) -> Result<Vec<Frame>, Ended> {
    let message = socket.next().await.ok_or_else(|| Ended::Lost(closed()))?.map_err(lost)?;
    match message {
        Message::Text(text) => Ok(protocol::frames(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, bytes = text.len(), "a message from Home Assistant is no JSON and is left out");
            Vec::new()
        })),
        Message::Close(_) => Err(Ended::Lost(closed())),
        _ => Ok(Vec::new()),
    }
}

/// How far the session is.
enum Step {
    /// Home Assistant may still be starting: its answer to `get_config` is awaited until `at`, or the
    /// next question is due then.
    Starting { config: Option<u64>, at: Instant },
    /// The first states are awaited until then.
    Subscribed { id: u64, until: Instant },
    /// In step.
    Synced { id: u64 },
}

/// The two times a session waits for besides its step.
struct Heart {
    next_ping: Instant,
    pong_until: Option<Instant>,
}

struct Session<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    socket: &'a mut Socket,
    last_id: u64,
    waiting: BTreeMap<u64, oneshot::Sender<Result<Value, CallError>>>,
    step: Step,
}

impl Session<'_> {
    async fn run(mut self, requests: &mut mpsc::Receiver<Request>, retry: &mut Retry) -> Result<Infallible, Ended> {
        let timing = self.connection.timing;
        self.send(protocol::supported_features()).await?;
        let mut heart = Heart { next_ping: Instant::now() + timing.ping_every, pong_until: None };
        loop {
            let step_due = match self.step {
                Step::Starting { at, .. } => Some(at),
                Step::Subscribed { until, .. } => Some(until),
                Step::Synced { .. } => None,
            };
            let due = [step_due, heart.pong_until].into_iter().flatten().fold(heart.next_ping, Instant::min);
            tokio::select! {
                frames = receive(self.socket) => {
                    for frame in frames? {
                        if frame == Frame::Pong {
                            heart.pong_until = None;
                        } else {
                            self.take(frame, retry).await?;
                        }
                    }
                }
                request = requests.recv() => match request {
                    Some(request) if matches!(self.step, Step::Synced { .. }) => {
                        self.waiting.retain(|_, reply| !reply.is_closed());
                        let id = self.send(request.message).await?;
                        self.waiting.insert(id, request.reply);
                    }
                    Some(request) => refuse(request),
                    None => return Err(Ended::Lost("Wattwright is ending".to_owned())),
                },
                () = sleep_until(due) => self.on_due(&mut heart).await?,
            }
        }
    }

    async fn on_due(&mut self, heart: &mut Heart) -> Result<(), Ended> {
        let timing = self.connection.timing;
        let now = Instant::now();
        let silent = |to: &str| {
            Err(Ended::Lost(format!(
                "Home Assistant gave no answer to {to} within {} s",
                timing.answer_within.as_secs_f64()
            )))
        };
        if heart.pong_until.is_some_and(|until| until <= now) {
            return silent("a ping");
        }
        match self.step {
            Step::Starting { config: Some(_), at } if at <= now => return silent("`get_config`"),
            Step::Starting { config: None, at } if at <= now => {
                let id = self.send(protocol::get_config()).await?;
                self.step = Step::Starting { config: Some(id), at: now + timing.answer_within };
            }
            Step::Subscribed { until, .. } if until <= now => return silent("`subscribe_entities`"),
            _ => {}
        }
        if heart.next_ping <= now {
            self.send(protocol::ping()).await?;
            heart.next_ping = now + timing.ping_every;
            heart.pong_until.get_or_insert(now + timing.answer_within);
        }
        Ok(())
    }

    async fn take(&mut self, frame: Frame, retry: &mut Retry) -> Result<(), Ended> {
        match (frame, &self.step) {
            (Frame::Answer { id, answer }, Step::Starting { config: Some(config), .. }) if id == *config => {
                let config = answer.map_err(|words| Ended::Lost(format!("`get_config` failed: {words}")))?;
                self.take_config(&config).await?;
            }
            (Frame::Answer { id, answer: Err(words) }, Step::Subscribed { id: subscription, .. })
                if id == *subscription =>
            {
                return Err(Ended::Lost(format!("`subscribe_entities` failed: {words}")));
            }
            (Frame::Event { id, event }, Step::Subscribed { id: subscription, .. }) if id == *subscription => {
                self.step = Step::Synced { id };
                retry.reset();
                self.shared.apply(&event);
                tracing::info!(place = self.connection.place(), "in step with Home Assistant");
            }
            (Frame::Event { id, event }, Step::Synced { id: subscription }) if id == *subscription => {
                self.shared.apply(&event);
            }
            (Frame::Answer { id, answer }, _) => {
                if let Some(reply) = self.waiting.remove(&id) {
                    // Who does not wait any more needs no answer.
                    let _ = reply.send(answer.map_err(CallError::Refused));
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn take_config(&mut self, config: &Value) -> Result<(), Ended> {
        let text = |key| config.get(key).and_then(Value::as_str).map(str::to_owned);
        let timing = self.connection.timing;
        let state = text("state").unwrap_or_default();
        self.shared.update(|inner| {
            inner.known.timezone = text("time_zone");
            inner.known.currency = text("currency");
            inner.known.country = text("country");
            inner.known.place = protocol::place(config);
            if state != "RUNNING" {
                inner.known.link = Link::Connecting { reason: format!("Home Assistant is not ready yet: {state}") };
            }
        });
        self.step = if state == "RUNNING" {
            let entities: Vec<&str> = self.shared.entities.all().into_iter().map(EntityId::as_str).collect();
            let message = protocol::subscribe_entities(entities);
            let id = self.send(message).await?;
            Step::Subscribed { id, until: Instant::now() + timing.answer_within }
        } else {
            Step::Starting { config: None, at: Instant::now() + timing.starting_poll }
        };
        Ok(())
    }

    /// Sends a message under the next id.
    async fn send(&mut self, message: Value) -> Result<u64, Ended> {
        self.last_id += 1;
        let within = self.connection.timing.answer_within;
        match timeout(within, send(self.socket, protocol::with_id(message, self.last_id))).await {
            Ok(sent) => sent.map(|()| self.last_id),
            Err(_) => Err(Ended::Lost(format!("Home Assistant took no message within {} s", within.as_secs_f64()))),
        }
    }
}
