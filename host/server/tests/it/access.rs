//! Who may do what, when the page is reachable from other machines.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tower::ServiceExt;
use wattwright_server::access::{Need, ROUTES};
use wattwright_server::{Access, Accounts, Tokens, UserRole, Users, openapi_json};

use crate::common::{Fixture, NOW};

pub const WORD: HeaderName = HeaderName::from_static("x-wattwright");
pub const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
pub const PASSWORD: &str = "correct horse battery";

/// Hashing takes its time, so it is done once for all tests.
static FILE: LazyLock<String> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let users = Users::new(folder.path());
    for (name, role) in UserRole::NAMES {
        users.add(name, role, PASSWORD).unwrap();
    }
    std::fs::read_to_string(folder.path().join("users.json")).unwrap()
});

pub struct House {
    pub fixture: Fixture,
    pub users: Users,
    pub tokens: Tokens,
    seconds: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

/// What a browser has after signing in.
#[derive(Clone)]
pub struct Signed {
    pub cookie: String,
    pub word: String,
}

impl House {
    /// With one user for each role, named after it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("users.json"), &*FILE).unwrap();
        let users = Users::new(folder.path());
        let tokens = Tokens::new(folder.path());
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = seconds.clone();
        let start: Timestamp = NOW.parse().unwrap();
        let now = move || start + SignedDuration::from_secs(clock.load(Ordering::SeqCst));
        let mut fixture = Fixture::new(3);
        fixture.server.access = Access::Accounts(Arc::new(Accounts::new(users.clone(), tokens.clone(), Arc::new(now))));
        // Sessions are those of one server, which each question of the fixture would make anew otherwise.
        Self { fixture, users, tokens, seconds, _folder: folder }
    }

    pub fn later(&self, by: SignedDuration) {
        self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: &str,
    ) -> (StatusCode, HeaderMap, Value) {
        let method: Method = method.parse().unwrap();
        let (status, headers, body) = self.fixture.ask_with(method, path, headers, body.to_owned()).await;
        (status, headers, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    pub async fn enter(&self, name: &str, password: &str) -> (StatusCode, HeaderMap, Value) {
        let body = json!({ "name": name, "password": password }).to_string();
        self.ask("POST", "/api/session", &[(WORD, "1"), JSON], &body).await
    }

    pub async fn signed(&self, name: &str) -> Signed {
        let (status, headers, body) = self.enter(name, PASSWORD).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        Signed { cookie: cookie(&headers).unwrap(), word: body["word"].as_str().unwrap().to_owned() }
    }

    pub async fn status(&self, method: &str, path: &str, signed: &Signed) -> (StatusCode, String) {
        let headers = [(header::COOKIE, signed.cookie.as_str()), (WORD, signed.word.as_str()), JSON];
        let (status, _, body) = self.ask(method, path, &headers, "{}").await;
        (status, code(&body))
    }
}

pub fn code(body: &Value) -> String {
    body["error"]["code"].as_str().unwrap_or_default().to_owned()
}

/// Name and value of the cookie that an answer sets.
pub fn cookie(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::SET_COOKIE)?.to_str().unwrap().split(';').next().unwrap().to_owned())
}

/// Every route that can be asked without an end, with real values in it.
pub fn routes() -> impl Iterator<Item = (&'static str, String, Need)> {
    let concrete = |pattern: &str| pattern.replace("{id}", "2").replace("{name}", "mine");
    // The stream of events is endless once it is allowed.
    ROUTES.iter().map(move |(method, pattern, need)| (*method, concrete(pattern), *need))
}

pub fn changes(method: &str) -> bool {
    method != "GET"
}

#[test]
fn the_table_and_the_description_name_the_same_routes() {
    let document: Value = serde_json::from_str(&openapi_json().unwrap()).unwrap();
    let mut described = vec![("GET".to_owned(), "/api/openapi.json".to_owned())];
    for (path, methods) in document["paths"].as_object().unwrap() {
        described.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let mut table: Vec<_> = ROUTES.iter().map(|(method, path, _)| (method.to_string(), path.to_string())).collect();
    described.sort();
    table.sort();
    assert_eq!(table, described, "a route is missing in `access::ROUTES`, or is there for nothing");
}

#[tokio::test]
async fn without_a_session_there_is_the_page_and_nothing_else() {
    let house = House::new();
    let nobody = Signed { cookie: "wattwright=0000; other=1".into(), word: "1".into() };
    for (method, path, need) in routes().filter(|(_, _, need)| *need != Need::Nothing) {
        let (status, _, body) = house.ask(method, &path, &[(WORD, "1"), JSON], "{}").await;
        assert_eq!(
            (status, code(&body)),
            (StatusCode::UNAUTHORIZED, "not-signed-in".into()),
            "{method} {path} {need:?}"
        );
        assert_eq!(house.status(method, &path, &nobody).await.0, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    for path in ["/", "/favicon.svg"] {
        let (status, _, _) = house.ask("GET", path, &[], "").await;
        assert!(!matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), "{path}: {status}");
    }
    assert_eq!(house.fixture.manager.done(), 0);
}

#[tokio::test]
async fn each_route_is_for_its_role_and_those_above() {
    let house = House::new();
    for (name, role) in UserRole::NAMES {
        let signed = house.signed(name).await;
        for (method, path, need) in routes()
            .filter(|(method, path, _)| path != "/api/events" && !(*method == "DELETE" && path == "/api/session"))
        {
            let (status, code) = house.status(method, &path, &signed).await;
            let refused = (status, code.as_str()) == (StatusCode::FORBIDDEN, "not-allowed");
            let allowed = match need {
                Need::Nothing => true,
                Need::Somebody { role: least, .. } => role >= least,
            };
            assert_eq!(refused, !allowed, "{name}: {method} {path}: {status} {code}");
            assert!(status != StatusCode::UNAUTHORIZED || need == Need::Nothing, "{name}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_change_needs_the_word_of_its_session_and_our_own_page() {
    let house = House::new();
    let (owner, other) = (house.signed("owner").await, house.signed("member").await);
    for (method, path, _) in routes().filter(|(method, _, need)| changes(method) && *need != Need::Nothing) {
        for word in [None, Some("1"), Some(other.word.as_str()), Some("")] {
            let mut headers = vec![(header::COOKIE, owner.cookie.as_str()), JSON];
            headers.extend(word.map(|word| (WORD, word)));
            let (status, _, body) = house.ask(method, &path, &headers, "{}").await;
            assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "wrong-word".into()), "{method} {path} {word:?}");
        }
        let foreign: [(HeaderName, &str); 2] =
            [(header::ORIGIN, "https://evil.example"), (HeaderName::from_static("sec-fetch-site"), "cross-site")];
        for sign in foreign {
            let headers = [(header::COOKIE, owner.cookie.as_str()), (WORD, owner.word.as_str()), JSON, sign];
            let (status, _, body) = house.ask(method, &path, &headers, "{}").await;
            assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "foreign-origin".into()), "{method} {path}");
        }
    }
    assert_eq!(house.fixture.manager.done(), 0);
    let (status, _, body) = house.ask("POST", "/api/session", &[JSON], "{}").await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "foreign-origin".into()), "signing in is meant, too");
}

#[tokio::test]
async fn sessions_are_renewed_while_they_are_used_and_end_when_they_are_not() {
    let house = House::new();
    let first = house.signed("viewer").await;
    let ask = async |cookie: &str| house.ask("GET", "/api/live", &[(header::COOKIE, cookie)], "").await;
    let (status, headers, _) = ask(&first.cookie).await;
    assert_eq!((status, cookie(&headers)), (StatusCode::OK, None));
    house.later(SignedDuration::from_hours(1));
    let path_of_its_own = [(header::COOKIE, first.cookie.as_str())];
    let (_, headers, _) = house.ask("GET", "/api/ticks/2", &path_of_its_own, "").await;
    assert_eq!(cookie(&headers), None, "a cookie from there would not hold for all of the API");
    let (_, headers, _) = ask(&first.cookie).await;
    let second = cookie(&headers).expect("a new token after an hour");
    assert_ne!(second, first.cookie);
    assert_eq!(ask(&first.cookie).await.0, StatusCode::OK, "requests under way still come with the old one");
    house.later(SignedDuration::from_mins(2));
    assert_eq!(ask(&first.cookie).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&second).await.0, StatusCode::OK);
    house.later(SignedDuration::from_hours(24 * 7));
    let (status, _, body) = ask(&second).await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "not-signed-in".into()));
}

#[tokio::test]
async fn who_signs_out_or_is_removed_or_gets_another_password_is_out() {
    let house = House::new();
    let live = async |signed: &Signed| house.status("GET", "/api/live", signed).await.0;
    let viewer = house.signed("viewer").await;
    assert_eq!(house.status("DELETE", "/api/session", &viewer).await.0, StatusCode::NO_CONTENT);
    assert_eq!(live(&viewer).await, StatusCode::UNAUTHORIZED);

    let (viewer, member) = (house.signed("viewer").await, house.signed("member").await);
    house.users.remove("viewer").unwrap();
    assert_eq!(live(&viewer).await, StatusCode::UNAUTHORIZED);
    assert_eq!(live(&member).await, StatusCode::OK);
    house.users.add("member", UserRole::Member, "another password").unwrap();
    assert_eq!(live(&member).await, StatusCode::UNAUTHORIZED);
    let error = house.users.remove("owner").unwrap_err().to_string();
    assert!(error.contains("last owner"), "{error}");
}

#[tokio::test]
async fn a_password_is_not_tried_for_ever_and_names_are_not_told() {
    let house = House::new();
    let (status, _, unknown) = house.enter("nobody", PASSWORD).await;
    let (_, _, wrong) = house.enter("owner", "wrong").await;
    assert_eq!((status, &unknown), (StatusCode::UNAUTHORIZED, &wrong));
    for _ in 1..5 {
        assert_eq!(house.enter("owner", "wrong").await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, headers, body) = house.enter("owner", PASSWORD).await;
    assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts".into()));
    assert_eq!(headers[header::RETRY_AFTER], "900");
    house.later(SignedDuration::from_mins(15));
    assert_eq!(house.enter("owner", PASSWORD).await.0, StatusCode::OK);
}

#[tokio::test]
async fn scripts_and_other_sites_do_not_get_the_cookie() {
    let house = House::new();
    let (_, headers, body) = house.enter("owner", PASSWORD).await;
    let set = headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict; Max-Age=") && !set.contains("Path"), "{set}");
    assert_eq!(body["user"], json!({ "name": "owner", "role": "owner" }));
    assert!(!body.to_string().contains(&set[11..40]), "the token is for the cookie only");
    let credentials = json!({ "name": "owner", "password": PASSWORD }).to_string();
    let proxied = [(WORD, "1"), JSON, (HeaderName::from_static("x-forwarded-proto"), "https")];
    let (_, headers, _) = house.ask("POST", "/api/session", &proxied, &credentials).await;
    assert!(headers[header::SET_COOKIE].to_str().unwrap().ends_with("; Secure"));
}

#[tokio::test]
async fn rubbish_is_refused_with_a_clear_answer() {
    let house = House::new();
    let owner = house.signed("owner").await;
    for path in ["/api/../api/live", "/api//live", "/api/%2e%2e/live", "/api/live/", "/api/ticks/..%2f..%2fusers.json"]
    {
        let (status, _, _) = house.ask("GET", path, &[], "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        let (status, _) = house.status("GET", path, &owner).await;
        assert!(status == StatusCode::NOT_FOUND || status == StatusCode::BAD_REQUEST, "{path}: {status}");
    }
    for path in ["/../users.json", "/assets/../../users.json", "/%2e%2e/users.json", "/assets/%2e%2e%2fusers.json"] {
        let (status, _, body) = house.ask("GET", path, &[], "").await;
        assert!(!status.is_success(), "{path}: {body}");
    }
    for (body, expected) in [("", 400), ("{", 400), ("[]", 422), (r#"{"name":"owner"}"#, 422), (r#"{"name":1}"#, 422)] {
        let (status, _, answer) = house.ask("POST", "/api/session", &[(WORD, "1"), JSON], body).await;
        assert_eq!((status.as_u16(), code(&answer)), (expected, "bad-body".into()), "{body}");
    }
    let large = format!(r#"{{"name":"owner","password":"{}"}}"#, "x".repeat(70_000));
    let (status, _, answer) = house.ask("POST", "/api/session", &[(WORD, "1"), JSON], &large).await;
    assert_eq!((status, code(&answer)), (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large".into()));
    let headers = [(header::COOKIE, owner.cookie.as_str()), (WORD, owner.word.as_str())];
    let (status, _, answer) = house.ask("POST", "/api/strategies", &headers, "rubbish").await;
    assert_eq!((status, code(&answer)), (StatusCode::UNPROCESSABLE_ENTITY, "refused".into()));
    for cookie in ["wattwright", "wattwright=", "wattwright=;", "=x", "wattwright=a b", "xwattwright=1"] {
        let (status, _, _) = house.ask("GET", "/api/live", &[(header::COOKIE, cookie)], "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{cookie}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up() {
    let never = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::put("/api/strategies/mine/settings").header(header::HOST, "localhost").header(WORD, "1");
    let response = Fixture::new(0).router().oneshot(request.body(never).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn who_changed_what_is_written_down() {
    let house = House::new();
    let owner = house.signed("owner").await;
    house.enter("owner", "wrong").await;
    house.status("POST", "/api/strategies/mine/rollback", &owner).await;
    house.status("GET", "/api/live", &owner).await;
    let expected = [
        "owner (owner): signed in",
        "`owner`: wrong name or password",
        "owner (owner): POST /api/strategies/mine/rollback: 200",
    ];
    let mut notes = Vec::new();
    for _ in 0..1000 {
        notes = house.fixture.journal.notes(None, 10).unwrap().into_iter().map(|note| note.text).collect();
        if notes.len() >= expected.len() {
            break;
        }
        tokio::task::yield_now().await;
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    notes.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(notes, expected);
    assert!(!notes.join(" ").contains(PASSWORD));
}

#[tokio::test]
async fn who_does_not_wait_for_the_answer_is_written_down_too() {
    let house = House::new();
    let owner = house.signed("owner").await;
    let asked = std::pin::pin!(house.status("POST", "/api/strategies/mine/rollback", &owner));
    assert_eq!(futures_util::future::poll_immediate(asked).await, None, "it has answered already");
    let wanted = "owner (owner): POST /api/strategies/mine/rollback: 200";
    let is_there = || house.fixture.journal.notes(None, 10).unwrap().iter().any(|note| note.text == wanted);
    for _ in 0..1000 {
        if is_there() {
            return;
        }
        tokio::task::yield_now().await;
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("it is not written down");
}

#[tokio::test]
async fn on_this_machine_everyone_is_the_owner() {
    let fixture = Fixture::new(0);
    let (status, body) = fixture.get("/api/session").await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "accounts": false, "user": null, "word": null })));
    let body = json!({ "name": "owner", "password": PASSWORD }).to_string();
    let (status, _, _) = fixture.ask_with(Method::POST, "/api/session", &[(WORD, "1"), JSON], body).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn names_and_passwords_that_will_not_do_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let users = Users::new(folder.path());
    for (name, password, text) in [
        ("", PASSWORD, "1 to 40"),
        ("Anna", PASSWORD, "a-z"),
        ("../x", PASSWORD, "a-z"),
        ("anna", "short", "10 characters"),
        ("anna", &"x".repeat(513), "512 bytes"),
    ] {
        let error = users.add(name, UserRole::Viewer, password).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
    assert_eq!(users.list().unwrap(), []);
    users.add("anna", UserRole::Owner, PASSWORD).unwrap();
    assert_eq!(users.list().unwrap(), [("anna".to_owned(), UserRole::Owner)]);
    let text = std::fs::read_to_string(folder.path().join("users.json")).unwrap();
    assert!(text.contains("$argon2id$") && !text.contains(PASSWORD), "{text}");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder.path().join("users.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
