//! The connection: made when it is first needed, one for each runtime, made anew when it is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, PushInfo, PushKind, RedisError, RedisResult, Value};
use tokio::runtime::{Handle, Id};
use tokio::task::AbortHandle;

use crate::address::{Address, Kind};
use crate::fault::{Fault, passes};

/// Connects where and when it is needed.
pub(crate) struct Link {
    target: Target,
    /// A connection is driven by the runtime in which it was made, so each runtime has one of its own.
    places: Mutex<Vec<Arc<Place>>>,
}

enum Target {
    Single(Client),
    Cluster { cluster: Box<ClusterClient>, first: Client },
}

/// Where the connection of a runtime is.
struct Place {
    runtime: Id,
    /// Held by a task, which ends with its runtime.
    alive: Weak<()>,
    task: AbortHandle,
    /// Locked while somebody connects, so that those who come meanwhile get the same connection.
    live: tokio::sync::Mutex<Option<Live>>,
}

#[derive(Clone)]
pub(crate) struct Live {
    connection: Connection,
    lost: Arc<AtomicBool>,
    since: Instant,
}

#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// How old a connection to a cluster is before it is given up because a node does not answer: the others do, and a
/// new one is of use only if the cluster has changed meanwhile.
const CLUSTER_PATIENCE: Duration = Duration::from_secs(1);

impl Link {
    pub(crate) fn new(address: Address, timeout: Duration) -> RedisResult<Link> {
        #[cfg(feature = "tls")]
        choose_cryptography();
        let first = address.servers.first().cloned();
        let single = || Client::open(first.ok_or((redis::ErrorKind::InvalidClientConfig, "no server"))?);
        let target = match address.kind {
            Kind::Single => Target::Single(single()?),
            Kind::Cluster => Target::Cluster {
                first: single()?,
                // No retries: a write whose answer is lost must not be repeated by somebody who cannot tell.
                cluster: Box::new(
                    ClusterClient::builder(address.servers)
                        .retries(0)
                        .connection_timeout(timeout / 2)
                        .response_timeout(timeout)
                        .overall_response_timeout(None)
                        .build()?,
                ),
            },
        };
        Ok(Link { target, places: Mutex::default() })
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.target {
            Target::Single(_) => Kind::Single,
            Target::Cluster { .. } => Kind::Cluster,
        }
    }

    /// The connection of this runtime.
    pub(crate) async fn live(&self) -> Result<Live, Fault> {
        let place = self.place()?;
        let mut live = place.live.lock().await;
        if let Some(found) = &*live
            && !found.lost.load(Ordering::Acquire)
        {
            return Ok(found.clone());
        }
        *live = None;
        let made = self.target.connect().await?;
        Ok(live.insert(made).clone())
    }

    /// Somebody waited in vain: the connection may be lost without anybody having noticed.
    pub(crate) fn doubt(&self) {
        if let Ok(place) = self.place()
            && let Ok(live) = place.live.try_lock()
            && let Some(live) = &*live
        {
            live.doubt();
        }
    }

    fn place(&self) -> Result<Arc<Place>, Fault> {
        let runtime = Handle::try_current().map_err(|_| Fault::NoRuntime)?;
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.iter().find(|place| place.runtime == runtime.id() && place.is_alive()) {
            return Ok(Arc::clone(place));
        }
        places.retain(|place| place.is_alive());
        let life = Arc::new(());
        let alive = Arc::downgrade(&life);
        let task = runtime.spawn(async move {
            let _life = life;
            std::future::pending::<()>().await;
        });
        let (runtime, task) = (runtime.id(), task.abort_handle());
        let place = Arc::new(Place { runtime, alive, task, live: tokio::sync::Mutex::default() });
        places.push(Arc::clone(&place));
        Ok(place)
    }
}

impl Place {
    fn is_alive(&self) -> bool {
        self.alive.strong_count() > 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Target {
    async fn connect(&self) -> Result<Live, Fault> {
        let lost = Arc::new(AtomicBool::new(false));
        let connection = match self {
            Target::Single(client) => Connection::Single(open(client, &lost).await?),
            Target::Cluster { cluster, first } => match cluster.get_async_connection().await {
                Ok(connection) => Connection::Cluster(connection),
                // A cluster's error says that nobody could be asked. One of them may say why, and of what kind that is.
                Err(error) => {
                    open(first, &lost).await.map_err(|cause| if passes(&cause) { error.clone() } else { cause })?;
                    return Err(error.into());
                }
            },
        };
        Ok(Live { connection, lost, since: Instant::now() })
    }
}

/// A program in which several providers are compiled in has to say which; if nobody has, connecting would panic.
#[cfg(feature = "tls")]
fn choose_cryptography() {
    use rustls::crypto::{CryptoProvider, ring};
    if CryptoProvider::get_default().is_none() {
        // Somebody else may just have been faster, which is as good.
        let _ = ring::default_provider().install_default();
    }
}

async fn open(client: &Client, lost: &Arc<AtomicBool>) -> Result<MultiplexedConnection, RedisError> {
    let lost = Arc::clone(lost);
    let listener = move |news: PushInfo| {
        if news.kind == PushKind::Disconnection {
            lost.store(true, Ordering::Release);
        }
    };
    connect(client, listener).await
}

/// Connects to a server, and hands over what it says without being asked, between its answers as it comes.
pub(crate) async fn connect(
    client: &Client,
    listener: impl Fn(PushInfo) + Send + Sync + 'static,
) -> Result<MultiplexedConnection, RedisError> {
    let listener = move |news| {
        listener(news);
        Ok::<(), RedisError>(())
    };
    // Whoever asks has a time limit for the whole.
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None).set_push_sender(listener);
    client.get_multiplexed_async_connection_with_config(&config).await
}

impl Live {
    /// Sends a command once.
    pub(crate) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match &mut self.connection {
            Connection::Single(connection) => command.query_async(connection).await,
            Connection::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// Sends a command to the node to which another one pointed, while a slot moves there.
    pub(crate) async fn send_to(&mut self, node: &str, command: Cmd) -> RedisResult<Value> {
        use redis::cluster_routing::SingleNodeRoutingInfo::ByAddress;
        let Connection::Cluster(connection) = &mut self.connection else { return self.send(&command).await };
        let unknown = || RedisError::from((redis::ErrorKind::ClusterConnectionNotFound, "a node without an address"));
        let (host, port) = node.rsplit_once(':').ok_or_else(unknown)?;
        let route = ByAddress { host: host.to_owned(), port: port.parse().map_err(|_| unknown())? };
        let mut both = redis::Pipeline::with_capacity(2);
        both.add_command(redis::cmd("ASKING")).add_command(command);
        let mut answers = connection.route_pipeline(both, 0, 2, route).await?;
        answers.pop().unwrap_or(Value::Nil).extract_error()
    }

    /// Has the connection made anew, unless it belongs to a cluster and is new.
    pub(crate) fn doubt(&self) {
        match self.connection {
            Connection::Cluster(_) if self.since.elapsed() < CLUSTER_PATIENCE => {}
            _ => self.lost.store(true, Ordering::Release),
        }
    }

    /// Has the connection made anew.
    pub(crate) fn give_up(&self) {
        self.lost.store(true, Ordering::Release);
    }
}
