//! On warp: the layer around its filters.

use tower_layer::Layer as _;
use warp::Filter;
use warp::filters::BoxedFilter;

use super::subject;
use super::tower::layer;
use crate::by_hand::whole::{Session, Sessions};
use crate::frameworks::warp::{InProcess, nobody_meets};
use crate::frameworks::{VALUE, fresh, shown};
use crate::site::Subject;

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    vec![subject("warp", || InProcess::boxed(async { layer(Sessions::default()).layer(warp::service(routes())) }))]
}

/// As many routes as the control has.
fn routes() -> BoxedFilter<(String,)> {
    let session = warp::ext::get::<Session>().map(|session: Session| {
        session.load().expect("it is at hand");
        session
    });
    let plain = warp::path!("plain").map(|| "nothing".to_owned());
    let read = warp::path!("read").and(session).map(|session: Session| shown(session.number(VALUE)));
    let write = warp::path!("write").and(session).map(|session: Session| {
        let value = fresh();
        session.put(VALUE, value);
        value.to_string()
    });
    let renew = warp::path!("renew").map(|| "renewed".to_owned());
    plain.or(read).unify().or(write).unify().or(renew).unify().or(nobody_meets()).unify().boxed()
}
