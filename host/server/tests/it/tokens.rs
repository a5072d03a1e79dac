//! Tokens of programs, and what the owner does about users.

use std::collections::BTreeSet;

use axum::http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use wattwright_server::access::Need;
use wattwright_server::{Scope, UserRole};

use crate::access::{House, JSON, PASSWORD, Signed, WORD, code, cookie, routes};
use crate::common::{Fixture, NOW};

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

impl House {
    fn token(&self, name: &str, scopes: &[Scope], days: Option<i64>, made_by: Option<&str>) -> String {
        let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
        self.tokens.add(name, scopes, days, made_by.map(str::to_owned), now()).unwrap().0
    }

    async fn with_token(&self, method: &str, path: &str, secret: &str) -> (StatusCode, Value) {
        let bearer = format!("Bearer {secret}");
        let (status, _, body) = self.ask(method, path, &[(header::AUTHORIZATION, bearer.as_str()), JSON], "{}").await;
        (status, body)
    }

    async fn as_signed(&self, signed: &Signed, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let headers = [(header::COOKIE, signed.cookie.as_str()), (WORD, signed.word.as_str()), JSON];
        let (status, _, body) = self.ask(method, path, &headers, &body.to_string()).await;
        (status, body)
    }
}

#[tokio::test]
async fn each_scope_opens_its_routes_and_no_others() {
    let house = House::new();
    for (name, scope) in Scope::NAMES {
        let secret = house.token(name, &[scope], None, None);
        for (method, path, need) in routes().filter(|(_, path, _)| path != "/api/events") {
            let Need::Somebody { scope: wanted, .. } = need else { continue };
            let (status, body) = house.with_token(method, &path, &secret).await;
            let refused = (status, code(&body).as_str()) == (StatusCode::FORBIDDEN, "not-allowed");
            assert_eq!(refused, wanted != Some(scope), "{name}: {method} {path}: {status} {body}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{name}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn users_tokens_and_the_record_are_for_people() {
    let house = House::new();
    let all = house.token("all", &Scope::NAMES.map(|(_, scope)| scope), None, None);
    for (method, path) in [
        ("GET", "/api/users"),
        ("POST", "/api/tokens"),
        ("PUT", "/api/password"),
        ("GET", "/api/log"),
        ("GET", "/api/nothing"),
    ] {
        let (status, body) = house.with_token(method, path, &all).await;
        assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "not-allowed".into()), "{method} {path}");
        assert!(body["error"]["message"].as_str().unwrap().contains("not for a token"), "{body}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_revoked_orphaned_or_none_is_refused_in_words() {
    let house = House::new();
    let ending = house.token("ending", &[Scope::Read], Some(1), None);
    let revoked = house.token("revoked", &[Scope::Read], None, None);
    let orphan = house.token("orphan", &[Scope::Read], None, Some("owner"));
    for good in [&ending, &revoked, &orphan] {
        assert_eq!(house.with_token("GET", "/api/live", good).await.0, StatusCode::OK);
    }
    house.later(SignedDuration::from_hours(24));
    house.tokens.remove("revoked").unwrap();
    house.users.add("other", UserRole::Owner, PASSWORD).unwrap();
    house.users.set_role("owner", UserRole::Member).unwrap();
    for (bad, word) in [
        (&ending, "was good until"),
        (&revoked, "revoked"),
        (&orphan, "no longer an owner"),
        (&"x".to_owned(), "no such token"),
    ] {
        let (status, body) = house.with_token("GET", "/api/live", bad).await;
        assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "bad-token".into()), "{word}");
        assert!(body["error"]["message"].as_str().unwrap().contains(word), "{body}");
    }
    // Of another kind it is for a proxy in front of us, and says nothing here.
    for (value, word) in [
        ("Bearer", "bad-token"),
        ("bearer ", "bad-token"),
        ("", "not-signed-in"),
        ("Basic b3duZXI6eA==", "not-signed-in"),
        ("wattwright", "not-signed-in"),
    ] {
        let (status, _, body) = house.ask("GET", "/api/live", &[(header::AUTHORIZATION, value)], "").await;
        assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, word.into()), "{value}");
    }
}

#[tokio::test]
async fn a_token_counts_before_a_session_and_needs_no_word_but_our_own_page() {
    let house = House::new();
    let owner = house.signed("owner").await;
    let read = format!("Bearer {}", house.token("read", &[Scope::Read], None, None));
    let both = [
        (header::COOKIE, owner.cookie.as_str()),
        (WORD, owner.word.as_str()),
        (header::AUTHORIZATION, read.as_str()),
        JSON,
    ];
    let (status, _, _) = house.ask("POST", "/api/strategies/mine/rollback", &both, "{}").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let strategies = house.token("panel", &[Scope::Strategies], None, None);
    assert_eq!(house.with_token("POST", "/api/strategies/mine/rollback", &strategies).await.0, StatusCode::OK);
    let bearer = format!("Bearer {strategies}");
    let foreign = [(header::AUTHORIZATION, bearer.as_str()), (header::ORIGIN, "https://evil.example"), JSON];
    let (status, _, body) = house.ask("POST", "/api/strategies/mine/rollback", &foreign, "{}").await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "foreign-origin".into()));
    let notes = house.notes_with("token panel").await;
    assert!(notes.contains(&"token panel: POST /api/strategies/mine/rollback: 200".to_owned()), "{notes:?}");
    assert!(!notes.join(" ").contains(&strategies));
}

#[tokio::test]
async fn the_owner_makes_lists_and_revokes_tokens() {
    let house = House::new();
    let owner = house.signed("owner").await;
    let body = json!({ "name": "panel", "scopes": ["read", "hand"], "days": 30 });
    let (status, made) = house.as_signed(&owner, "POST", "/api/tokens", &body).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(house.with_token("GET", "/api/live", &secret).await.0, StatusCode::OK);
    let (_, list) = house.as_signed(&owner, "GET", "/api/tokens", &Value::Null).await;
    assert_eq!(list, json!([made["token"]]));
    assert_eq!(list[0]["made_by"], "owner");
    assert!(!list.to_string().contains(&secret[11..]));
    let (status, _) = house.as_signed(&owner, "POST", "/api/tokens", &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "the name is taken");
    let (status, _) = house.as_signed(&owner, "DELETE", "/api/tokens/panel", &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(house.with_token("GET", "/api/live", &secret).await.0, StatusCode::UNAUTHORIZED);
    let (status, _) = house.as_signed(&owner, "DELETE", "/api/tokens/panel", &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_owner_adds_changes_and_removes_users_but_not_the_last_owner() {
    let house = House::new();
    let owner = house.signed("owner").await;
    let (status, made) =
        house.as_signed(&owner, "POST", "/api/users", &json!({ "name": "carl", "role": "viewer" })).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let password = made["password"].as_str().unwrap().to_owned();
    let (status, headers, body) = house.enter("carl", &password).await;
    assert_eq!(status, StatusCode::OK);
    let carl = Signed { cookie: cookie(&headers).unwrap(), word: body["word"].as_str().unwrap().to_owned() };
    let (status, body) = house.as_signed(&carl, "GET", "/api/users", &Value::Null).await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "not-allowed".into()));
    assert!(
        body["error"]["message"].as_str().unwrap().contains("carl is a viewer; this needs the role `owner`"),
        "{body}"
    );

    let (status, _) = house.as_signed(&owner, "PUT", "/api/users/carl/role", &json!({ "role": "owner" })).await;
    assert_eq!(status, StatusCode::OK);
    let (status, list) = house.as_signed(&carl, "GET", "/api/users", &Value::Null).await;
    assert_eq!((status, list.as_array().unwrap().len()), (StatusCode::OK, 4), "the role holds at once");
    let (_, made) = house.as_signed(&owner, "POST", "/api/users/carl/password", &Value::Null).await;
    assert_ne!(made["password"].as_str().unwrap(), password);
    assert_eq!(house.status("GET", "/api/live", &carl).await.0, StatusCode::UNAUTHORIZED, "a new password signs out");

    for (method, path, body, status) in [
        ("POST", "/api/users", json!({ "name": "carl", "role": "owner" }), 422),
        ("POST", "/api/users", json!({ "name": "Carl!", "role": "owner" }), 422),
        ("POST", "/api/users", json!({ "name": "dora", "role": "king" }), 422),
        ("PUT", "/api/users/nobody/role", json!({ "role": "owner" }), 404),
        ("DELETE", "/api/users/nobody", Value::Null, 404),
        ("DELETE", "/api/users/carl", Value::Null, 204),
        ("DELETE", "/api/users/owner", Value::Null, 422),
        ("PUT", "/api/users/owner/role", json!({ "role": "viewer" }), 422),
    ] {
        let (found, answer) = house.as_signed(&owner, method, path, &body).await;
        assert_eq!(found.as_u16(), status, "{method} {path} {body}: {answer}");
    }
    assert_eq!(house.status("GET", "/api/live", &owner).await.0, StatusCode::OK);
}

#[tokio::test]
async fn everyone_changes_their_own_password_and_is_signed_out_elsewhere() {
    let house = House::new();
    let (here, there) = (house.signed("viewer").await, house.signed("viewer").await);
    let change = async |old: &str, new: &str| {
        let headers = [(header::COOKIE, here.cookie.as_str()), (WORD, here.word.as_str()), JSON];
        house.ask("PUT", "/api/password", &headers, &json!({ "old": old, "new": new }).to_string()).await
    };
    let (status, _, body) = change("wrong", "another password").await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "wrong-password".into()));
    let (status, _, body) = change(PASSWORD, "short").await;
    assert_eq!((status, code(&body)), (StatusCode::UNPROCESSABLE_ENTITY, "refused".into()));
    let (status, headers, body) = change(PASSWORD, "another password").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let fresh = Signed { cookie: cookie(&headers).unwrap(), word: body["word"].as_str().unwrap().to_owned() };
    for (signed, status) in
        [(&here, StatusCode::UNAUTHORIZED), (&there, StatusCode::UNAUTHORIZED), (&fresh, StatusCode::OK)]
    {
        assert_eq!(house.status("GET", "/api/live", signed).await.0, status);
    }
    assert_eq!(house.enter("viewer", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(house.enter("viewer", "another password").await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_old_password_is_not_guessed_with_a_stolen_session() {
    let house = House::new();
    let thief = house.signed("viewer").await;
    let body = json!({ "old": "guess", "new": "another password" });
    for _ in 0..5 {
        assert_eq!(house.as_signed(&thief, "PUT", "/api/password", &body).await.0, StatusCode::FORBIDDEN);
    }
    assert_eq!(house.as_signed(&thief, "PUT", "/api/password", &body).await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn where_there_are_no_users_it_is_said_how_to_add_the_first() {
    let fixture = Fixture::new(0);
    for (method, path) in [("GET", "/api/users"), ("GET", "/api/tokens")] {
        let (status, _, body) = fixture.ask(method.parse().unwrap(), path, &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body.contains("no-accounts") && body.contains("wattwright user add"), "{body}");
    }
}

#[tokio::test]
async fn who_took_a_copy_of_the_journal_is_written_down() {
    let house = House::new();
    let owner = house.signed("owner").await;
    let (status, _) = house.status("GET", "/api/backup", &owner).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "a journal in memory cannot be copied");
    house.notes_with("owner (owner): GET /api/backup: 500").await;
}

#[tokio::test]
async fn the_copy_of_the_journal_is_whole_and_for_the_owner() {
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::new(0);
    let journal = journal::Journal::open(folder.path().join("journal.db")).unwrap();
    journal.record(&crate::common::tick(now()), None).unwrap();
    fixture.server.journal = journal.clone();
    std::fs::create_dir(folder.path().join(".backup-of-one-that-was-killed")).unwrap();
    let response = fixture.send(axum::http::Method::GET, "/api/backup", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let name = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename=\"wattwright-"), "{name}");
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::write(&copy, &bytes).unwrap();
    assert_eq!(journal::Journal::open(&copy).unwrap().ticks(None, 10).unwrap().len(), 1);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".backup")), "{left:?}");
    assert_eq!(journal.notes(None, 1).unwrap()[0].text, "a copy of the journal was made");
}

impl House {
    /// The notes, once one begins so: they are written beside the answers.
    pub async fn notes_with(&self, beginning: &str) -> Vec<String> {
        loop {
            let notes: Vec<String> =
                self.fixture.journal.notes(None, 50).unwrap().into_iter().map(|note| note.text).collect();
            if notes.iter().any(|note| note.starts_with(beginning)) {
                return notes;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
}
