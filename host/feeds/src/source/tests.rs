use super::*;

fn check(text: &str) -> Result<Source, SourceError> {
    toml::from_str::<RawSource>(text).unwrap().check(Path::new("/home/me"))
}

#[test]
fn a_source_is_a_line_or_two() {
    for text in [
        "source = 'nordpool-sensor'\nentity = 'sensor.nordpool'",
        "source = 'nordpool-action'\nconfig_entry = '01J'\narea = 'SE3'\ncurrency = 'SEK'",
        "source = 'tibber-action'",
        "source = 'epex-spot-sensor'\nentity = 'sensor.epex'\nincludes = 'total'",
        "source = 'octopus-events'\nentities = ['event.a', 'event.b']",
        "source = 'entsoe-sensor'\nentity = 'sensor.entsoe'",
        "source = 'energi-data-service-sensor'\nentity = 'sensor.eds'",
        "source = 'sensor'\nentity = 'sensor.x'\nmapping = { lists = ['x'], unit = 'ct/kWh' }",
        "source = 'energy-charts'\nzone = 'DE-LU'",
        "source = 'awattar'\nzone = 'AT'",
        "source = 'entsoe'\nzone = 'NL'\ntoken_file = 'token'",
        "source = 'octopus'\nproduct = 'AGILE-24-10-01'\nregion = 'C'",
        "source = 'energi-data-service'\narea = 'DK1'",
        "source = 'tibber'\ntoken_file = 'token'",
        "source = 'smard'\nzone = 'DE-LU'",
        "source = 'csv'\nfile = 'prices.csv'\nunit = 'EUR/MWh'",
        "source = 'fixed'\nprice_per_kwh = 0.31",
    ] {
        let source = check(text).unwrap();
        assert!(text.starts_with(&format!("source = '{}'", source.name())), "{text}");
        assert!(!source.bases().is_empty());
    }
}

#[test]
fn what_is_wrong_is_named() {
    let error = |text: &str| check(text).unwrap_err().to_string();
    assert_eq!(error("source = 'awattar'\nzone = 'FR'"), "zone: `FR` is not known to aWATTar; it has `DE-LU` and `AT`");
    assert!(error("source = 'smard'\nzone = 'SE3'").starts_with("zone: `SE3` is not known to SMARD"));
    assert!(error("source = 'entsoe'\nzone = 'X'\ntoken_file = 't'").starts_with("zone: `X` is not known"));
    assert!(error("source = 'energy-charts'\nzone = 'DE-LU'\nurl = 'ftp://x'").starts_with("url: `ftp://x`"));
    assert!(error("source = 'octopus'\nproduct = 'P'\nregion = 'Q'").starts_with("region: `Q`"));
    assert!(error("source = 'octopus-events'\nentities = []").starts_with("entities:"));
    assert!(error("source = 'csv'\nfile = 'x'\nunit = 'EUR'").starts_with("unit: `EUR`"));
    assert!(error("source = 'fixed'\nprice_per_kwh = nan").starts_with("price_per_kwh"));
    let unknown = toml::from_str::<RawSource>("source = 'smard'\nzone = 'AT'\nregion = 'x'").unwrap_err();
    assert!(unknown.to_string().contains("unknown field `region`"), "{unknown}");
}

#[test]
fn files_are_relative_to_the_folder() {
    let source = check("source = 'tibber'\ntoken_file = 'token'").unwrap();
    assert!(matches!(source.raw, RawSource::Tibber { token_file, .. } if token_file == Path::new("/home/me/token")));
}
