//! A Home Assistant whose every message the test decides.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_async};
use wattwright_home::homeassistant::Connection;

/// The right token.
pub const TOKEN: &str = "token";

/// Waits for clients.
pub struct Fake {
    listener: TcpListener,
}

impl Fake {
    /// On a free port.
    pub async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// How to reach it, without long waits.
    pub fn connection(&self) -> Connection {
        let url = format!("http://{}", self.listener.local_addr().unwrap());
        let mut connection = Connection::new(&url, TOKEN).unwrap();
        connection.timing.retry_first = Duration::from_millis(10);
        connection.timing.starting_poll = Duration::from_millis(10);
        connection
    }

    /// The next client that connects, asked for its token.
    pub async fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut peer = Peer { socket: accept_async(stream).await.unwrap() };
        peer.say(json!({ "type": "auth_required", "ha_version": "2025.4.4" })).await;
        let auth = peer.next().await.unwrap();
        assert_eq!(auth, json!({ "type": "auth", "access_token": TOKEN }));
        peer
    }

    /// The next client, let in and running, up to its subscription; returns that message's id.
    pub async fn accept_running(&self) -> (Peer, u64) {
        let mut peer = self.accept().await;
        peer.let_in().await;
        let config = peer.expect("get_config").await;
        peer.answer(&config, running()).await;
        let subscription = peer.expect("subscribe_entities").await;
        peer.answer(&subscription, Value::Null).await;
        (peer, subscription["id"].as_u64().unwrap())
    }

    /// The next client, in step with these states.
    pub async fn accept_in_step(&self, states: Value) -> (Peer, u64) {
        let (mut peer, subscription) = self.accept_running().await;
        peer.event(subscription, json!({ "a": states })).await;
        (peer, subscription)
    }
}

/// What `get_config` answers when the start is over.
pub fn running() -> Value {
    json!({ "state": "RUNNING", "time_zone": "Europe/Berlin", "currency": "EUR", "country": "DE" })
}

/// One client.
pub struct Peer {
    socket: WebSocketStream<TcpStream>,
}

impl Peer {
    /// Accepts the token.
    pub async fn let_in(&mut self) {
        self.say(json!({ "type": "auth_ok", "ha_version": "2025.4.4" })).await;
        let features = self.expect("supported_features").await;
        self.answer(&features, Value::Null).await;
    }

    /// Sends a message.
    pub async fn say(&mut self, message: Value) {
        self.say_text(message.to_string()).await;
    }

    /// Sends anything.
    pub async fn say_text(&mut self, text: String) {
        self.try_say_text(text).await.unwrap();
    }

    /// Sends anything; fails when the client is gone.
    pub async fn try_say_text(&mut self, text: String) -> Result<(), tungstenite::Error> {
        self.socket.send(Message::text(text)).await
    }

    /// Sends an event of a subscription.
    pub async fn event(&mut self, subscription: u64, event: Value) {
        self.say(json!({ "id": subscription, "type": "event", "event": event })).await;
    }

    /// Answers a message with success.
    pub async fn answer(&mut self, message: &Value, result: Value) {
        self.say(json!({ "id": message["id"], "type": "result", "success": true, "result": result })).await;
    }

    /// The next message; `None`: the client is gone.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next message, which is of this type.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let message = self.next().await.expect("the client is gone");
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// The next message, which is a service call; acknowledged, and put in one line.
    pub async fn obey(&mut self) -> String {
        let call = self.expect("call_service").await;
        self.answer(&call, json!({ "context": { "id": "01M873XF559KVTKT0AT2EKAQJG" } })).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (domain, service) = (text(&call["domain"]), text(&call["service"]));
        format!("{domain}.{service} {} {}", text(&call["target"]["entity_id"]), call["service_data"])
    }

    /// Ends the connection as Home Assistant does on a restart.
    pub async fn close(mut self) {
        self.socket.close(None).await.unwrap();
    }
}
