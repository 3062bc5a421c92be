//! Sessions by hand on warp: the layer around its filters.

use tower_layer::Layer as _;
use warp::Filter;
use warp::filters::BoxedFilter;

use super::both;
use super::tower::{Handle, layer};
use crate::by_hand::{ByHand, Least, Promising};
use crate::frameworks::warp::{InProcess, nobody_meets};
use crate::frameworks::{VALUE, fresh, shown};
use crate::site::{Site, Subject};

pub(in crate::frameworks) fn subjects() -> Vec<Subject> {
    both("warp", site::<Least>, site::<Promising>)
}

fn site<H: ByHand>() -> Box<dyn Site> {
    InProcess::boxed(async { layer::<_, H>().layer(warp::service(routes::<H>())) })
}

/// As many routes as the control has.
fn routes<H: ByHand>() -> BoxedFilter<(String,)> {
    let session = warp::ext::get::<Handle<H>>();
    let plain = warp::path!("plain").map(|| "nothing".to_owned());
    let read = warp::path!("read").and(session).map(|session: Handle<H>| shown(session.loaded().read(VALUE)));
    let write = warp::path!("write").and(session).map(|session: Handle<H>| {
        let value = fresh();
        session.loaded().write(VALUE, value);
        value.to_string()
    });
    let renew = warp::path!("renew").map(|| "renewed".to_owned());
    plain.or(read).unify().or(write).unify().or(renew).unify().or(nobody_meets()).unify().boxed()
}
