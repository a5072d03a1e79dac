//! Home Assistant itself, seen by a third party.

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::wait::{seconds, until};

/// A Home Assistant.
#[derive(Clone)]
pub struct Hass {
    /// Its address.
    pub url: String,
    /// A long-lived token.
    pub token: String,
    http: reqwest::Client,
}

impl Hass {
    /// Nothing is connected yet.
    pub fn new(url: String, token: String) -> Self {
        Self { url, token, http: reqwest::Client::new() }
    }

    /// State of an entity.
    ///
    /// # Errors
    ///
    /// Home Assistant does not answer, or has no such entity.
    pub async fn state(&self, entity: &str) -> Result<String> {
        let url = format!("{}/api/states/{entity}", self.url);
        let answer = self.http.get(url).bearer_auth(&self.token).timeout(seconds(5)).send().await?;
        let body: Value = answer.error_for_status()?.json().await?;
        body["state"].as_str().map(str::to_owned).with_context(|| format!("no state in {body}"))
    }

    /// Calls a service.
    ///
    /// # Errors
    ///
    /// Home Assistant does not answer or refuses.
    pub async fn call(&self, domain: &str, service: &str, data: Value) -> Result<()> {
        let url = format!("{}/api/services/{domain}/{service}", self.url);
        self.http.post(url).bearer_auth(&self.token).json(&data).send().await?.error_for_status()?;
        Ok(())
    }

    /// Restarts it and returns when its port is closed.
    ///
    /// # Errors
    ///
    /// It does not stop.
    pub async fn restart(&self) -> Result<()> {
        // The answer does not arrive any more, or does as an error, although it restarts.
        let _ = self.call("homeassistant", "restart", json!({})).await;
        let address = self.url.trim_start_matches("http://").to_owned();
        until("Home Assistant down", seconds(60), async || {
            ensure!(TcpStream::connect(&address).await.is_err(), "it still answers");
            Ok(())
        })
        .await
    }

    /// Waits until it is up with its entities.
    ///
    /// # Errors
    ///
    /// It is not.
    pub async fn is_ready(&self) -> Result<()> {
        until("Home Assistant with its entities", seconds(90), async || {
            let state = self.state("sensor.solarflow_800_electric_level").await?;
            state.parse::<f64>().map(drop).with_context(|| format!("the battery is {state}"))
        })
        .await
    }

    /// Puts the same mean into the recorder's statistics for each of the last `hours` that are over.
    ///
    /// # Errors
    ///
    /// Home Assistant does not take it.
    pub async fn import_hours(&self, entity: &str, unit: &str, hours: i64, mean: f64) -> Result<()> {
        let now = jiff::Timestamp::now().as_second();
        let start = |ago: i64| jiff::Timestamp::from_second(now - now % 3600 - 3600 * ago);
        let stats = (1..=hours).rev().map(|ago| Ok(json!({"start": start(ago)?, "mean": mean})));
        let mut socket = self.socket().await?;
        let metadata = json!({"has_mean": true, "has_sum": false, "name": null, "source": "recorder",
            "statistic_id": entity, "unit_of_measurement": unit});
        let stats = stats.collect::<Result<Vec<_>>>()?;
        let import = json!({"id": 1, "type": "recorder/import_statistics", "metadata": metadata, "stats": stats});
        socket.send(import).await?;
        let answer = socket.next().await?;
        ensure!(answer["success"] == true, "{answer}");
        // It is taken in later.
        for id in 2..100 {
            let question = json!({"id": id, "type": "recorder/statistics_during_period", "period": "hour",
                "start_time": start(hours)?, "statistic_ids": [entity], "types": ["mean"]});
            socket.send(question).await?;
            let answer = socket.next().await?;
            if answer["result"][entity].as_array().map_or(0, Vec::len) >= usize::try_from(hours)? {
                return Ok(());
            }
            tokio::time::sleep(seconds(1) / 5).await;
        }
        bail!("the recorder does not show what it took of {entity}")
    }

    async fn socket(&self) -> Result<CallLog> {
        let url = format!("{}/api/websocket", self.url.replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(url).await?;
        let mut log = CallLog { socket };
        log.next().await?;
        log.send(json!({"type": "auth", "access_token": self.token})).await?;
        ensure!(log.next().await?["type"] == "auth_ok", "the token is not accepted");
        Ok(log)
    }

    /// Writes down every service call from now on, whoever makes it.
    ///
    /// # Errors
    ///
    /// Home Assistant does not accept us.
    pub async fn call_log(&self) -> Result<CallLog> {
        let mut log = self.socket().await?;
        log.send(json!({"id": 1, "type": "subscribe_events", "event_type": "call_service"})).await?;
        ensure!(log.next().await?["success"] == true, "no subscription");
        Ok(log)
    }
}

/// Home Assistant's own record of the service calls since it was opened.
pub struct CallLog {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl CallLog {
    /// All calls up to now: those before a call of ours, which events cannot overtake.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub async fn calls(mut self, hass: &Hass) -> Result<Vec<Value>> {
        let marker = json!({"entity_id": "input_boolean.wattwright_enabled"});
        hass.call("input_boolean", "toggle", marker).await?;
        let mut calls = Vec::new();
        loop {
            let event = tokio::time::timeout(seconds(10), self.next()).await.context("our own call is not seen")??;
            let call = event["event"]["data"].clone();
            if call["domain"] == "input_boolean" {
                return Ok(calls);
            }
            calls.push(call);
        }
    }

    async fn send(&mut self, message: Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    async fn next(&mut self) -> Result<Value> {
        while let Some(message) = self.socket.next().await {
            if let Message::Text(text) = message? {
                return Ok(serde_json::from_str(&text)?);
            }
        }
        bail!("Home Assistant closed the connection")
    }
}
