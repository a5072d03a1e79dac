use std::path::Path;

use super::*;

const EXAMPLE: &str = include_str!("../../../../examples/homes/zendure-shelly.toml");

fn read(text: &str) -> Result<Config, String> {
    parse(Path::new("homes/home.toml"), text).map_err(|error| error.to_string())
}

fn changed(from: &str, to: &str) -> Result<Config, String> {
    assert!(EXAMPLE.contains(from), "the example has no `{from}`");
    read(&EXAMPLE.replacen(from, to, 1))
}

#[test]
fn the_example_is_a_whole_home_that_begins_in_advise() {
    let config = read(EXAMPLE).unwrap();
    assert_eq!(config.setup.batteries.len(), 1);
    assert!(config.setup.batteries[0].carries_solar);
    assert_eq!(config.setup.devices.len(), 4);
    assert!(config.setup.devices.iter().all(|d| d.mode == Mode::Advise));
    assert_eq!(config.setup.batteries[0].mode, Mode::Advise);
    assert_eq!(config.setup.limits.grid.feed_in_limit_w, Some(800.0));
    assert_eq!(config.strategies, Path::new("homes/strategies"));
    assert_eq!(config.roster.active, ["rule-based"]);
}

#[test]
fn the_shipped_rules_are_always_the_last_resort() {
    let config = changed("order = [\"rule-based\"]", "order = [\"mine\"]").unwrap();
    assert_eq!(config.roster.active, ["mine", "rule-based"]);
}

#[test]
fn shadows_and_grants_are_the_owners() {
    let config = changed(
        "shadows = []",
        "shadows = [\"other\"]\n[strategies.grants.other]\ntargets = [\"battery\"]\nexport = false",
    )
    .unwrap();
    assert_eq!(config.roster.shadows, ["other"]);
    let grant = config.roster.member("other").grant;
    assert!(grant.covers("battery") && !grant.covers("led") && !grant.export && grant.grid_charging);
    let both = changed("shadows = []", "shadows = [\"rule-based\"]").unwrap_err();
    assert!(both.contains("strategies.shadows") && both.contains("`rule-based` is active"), "{both}");
    let wrong = changed("shadows = []", "shadows = []\n[strategies.grants.other]\nexports = false").unwrap_err();
    assert!(wrong.contains("exports"), "{wrong}");
}

#[test]
fn a_mode_of_its_own_wins() {
    let config = changed("id = \"battery\"", "id = \"battery\"\nmode = \"control\"").unwrap();
    assert_eq!(config.setup.mode("battery"), Mode::Control);
    assert_eq!(config.setup.mode("led"), Mode::Advise);
}

/// Each mistake is named with the file, the field and what would be right.
#[test]
fn limits_of_wear_and_use_have_defaults_and_can_be_set() {
    let usual = read(EXAMPLE).unwrap();
    let limits = &usual.setup.limits;
    assert_eq!(
        (limits.batteries["battery"].turns_per_day, limits.batteries["battery"].flash_writes_per_day),
        (24, 300)
    );
    assert!(!limits.devices["plug-1"].interruptible, "nobody knows what is behind a plug");
    assert!(!limits.devices["plug-2"].interruptible, "its task says so");
    assert!(limits.devices["led"].interruptible);
    assert_eq!((limits.grid.external, &usual.entities.import_cap), (None, &None));

    let set = EXAMPLE
        .replace("# import_cap =", "import_cap =")
        .replace("# phase_limit_a =", "phase_limit_a =")
        .replace("# phase_currents =", "phase_currents =")
        .replace("# outage_reserve_pct = 20", "outage_reserve_pct = 20")
        .replace("# flash_writes_per_day = 300", "flash_writes_per_day = 50")
        .replace("# interruptible = true", "interruptible = true");
    let set = read(&set).unwrap();
    let limits = &set.setup.limits;
    assert_eq!(limits.batteries["battery"].outage_reserve_pct, 20.0);
    assert_eq!(limits.batteries["battery"].flash_writes_per_day, 50);
    assert!(limits.devices["plug-1"].interruptible);
    assert_eq!(limits.grid.external.map(|limit| limit.unknown_w), Some(4200.0));
    assert!(set.entities.import_cap.is_some());
    assert_eq!((limits.grid.phase_limit_a, set.entities.phase_currents.len()), (Some(20.0), 3));
    assert_eq!((usual.setup.limits.grid.phase_limit_a, usual.entities.phase_currents.len()), (None, 0));
}

#[test]
fn a_car_is_measured_and_not_commanded() {
    let commented = EXAMPLE.lines().skip_while(|line| *line != "# [[device]]").take(6);
    let car: String = commented.map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    let limits = read(&format!("{EXAMPLE}\n{car}")).unwrap().setup.limits;
    assert!(!limits.devices["car"].from_battery && limits.devices["plug-1"].from_battery);
    let error = read(&format!("{EXAMPLE}\n{}", car.replace("power =", "light ="))).expect_err("unmeasured");
    assert!(error.contains("device `car`: from_battery") && error.contains("give it `power`"), "{error}");
}

#[test]
fn mistakes_are_named() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("capacity_wh = 1920", "capacity_kwh = 1.92", &["home.toml", "capacity_kwh", "capacity_wh"]),
        ("# phase_limit_a = 20", "phase_limit_a = 20", &["grid.phase_limit_a", "phase_currents"]),
        ("capacity_wh = 1920", "capacity_wh = 1920\nphase = 4", &["phase", "4 is no phase"]),
        ("capacity_wh = 1920", "", &["home.toml", "missing field `capacity_wh`"]),
        ("capacity_wh = 1920", "capacity_wh = -5", &["battery `battery`: capacity_wh", "-5 is not above 0"]),
        ("capacity_wh = 1920", "capacity_wh = nan", &["capacity_wh", "NaN is not above 0"]),
        ("min_soc_pct = 10", "min_soc_pct = 100", &["min_soc_pct", "100 is not below max_soc_pct"]),
        ("mode = \"advise\"", "mode = \"auto\"", &["unknown variant `auto`", "`advise`", "`control`"]),
        ("kind = \"zendure\"", "kind = \"tesla\"", &["tesla", "zendure"]),
        ("id = \"plug-1\"", "id = \"Plug 1\"", &["device: `Plug 1` is no id"]),
        ("id = \"plug-1\"", "id = \"battery\"", &["the id `battery` is used twice"]),
        ("device = \"plug-2\"", "device = \"plug-9\"", &["task `laundry`: device", "`plug-9` is no device"]),
        ("device = \"plug-2\"", "device = \"led\"", &["task `laundry`: device", "`led` has no `switch`"]),
        ("behind = \"battery\"", "behind = \"roof\"", &["solar.behind", "`roof` is no battery"]),
        ("source = \"nordpool-sensor\"", "source = \"nordpool\"", &["nordpool", "nordpool-sensor"]),
        ("earliest = \"09:00\"", "earliest = \"9 o'clock\"", &["home.toml", "earliest"]),
        ("[grid]", "[gird]", &["gird"]),
    ];
    for (from, to, expected) in cases {
        let error = changed(from, to).expect_err(to);
        for part in *expected {
            assert!(error.contains(part), "`{to}` gives: {error}\nexpected to find: {part}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load(Path::new("nowhere/home.toml")).unwrap_err().to_string();
    assert!(error.contains("nowhere/home.toml"), "{error}");
}

/// The example with other prices.
fn priced(prices: &str) -> Result<Config, String> {
    let mut table: toml::Table = EXAMPLE.parse().unwrap();
    table.remove("prices");
    read(&format!("{table}\n{prices}"))
}

#[test]
fn sources_are_in_order_and_files_are_relative_to_the_configuration() {
    let config = priced(
        "[[prices.source]]\nsource = 'epex-spot-sensor'\nentity = 'sensor.epex'\n\
         [[prices.source]]\nsource = 'csv'\nfile = 'prices.csv'\n\
         [[prices.feed_in_source]]\nsource = 'smard'\nzone = 'AT'",
    )
    .unwrap();
    let names = |sources: &[feeds::Source]| sources.iter().map(feeds::Source::name).collect::<Vec<_>>();
    assert_eq!(names(&config.prices.import), ["epex-spot-sensor", "csv"]);
    assert_eq!(names(&config.prices.feed_in), ["smard"]);
    assert!(format!("{:?}", config.prices.import[1]).contains("homes/prices.csv"));
    // So that Home Assistant is asked for its attributes.
    assert!(config.entities.extra.iter().any(|entity| entity.as_str() == "sensor.epex"));
}

#[test]
fn what_is_wrong_with_prices_and_tariffs_is_named() {
    let tariff = "[tariff]\nimport = { component = [{ name = 'all', rate = 0.3 }] }";
    let wrong = [
        ("[[prices.source]]\nsource = 'awattar'\nzone = 'FR'", "prices.source, number 1: zone: `FR`"),
        ("[[prices.source]]\nsource = 'nordpool-sensor'\nentity = 'price'", "prices.source: "),
        (
            "[tariff]\nunit = 'ct/MJ'\ntimezone = 'Europe/Berlin'\nimport = { component = [{ name = 'all', rate = 0.3 }] }",
            "tariff: unit",
        ),
        (&format!("{tariff}\n[prices]\nvat_pct = 19"), "tariff: it says all that a kWh costs"),
        (tariff, "home.timezone: a tariff's times are local ones"),
    ];
    for (prices, expected) in wrong {
        let error = priced(prices).expect_err(prices);
        assert!(error.contains(expected), "`{prices}` gives: {error}\nexpected to find: {expected}");
    }
}

#[test]
fn every_example_tariff_is_one_for_a_configuration() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tariffs");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let tariffs: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    assert!(tariffs.len() >= 9);
    for path in tariffs {
        let mut table: toml::Table = EXAMPLE.parse().unwrap();
        table["home"].as_table_mut().unwrap().insert("timezone".into(), "Europe/Berlin".into());
        table.remove("prices");
        let example: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        table.extend(example);
        let config = read(&table.to_string());
        assert!(config.is_ok(), "{}: {}", path.display(), config.unwrap_err());
    }
}

/// The example with other weather and sun.
fn skied(sky: &str) -> Result<Config, String> {
    let mut table: toml::Table = EXAMPLE.parse().unwrap();
    table.remove("weather");
    let more: toml::Table = sky.parse().unwrap();
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(new)) => known.extend(new),
            (_, value) => drop(table.insert(key, value)),
        }
    }
    read(&table.to_string())
}

const ARRAY: &str = "[[solar.array]]\npeak_w = 800\ntilt_deg = 30\nazimuth_deg = -90";

#[test]
fn weather_and_sun_come_from_sources_in_order() {
    let config = skied(&format!(
        "[home]\nlatitude = 52.5\nlongitude = 13.4\n[solar]\ninverter_limit_w = 600\n\
         [[weather.source]]\nsource = 'home-assistant'\nentity = 'weather.home'\n\
         [[weather.source]]\nsource = 'open-meteo'\n\
         [[solar.source]]\nsource = 'solcast-sensor'\nentities = ['sensor.today']\n\
         [[solar.source]]\nsource = 'forecast-solar'\napi_key_file = 'key'\n{ARRAY}\nlosses = 0.2"
    ))
    .unwrap();
    let weather: Vec<_> = config.sky.weather.iter().map(feeds::WeatherSource::name).collect();
    let solar: Vec<_> = config.sky.solar.iter().map(feeds::SolarSource::name).collect();
    assert_eq!(weather, ["home-assistant", "open-meteo"]);
    assert_eq!(solar, ["solcast-sensor", "forecast-solar"]);
    assert!(format!("{:?}", config.sky.solar[1]).contains("homes/key"));
    let site = config.sky.site;
    assert_eq!((site.whereabouts.unwrap().latitude, site.inverter_limit_w), (52.5, Some(600.0)));
    assert_eq!((site.arrays[0].azimuth_deg, site.arrays[0].losses), (-90.0, 0.2));
    // So that Home Assistant is asked for their attributes.
    for name in ["weather.home", "sensor.today"] {
        assert!(config.entities.extra.iter().any(|entity| entity.as_str() == name), "{name}");
    }
}

#[test]
fn what_is_wrong_with_weather_and_sun_is_named() {
    let wrong: &[(&str, &[&str])] = &[
        ("[weather]\nentity = 'weather.x'", &["weather.entity", "[[weather.source]]", "\"weather.x\""]),
        ("[[weather.source]]\nsource = 'home-assistant'\nentity = 'home'", &["weather.source: "]),
        ("[[weather.source]]\nsource = 'met-no'", &["met-no", "open-meteo"]),
        ("[[solar.source]]\nsource = 'open-meteo'", &["solar.source, number 1: `open-meteo`", "[[solar.array]]"]),
        ("[[solar.source]]\nsource = 'forecast-solar'", &["`forecast-solar` has to be told of the panels"]),
        ("[[solar.source]]\nsource = 'solcast'\nsites = []\ntoken_file = 't'", &["solar.source, number 1: sites"]),
        (&ARRAY.replace("30", "91"), &["solar.array, number 1: tilt_deg: 91 is not between 0 and 90"]),
        (&ARRAY.replace("800", "0"), &["solar.array, number 1: peak_w"]),
        (&format!("{ARRAY}\nkwp = 1"), &["home.toml", "kwp"]),
        ("[solar]\ninverter_limit_w = -1", &["solar.inverter_limit_w"]),
        ("[home]\nlatitude = 91.0\nlongitude = 1.0", &["home.latitude: 91 is not between -90 and 90"]),
        ("[home]\nlongitude = 1.0", &["home.longitude: set `latitude` as well"]),
    ];
    for (sky, expected) in wrong {
        let error = skied(sky).expect_err(sky);
        for part in *expected {
            assert!(error.contains(part), "`{sky}` gives: {error}\nexpected to find: {part}");
        }
    }
}
