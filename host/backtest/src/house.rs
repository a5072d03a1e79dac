use guard::Limits;
use simulator::BatteryParameters;

/// A home with one battery, as it is simulated and as a strategy sees it.
#[derive(Clone, Debug)]
pub struct House {
    /// IANA name of the time zone.
    pub timezone: String,
    /// ISO 4217.
    pub currency: String,
    /// Id of the battery.
    pub battery: String,
    /// What it is.
    pub parameters: BatteryParameters,
    /// At the beginning, percent.
    pub start_soc_pct: f64,
    /// What ageing costs for each kWh discharged, for the strategy to reckon with.
    pub wear_cost_per_kwh: f64,
    /// The guard's. With one battery; devices are not played.
    pub limits: Limits,
}
