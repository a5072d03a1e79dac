//! Who is slow does not hold up others.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wattwright_server::{Patience, serve_with};

use crate::common::Fixture;

const ASK: &[u8] = b"GET /api/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A server for one connection at a time, so that whoever is not given up holds up everyone.
async fn server(patience: Patience) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let fixture = Fixture::new(0);
    let server = fixture.server.clone();
    tokio::spawn(async move {
        // The fixture keeps the present from ending.
        let _fixture = fixture;
        serve_with(listener, server, patience).await.unwrap();
    });
    address
}

fn patience() -> Patience {
    let short = Duration::from_millis(200);
    Patience { connections: 1, head: short, write: short }
}

async fn is_answered(address: SocketAddr) {
    let mut next = TcpStream::connect(address).await.unwrap();
    next.write_all(ASK).await.unwrap();
    let mut answer = [0; 15];
    next.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn who_sends_nothing_or_half_a_head_is_given_up() {
    let address = server(patience()).await;
    for beginning in [&b""[..], b"GET /api/live HTTP/1.1\r\nhost: loc"] {
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(beginning).await.unwrap();
        is_answered(address).await;
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
    }
}

#[tokio::test]
async fn who_asks_nothing_more_is_given_up() {
    let address = server(patience()).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(ASK).await.unwrap();
    is_answered(address).await;
    let mut all = Vec::new();
    idle.read_to_end(&mut all).await.unwrap();
    assert!(all.starts_with(b"HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn who_does_not_read_is_given_up() {
    let address = server(patience()).await;
    let mut deaf = TcpStream::connect(address).await.unwrap();
    // More answers than all buffers in between can hold.
    let asking = tokio::spawn(async move { while deaf.write_all(ASK).await.is_ok() {} });
    is_answered(address).await;
    asking.await.unwrap();
}

#[tokio::test]
async fn a_head_without_an_end_is_refused() {
    let address = server(Patience { head: Duration::from_secs(60), ..patience() }).await;
    let mut endless = TcpStream::connect(address).await.unwrap();
    endless.write_all(b"GET /api/live HTTP/1.1\r\n").await.unwrap();
    let line = format!("x: {}\r\n", "y".repeat(1000));
    while endless.write_all(line.as_bytes()).await.is_ok() {}
    is_answered(address).await;
}
