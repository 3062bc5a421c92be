//! warp: the service of its filters, called in this process.

use axum::body::Bytes;
use http_body_util::Empty;
use tokio::net::TcpListener;
use warp::{Filter, Rejection};
use webstack_core::store::MemoryStore;
use webstack_warp::{Session, session};

use super::in_process;
use super::{VALUE, fresh, shown};
use crate::site::{CONTROL, Case, KEYS, Subject, THINKING};

pub(crate) fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("warp", CONTROL, || InProcess::boxed(async { warp::service(control()) }))
            .served(|port| serve(port, async |listener| warp::serve(control()).incoming(listener).run().await)),
        Subject::new("warp", "webstack", || InProcess::boxed(async { webstack_warp::service(routes(), sessions()) }))
            .served(|port| {
                serve(port, async |listener| webstack_warp::serve(routes(), sessions()).run(listener).await)
            }),
        Subject::new("warp", "warp-sessions", || InProcess::boxed(async { warp::service(super::warp_peer::routes()) }))
            .without(&[Case::Renew])
            .served(|port| {
                let routes = super::warp_peer::routes();
                serve(port, async |listener| warp::serve(routes).incoming(listener).run().await);
            }),
    ]
}

/// warp asks more of a body than other frameworks do.
pub(super) type InProcess<S> = in_process::InProcess<S, Empty<Bytes>>;
type Routes = warp::filters::BoxedFilter<(String,)>;

fn control() -> Routes {
    let plain = warp::path!("plain").map(|| "nothing".to_owned());
    let read = warp::path!("read").map(|| shown(Some(1_000_000)));
    let write = warp::path!("write").map(|| fresh().to_string());
    let renew = warp::path!("renew").map(|| "renewed".to_owned());
    plain.or(read).unify().or(write).unify().or(renew).unify().or(nobody_meets()).unify().boxed()
}

/// As many routes as there are for those who meet: more of them make every future larger.
pub(super) fn nobody_meets() -> impl Filter<Extract = (String,), Error = Rejection> + Clone {
    let keep = warp::path!("keep" / String).then(async |_: String| "kept".to_owned());
    let increment = warp::path!("increment").then(async || "incremented".to_owned());
    let kept = warp::path!("kept").map(|| "0".to_owned());
    keep.or(increment).unify().or(kept).unify()
}

fn sessions() -> webstack_core::Sessions {
    webstack_warp::builder().store(MemoryStore::new()).build().expect("the defaults are good")
}

fn serve<F: Future<Output = ()>>(port: u16, run: impl FnOnce(TcpListener) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { run(TcpListener::bind(("127.0.0.1", port)).await.expect("a free port")).await });
}

/// In no box: webstack puts them into one.
fn routes() -> impl Filter<Extract = (String,), Error = Rejection> + Clone {
    let plain = warp::path!("plain").map(|| "nothing".to_owned());
    let read = warp::path!("read").and(session()).map(|session: Session| shown(session.get(VALUE).expect("a number")));
    let write = warp::path!("write").and(session()).map(|session: Session| {
        let value = fresh();
        session.insert(VALUE, &value).expect("the session is open");
        value.to_string()
    });
    let renew = warp::path!("renew").and(session()).map(|session: Session| {
        session.renew().expect("the session is open");
        "renewed".to_owned()
    });
    plain.or(read).unify().or(write).unify().or(renew).unify().or(meeting()).unify()
}

/// The routes of those who meet.
fn meeting() -> impl Filter<Extract = (String,), Error = Rejection> + Clone {
    let keep = warp::path!("keep" / String).and(session()).then(async |key: String, session: Session| {
        tokio::time::sleep(THINKING).await;
        session.insert(&*key, &1).expect("the session is open");
        "kept".to_owned()
    });
    let increment = warp::path!("increment").and(session()).then(async |session: Session| {
        tokio::time::sleep(THINKING).await;
        session.update(VALUE, |before: Option<u64>| before.unwrap_or(0) + 1).expect("a number");
        "incremented".to_owned()
    });
    let kept = warp::path!("kept").and(session()).map(|session: Session| {
        let is_kept = |key: &usize| session.contains(&*format!("k{key}")).expect("the session is open");
        (0..KEYS).filter(is_kept).count().to_string()
    });
    keep.or(increment).unify().or(kept).unify()
}
