use super::*;

const BERLIN: &str = "Europe/Berlin";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn tariff(text: &str) -> Tariff {
    try_tariff(text).unwrap()
}

fn try_tariff(text: &str) -> Result<Tariff, TariffError> {
    Tariff::new(&toml::from_str(text).unwrap(), &TimeZone::get(BERLIN).unwrap())
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

#[test]
fn vat_is_on_the_surcharge_too() {
    let tariff = Tariff::simple(0.1547, 19.0, ExportTariff::Fixed(0.0));
    close(tariff.import(Timestamp::UNIX_EPOCH, Some(0.0944)).per_kwh, (0.0944 + 0.1547) * 1.19);
    // A negative market price lowers the VAT, too.
    close(tariff.import(Timestamp::UNIX_EPOCH, Some(-0.2)).per_kwh, (-0.2 + 0.1547) * 1.19);
    assert_eq!(tariff.import(Timestamp::UNIX_EPOCH, None).per_kwh, None);
    assert!(tariff.needs_market());
}

#[test]
fn a_fixed_feed_in_needs_no_market_price() {
    let fixed = Tariff::simple(0.0, 0.0, ExportTariff::Fixed(0.0803));
    assert_eq!(fixed.export(Timestamp::UNIX_EPOCH, None).per_kwh, Some(0.0803));
    let market = Tariff::simple(0.0, 0.0, ExportTariff::Market);
    assert_eq!(market.export(Timestamp::UNIX_EPOCH, Some(-0.05)).per_kwh, Some(-0.05));
    assert_eq!(market.export(Timestamp::UNIX_EPOCH, None).per_kwh, None);
}

#[test]
fn a_component_with_its_tax_in_it_is_not_taxed_twice() {
    let tariff = tariff(
        "unit = 'ct/kWh'\n\
         import = { vat_pct = 25, component = [\n\
           { name = 'exchange', market = 1.0 },\n\
           { name = 'grid', rate = 30 },\n\
           { name = 'tax', rate = 1.5, vat_pct = 0 },\n\
         ] }",
    );
    let priced = tariff.import(at("2026-11-24T12:00:00Z"), Some(0.4));
    close(priced.per_kwh, (0.4 + 0.3) * 1.25 + 0.015);
    let names: Vec<_> = priced.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["exchange", "grid", "tax"]);
    close(priced.parts[1].vat, 0.075);
    assert_eq!(priced.parts[2].vat, Some(0.0));
}

/// §14a EnWG module 3: three steps by the time of day, in two quarters of the year only.
#[test]
fn windows_follow_the_local_clock_and_the_quarter() {
    let tariff = tariff(
        "unit = 'ct/kWh'\n\
         import = { component = [{ name = 'grid fee', rate = 9, windows = [\n\
           { rate = 2, from = '22:00', to = '06:00', quarters = [1, 4] },\n\
           { rate = 14, from = '17:00', to = '21:00', quarters = [1, 4] },\n\
         ] }] }",
    );
    let at = |text: &str| tariff.import(at(text), None).per_kwh.unwrap() * 100.0;
    for (time, ct) in [
        ("2026-11-24T15:45:00Z", 9.0),
        ("2026-11-24T16:00:00Z", 14.0),
        ("2026-11-24T19:45:00Z", 14.0),
        ("2026-11-24T20:00:00Z", 9.0),
        ("2026-11-24T21:00:00Z", 2.0),
        ("2026-11-25T04:45:00Z", 2.0),
        ("2026-11-25T05:00:00Z", 9.0),
        // Summer: standard all day, whatever the hour.
        ("2026-07-24T15:00:00Z", 9.0),
        ("2026-07-24T22:00:00Z", 9.0),
        // The night on which the quarter ends still belongs to the day on which it began.
        ("2026-04-01T03:45:00Z", 2.0),
        ("2026-04-01T20:00:00Z", 9.0),
        // Summer time begins on 29 March: 02:00 does not occur, the night ends an hour earlier in UTC.
        ("2026-03-29T00:45:00Z", 2.0),
        ("2026-03-29T03:45:00Z", 2.0),
        ("2026-03-29T04:00:00Z", 9.0),
        // It ends on 25 October: 02:00 occurs twice.
        ("2026-10-25T00:30:00Z", 2.0),
        ("2026-10-25T01:30:00Z", 2.0),
        ("2026-10-25T05:00:00Z", 9.0),
    ] {
        assert!((at(time) - ct).abs() < 1e-9, "{time}: {}", at(time));
    }
}

#[test]
fn the_first_window_that_fits_counts_and_days_are_those_of_its_beginning() {
    let tariff = tariff(
        "import = { component = [{ name = 'x', rate = 1, windows = [\n\
           { rate = 2, from = '23:00', to = '02:00', days = ['fri'] },\n\
           { rate = 3, days = ['weekend'] },\n\
           { rate = 4, from = '12:00', months = [12] },\n\
         ] }] }",
    );
    let at = |text: &str| tariff.import(at(text), None).per_kwh.unwrap();
    assert_eq!(at("2026-11-27T21:45:00Z"), 1.0);
    assert_eq!(at("2026-11-27T22:00:00Z"), 2.0);
    assert_eq!(at("2026-11-28T00:45:00Z"), 2.0);
    assert_eq!(at("2026-11-28T01:00:00Z"), 3.0);
    assert_eq!(at("2026-11-29T22:00:00Z"), 3.0);
    assert_eq!(at("2026-11-29T23:00:00Z"), 1.0);
    assert_eq!(at("2026-12-01T10:45:00Z"), 1.0);
    assert_eq!(at("2026-12-01T11:00:00Z"), 4.0);
}

#[test]
fn support_above_a_threshold_and_a_share_of_other_components() {
    let tariff = tariff(
        "unit = 'øre/kWh'\n\
         import = { vat_pct = 25, component = [\n\
           { name = 'exchange', market = 1.0 },\n\
           { name = 'support', market = -0.9, market_above = 77 },\n\
           { name = 'levy', percent = 10, of = ['exchange'] },\n\
         ] }",
    );
    close(tariff.import(at("2026-11-24T12:00:00Z"), Some(1.77)).per_kwh, (1.77 - 0.9 * 1.0 + 0.177) * 1.25);
    close(tariff.import(at("2026-11-24T12:00:00Z"), Some(0.5)).per_kwh, 0.55 * 1.25);
}

#[test]
fn feed_in_by_the_market_with_a_floor_and_none_when_prices_are_negative() {
    let spot = tariff(
        "import = { component = [{ name = 'all', rate = 0.3 }] }\n\
         export = { floor = 0.0, component = [{ name = 'exchange', market = 0.95 }, { name = 'fee', rate = -0.01 }] }",
    );
    close(spot.export(at("2026-11-24T12:00:00Z"), Some(0.1)).per_kwh, 0.085);
    let priced = spot.export(at("2026-11-24T12:00:00Z"), Some(-0.1));
    assert_eq!(priced.per_kwh, Some(0.0));
    let sum: f64 = priced.parts.iter().map(|part| part.net.unwrap() + part.vat.unwrap()).sum();
    assert!(sum.abs() < 1e-12, "the floor is a part, too");

    let fixed = tariff(
        "import = { component = [{ name = 'all', rate = 0.3 }] }\n\
         export = { component = [{ name = 'feed-in', rate = 0.0778, unless_market_below = 0.0 }] }",
    );
    close(fixed.export(at("2026-11-24T12:00:00Z"), Some(0.0)).per_kwh, 0.0778);
    assert_eq!(fixed.export(at("2026-11-24T12:00:00Z"), Some(-0.001)).per_kwh, Some(0.0));
    assert_eq!(fixed.export(at("2026-11-24T12:00:00Z"), None).per_kwh, None);
    assert!(!fixed.needs_market());
}

#[test]
fn a_component_counts_from_its_first_day_to_the_day_before_its_last() {
    let tariff = tariff(
        "import = { component = [\n\
           { name = 'old', rate = 1, valid_until = '2027-01-01' },\n\
           { name = 'new', rate = 2, valid_from = '2027-01-01' },\n\
         ] }",
    );
    assert_eq!(tariff.import(at("2026-12-31T22:45:00Z"), None).per_kwh, Some(1.0));
    assert_eq!(tariff.import(at("2026-12-31T23:00:00Z"), None).per_kwh, Some(2.0));
}

#[test]
fn net_metering_earns_what_it_costs() {
    let tariff = tariff(
        "import = { vat_pct = 21, component = [{ name = 'exchange', market = 1.0 }] }\nexport = { same_as_import = true }",
    );
    close(tariff.export(at("2026-11-24T12:00:00Z"), Some(0.1)).per_kwh, 0.121);
}

#[test]
fn all_that_is_wrong_is_named() {
    let error = try_tariff(
        "unit = 'ct'\n\
         timezone = 'Europe/Nowhere'\n\
         [import]\n\
         vat_pct = 119\n\
         floor = 2\n\
         cap = 1\n\
         [[import.component]]\n\
         name = 'grid'\n\
         windows = [{ rate = 1, from = '06:00', to = '06:00', months = [0, 13], quarters = [5] }]\n\
         [[import.component]]\n\
         name = 'grid'\n\
         rate = nan\n\
         [[import.component]]\n\
         name = 'levy'\n\
         percent = 5\n\
         of = ['gird']\n\
         [[import.component]]\n\
         name = 'support'\n\
         market_above = 77\n\
         valid_from = '2027-01-01'\n\
         valid_until = '2026-01-01'\n\
         [export]\n\
         same_as_import = true\n\
         floor = 0\n",
    )
    .unwrap_err();
    insta::assert_snapshot!(error.to_string());
    insta::assert_snapshot!(try_tariff("import = {}").unwrap_err().to_string(), @"import.component: there is none; name at least what the energy costs");
}

#[test]
fn a_time_that_is_none_is_named_where_it_stands() {
    for text in ["24:15", "6:00", "06:10", "aa:00", "0600", "", "25:00", "00:60"] {
        assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
    }
    let window = "import = { component = [{ name = 'x', rate = 1, windows = [{ rate = 1, from = '06:10' }] }] }";
    let error = toml::from_str::<RawTariff>(window).unwrap_err().to_string();
    assert!(error.contains("`06:10` is no time of day at a quarter of an hour"), "{error}");
    let unknown = toml::from_str::<RawTariff>("import = { component = [{ name = 'x', price = 1 }] }").unwrap_err();
    assert!(unknown.to_string().contains("unknown field `price`"), "{unknown}");
}
