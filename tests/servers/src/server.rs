//! The servers that tests know of.

/// A kind of server that tests can be told of by an environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Server {
    /// One Redis.
    Redis,
    /// A Redis cluster, as the URLs of its nodes, parted by commas.
    RedisCluster,
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    MariaDb,
}

impl Server {
    /// All of them.
    pub const ALL: [Server; 4] = [Server::Redis, Server::RedisCluster, Server::Postgres, Server::MariaDb];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Server::Redis => "Redis",
            Server::RedisCluster => "Redis cluster",
            Server::Postgres => "PostgreSQL",
            Server::MariaDb => "MariaDB",
        }
    }

    /// The environment variable that names a running one by its URL.
    pub fn variable(self) -> &'static str {
        match self {
            Server::Redis => "WEBSTACK_TEST_REDIS",
            Server::RedisCluster => "WEBSTACK_TEST_REDIS_CLUSTER",
            Server::Postgres => "WEBSTACK_TEST_POSTGRES",
            Server::MariaDb => "WEBSTACK_TEST_MARIADB",
        }
    }

    /// What such a URL looks like.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Server::Redis => "redis://127.0.0.1:6379",
            Server::RedisCluster => "redis://127.0.0.1:7000,redis://127.0.0.1:7001",
            Server::Postgres => "postgres://postgres@127.0.0.1:5432/postgres",
            Server::MariaDb => "mysql://user:password@127.0.0.1:3306/test",
        }
    }

    /// Its URL, if the variable is set and not empty.
    pub fn url(self) -> Option<String> {
        std::env::var(self.variable()).ok().filter(|url| !url.is_empty())
    }
}
