//! Several Redis that share what they keep.

use std::io;
use std::time::{Duration, Instant};

use super::{Redis, RedisOptions};
use crate::NotStarted;
use crate::unix::commands;

/// A running Redis cluster. Its nodes write what they are told to disk, so that a restart keeps it.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

/// How many masters a cluster has: the least that Redis accepts.
const MASTERS: usize = 3;

/// After how many milliseconds of silence a node is taken to be down.
const NODE_TIMEOUT: &str = "2000";

/// How long nodes may take to agree: a bound, not an expectation.
const PATIENCE: Duration = Duration::from_secs(60);

impl RedisCluster {
    /// Starts a cluster of three masters.
    ///
    /// # Errors
    ///
    /// If Redis is not installed, or a node does not start, or they do not agree.
    pub fn start() -> Result<RedisCluster, NotStarted> {
        Self::start_each(0, RedisOptions::new())
    }

    /// Starts a cluster of three masters that demand TLS, of clients and of each other; one authority certifies them all.
    ///
    /// # Errors
    ///
    /// If Redis is not installed, or a node does not start, or they do not agree.
    pub fn start_with_tls() -> Result<RedisCluster, NotStarted> {
        Self::start_each(0, RedisOptions::new().with_tls())
    }

    /// Starts a cluster of three masters, the first three nodes, and a replica for each, the next three, which have
    /// everything that their masters have.
    ///
    /// # Errors
    ///
    /// If Redis is not installed, or a node does not start, or they do not agree.
    pub fn with_replicas() -> Result<RedisCluster, NotStarted> {
        Self::start_each(1, RedisOptions::new())
    }

    fn start_each(replicas: usize, options: RedisOptions) -> Result<RedisCluster, NotStarted> {
        let options = options
            .with_setting("cluster-enabled", "yes")
            .with_setting("cluster-node-timeout", NODE_TIMEOUT)
            .with_setting("appendonly", "yes")
            // what was written outlives the process, if not the machine
            .with_setting("appendfsync", "no");
        let nodes = (0..MASTERS * (1 + replicas)).map(|_| Redis::start_with(options.clone()));
        let cluster = RedisCluster { nodes: nodes.collect::<Result<_, _>>()? };
        cluster.join(replicas).map_err(NotStarted::failed)?;
        cluster.wait_until(|node, index| {
            let complete = node.ask(&["CLUSTER", "NODES"])?.matches("slave ").count() == MASTERS * replicas;
            let role = if index < MASTERS { "role:master" } else { "master_link_status:up" };
            Ok(complete && is_ok(node)? && node.ask(&["INFO", "replication"])?.contains(role))
        })?;
        Ok(cluster)
    }

    fn join(&self, replicas: usize) -> io::Result<()> {
        let mut create = self.nodes[0].client();
        create.args(["--cluster", "create"]);
        create.args(self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())));
        create.args(["--cluster-replicas", &replicas.to_string(), "--cluster-yes"]);
        commands::output(&mut create).map(drop)
    }

    /// The URL of each node.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// A node, to be asked, paused, killed or restarted by itself.
    ///
    /// # Panics
    ///
    /// If there are fewer nodes.
    pub fn node(&self, index: usize) -> &Redis {
        &self.nodes[index]
    }

    /// How many nodes there are.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The node that is this node's master now, if this one is a replica.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    ///
    /// # Panics
    ///
    /// If there are fewer nodes.
    pub fn master_of(&self, index: usize) -> io::Result<Option<usize>> {
        let replication = self.nodes[index].ask(&["INFO", "replication"])?;
        let port = replication.lines().find_map(|line| line.strip_prefix("master_port:")).map(str::trim);
        Ok(self.nodes.iter().position(|node| port == Some(&node.port().to_string())))
    }

    /// Waits until every node that was not killed says that the cluster works. A node says so until it has missed another one
    /// for some seconds, and paused nodes do not answer: neither is of use to whoever waits for a failover.
    ///
    /// # Errors
    ///
    /// If they do not after a minute, with what they say.
    pub fn wait_until_ok(&self) -> Result<(), NotStarted> {
        self.wait_until(|node, _| if node.process().is_none() { Ok(true) } else { is_ok(node) })
    }

    /// Waits until the replicas have what their masters had when this was called. `WAIT` would not do: it waits for what its
    /// own connection wrote.
    ///
    /// # Errors
    ///
    /// If they have not after a minute, or a node does not answer, with what it says.
    pub fn wait_until_replicated(&self) -> Result<(), NotStarted> {
        let offset = |node: &Redis, of: &str| -> io::Result<u64> {
            let replication = node.ask(&["INFO", "replication"])?;
            let number = replication.lines().find_map(|line| line.strip_prefix(of)?.trim().parse().ok());
            number.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, replication))
        };
        let masters = &self.nodes[..MASTERS];
        let reached: io::Result<Vec<_>> = masters.iter().map(|node| offset(node, "master_repl_offset:")).collect();
        let reached = reached.map_err(NotStarted::failed)?;
        self.wait_until(|node, index| match self.master_of(index)? {
            Some(master) if master < MASTERS => Ok(offset(node, "slave_repl_offset:")? >= reached[master]),
            _ => Ok(true),
        })
    }

    fn wait_until(&self, is_so: impl Fn(&Redis, usize) -> io::Result<bool>) -> Result<(), NotStarted> {
        let begun = Instant::now();
        for (index, node) in self.nodes.iter().enumerate() {
            while !is_so(node, index).unwrap_or(false) {
                if begun.elapsed() > PATIENCE {
                    let says = ["INFO", "NODES"].map(|what| format!("{:?}", node.ask(&["CLUSTER", what])));
                    return Err(NotStarted::failed(format!("node {index} does not agree: {}", says.join("\n"))));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }
}

fn is_ok(node: &Redis) -> io::Result<bool> {
    Ok(node.ask(&["CLUSTER", "INFO"])?.contains("cluster_state:ok"))
}
