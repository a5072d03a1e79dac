//! Connections: how many, and how long each may take over what it sends and reads.
//!
//! A head must come within [`HEAD_WITHIN`], which also ends a connection on which nothing is asked; a body within
//! what `secure` says; and whoever does not read what we write for [`WRITE_WITHIN`] is cut off. So nobody can hold
//! all connections by being slow.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{Server, router};

/// How long answers under way may take once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(3);
/// Most connections at once: 256 event streams, and as many again. Others wait until one ends.
const CONNECTIONS_MOST: usize = 512;
/// A request's head must be there within this.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// Who reads nothing for so long is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const HEAD_MOST: usize = 32 * 1024;
/// After an error of the listener itself, such as too many open files.
const PAUSE: Duration = Duration::from_secs(1);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Most connections at once.
    pub connections: usize,
    /// How long a request's head may take.
    pub head: Duration,
    /// How long nothing may be read of what is written.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connections: CONNECTIONS_MOST, head: HEAD_WITHIN, write: WRITE_WITHIN }
    }
}

/// Answers requests until the server's `shutdown` is cancelled; then ends the event streams and gives
/// other answers a few seconds.
///
/// # Errors
/// None at present: an error of the listener is logged, and it is tried again.
pub async fn serve(listener: TcpListener, server: Server) -> io::Result<()> {
    serve_with(listener, server, Patience::default()).await
}

/// As [`serve`], with other limits: for tests.
///
/// # Errors
/// As for [`serve`].
pub async fn serve_with(listener: TcpListener, server: Server, patience: Patience) -> io::Result<()> {
    let shutdown = server.shutdown.clone();
    let app = router(server);
    let free = std::sync::Arc::new(Semaphore::new(patience.connections));
    let open = TaskTracker::new();
    loop {
        let next = async {
            let permit = free.clone().acquire_owned().await;
            (accept(&listener).await, permit)
        };
        let (stream, permit) = tokio::select! {
            () = shutdown.cancelled() => break,
            next = next => next,
        };
        let answering = answer(stream, app.clone(), patience, shutdown.clone());
        open.spawn(async move {
            let _permit = permit;
            answering.await;
        });
    }
    open.close();
    if tokio::time::timeout(DRAIN, open.wait()).await.is_err() {
        tracing::debug!("connections were still open when the server stopped");
    }
    Ok(())
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // These are of one connection, and say nothing of the next.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionRefused
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn answer(stream: TcpStream, app: Router, patience: Patience, shutdown: CancellationToken) {
    // Without it, small events wait for the acknowledgement of those before.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.write));
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head)
            .max_buf_size(HEAD_MOST)
            .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(app))
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
