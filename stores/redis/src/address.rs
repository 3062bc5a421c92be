//! From a URL to who is asked: one server, or the servers of a cluster.

use percent_encoding::percent_decode_str;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, RedisConnectionInfo};

/// What is wrong with a URL, and what would be right. It never repeats any part of the URL: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// Another scheme, or none.
    #[error("a Redis URL begins with redis:// or rediss://, for a cluster with redis+cluster:// or rediss+cluster://")]
    Scheme,
    /// TLS is asked for, and was not compiled in.
    #[error("rediss:// needs TLS: enable the feature `tls` of webstack-store-redis, or say redis:// to do without")]
    TlsNotCompiled,
    /// No host.
    #[error("the Redis URL names no host: redis://HOST:PORT is right; write : @ / in a password as %3A %40 %2F")]
    Host,
    /// A port that is none.
    #[error("the port in the Redis URL is no number from 1 to 65535; write : @ / in a password as %3A %40 %2F")]
    Port,
    /// Several hosts, but no cluster.
    #[error("several hosts in the Redis URL: say redis+cluster:// if they are a cluster, name one host if not")]
    SeveralHosts,
    /// A database that is no number.
    #[error("the database in the Redis URL is no number: redis://HOST:PORT/2 is right, or nothing for database 0")]
    Database,
    /// A cluster has one database only.
    #[error("a Redis Cluster has database 0 only: leave the number at the end of the URL out")]
    ClusterDatabase,
    /// A parameter that is not known.
    #[error("the only parameter of a Redis URL is ?namespace=NAME; write ? in a password as %3F")]
    Parameter,
    /// A name that keys cannot begin with.
    #[error("a namespace in Redis has 1 to 64 letters, digits, or - _ . :")]
    Namespace,
    /// Percent signs that encode nothing, or no UTF-8.
    #[error("user or password in the Redis URL is not percent-encoded UTF-8: write % itself as %25")]
    Encoding,
    /// A fragment.
    #[error("a Redis URL has no # in it: write # in a password as %23")]
    Fragment,
    /// A time limit of zero.
    #[error("the time limit of the Redis store is zero: nothing could be done in it; the default is two seconds")]
    Timeout,
}

/// Who is asked.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) kind: Kind,
    pub(crate) servers: Vec<ConnectionInfo>,
    pub(crate) namespace: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Single,
    Cluster,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Address, InvalidUrl> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidUrl::Scheme)?;
        let (kind, encryption) = match scheme {
            "redis" => (Kind::Single, false),
            "rediss" => (Kind::Single, true),
            "redis+cluster" => (Kind::Cluster, false),
            "rediss+cluster" => (Kind::Cluster, true),
            _ => return Err(InvalidUrl::Scheme),
        };
        if encryption && !cfg!(feature = "tls") {
            return Err(InvalidUrl::TlsNotCompiled);
        }
        if rest.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = authority.rsplit_once('@').map_or((None, authority), |(c, h)| (Some(c), h));
        let hosts = hosts.split(',').map(host_and_port).collect::<Result<Vec<_>, _>>()?;
        let database = database(path)?;
        match kind {
            Kind::Single if hosts.len() > 1 => return Err(InvalidUrl::SeveralHosts),
            Kind::Cluster if database != 0 => return Err(InvalidUrl::ClusterDatabase),
            _ => {}
        }
        // The third version of the protocol says when a connection is lost, before anything is sent into it.
        let settings = login(credentials)?.set_db(database).set_protocol(ProtocolVersion::RESP3);
        let servers = hosts.into_iter().map(|(host, port)| server(host, port, encryption, settings.clone()));
        let servers = servers.collect::<Result<_, _>>()?;
        Ok(Address { kind, servers, namespace: query.map(namespace).transpose()? })
    }
}

/// Whether keys can begin with it.
pub(crate) fn is_namespace(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

fn host_and_port(text: &str) -> Result<(String, u16), InvalidUrl> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or(InvalidUrl::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| InvalidUrl::Host)?;
            (host, behind.strip_prefix(':').or(if behind.is_empty() { None } else { Some("") }))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if host.is_empty() || !host.bytes().all(fit) {
        return Err(InvalidUrl::Host);
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(digits) => digits.parse().ok().filter(|port| *port != 0).ok_or(InvalidUrl::Port)?,
    };
    Ok((host.to_owned(), port))
}

fn database(path: &str) -> Result<i64, InvalidUrl> {
    match path {
        "" => Ok(0),
        digits => digits.parse::<u32>().map(i64::from).map_err(|_| InvalidUrl::Database),
    }
}

fn login(credentials: Option<&str>) -> Result<RedisConnectionInfo, InvalidUrl> {
    let mut settings = RedisConnectionInfo::default();
    let Some(credentials) = credentials else { return Ok(settings) };
    let (user, password) = credentials.split_once(':').map_or((credentials, None), |(u, p)| (u, Some(p)));
    if !user.is_empty() {
        settings = settings.set_username(decoded(user)?);
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        settings = settings.set_password(decoded(password)?);
    }
    Ok(settings)
}

fn decoded(text: &str) -> Result<String, InvalidUrl> {
    let encodes = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(encodes) {
        return Err(InvalidUrl::Encoding);
    }
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| InvalidUrl::Encoding)
}

fn namespace(query: &str) -> Result<String, InvalidUrl> {
    let name = query.strip_prefix("namespace=").ok_or(InvalidUrl::Parameter)?;
    if name.contains('&') {
        return Err(InvalidUrl::Parameter);
    }
    let name = percent_decode_str(name).decode_utf8().map_err(|_| InvalidUrl::Namespace)?;
    if is_namespace(&name) { Ok(name.into_owned()) } else { Err(InvalidUrl::Namespace) }
}

fn server(
    host: String,
    port: u16,
    encryption: bool,
    settings: RedisConnectionInfo,
) -> Result<ConnectionInfo, InvalidUrl> {
    let address = match encryption {
        true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        false => ConnectionAddr::Tcp(host, port),
    };
    Ok(address.into_connection_info().map_err(|_| InvalidUrl::Host)?.set_redis_settings(settings))
}

const DEFAULT_PORT: u16 = 6379;
