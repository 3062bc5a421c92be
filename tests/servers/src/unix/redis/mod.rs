//! Redis and Valkey, alone and in clusters.

mod cluster;
mod options;
mod single;

pub use cluster::RedisCluster;
pub use options::RedisOptions;
pub use single::Redis;
