//! What to ask each source over HTTP, and how its answer is read.

use std::path::Path;

use forecast::prices::{Document, Rules, awattar, energi_data_service, energy_charts, entsoe, octopus, smard, tibber};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::feed::FetchError;
use crate::http::{Http, HttpError};
use crate::schedule::Horizon;
use crate::source::RawSource;

/// Octopus gives 100 rates a page unless asked for more; two days have 96.
const MOST_PAGES: usize = 4;

const TIBBER: &str = "{ viewer { homes { id currentSubscription { priceInfo(resolution: QUARTER_HOURLY) { \
                      current { currency } today { total energy startsAt currency } \
                      tomorrow { total energy startsAt currency } } } } } }";

/// Asks a source; its documents in the order of its bases. None: it has nothing yet.
pub(crate) async fn ask(
    http: &Http,
    raw: &RawSource,
    base: &Url,
    code: &str,
    horizon: &Horizon,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Document>, FetchError> {
    let today = horizon.today(now);
    let tomorrow = today.tomorrow().unwrap_or(today);
    let from = horizon.midnight_after(now, 0);
    let until = horizon.midnight_after(now, 2);
    let one = |answer: Option<Vec<u8>>, read: &dyn Fn(&[u8]) -> Document| {
        answer.map(|payload| vec![read(&payload)]).unwrap_or_default()
    };
    let mut url = base.clone();
    match raw {
        RawSource::EnergyCharts { zone, .. } => {
            let (today, tomorrow) = (today.to_string(), tomorrow.to_string());
            url.query_pairs_mut().append_pair("bzn", code).append_pair("start", &today).append_pair("end", &tomorrow);
            Ok(one(http.get(url, now).await?, &|payload| energy_charts::parse(payload, zone, rules)))
        }
        RawSource::Awattar { zone, .. } => {
            let (start, end) = (from.as_millisecond().to_string(), until.as_millisecond().to_string());
            url.query_pairs_mut().append_pair("start", &start).append_pair("end", &end);
            Ok(one(http.get(url, now).await?, &|payload| awattar::parse(payload, zone, rules)))
        }
        RawSource::Entsoe { token_file, .. } => {
            let minute = |at: Timestamp| at.strftime("%Y%m%d%H%M").to_string();
            let token = secret(token_file).await?;
            url.query_pairs_mut()
                .append_pair("securityToken", &token)
                .append_pair("documentType", "A44")
                .append_pair("in_Domain", code)
                .append_pair("out_Domain", code)
                .append_pair("periodStart", &minute(from))
                .append_pair("periodEnd", &minute(until));
            Ok(one(http.get(url, now).await?, &|payload| entsoe::document(payload, code, rules)))
        }
        RawSource::Octopus { payment, .. } => {
            let mut url = base.join(code).map_err(|_| HttpError::Address(code.to_owned()))?;
            let minute = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%MZ").to_string();
            url.query_pairs_mut()
                .append_pair("period_from", &minute(from))
                .append_pair("period_to", &minute(until))
                .append_pair("page_size", "1500");
            octopus_pages(http, url, payment, rules, now).await
        }
        RawSource::EnergiDataService { area, .. } => {
            // The service takes local times of Denmark, which is in the market's zone.
            let after = tomorrow.tomorrow().unwrap_or(tomorrow);
            url.query_pairs_mut()
                .append_pair("start", &format!("{today}T00:00"))
                .append_pair("end", &format!("{after}T00:00"))
                .append_pair("filter", &serde_json::json!({ "PriceArea": [code] }).to_string())
                .append_pair("sort", "TimeUTC asc")
                .append_pair("limit", "0");
            Ok(one(http.get(url, now).await?, &|payload| energi_data_service::records(payload, area, rules)))
        }
        RawSource::Tibber { token_file, home, .. } => {
            let token = secret(token_file).await?;
            let answer = http.post(url, &token, &serde_json::json!({ "query": TIBBER }), now).await?;
            Ok(answer.map_or_else(Vec::new, |payload| {
                let answer = tibber::graphql(&payload, home.as_deref(), rules);
                vec![answer.total, answer.market]
            }))
        }
        RawSource::Smard { zone, .. } => smard_weeks(http, base, code, zone, (from, until), rules, now).await,
        // Sources that are not asked over HTTP have no address.
        _ => Ok(Vec::new()),
    }
}

async fn octopus_pages(
    http: &Http,
    first: Url,
    payment: &str,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Document>, FetchError> {
    let mut whole: Option<Document> = None;
    let mut next = Some(first.clone());
    for _ in 0..MOST_PAGES {
        let Some(url) = next.take() else { break };
        let Some(payload) = http.get(url, now).await? else { break };
        let (page, following) = octopus::rates(&payload, payment, rules);
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => {
                whole.slots.extend(page.slots);
                whole.problems.extend(page.problems);
            }
        }
        // An answer does not send us elsewhere.
        next = following.and_then(|url| Url::parse(&url).ok()).filter(|url| url.origin() == first.origin());
    }
    Ok(whole.into_iter().collect())
}

async fn smard_weeks(
    http: &Http,
    base: &Url,
    filter: &str,
    zone: &str,
    (from, until): (Timestamp, Timestamp),
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Document>, FetchError> {
    let address = |name: String| {
        let path = format!("{filter}/DE/{name}.json");
        base.join(&path).map_err(|_| HttpError::Address(path))
    };
    let Some(index) = http.get(address("index_quarterhour".into())?, now).await? else {
        return Ok(Vec::new());
    };
    let weeks = smard::weeks(&index, from, until).map_err(FetchError::Useless)?;
    let mut whole: Option<Document> = None;
    for week in weeks {
        let name = format!("{filter}_DE_quarterhour_{week}");
        let Some(payload) = http.get(address(name)?, now).await? else { continue };
        let document = smard::parse(&payload, zone, rules);
        match &mut whole {
            None => whole = Some(document),
            Some(whole) => {
                whole.slots.extend(document.slots);
                whole.problems.extend(document.problems);
            }
        }
    }
    // A week has much that is over.
    if let Some(whole) = &mut whole {
        whole.slots.retain(|slot| slot.end > from.checked_sub(SignedDuration::from_hours(24)).unwrap_or(from));
    }
    Ok(whole.into_iter().collect())
}

pub(crate) async fn secret(file: &Path) -> Result<String, FetchError> {
    let secret = |text: String| FetchError::Secret { file: file.to_owned(), text };
    let text = tokio::fs::read_to_string(file).await.map_err(|error| secret(error.to_string()))?;
    match text.trim() {
        "" => Err(secret("is empty".into())),
        token => Ok(token.to_owned()),
    }
}
