//! Every source over HTTP: what it is asked, and that its answer arrives.

use forecast::prices::Basis;
use jiff::SignedDuration;
use tempfile::tempdir;

use super::server::{Reply, Server};
use super::*;

struct Case {
    source: &'static str,
    path: &'static str,
    more: &'static str,
    payloads: &'static [&'static str],
    currency: &'static str,
    /// A time of which the price is known then.
    at: &'static str,
    price_per_kwh: f64,
    basis: Basis,
}

const CASES: [Case; 7] = [
    Case {
        source: "energy-charts",
        path: "/price",
        more: "zone = 'DE-LU'",
        payloads: &["energy_charts.json"],
        currency: "EUR",
        at: "2026-11-23T23:20:00Z",
        price_per_kwh: 0.0801,
        basis: Basis::Market,
    },
    Case {
        source: "awattar",
        path: "/v1/marketdata",
        more: "zone = 'AT'",
        payloads: &["awattar.json"],
        currency: "EUR",
        at: "2026-11-24T00:20:00Z",
        price_per_kwh: 0.0524,
        basis: Basis::Market,
    },
    Case {
        source: "entsoe",
        path: "/api",
        more: "zone = 'DE-LU'\ntoken_file = 'token'",
        payloads: &["entsoe_a03.xml"],
        currency: "EUR",
        at: "2026-11-24T00:20:00Z",
        price_per_kwh: 0.0824,
        basis: Basis::Market,
    },
    Case {
        source: "octopus",
        path: "/v1/products/",
        more: "product = 'AGILE-24-10-01'\nregion = 'A'",
        payloads: &["octopus_rates_payments.json"],
        currency: "GBP",
        at: "2026-11-24T10:20:00Z",
        price_per_kwh: 0.252,
        basis: Basis::Total,
    },
    Case {
        source: "energi-data-service",
        path: "/dataset/DayAheadPrices",
        more: "area = 'DK1'",
        payloads: &["energi_data_service.json"],
        currency: "DKK",
        at: "2026-11-23T23:00:00Z",
        price_per_kwh: 0.5968,
        basis: Basis::Market,
    },
    Case {
        source: "tibber",
        path: "/v1-beta/gql",
        more: "token_file = 'token'",
        payloads: &["tibber_graphql.json"],
        currency: "EUR",
        at: "2026-11-23T23:20:00Z",
        price_per_kwh: 0.31,
        basis: Basis::Total,
    },
    Case {
        source: "smard",
        path: "/app/chart_data/",
        more: "zone = 'DE-LU'",
        payloads: &["smard_index.json", "smard_week.json"],
        currency: "EUR",
        at: "2026-11-22T23:20:00Z",
        price_per_kwh: 0.061,
        basis: Basis::Market,
    },
];

#[tokio::test]
async fn every_source_is_asked_and_its_answer_arrives() {
    let mut asked = String::new();
    for case in CASES {
        let server = Server::start().await;
        server.next(case.payloads.iter().map(|name| Reply::Good(payload(name))));
        let folder = tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "s3cret\n").unwrap();
        let source = format!("source = '{}'\n{}\nurl = '{}'", case.source, case.more, server.url(case.path));
        let mut feeds = feeds_with(&[source], folder.path(), None, case.currency);
        // SMARD's week begins with the Monday before.
        let now = if case.source == "smard" { at("2026-11-23T10:07:00Z") } else { now() };
        feeds.step(now).await;
        let quote = feeds.shelf().quote_at(at(case.at));
        let quote = quote.unwrap_or_else(|| panic!("{}: {:?}", case.source, feeds.status(now)));
        assert!((quote.price_per_kwh - case.price_per_kwh).abs() < 1e-12, "{}: {quote:?}", case.source);
        assert_eq!(quote.basis, case.basis, "{}", case.source);
        for question in server.asked() {
            asked.push_str(&format!("{}: {}\n", case.source, question.uri));
            if let Some(authorization) = question.authorization {
                asked.push_str(&format!("  Authorization: {authorization}\n  {}\n", question.body));
            }
        }
    }
    insta::assert_snapshot!(asked);
}

#[tokio::test]
async fn tibber_tells_the_market_as_well() {
    let server = Server::start().await;
    server.always(Reply::Good(payload("tibber_graphql.json")));
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "s3cret").unwrap();
    let source = format!("source = 'tibber'\ntoken_file = 'token'\nurl = '{}'", server.url("/"));
    let mut feeds = feeds(&[source], folder.path());
    feeds.step(now()).await;
    assert_eq!(feeds.shelf().market_at(at("2026-11-23T23:00:00Z")), Some(0.08));
}

#[tokio::test]
async fn octopus_is_followed_page_by_page_but_nowhere_else() {
    let server = Server::start().await;
    let page = |from: &str, until: &str, next: &str| {
        let rate = serde_json::json!({
            "value_inc_vat": 20.0, "valid_from": from, "valid_to": until, "payment_method": null
        });
        Reply::Good(serde_json::json!({"results": [rate], "next": next}).to_string())
    };
    server.next([
        page("2026-11-24T10:30:00Z", "2026-11-24T11:00:00Z", &server.url("/v1/products/?page=2")),
        page("2026-11-24T10:00:00Z", "2026-11-24T10:30:00Z", "http://127.0.0.1:1/elsewhere"),
    ]);
    let folder = tempdir().unwrap();
    let source = format!("source = 'octopus'\nproduct = 'P'\nregion = 'A'\nurl = '{}'", server.url("/v1/products/"));
    let mut feeds = feeds_with(&[source], folder.path(), None, "GBP");
    feeds.step(now()).await;
    assert_eq!(server.asked().len(), 2);
    assert_eq!(feeds.shelf().known_until(), Some(at("2026-11-24T11:00:00Z")));
    assert!(feeds.shelf().quote_at(at("2026-11-24T10:00:00Z")).is_some());
    assert!(feeds.problems(now(), at("2026-11-24T11:00:00Z")).is_empty());
}

#[tokio::test]
async fn a_file_and_a_figure_need_nobody() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("prices.csv");
    std::fs::write(&file, "timestamp_utc,ct\n2026-11-24T10:00:00Z,31.4\n").unwrap();
    let sources = [
        "source = 'csv'\nfile = 'prices.csv'\ncolumn = 'ct'\nunit = 'ct/kWh'\nincludes = 'total'".to_owned(),
        "source = 'fixed'\nprice_per_kwh = 0.25".to_owned(),
    ];
    let mut feeds = feeds(&sources, folder.path());
    let next = feeds.step(now()).await;
    assert_eq!(next, now() + SignedDuration::from_secs(15));
    assert!((feeds.shelf().quote_at(now()).unwrap().price_per_kwh - 0.314).abs() < 1e-12);
    assert_eq!(feeds.shelf().quote_at(now() + minutes(15)).unwrap().price_per_kwh, 0.25);
    std::fs::write(&file, "timestamp_utc,ct\n2026-11-24T10:00:00Z,30\n").unwrap();
    feeds.step(next).await;
    assert!((feeds.shelf().quote_at(now()).unwrap().price_per_kwh - 0.3).abs() < 1e-12);
}
