//! Sessions by hand that make all promises, in every framework.

pub(in crate::frameworks) mod actix_web;
pub(in crate::frameworks) mod axum;
pub(in crate::frameworks) mod rocket;
mod tower;
pub(in crate::frameworks) mod warp;

use crate::by_hand::whole::NAME;
use crate::site::{Case, Site, Subject};

fn subject(framework: &'static str, open: fn() -> Box<dyn Site>) -> Subject {
    Subject::new(framework, NAME, open).without(&[Case::Create, Case::Renew])
}
