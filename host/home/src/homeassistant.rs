//! A real Home Assistant behind the port, over its WebSocket API.
//!
//! [`HomeEntities`] says which entity plays which role. [`HomeAssistant::connect`] starts a task that keeps the
//! connection and the latest state of each mapped entity; from these the port answers without waiting.
//! Pure: the protocol's messages, readings, and the calls that make up a command.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use forecast::solar::sun::Place;
use guard::{Approved, Order};
use jiff::Timestamp;
use model::home::Baseline;
use model::{Command, HomeState, Link, TargetId};
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::command::Call;
use self::shared::{Request, Shared};
use self::states::States;
use crate::{Home, ReadBack, SendError};

mod author;
mod command;
mod config;
mod connection;
mod dead_man;
mod link;
mod protocol;
mod reading;
mod recorded;
mod retry;
mod shared;
mod states;
mod tls;
mod validate;
mod view;

#[cfg(test)]
mod tests;

pub use config::{
    BatteryControl, BatteryEntities, BatteryPower, DeviceEntities, EntityId, EntityIdError, EntityRef, HomeEntities,
    TakenWhen,
};
pub use connection::{Connection, ConnectionError, Timing};
pub use dead_man::automation as dead_man;
pub use recorded::Period;
pub use shared::CallError;
pub use validate::Finding;

/// A Home Assistant. Ends its connection when it is dropped.
pub struct HomeAssistant {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    timing: Timing,
    /// One order at a time for each target, so that the calls of two do not mix.
    turns: BTreeMap<TargetId, Mutex<()>>,
    task: JoinHandle<()>,
}

impl Drop for HomeAssistant {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HomeAssistant {
    /// Starts to connect, and keeps trying. Must be called within a Tokio runtime.
    pub fn connect(connection: Connection, entities: HomeEntities) -> Self {
        let batteries = entities.batteries.iter().map(|(id, _)| id.clone());
        let devices = entities.devices.iter().map(|(id, _)| id.clone());
        let turns = batteries.chain(devices).map(|id| (id, Mutex::new(()))).collect();
        let shared = Arc::new(Shared::new(entities));
        let (requests, receiver) = mpsc::channel(64);
        let timing = connection.timing;
        let task = tokio::spawn(link::run(connection, shared.clone(), receiver));
        Self { shared, requests, timing, turns, task }
    }

    /// Waits until the link is up or rejected, at most for `patience`, and returns how it is then.
    pub async fn settled(&self, patience: Duration) -> Link {
        let mut changes = self.changes();
        let settled = async {
            loop {
                let link = self.shared.lock().known.link.clone();
                if !matches!(link, Link::Connecting { .. }) || changes.changed().await.is_err() {
                    return link;
                }
            }
        };
        match timeout(patience, settled).await {
            Ok(link) => link,
            Err(_) => self.shared.lock().known.link.clone(),
        }
    }

    /// Calls an action that only looks something up, such as a price list or a weather forecast, and
    /// returns its response. Commands go through [`Home::send`].
    pub async fn call_action(&self, domain: &str, service: &str, data: Value) -> Result<Value, CallError> {
        let message = protocol::call_service(domain, service, data, None, true);
        let mut answer = self.ask(message, self.timing.action_within).await?;
        Ok(answer.get_mut("response").map(Value::take).unwrap_or_default())
    }

    /// Shows that this program is alive, until `at`: the automation of [`dead_man`] counts from there.
    pub async fn beat(&self, heartbeat: &EntityId, at: Timestamp) -> Result<(), CallError> {
        let data = json!({ "entity_id": heartbeat, "timestamp": dead_man::beat_at(at) });
        let message = protocol::call_service("input_datetime", "set_datetime", data, None, false);
        self.ask(message, self.timing.acknowledge_within).await.map(drop)
    }

    /// What a mapped or extra entity shows; `None`: there is no such entity, or the link is down.
    pub fn text(&self, entity: &EntityId) -> Option<String> {
        let inner = self.shared.lock();
        inner.known.states.as_ref()?.get(entity.as_str()).map(|state| state.state.clone())
    }

    /// Sets an `input_text`.
    pub async fn set_text(&self, entity: &EntityId, text: &str) -> Result<(), CallError> {
        let data = json!({ "entity_id": entity, "value": text });
        let message = protocol::call_service("input_text", "set_value", data, None, false);
        self.ask(message, self.timing.acknowledge_within).await.map(drop)
    }

    /// The attributes of a mapped or extra entity; `None`: there is no such entity, or the link is down.
    pub fn attributes(&self, entity: &str) -> Option<Map<String, Value>> {
        let inner = self.shared.lock();
        inner.known.states.as_ref()?.get(entity).map(|state| state.attributes.clone())
    }

    /// The home as the recorder has it between two moments: the mean of each period, oldest first, each at its
    /// start. Without what has no statistics. Some months at once are too much for one answer.
    ///
    /// # Errors
    /// [`CallError::Refused`] also where Home Assistant has no recorder.
    pub async fn recorded(
        &self,
        from: Timestamp,
        until: Timestamp,
        period: Period,
    ) -> Result<Vec<(Timestamp, HomeState)>, CallError> {
        let ids = recorded::wanted(&self.shared.entities);
        let message = protocol::statistics(from, until, &ids, period.name());
        let answer = self.ask(message, self.timing.action_within).await?;
        let inner = self.shared.lock();
        let shown = inner.known.states.as_ref().ok_or(CallError::LinkDown)?;
        Ok(recorded::states(&self.shared.entities, shown, &answer))
    }

    /// What the solar forecasts of the Energy dashboard say: `{CONFIG_ENTRY: {wh_hours: {STAMP: Wh}}}`.
    pub async fn solar_forecast(&self) -> Result<Value, CallError> {
        self.ask(protocol::solar_forecast(), self.timing.action_within).await
    }

    /// Where Home Assistant says that the home is; `None`: not known yet.
    pub fn whereabouts(&self) -> Option<Place> {
        self.shared.lock().known.place
    }

    /// The country that Home Assistant is set to, an ISO 3166 code; `None`: none, or not known yet.
    pub fn country(&self) -> Option<String> {
        self.shared.lock().known.country.clone()
    }

    /// Which entities [`HomeAssistant::recorded`] asks for.
    pub fn recorded_entities(&self) -> Vec<&str> {
        recorded::wanted(&self.shared.entities)
    }

    /// Compares the mapping with what Home Assistant has; nothing found: all fits.
    pub async fn validate(&self) -> Result<Vec<Finding>, CallError> {
        let states = self.ask(protocol::get_states(), self.timing.action_within).await?;
        let services = self.ask(protocol::get_services(), self.timing.action_within).await?;
        Ok(validate::findings(&self.shared.entities, &States::of_list(&states), &services))
    }

    async fn ask(&self, message: Value, within: Duration) -> Result<Value, CallError> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            let request = Request { message, reply };
            self.requests.send(request).await.map_err(|_| CallError::LinkDown)?;
            answer.await.map_err(|_| CallError::LinkDown)?
        };
        timeout(within, asked).await.unwrap_or(Err(CallError::TimedOut(within)))
    }

    /// The calls that carry the order out, from what is seen now.
    fn calls(&self, target: &str, order: &Order) -> Result<Vec<Call>, SendError> {
        let inner = self.shared.lock();
        let entities = &self.shared.entities;
        match &inner.known.states {
            Some(states) if inner.known.link.is_up() => match order {
                Order::Command(command) | Order::Rest(command) => {
                    command::command_calls(entities, states, target, command)
                }
                Order::Release(baseline) => command::release_calls(entities, states, target, baseline),
            },
            _ => Err(SendError::LinkDown),
        }
    }

    /// Whether the entity shows already what the call would bring about. While an earlier write to it has
    /// not been seen, what it shows is about to change.
    fn is_done(&self, call: &Call) -> bool {
        let Some(entity) = &call.entity else { return false };
        let inner = self.shared.lock();
        if inner.unseen.get(entity).is_some_and(|wanted| *wanted != call.wanted) {
            return false;
        }
        let state = inner.known.states.as_ref().and_then(|states| states.get(entity.as_str()));
        state.is_some_and(|state| call.wanted.shown_by(state) == Some(true))
    }

    async fn perform(&self, call: &Call) -> Result<(), SendError> {
        if self.is_done(call) {
            return Ok(());
        }
        if let Some(entity) = &call.entity {
            self.shared.lock().unseen.insert(entity.clone(), call.wanted.clone());
        }
        let target = call.entity.as_ref().map(|entity| json!({ "entity_id": entity }));
        let data = Value::Object(call.data.clone());
        let message = protocol::call_service(&call.domain, &call.service, data, target, false);
        let within = self.timing.acknowledge_within;
        let answer = self.ask(message, within).await;
        tracing::debug!(domain = call.domain, service = call.service, entity = ?call.entity, data = ?call.data, ?answer, "service call");
        if let Some(context) = answer.as_ref().ok().and_then(|answer| answer["context"]["id"].as_str()) {
            self.shared.lock().remember_context(context);
        }
        answer.map(drop).map_err(|error| match error {
            CallError::LinkDown => SendError::LinkDown,
            CallError::TimedOut(within) => SendError::TimedOut(within),
            CallError::Refused(words) => {
                if let Some(entity) = &call.entity {
                    self.shared.lock().unseen.remove(entity);
                }
                SendError::Rejected(format!("{}.{}: {words}", call.domain, call.service))
            }
        })
    }
}

#[async_trait]
impl Home for HomeAssistant {
    fn state(&self) -> HomeState {
        view::home_state(&self.shared.entities, &self.shared.lock().known)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    async fn send(&self, approved: &Approved) -> Result<(), SendError> {
        let target = approved.target();
        let _turn = match self.turns.get(target) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let calls = self.calls(target, approved.order())?;
        match approved.command() {
            Some(command) => {
                self.shared.lock().sent.insert(target.clone(), (command.clone(), calls.clone()));
            }
            None => {
                self.shared.lock().sent.remove(target);
            }
        }
        for (index, call) in calls.iter().enumerate() {
            if !command::repeats(&calls, index) {
                self.perform(call).await?;
            }
        }
        Ok(())
    }

    fn read_back(&self, target: &TargetId, command: &Command) -> ReadBack {
        let inner = self.shared.lock();
        let Some(states) = &inner.known.states else { return ReadBack::Unknown };
        match inner.sent.get(target) {
            Some((sent, calls)) if sent == command => command::compare(calls, states),
            _ => match command::command_calls(&self.shared.entities, states, target, command) {
                Ok(calls) => command::compare(&calls, states),
                Err(_) => ReadBack::Unknown,
            },
        }
    }

    async fn author(&self, target: &TargetId) -> Option<String> {
        let entities: Vec<String> =
            command::control_entities(&self.shared.entities, target).into_iter().map(ToString::to_string).collect();
        let within = self.timing.action_within;
        let states = self.ask(protocol::get_states(), within).await.ok()?;
        let entities: Vec<&str> = entities.iter().map(String::as_str).collect();
        let inner = self.shared.lock();
        Some(author::author(&states, &entities, |context| inner.own_contexts.iter().any(|own| own == context)))
    }

    fn baseline(&self, target: &TargetId) -> Option<Baseline> {
        let inner = self.shared.lock();
        command::baseline(&self.shared.entities, inner.known.states.as_ref()?, target)
    }
}
