//! Prices from several sources, of which some fail.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wattwright_tests::home::Home;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::wait::{seconds, until};

/// Answers every question with 500; gives its address.
async fn broken_server() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 500 Broken\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        }
    });
    Ok(format!("http://{address}/"))
}

/// `[prices]` in a configuration.
fn with_prices(home: &Home, prices: &str) -> Result<()> {
    home.configure(|config| {
        config.insert("prices".into(), toml::Value::Table(prices.parse()?));
        Ok(())
    })
}

fn origin(tick: &Value) -> Option<&str> {
    let sources = tick["input"]["snapshot"]["sources"].as_array()?;
    sources.iter().find(|source| source["column"] == "import-price")?["origin"].as_str()
}

#[tokio::test]
async fn another_source_steps_in_and_the_broken_one_is_named() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;
    let url = broken_server().await?;
    let sources = format!(
        "source = [{{ source = 'awattar', zone = 'DE-LU', url = '{url}' }}, \
         {{ source = 'nordpool-sensor', entity = 'sensor.nordpool_kwh_de_lu_eur_3_10_0' }}, \
         {{ source = 'csv', file = 'prices.csv' }}]"
    );
    with_prices(&home, &sources)?;
    let daemon = home.run(&rig.hass, "advise").await?;
    until("prices of the second source", seconds(60), async || {
        let tick = daemon.latest_tick().await?;
        ensure!(origin(&tick) == Some("nordpool-sensor"), "{}", tick["input"]["snapshot"]["sources"]);
        let problems = tick["input"]["snapshot"]["problems"].to_string();
        ensure!(problems.contains("`awattar` gave no prices"), "{problems}");
        Ok(())
    })
    .await?;
    daemon.terminate().await?;

    let check = home.ask(&rig.hass, &["check", "--config", "home.toml"]).await?;
    ensure!(check.code == Some(1) && check.stderr.contains("prices.source `awattar`"), "{}", check.stderr);
    ensure!(check.stdout.contains("prices from csv: known until"), "{}", check.stdout);
    Ok(())
}

#[tokio::test]
async fn without_any_source_the_plan_says_what_is_missing_and_ticks_go_on() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    rig.set(30, 300).await?;
    let url = broken_server().await?;
    with_prices(&home, &format!("source = [{{ source = 'energy-charts', zone = 'DE-LU', url = '{url}' }}]"))?;
    let daemon = home.run(&rig.hass, "advise").await?;
    let tick = until("the failure in a snapshot", seconds(60), async || {
        let tick = daemon.latest_tick().await?;
        ensure!(tick["input"]["snapshot"]["problems"].to_string().contains("no import prices are known"), "{tick}");
        Ok(tick)
    })
    .await?;
    // The battery gets advice all the same.
    ensure!(!tick["plan"]["actions"].as_array().context("no actions")?.is_empty(), "{}", tick["plan"]);
    daemon.terminate().await?;
    Ok(())
}

/// What a kWh costs is shown with what it is made of, here without any market.
#[tokio::test]
async fn a_tariff_is_shown_with_its_components() -> Result<()> {
    let rig = Rig::claim().await?;
    let home = Home::new(&Prices::CHEAP_NOW)?;
    home.configure(|config| {
        config.remove("prices");
        let tariff = "unit = 'ct/kWh'\nexport = { component = [{ name = 'feed-in', rate = 8.03 }] }\n\
                      import = { vat_pct = 19, component = [{ name = 'energy', rate = 20 }, { name = 'grid fee', \
                      rate = 8, windows = [{ rate = 2, from = '00:00', to = '06:00' }] }] }";
        config.insert("tariff".into(), toml::Value::Table(tariff.parse()?));
        let home = config["home"].as_table_mut().context("no [home]")?;
        home.insert("timezone".into(), "Europe/Berlin".into());
        Ok(())
    })?;
    let text = home.ask(&rig.hass, &["check", "--config", "home.toml"]).await?.succeeded()?;
    let row = |times: &str| text.lines().find(|line| line.contains(times)).map(str::to_owned).context(text.clone());
    ensure!(row("00:00-06:00")?.contains("0.2618"), "{text}");
    ensure!(row("06:00-00:00")?.contains("0.3332") && row("06:00-00:00")?.contains("0.0803"), "{text}");
    Ok(())
}
