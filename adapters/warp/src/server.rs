//! A server for routes with sessions, in place of `warp::serve`.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use warp::{Filter, Rejection};
use webstack_core::Sessions;
use webstack_core::app::App;

use crate::Service;

/// Serves warp routes with a session for every request.
///
/// ```
/// use warp::Filter as _;
/// use webstack_core::store::MemoryStore;
///
/// let sessions = webstack_warp::builder().store(MemoryStore::new()).build().unwrap();
/// let server = webstack_warp::serve(warp::path::end().map(|| "hello"), sessions);
/// ```
pub fn serve<F>(routes: F, sessions: Sessions) -> Server
where
    F: Filter + Clone + Send + Sync + 'static,
    F::Extract: warp::Reply,
    F::Error: Into<Rejection>,
{
    Server { service: crate::service(routes, sessions) }
}

/// The server that [`serve`] makes.
#[derive(Clone, Debug)]
#[must_use = "it serves nothing before it runs"]
pub struct Server {
    service: Service,
}

impl Server {
    /// Mounts a neutral application; see [`Service::mount`].
    pub fn mount(self, prefix: &str, app: impl App) -> Self {
        Server { service: self.service.mount(prefix, app) }
    }

    /// Says under which path prefix all of this is reached; see [`Service::below`].
    pub fn below(self, prefix: &str) -> Self {
        Server { service: self.service.below(prefix) }
    }

    /// Serves HTTP/1 on this socket for ever.
    ///
    /// # Errors
    ///
    /// If the socket fails.
    pub async fn run(self, listener: TcpListener) -> io::Result<()> {
        self.run_until(listener, pending()).await
    }

    /// Serves until `stop` is ready, and finishes the requests in flight.
    ///
    /// # Errors
    ///
    /// If the socket fails.
    pub async fn run_until(self, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
        let graceful = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // The client left before it was its turn, or there are no descriptors for a moment.
                    Err(error) if is_passing(&error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::task::yield_now().await;
                        continue;
                    }
                    Err(error) => return Err(error),
                },
                () = &mut stop => break,
            };
            let service = TowerToHyperService::new(self.service.clone());
            let builder = Builder::new(TokioExecutor::new()).http1_only();
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(error, "a connection ended early");
                }
            });
        }
        graceful.shutdown().await;
        Ok(())
    }
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) || is_out_of_descriptors(error)
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}
