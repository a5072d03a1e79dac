//! The stream of events. Time is Tokio's own, which jumps ahead when nothing else is to be done.

use std::sync::Arc;

use axum::body::BodyDataStream;
use axum::http::{Method, StatusCode, header};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, Instant, timeout};
use wattwright_server::serve;

use crate::common::{Fixture, live};

struct Events {
    body: BodyDataStream,
    read: String,
}

impl Events {
    async fn open(fixture: &Fixture) -> Self {
        let response = fixture.send(Method::GET, "/api/events", &[(header::ACCEPT_ENCODING, "br, gzip")]).await;
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert!(!headers.contains_key(header::CONTENT_ENCODING), "a compressor would hold events back");
        Self { body: response.into_body().into_data_stream(), read: String::new() }
    }

    /// The next event's text; `None`: the stream ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let event = event.to_owned();
                self.read = rest.to_owned();
                return Some(event);
            }
            let bytes = self.body.next().await?.unwrap();
            self.read.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The summary of the next `live` event.
    async fn summary(&mut self) -> String {
        let event = self.next().await.expect("the stream goes on");
        assert!(event.lines().any(|line| line == "event: live"), "{event}");
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        serde_json::from_str::<model::Live>(data).unwrap().summary
    }
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_at_once_but_at_most_twice_a_second() {
    let fixture = Fixture::new(0);
    let start = Instant::now();
    let mut events = Events::open(&fixture).await;
    assert_eq!(events.summary().await, "At first.");
    assert_eq!(start.elapsed(), Duration::ZERO);

    tokio::time::advance(Duration::from_secs(3)).await;
    fixture.live.send_replace(Arc::new(live("After a while.")));
    let sent = Instant::now();
    assert_eq!(events.summary().await, "After a while.");
    assert_eq!(sent.elapsed(), Duration::ZERO);

    for n in 0..100 {
        fixture.live.send_replace(Arc::new(live(&format!("Number {n}."))));
    }
    assert_eq!(events.summary().await, "Number 99.", "only the newest counts");
    assert!(sent.elapsed() >= Duration::from_millis(500), "{:?}", sent.elapsed());
    assert!(timeout(Duration::from_secs(10), events.next()).await.is_err(), "told once only");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_pings() {
    let fixture = Fixture::new(0);
    let mut events = Events::open(&fixture).await;
    events.summary().await;
    for _ in 0..3 {
        let before = Instant::now();
        assert_eq!(events.next().await.as_deref(), Some("event: ping\ndata: {}"));
        assert!((14..=16).contains(&before.elapsed().as_secs()), "{:?}", before.elapsed());
    }
    fixture.live.send_replace(Arc::new(live("News.")));
    assert_eq!(events.summary().await, "News.");
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_with_the_daemon() {
    let fixture = Fixture::new(0);
    let (mut first, mut second) = (Events::open(&fixture).await, Events::open(&fixture).await);
    first.summary().await;
    second.summary().await;
    fixture.server.shutdown.cancel();
    assert_eq!(first.next().await, None);
    let Fixture { live, .. } = fixture;
    drop(live);
    assert_eq!(second.next().await, None);
}

#[tokio::test]
async fn a_real_connection_streams_and_the_server_stops() {
    let fixture = Fixture::new(1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, fixture.server.clone()));

    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /api/events HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = String::new();
    let until = async |stream: &mut TcpStream, read: &mut String, what: &str| {
        let mut buffer = [0; 4096];
        while !read.contains(what) {
            let length = stream.read(&mut buffer).await.unwrap();
            assert!(length > 0, "ended without {what}: {read}");
            read.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
    };
    until(&mut stream, &mut read, "At first.").await;
    fixture.live.send_replace(Arc::new(live("Changed.")));
    until(&mut stream, &mut read, "Changed.").await;

    fixture.server.shutdown.cancel();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn only_so_many_streams_are_open_at_once() {
    let fixture = Fixture::new(0);
    let router = fixture.router();
    let open = || {
        let request = axum::http::Request::get("/api/events").header(header::HOST, "localhost");
        tower::ServiceExt::oneshot(router.clone(), request.body(axum::body::Body::empty()).unwrap())
    };
    let mut streams = Vec::new();
    for _ in 0..256 {
        let response = open().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        streams.push(response);
    }
    assert_eq!(open().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    streams.pop();
    assert_eq!(open().await.unwrap().status(), StatusCode::OK, "a closed page makes room");
}
