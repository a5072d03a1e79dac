use super::*;

fn weather(text: &str) -> Result<WeatherSource, SkySourceError> {
    toml::from_str::<RawWeatherSource>(text).unwrap().check()
}

fn solar(text: &str) -> Result<SolarSource, SkySourceError> {
    toml::from_str::<RawSolarSource>(text).unwrap().check(Path::new("/home/me"))
}

#[test]
fn a_source_is_a_line_or_two() {
    for text in ["source = 'home-assistant'\nentity = 'weather.home'", "source = 'open-meteo'\nmodel = 'icon_d2'"] {
        assert!(text.starts_with(&format!("source = '{}'", weather(text).unwrap().name())), "{text}");
    }
    for text in [
        "source = 'home-assistant'",
        "source = 'home-assistant'\nconfig_entries = ['01J']",
        "source = 'forecast-solar'\napi_key_file = 'key'",
        "source = 'solcast'\nsites = ['1a2b-3c4d']\ntoken_file = 'token'",
        "source = 'solcast-sensor'\nentities = ['sensor.today', 'sensor.tomorrow']",
        "source = 'open-meteo'",
    ] {
        assert!(text.starts_with(&format!("source = '{}'", solar(text).unwrap().name())), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let error = |text: &str| solar(text).unwrap_err().to_string();
    assert!(error("source = 'solcast'\nsites = []\ntoken_file = 't'").starts_with("sites: name"));
    assert!(error("source = 'solcast'\nsites = ['a/b']\ntoken_file = 't'").starts_with("sites: `a/b`"));
    assert_eq!(
        error("source = 'solcast'\nsites = ['a', 'b', 'c']\ntoken_file = 't'\nrequests_per_day = 2"),
        "requests_per_day: 2 are not enough for 3 sites"
    );
    assert!(error("source = 'solcast-sensor'\nentities = []").starts_with("entities:"));
    assert!(error("source = 'forecast-solar'\nurl = 'ftp://x'").starts_with("url: `ftp://x`"));
    assert!(error("source = 'open-meteo'\nmodel = 'a,b'").starts_with("model: `a,b`"));
    assert!(weather("source = 'open-meteo'\nmodel = ''").is_err());
    let unknown = toml::from_str::<RawWeatherSource>("source = 'open-meteo'\nzone = 'x'").unwrap_err();
    assert!(unknown.to_string().contains("unknown field `zone`"), "{unknown}");
}

#[test]
fn nobody_is_asked_more_often_than_it_allows() {
    let site = |arrays: usize| Site { arrays: vec![Array::new(1_000.0, 30.0, 0.0); arrays], ..Site::default() };
    let minutes = |text: &str, arrays| solar(text).unwrap().question.every(&site(arrays)).as_mins();
    assert_eq!(minutes("source = 'forecast-solar'", 1), 60);
    assert_eq!(minutes("source = 'forecast-solar'", 8), 120);
    assert_eq!(minutes("source = 'solcast'\nsites = ['a', 'b']\ntoken_file = 't'", 0), 288);
}

#[test]
fn files_are_relative_to_the_folder() {
    let source = solar("source = 'solcast'\nsites = ['a']\ntoken_file = 'token'").unwrap();
    let Question::Solcast { token_file, .. } = source.question else { panic!("{source:?}") };
    assert_eq!(token_file, Path::new("/home/me/token"));
}
