//! A local stand-in for the services on the Internet, which can be told to fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Well,
    /// 500.
    Broken,
    /// Takes the question and never answers.
    Hangs,
    /// Half of an answer.
    Half,
}

/// One server for all of them.
pub struct Services {
    base: String,
    manners: Arc<Mutex<BTreeMap<&'static str, Manner>>>,
}

/// Their names, which begin their paths.
pub const NAMES: [&str; 3] = ["energy-charts", "open-meteo", "forecast-solar"];

impl Services {
    /// All behave well.
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let manners = Arc::new(Mutex::new(BTreeMap::new()));
        let shared = manners.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Ok(Self { base, manners })
    }

    /// Address of a service.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    /// Lets the services behave like this, and all others well.
    pub fn behave(&self, manners: &[(&'static str, Manner)]) {
        *self.manners.lock().unwrap_or_else(PoisonError::into_inner) = manners.iter().copied().collect();
    }
}

async fn serve(mut stream: TcpStream, manners: Arc<Mutex<BTreeMap<&'static str, Manner>>>) -> Option<()> {
    let mut request = vec![0; 8192];
    let length = stream.read(&mut request).await.ok()?;
    let text = String::from_utf8_lossy(&request[..length]).into_owned();
    let path = text.split(' ').nth(1)?.trim_start_matches('/');
    let name = NAMES.into_iter().find(|name| path.starts_with(name))?;
    let manner = manners.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or(Manner::Well);
    let body = answer(name).to_string();
    let head =
        |status: &str| format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let reply = match manner {
        Manner::Well => format!("{}{body}", head("200 OK")),
        Manner::Half => format!("{}{}", head("200 OK"), &body[..body.len() / 2]),
        Manner::Broken => "HTTP/1.1 500 Broken\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned(),
        Manner::Hangs => std::future::pending().await,
    };
    stream.write_all(reply.as_bytes()).await.ok()
}

/// What a service says of the hours from the present one on, in the shape that its documentation shows.
fn answer(name: &str) -> Value {
    let now = Timestamp::now().as_second();
    let hours: Vec<i64> = (-1..49).map(|hour| now - now % 3600 + 3600 * hour).collect();
    let all = |value: f64| vec![value; hours.len()];
    match name {
        "energy-charts" => json!({ "unix_seconds": hours, "price": all(90.0), "unit": "EUR / MWh" }),
        "open-meteo" => json!({
            "utc_offset_seconds": 0,
            "hourly_units": { "time": "unixtime", "temperature_2m": "°C", "direct_normal_irradiance": "W/m²",
                "diffuse_radiation": "W/m²", "cloud_cover": "%" },
            "hourly": { "time": hours, "temperature_2m": all(7.5), "direct_normal_irradiance": all(0.0),
                "diffuse_radiation": all(100.0), "cloud_cover": all(80.0) },
        }),
        _ => {
            let stamp = |second: &i64| (Timestamp::UNIX_EPOCH + SignedDuration::from_secs(*second)).to_string();
            let energy: BTreeMap<String, f64> = hours.iter().map(|hour| (stamp(hour), 120.0)).collect();
            json!({ "result": { "watt_hours_period": energy }, "message": { "code": 0, "type": "success", "text": "",
                "info": { "timezone": "UTC" }, "ratelimit": { "period": 3600, "limit": 12, "remaining": 10 } } })
        }
    }
}
