//! Answers in place of the application.

use rocket::http::uri::Origin;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Build, Data, Request, Rocket};
use webstack_core::Refusal;

use crate::error::refuse;

/// A path that no application has.
const PATH: &str = "/.well-known/webstack-session-preempted";

/// What is to be answered, kept with the request.
struct Preempted(Option<Refusal>);

/// Leads a request to the route that answers it, whatever it asked for.
pub(crate) fn lead_there(request: &mut Request<'_>, refusal: Refusal) {
    request.local_cache(|| Preempted(Some(refusal)));
    request.set_method(Method::Get);
    request.set_uri(Origin::path_only(PATH));
}

/// True if another fairing has mounted the route already.
pub(crate) fn is_mounted(rocket: &Rocket<Build>) -> bool {
    rocket.routes().any(|route| route.uri.path() == PATH)
}

/// The route; whoever asks for its path without having been led there finds nothing.
pub(crate) fn route() -> Route {
    Route::ranked(isize::MIN, Method::Get, PATH, Answer)
}

#[derive(Clone)]
struct Answer;

#[rocket::async_trait]
impl Handler for Answer {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match &request.local_cache(|| Preempted(None)).0 {
            Some(refusal) => Outcome::Success(refuse(refusal)),
            None => Outcome::forward(data, Status::NotFound),
        }
    }
}
