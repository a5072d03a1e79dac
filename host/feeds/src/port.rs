use async_trait::async_trait;
use serde_json::Value;

/// What price sources need of Home Assistant.
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
}
