//! The owner's hand on the home that runs, for the API.

use std::sync::Arc;
use std::time::Duration;

use control::{Owner, OwnerError};
use jiff::Timestamp;
use model::{Command, Hand};
use server::ByHand;
use server::manage::ManageError;

/// What the server asks.
pub struct OwnersHand(pub Arc<Owner>);

fn refused(error: OwnerError) -> ManageError {
    match error {
        OwnerError::UnknownTarget { .. } => ManageError::NotFound(error.to_string()),
        OwnerError::NotForIt { .. } | OwnerError::Lasts { .. } => ManageError::Refused(error.to_string()),
    }
}

impl ByHand for OwnersHand {
    fn set(&self, target: &str, command: Command, lasts: Duration) -> Result<Hand, ManageError> {
        let now = Timestamp::now();
        self.0.set(target, command, lasts, now).map_err(refused)?;
        Ok(self.0.at(now))
    }

    fn clear(&self, target: &str) -> Result<Hand, ManageError> {
        if !self.0.clear(target).map_err(refused)? {
            return Err(ManageError::NotFound(format!("`{target}` is not commanded by hand")));
        }
        Ok(self.0.at(Timestamp::now()))
    }

    fn pause(&self, lasts: Duration) -> Result<Hand, ManageError> {
        let now = Timestamp::now();
        self.0.pause(lasts, now).map_err(refused)?;
        Ok(self.0.at(now))
    }

    fn resume(&self) -> Result<Hand, ManageError> {
        if !self.0.resume() {
            return Err(ManageError::NotFound("nothing is paused".into()));
        }
        Ok(self.0.at(Timestamp::now()))
    }
}
