//! A server for routes with sessions, in place of `warp::serve`.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use warp::{Filter, Rejection};
use webstack_core::Sessions;
use webstack_core::app::App;

use crate::{Routes, Service};

/// How long nothing is accepted when the system has no room for another connection.
const REST: Duration = Duration::from_secs(1);

/// How long a client may take to send the head of a request; one that never does cannot keep the server from ending.
const HEADERS: Duration = Duration::from_secs(30);

/// Serves warp routes with a session for every request.
///
/// ```
/// use warp::Filter as _;
/// use webstack_core::store::MemoryStore;
///
/// let sessions = webstack_warp::builder().store(MemoryStore::new()).build().unwrap();
/// let server = webstack_warp::serve(warp::path::end().map(|| "hello"), sessions);
/// ```
pub fn serve<F>(routes: F, sessions: Sessions) -> Server<impl Routes>
where
    F: Filter + Clone + Send + Sync + 'static,
    F::Extract: warp::Reply,
    F::Error: Into<Rejection>,
{
    Server { service: crate::service(routes, sessions) }
}

/// The server that [`serve`] makes; `S` are the [`Routes`].
#[derive(Clone, Debug)]
#[must_use = "it serves nothing before it runs"]
pub struct Server<S> {
    service: Service<S>,
}

impl<S: Routes> Server<S> {
    /// Mounts a neutral application; see [`Service::mount`].
    pub fn mount(self, prefix: &str, app: impl App) -> Self {
        Server { service: self.service.mount(prefix, app) }
    }

    /// Says under which path prefix all of this is reached; see [`Service::below`].
    pub fn below(self, prefix: &str) -> Self {
        Server { service: self.service.below(prefix) }
    }

    /// Serves HTTP/1 on this socket for ever. A client has half a minute to send the head of a request.
    pub async fn run(self, listener: TcpListener) {
        self.run_until(listener, pending()).await;
    }

    /// Serves until `stop` is ready, and finishes the requests in flight.
    pub async fn run_until(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        // The client left before it was its turn; else there are no descriptors, or no memory, for a while.
                        if !is_the_client_s(&error) {
                            tracing::error!(%error, "a connection could not be accepted");
                            tokio::time::sleep(REST).await;
                        }
                        continue;
                    }
                },
                () = &mut stop => break,
            };
            let service = TowerToHyperService::new(self.service.clone());
            let mut builder = Builder::new(TokioExecutor::new()).http1_only();
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(error, "a connection ended early");
                }
            });
        }
        graceful.shutdown().await;
    }
}

fn is_the_client_s(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
