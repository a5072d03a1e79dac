//! Brings prices, weather and sun from where they are published into [`knowledge::Knowledge`].
//! A source that hangs, lies or vanishes delays no tick: each kind is fetched by a task of its own.

pub mod prices;
pub mod sky;

use std::sync::Arc;

use async_trait::async_trait;
use feeds::HomePort;
use forecast::solar::sun::Place;
use home::Home;
use home::homeassistant::HomeAssistant;
use serde_json::Value;

pub use prices::{enter_simulated, simulated};

/// Home Assistant, as sources see it.
struct Port(Arc<HomeAssistant>);

#[async_trait]
impl HomePort for Port {
    fn is_up(&self) -> bool {
        self.0.state().link.is_up()
    }

    fn attributes(&self, entity: &str) -> Option<Value> {
        self.0.attributes(entity).map(Value::Object)
    }

    async fn call_action(&self, domain: &str, action: &str, data: Value) -> Result<Value, String> {
        self.0.call_action(domain, action, data).await.map_err(|error| error.to_string())
    }

    fn whereabouts(&self) -> Option<Place> {
        self.0.whereabouts()
    }

    async fn solar_forecast(&self) -> Result<Value, String> {
        self.0.solar_forecast().await.map_err(|error| error.to_string())
    }
}
