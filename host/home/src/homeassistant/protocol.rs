//! Messages of Home Assistant's WebSocket API, as of 2025.4: pure, and without trust in their shape.

use forecast::solar::sun::Place;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What Home Assistant says.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// The token is wanted.
    AuthRequired,
    /// The token is accepted.
    AuthOk,
    /// The token is not accepted, and why.
    AuthInvalid(String),
    /// The answer to the message of that id.
    Answer {
        /// Of our message.
        id: u64,
        /// `result`, or the error in Home Assistant's words.
        answer: Result<Value, String>,
    },
    /// An event of the subscription of that id.
    Event {
        /// Of our subscription.
        id: u64,
        /// `event`.
        event: Value,
    },
    /// The answer to a ping.
    Pong,
}

/// The frames of a message: one, or several in a JSON array when Home Assistant coalesces. Those of a
/// kind that is not known are left out; the error says what is wrong with a message that is no JSON.
pub fn frames(text: &str) -> Result<Vec<Frame>, serde_json::Error> {
    Ok(match serde_json::from_str(text)? {
        Value::Array(several) => several.into_iter().filter_map(frame).collect(),
        one => frame(one).into_iter().collect(),
    })
}

fn frame(mut value: Value) -> Option<Frame> {
    let id = value.get("id").and_then(Value::as_u64);
    let mut take = |key: &str| value.get_mut(key).map(Value::take).unwrap_or_default();
    let kind = take("type");
    Some(match kind.as_str()? {
        "auth_required" => Frame::AuthRequired,
        "auth_ok" => Frame::AuthOk,
        "auth_invalid" => Frame::AuthInvalid(take("message").as_str().unwrap_or("no reason given").to_owned()),
        "result" if take("success") == Value::Bool(true) => Frame::Answer { id: id?, answer: Ok(take("result")) },
        "result" => Frame::Answer { id: id?, answer: Err(error_words(&take("error"))) },
        "event" => Frame::Event { id: id?, event: take("event") },
        "pong" => Frame::Pong,
        _ => return None,
    })
}

fn error_words(error: &Value) -> String {
    let text = |key| error.get(key).and_then(Value::as_str);
    match (text("message"), text("code")) {
        (Some(message), _) => message.to_owned(),
        (None, Some(code)) => code.to_owned(),
        (None, None) => "an error without a message".to_owned(),
    }
}

/// Puts an id on a message.
pub fn with_id(mut message: Value, id: u64) -> String {
    if let Value::Object(fields) = &mut message {
        fields.insert("id".to_owned(), id.into());
    }
    message.to_string()
}

/// Authenticates.
pub fn auth(token: &str) -> String {
    json!({ "type": "auth", "access_token": token }).to_string()
}

/// Lets Home Assistant put several frames into one message.
pub fn supported_features() -> Value {
    json!({ "type": "supported_features", "features": { "coalesce_messages": 1 } })
}

/// Asks for time zone, currency, place and whether the start is over.
pub fn get_config() -> Value {
    json!({ "type": "get_config" })
}

/// Where the home is, from the answer to [`get_config`].
pub fn place(config: &Value) -> Option<Place> {
    let degrees = |key: &str, most: f64| config.get(key)?.as_f64().filter(|degrees| degrees.abs() <= most);
    Some(Place { latitude: degrees("latitude", 90.0)?, longitude: degrees("longitude", 180.0)? })
}

/// Asks for what the Energy dashboard's solar forecasts say (`homeassistant/components/energy/websocket_api.py`).
pub fn solar_forecast() -> Value {
    json!({ "type": "energy/solar_forecast" })
}

/// Asks for the states of all entities.
pub fn get_states() -> Value {
    json!({ "type": "get_states" })
}

/// Asks for the services that there are.
pub fn get_services() -> Value {
    json!({ "type": "get_services" })
}

/// Subscribes to the states of these entities.
pub fn subscribe_entities<'a>(entities: impl IntoIterator<Item = &'a str>) -> Value {
    let entities: Vec<&str> = entities.into_iter().collect();
    json!({ "type": "subscribe_entities", "entity_ids": entities })
}

/// Asks for a sign of life.
pub fn ping() -> Value {
    json!({ "type": "ping" })
}

/// Asks for means of the past.
pub fn statistics(from: Timestamp, until: Timestamp, entities: &[&str], period: &str) -> Value {
    json!({
        "type": "recorder/statistics_during_period",
        "start_time": from.to_string(),
        "end_time": until.to_string(),
        "statistic_ids": entities,
        "period": period,
        "types": ["mean"],
    })
}

/// Calls a service.
pub fn call_service(domain: &str, service: &str, data: Value, target: Option<Value>, response: bool) -> Value {
    let mut message = json!({ "type": "call_service", "domain": domain, "service": service, "service_data": data });
    if let Some(target) = target {
        message["target"] = target;
    }
    if response {
        message["return_response"] = Value::Bool(true);
    }
    message
}
