//! Every route against everything that must be refused. What comes out is the table `tests/refusals.md`, written anew
//! with `UPDATE_REFUSALS=1`.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderName, Request, StatusCode, header};
use jiff::SignedDuration;
use serde_json::Value;
use tower::ServiceExt;
use wattwright_server::access::{Need, ROUTES};
use wattwright_server::{Scope, UserRole, openapi_json};

use crate::access::{House, JSON, Signed, WORD, changes, code};
use crate::common::NOW;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refusals.md");

const BEGINNING: &str = "\
# What each route refuses

Made by the test `refusals`, which asks every route of `host/server/src/access.rs` in each of these ways; the test
fails when an answer is another one than here. *allowed*: it goes on to do what it is for. *–*: that cannot be asked of
this route. Every refusal is JSON with a code (shown here) and a sentence for people.

- **nobody**: no session and no token. **viewer**, **member**: signed in as such.
- **ended**: the cookie of a session that was not used for a week. **over**: a token that expired yesterday.
- **scope**: a token with every scope but the one that the route needs.
- **foreign**: the owner's browser, asked by a page of another site. What only looks is not refused by us: the browser
  sends no cookie with it (`SameSite=Strict`) and lets the other page read nothing (no CORS).
- **no word**: the owner's session without its word.
- **traversal**: `..%2f..%2fusers.json` in place of a name or number.
- **large**: a body of 17 MB. **slow**: a body that does not come. **rubbish**: a body of `{\"\\0`.

| route | nobody | viewer | member | ended | over | scope | foreign | no word | traversal | large | slow | rubbish |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// A route as it is asked, and who may.
struct Asked {
    method: &'static str,
    path: String,
    need: Need,
    has_body: bool,
}

fn cell(status: StatusCode, body: &Value) -> String {
    let refused = matches!(status.as_u16(), 400 | 401 | 403 | 405 | 408 | 413 | 422 | 429);
    match (refused, code(body)) {
        (true, code) if !matches!(code.as_str(), "bad-body" | "refused" | "bad-parameter") => {
            format!("{} {code}", status.as_u16())
        }
        _ => "allowed".into(),
    }
}

fn exact(status: StatusCode, body: &Value) -> String {
    match status.is_success() {
        true => "allowed".into(),
        false => format!("{} {}", status.as_u16(), code(body)),
    }
}

impl House {
    async fn cell(&self, asked: &Asked, headers: &[(HeaderName, &str)]) -> String {
        let headers: Vec<_> = headers.iter().cloned().chain([JSON]).collect();
        let (status, _, body) = self.ask(asked.method, &asked.path, &headers, "{}").await;
        cell(status, &body)
    }

    async fn row(&self, asked: &Asked, people: &People) -> Vec<String> {
        let may = |role: UserRole| match asked.need {
            Need::Nothing => true,
            Need::Somebody { role: least, .. } => role >= least,
        };
        // A stream has no end, and signing out would end the session for what comes next.
        let ends = asked.path == "/api/events" || (asked.method, asked.path.as_str()) == ("DELETE", "/api/session");
        let mut row = vec![self.cell(asked, &[(WORD, "1")]).await];
        for (signed, role) in [(&people.viewer, UserRole::Viewer), (&people.member, UserRole::Member)] {
            row.push(match may(role) && ends {
                true => "allowed".into(),
                false => self.cell(asked, &signed.headers()).await,
            });
        }
        let open = asked.need == Need::Nothing;
        row.push(if open { "–".into() } else { self.cell(asked, &people.ended.headers()).await });
        for bearer in [&people.over, &people.without(asked.need)] {
            let bearer = format!("Bearer {bearer}");
            row.push(if open {
                "–".into()
            } else {
                self.cell(asked, &[(header::AUTHORIZATION, bearer.as_str())]).await
            });
        }
        let change = changes(asked.method);
        let foreign = [people.owner.headers(), vec![(header::ORIGIN, "https://evil.example")]].concat();
        row.push(if change { self.cell(asked, &foreign).await } else { "–".into() });
        let wordless = [(header::COOKIE, people.owner.cookie.as_str())];
        row.push(if change { self.cell(asked, &wordless).await } else { "–".into() });
        row.push(self.traversal(asked, people).await);
        row.extend(self.bodies(asked, people).await);
        row
    }

    async fn traversal(&self, asked: &Asked, people: &People) -> String {
        let owner = people.owner.headers();
        let Some((pattern, _)) = ["/2", "/mine"].iter().find_map(|value| asked.path.split_once(value)) else {
            return "–".into();
        };
        let rest = &asked.path[pattern.len()..].splitn(3, '/').nth(2).map_or(String::new(), |rest| format!("/{rest}"));
        let path = format!("{pattern}/..%2f..%2fusers.json{rest}");
        let (status, _, body) = self.ask(asked.method, &path, &owner, "").await;
        exact(status, &body)
    }

    /// Too large, too slow, rubbish.
    async fn bodies(&self, asked: &Asked, people: &People) -> [String; 3] {
        let none = || "–".to_owned();
        if !changes(asked.method) {
            return [none(), none(), none()];
        }
        let owner = people.owner.headers();
        let announced = [owner.clone(), vec![(header::CONTENT_LENGTH, "17825792"), JSON]].concat();
        let (status, _, body) = self.ask(asked.method, &asked.path, &announced, "{}").await;
        let large = exact(status, &body);

        let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let mut request = Request::builder().method(asked.method).uri(&asked.path).header(header::HOST, "localhost");
        for (name, value) in &owner {
            request = request.header(name, *value);
        }
        let response = self.fixture.router().oneshot(request.body(never).unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let slow = exact(status, &serde_json::from_slice(&body).unwrap());

        if !asked.has_body {
            return [large, slow, none()];
        }
        let headers = [owner, vec![JSON]].concat();
        let (status, _, body) = self.ask(asked.method, &asked.path, &headers, "{\"\0").await;
        [large, slow, exact(status, &body)]
    }
}

struct People {
    owner: Signed,
    viewer: Signed,
    member: Signed,
    ended: Signed,
    over: String,
    tokens: Vec<(Option<Scope>, String)>,
}

impl People {
    fn without(&self, need: Need) -> String {
        let wanted = match need {
            Need::Somebody { scope, .. } => scope,
            Need::Nothing => None,
        };
        self.tokens.iter().find(|(scope, _)| *scope == wanted).unwrap().1.clone()
    }
}

impl Signed {
    fn headers(&self) -> Vec<(HeaderName, &str)> {
        vec![(header::COOKIE, self.cookie.as_str()), (WORD, self.word.as_str())]
    }
}

async fn people(house: &House) -> People {
    let all = Scope::NAMES.map(|(_, scope)| scope);
    let ended = house.signed("viewer").await;
    let start = NOW.parse().unwrap();
    let (over, _) = house.tokens.add("over", all.into(), Some(7), None, start).unwrap();
    house.later(SignedDuration::from_hours(24 * 8));
    let tokens = [None, Some(Scope::Read), Some(Scope::Hand), Some(Scope::Strategies)].map(|missing| {
        let scopes = all.into_iter().filter(|scope| Some(*scope) != missing).collect();
        let name = format!("without-{}", missing.map_or("none", Scope::name));
        (missing, house.tokens.add(&name, scopes, None, None, start).unwrap().0)
    });
    People {
        owner: house.signed("owner").await,
        viewer: house.signed("viewer").await,
        member: house.signed("member").await,
        ended,
        over,
        tokens: tokens.into(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_route_refuses_what_it_must() {
    let document: Value = serde_json::from_str(&openapi_json().unwrap()).unwrap();
    let house = House::new();
    let people = people(&house).await;
    let mut table = BEGINNING.to_owned();
    for (method, pattern, need) in ROUTES {
        let described = &document["paths"][pattern][method.to_ascii_lowercase()];
        let asked = Asked {
            method,
            path: pattern.replace("{id}", "2").replace("{name}", "mine"),
            need: *need,
            has_body: described["requestBody"].is_object(),
        };
        let row = house.row(&asked, &people).await;
        let _ = writeln!(table, "| {method} {pattern} | {} |", row.join(" | "));
        let [nobody, viewer, member, ended, over, scope, foreign, no_word, traversal, large, slow, _] =
            <[String; 12]>::try_from(row).unwrap();
        if let Need::Somebody { role, .. } = need {
            assert_eq!(nobody, "401 not-signed-in", "{method} {pattern}");
            assert_eq!(viewer == "allowed", *role == UserRole::Viewer, "{method} {pattern}: {viewer}");
            assert_eq!(member == "allowed", *role <= UserRole::Member, "{method} {pattern}: {member}");
            assert_eq!((ended.as_str(), over.as_str()), ("401 not-signed-in", "401 bad-token"), "{method} {pattern}");
            assert_eq!(scope, "403 not-allowed", "{method} {pattern}");
        }
        if changes(method) {
            assert_eq!(foreign, "403 foreign-origin", "{method} {pattern}");
            assert!(*need == Need::Nothing || no_word == "403 wrong-word", "{method} {pattern}: {no_word}");
            assert_eq!((large.as_str(), slow.as_str()), ("413 body-too-large", "408 too-slow"), "{method} {pattern}");
        }
        assert_ne!(traversal, "allowed", "{method} {pattern}");
    }
    if std::env::var_os("UPDATE_REFUSALS").is_some() {
        std::fs::write(TABLE, &table).unwrap();
    }
    let kept = std::fs::read_to_string(TABLE).unwrap_or_default();
    assert!(kept == table, "tests/refusals.md is not what routes do: run this test with UPDATE_REFUSALS=1\n{table}");
}
