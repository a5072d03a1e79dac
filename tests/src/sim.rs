//! The simulated devices behind Home Assistant: what is true, and turning the knobs.

use anyhow::{Context, Result, ensure};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::wait::{seconds, until};

/// A connection to the simulator.
pub struct Sim {
    client: AsyncClient,
    state: watch::Receiver<Value>,
    pump: JoinHandle<()>,
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl Sim {
    /// Connects to the broker at `127.0.0.1:port`.
    ///
    /// # Errors
    ///
    /// The simulator does not report.
    pub async fn connect(port: u16) -> Result<Self> {
        let id = format!("test-{}", jiff::Timestamp::now().as_nanosecond());
        let (client, mut events) = AsyncClient::new(MqttOptions::new(id, "127.0.0.1", port), 16);
        client.subscribe("sim/state", QoS::AtLeastOnce).await?;
        let (sender, state) = watch::channel(Value::Null);
        let pump = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        sender.send_replace(serde_json::from_slice(&message.payload).unwrap_or_default());
                    }
                    Ok(_) => {}
                    // The next poll connects again.
                    Err(_) => tokio::time::sleep(seconds(1)).await,
                }
            }
        });
        let sim = Self { client, state, pump };
        until("a report of the simulator", seconds(10), async || {
            ensure!(!sim.state().is_null(), "nothing yet");
            Ok(())
        })
        .await?;
        Ok(sim)
    }

    /// What is true now, whatever the faults: `sim/state`.
    pub fn state(&self) -> Value {
        self.state.borrow().clone()
    }

    /// A number of [`Sim::state`] by its JSON pointer, such as `/settings/input_limit`.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn number(&self, pointer: &str) -> Result<f64> {
        let state = self.state();
        state.pointer(pointer).and_then(Value::as_f64).with_context(|| format!("no number {pointer} in {state}"))
    }

    /// Whether the battery inverter takes from the grid (`input`) or gives (`output`).
    pub fn ac_mode(&self) -> String {
        self.state()["settings"]["ac_mode"].as_str().unwrap_or_default().to_owned()
    }

    /// Changes the world: `sim/set`.
    ///
    /// # Errors
    ///
    /// The broker is gone.
    pub async fn set(&self, values: Value) -> Result<()> {
        self.publish("sim/set", &values.to_string()).await
    }

    /// Lets something break: `sim/fault`.
    ///
    /// # Errors
    ///
    /// The broker is gone.
    pub async fn fault(&self, fault: Value) -> Result<()> {
        self.publish("sim/fault", &fault.to_string()).await
    }

    /// Sets a property of the battery past Home Assistant, as a reset or another app would.
    ///
    /// # Errors
    ///
    /// The broker is gone.
    pub async fn set_battery(&self, property: &str, value: &str) -> Result<()> {
        self.publish(&format!("sim/cmd/zendure/{property}"), value).await
    }

    /// Everything as it was in the beginning: no faults, the battery at rest and half full, everything
    /// switched off, 300 W of load and no sun.
    ///
    /// # Errors
    ///
    /// The simulator does not get there.
    pub async fn reset(&self) -> Result<()> {
        self.fault(json!({"name": "clear"})).await?;
        self.set(json!({"soc": 50, "load": 300, "solar": 0, "speed": 1, "lag": 2})).await?;
        for (property, value) in
            [("ac_mode", "output"), ("input_limit", "0"), ("output_limit", "0"), ("min_soc", "5"), ("soc_set", "100")]
        {
            self.set_battery(property, value).await?;
        }
        for plug in ["plug_1", "plug_2", "plug_3"] {
            self.publish(&format!("sim/cmd/{plug}/switch"), "OFF").await?;
        }
        self.publish("sim/cmd/light/set", r#"{"state": "OFF"}"#).await?;
        until("the simulated devices at rest", seconds(15), async || {
            let state = self.state();
            let settings =
                json!({"ac_mode": "output", "input_limit": 0, "output_limit": 0, "min_soc": 5, "soc_set": 100});
            ensure!(state["settings"] == settings && state["pending"] == 0, "settings: {}", state["settings"]);
            ensure!(state["output"] == 0.0 && state["grid_input"] == 0.0, "power: {state}");
            ensure!(state["light"]["state"] == "OFF" && state["faults"] == json!([]), "{state}");
            Ok(())
        })
        .await
    }

    async fn publish(&self, topic: &str, payload: &str) -> Result<()> {
        Ok(self.client.publish(topic, QoS::AtLeastOnce, false, payload).await?)
    }
}
