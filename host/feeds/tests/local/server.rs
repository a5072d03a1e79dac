//! A local server that answers as it was told, and remembers what it was asked.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// 200 with this.
    Good(String),
    /// This status, with `Retry-After` or without.
    Status(u16, Option<String>, String),
    /// Headers, half of this, and the connection breaks.
    Half(String),
    /// Nothing, ever.
    Hang,
    /// 200 with so many bytes of nothing.
    Huge(usize),
}

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Path and query.
    pub uri: String,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// Content.
    pub body: String,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    always: Option<Reply>,
    asked: Vec<Asked>,
}

/// A running server.
pub struct Server {
    script: Arc<Mutex<Script>>,
    base: String,
}

impl Server {
    pub async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { script, base }
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What it answers next, one after the other; afterwards what it answered always.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.lock().unwrap().replies.extend(replies);
    }

    /// What it answers whenever nothing else was said.
    pub fn always(&self, reply: Reply) {
        self.script.lock().unwrap().always = Some(reply);
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, headers: HeaderMap, request: Request) -> Response {
    let uri = request.uri().to_string();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap_or_default();
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let reply = {
        let mut script = script.lock().unwrap();
        script.asked.push(Asked { uri, authorization, body: String::from_utf8_lossy(&body).into_owned() });
        script.replies.pop_front().or_else(|| script.always.clone())
    };
    match reply.unwrap_or(Reply::Status(404, None, "no such page".into())) {
        Reply::Good(text) => text.into_response(),
        Reply::Status(status, retry_after, text) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), text).into_response();
            if let Some(value) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, value.parse().unwrap());
            }
            response
        }
        Reply::Half(text) => {
            let half = Bytes::from(text[..text.len() / 2].to_owned());
            let parts = VecDeque::from([Some(Ok(half)), None, Some(Err(std::io::Error::other("broken off")))]);
            Body::from_stream(Parts(parts)).into_response()
        }
        Reply::Hang => std::future::pending().await,
        Reply::Huge(bytes) => vec![b' '; bytes].into_response(),
    }
}

/// A stream; `None`: nothing just now, so that what came before is sent off.
struct Parts(VecDeque<Option<std::io::Result<Bytes>>>);

impl futures_util::Stream for Parts {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.pop_front() {
            Some(Some(part)) => Poll::Ready(Some(part)),
            Some(None) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}
