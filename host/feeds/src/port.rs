use async_trait::async_trait;
use forecast::solar::sun::Place;
use serde_json::Value;

/// What sources need of Home Assistant.
#[async_trait]
pub trait HomePort: Send + Sync {
    /// Whether there is a connection; without one, its sources are not asked and that is no fault of theirs.
    fn is_up(&self) -> bool;

    /// The attributes of an entity; `None`: there is no such entity.
    fn attributes(&self, entity: &str) -> Option<Value>;

    /// Calls an action and gives its answer.
    ///
    /// # Errors
    /// What Home Assistant says.
    async fn call_action(&self, domain: &str, action: &str, data: Value) -> Result<Value, String>;

    /// Where the home is; `None`: not known, or not known yet.
    fn whereabouts(&self) -> Option<Place>;

    /// The answer to the command `energy/solar_forecast`.
    ///
    /// # Errors
    /// What Home Assistant says.
    async fn solar_forecast(&self) -> Result<Value, String>;
}
