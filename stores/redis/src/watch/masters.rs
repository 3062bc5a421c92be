//! Who the masters of a cluster are, as each of them sees it.

use std::collections::BTreeMap;

use futures_util::future::select_ok;
use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

use crate::address::{Address, Kind};
use crate::fault::Fault;
use crate::link;

/// The masters that were found last; they may be asked when those that were named are gone.
#[derive(Default)]
pub(super) struct Known(Vec<ConnectionInfo>);

impl Known {
    /// All servers that hold sessions.
    pub(super) async fn find(&mut self, address: &Address) -> Result<Vec<ConnectionInfo>, Fault> {
        if address.kind == Kind::Single {
            return Ok(address.servers.clone());
        }
        let asked = address.servers.iter().chain(&self.0).map(|server| {
            Box::pin(async move {
                let view = View::of(&mut link::connect(&Client::open(server.clone())?, drop).await?).await?;
                Ok::<_, Fault>((server.addr().clone(), view))
            })
        });
        // Whoever answers first: whether all agree is seen when all are asked.
        let ((asked, view), _) = select_ok(asked).await?;
        let template = address.servers.first().ok_or(Fault::Unsettled)?;
        let masters = view.masters.into_values().map(|place| place.server(&asked, template));
        self.0 = masters.collect::<Result<_, _>>()?;
        Ok(self.0.clone())
    }
}

/// A cluster as one of its nodes sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct View {
    /// The id of the node that was asked.
    own: String,
    masters: BTreeMap<String, Place>,
}

#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Empty if the node does not know its own.
    host: String,
    name: Option<String>,
    port: u16,
}

/// Whether these are all masters, and none of them knows of any other.
pub(super) fn agree<'a>(views: impl Iterator<Item = &'a View> + Clone) -> bool {
    let mut owns: Vec<&str> = views.clone().map(|view| &*view.own).collect();
    owns.sort_unstable();
    let mut views = views;
    views.all(|view| view.masters.keys().eq(&owns))
}

impl View {
    pub(super) async fn of(connection: &mut MultiplexedConnection) -> Result<View, Fault> {
        let mut ask = redis::cmd("CLUSTER");
        let answer: String = ask.arg("NODES").query_async(connection).await?;
        View::parse(&answer).ok_or(Fault::Unsettled)
    }

    /// `None` if slots belong to a master that cannot be asked, or if it cannot be read.
    fn parse(answer: &str) -> Option<View> {
        let (mut own, mut masters) = (None, BTreeMap::new());
        for line in answer.lines() {
            // ID HOST:PORT@BUS,NAME FLAGS MASTER PING PONG EPOCH LINK SLOTS…
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let [id, place, flags, _, _, _, _, _, slots @ ..] = &words[..] else { return None };
            let is = |flag| flags.split(',').any(|found| found == flag);
            if is("myself") {
                own = Some((*id).to_owned());
            }
            if !is("master") {
                continue;
            }
            if is("fail") || is("noaddr") || is("handshake") {
                // One that has been replaced holds nothing.
                if slots.is_empty() { continue } else { return None }
            }
            masters.insert((*id).to_owned(), Place::parse(place)?);
        }
        Some(View { own: own?, masters })
    }
}

impl Place {
    fn parse(text: &str) -> Option<Place> {
        let (place, rest) = text.split_once('@')?;
        let (host, port) = place.rsplit_once(':')?;
        let name = rest.split(',').nth(1).filter(|name| !name.is_empty()).map(str::to_owned);
        Some(Place { host: host.to_owned(), name, port: port.parse().ok()? })
    }

    /// How it is connected to: as the one that was asked, who knows it.
    fn server(&self, asked: &ConnectionAddr, template: &ConnectionInfo) -> Result<ConnectionInfo, Fault> {
        let same = |host: &String| if self.host.is_empty() { host.clone() } else { self.host.clone() };
        let port = self.port;
        let address = match asked {
            ConnectionAddr::Tcp(host, _) => ConnectionAddr::Tcp(same(host), port),
            // A certificate is for a name, where there is one.
            ConnectionAddr::TcpTls { host, insecure, tls_params, .. } => ConnectionAddr::TcpTls {
                host: self.name.clone().unwrap_or_else(|| same(host)),
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            other => other.clone(),
        };
        Ok(address.into_connection_info()?.set_redis_settings(template.redis_settings().clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &str = "\
aa 10.0.0.1:7000@17000,one.example myself,master - 0 1 1 connected 0-5460 [5461->-bb]
bb 10.0.0.2:7000@17000 master - 0 1 2 connected 5461-10922
cc ::1:7001@17001,,shard-id=ff master,fail? - 0 1 3 connected 10923-16383
dd 10.0.0.4:7000@17000 slave aa 0 1 1 connected
";

    fn view(text: &str) -> View {
        View::parse(text).expect("it can be read")
    }

    #[test]
    fn masters_are_read_with_where_they_are() {
        let view = view(THREE);
        assert_eq!((&*view.own, view.masters.len()), ("aa", 3));
        assert_eq!(view.masters["aa"].name.as_deref(), Some("one.example"));
        assert_eq!((&*view.masters["cc"].host, view.masters["cc"].port), ("::1", 7001));
    }

    #[test]
    fn a_master_that_failed_counts_while_it_has_slots() {
        let failed = |slots: &str| format!("{THREE}ee 10.0.0.5:7000@17000 master,fail - 0 1 1 disconnected{slots}\n");
        assert_eq!(view(&failed("")), view(THREE), "it was replaced");
        assert_eq!(View::parse(&failed(" 0-5")), None, "it may come back");
    }

    #[test]
    fn masters_agree_if_each_sees_all_and_no_other() {
        let seen_by = |id: &str| View { own: id.to_owned(), ..view(THREE) };
        let [one, two, three, replica] = ["aa", "bb", "cc", "dd"].map(seen_by);
        assert!(agree([&one, &two, &three].into_iter()));
        assert!(!agree([&one, &two].into_iter()), "one is missing");
        assert!(!agree([&one, &two, &replica].into_iter()), "one of them is no master any more");
        let wider = view(&format!("{THREE}ee 10.0.0.5:7000@17000 master - 0 1 9 connected\n"));
        assert!(!agree([&wider, &two, &three].into_iter()), "one knows of another");
        assert!(agree([].into_iter()), "a single server has no view");
    }

    #[test]
    fn what_is_no_list_of_nodes_is_not_read() {
        assert_eq!(View::parse("nothing of the kind"), None);
        assert_eq!(View::parse(""), None);
        assert_eq!(View::parse("aa 10.0.0.1 myself,master - 0 1 1 connected"), None);
    }
}
