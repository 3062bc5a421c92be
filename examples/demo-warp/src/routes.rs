//! Which path is which function of the demo application.

use std::convert::Infallible;

use bytes::Bytes;
use tokio::time::sleep;
use warp::http::{Response, StatusCode};
use warp::reject::{LengthRequired, MethodNotAllowed, PayloadTooLarge};
use warp::{Filter, Rejection, Reply as _};
use webstack_demo_app::{Answer, MAX_BODY, Reply, flash, lifecycle, links, page, slow, status, ui, users, values};
use webstack_warp::{Session, session};

use crate::ENVIRONMENT;
use crate::segment::{NotText, Segment, only_text};

type Replied = Response<Bytes>;

/// The routes of the demo application. Each asks for its path before its method, so that a refusal of the method alone says
/// that there is such a path.
pub fn routes() -> impl Filter<Extract = (impl warp::Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    let show = warp::path::end().and(get()).and(session()).map(|s: Session| respond(page::show(&s, ENVIRONMENT)));
    let plain = warp::path!("plain").and(get()).map(|| page::plain(ENVIRONMENT));
    let form = warp::path!("ui" / Segment).and(warp::post()).and(session()).and(body()).then(act);
    let pages = show.or(plain).unify().or(form).unify().boxed();
    let all =
        pages.or(lives()).unify().or(reading_and_writing()).unify().or(statuses()).unify().or(slow_ones()).unify();
    only_text().and(all).recover(refuse)
}

fn lives() -> impl Filter<Extract = (Replied,), Error = Rejection> + Clone {
    let plainly = |path: &'static str, act: fn(&Session) -> Answer| {
        let route = warp::path("api").and(warp::path(path)).and(warp::path::end());
        route.and(warp::post()).and(session()).map(move |s: Session| respond(act(&s))).boxed()
    };
    let login = warp::path!("api" / "login" / Segment).and(warp::post()).and(session());
    let login = login.map(|user: Segment, s: Session| respond(lifecycle::login(&s, &user.0)));
    let everywhere = warp::path!("api" / "logout-everywhere").and(warp::post()).and(session());
    let everywhere = everywhere.then(|s: Session| async move { respond(users::logout_everywhere(&s).await) });
    let sessions = warp::path!("api" / "sessions").and(get()).and(session());
    let sessions = sessions.then(|s: Session| async move { respond(users::list(&s).await) });
    plainly("logout", |s| lifecycle::logout(s))
        .or(plainly("renew", |s| lifecycle::renew(s)))
        .unify()
        .or(plainly("invalidate", |s| lifecycle::invalidate(s)))
        .unify()
        .or(plainly("delete", |s| lifecycle::delete(s)))
        .unify()
        .or(plainly("clear", |s| lifecycle::clear(s)))
        .unify()
        .or(login)
        .unify()
        .or(everywhere)
        .unify()
        .or(sessions)
        .unify()
        .boxed()
}

fn reading_and_writing() -> impl Filter<Extract = (Replied,), Error = Rejection> + Clone {
    let key = || warp::path!("api" / "values" / Segment);
    let overview = warp::path!("api" / "session").and(get()).and(session());
    let overview = overview.map(|s: Session| respond(values::overview(&s, ENVIRONMENT)));
    let value = key().and(get()).and(session()).map(|key: Segment, s: Session| respond(values::get(&s, &key.0)));
    let link = warp::path!("api" / "link").and(get()).and(session()).and(query());
    let link = link.map(|s: Session, query: String| respond(links::link(&s, &query)));
    let put = key().and(warp::put()).and(session()).and(body());
    let put = put.map(|key: Segment, s: Session, body: Bytes| respond(values::put(&s, &key.0, &body)));
    let remove = key().and(warp::delete()).and(session());
    let remove = remove.map(|key: Segment, s: Session| respond(values::remove(&s, &key.0)));
    let increment = warp::path!("api" / "increment" / Segment).and(warp::post()).and(session());
    let increment =
        increment.then(|key: Segment, s: Session| async move { respond(values::increment(&s, &key.0).await) });
    let messages = warp::path!("api" / "flash").and(get()).and(session());
    let messages = messages.map(|s: Session| respond(flash::take(&s)));
    let message = warp::path!("api" / "flash" / Segment).and(warp::post()).and(session());
    let message = message.map(|text: Segment, s: Session| respond(flash::add(&s, &text.0)));
    let messages = messages.or(message).unify();
    overview
        .or(value)
        .unify()
        .or(link)
        .unify()
        .or(put)
        .unify()
        .or(remove)
        .unify()
        .or(increment)
        .unify()
        .or(messages)
        .unify()
        .boxed()
}

fn statuses() -> impl Filter<Extract = (Replied,), Error = Rejection> + Clone {
    let of = |path: &'static str, act: fn(&Session, &str) -> Answer| {
        let route = warp::path("api").and(warp::path(path)).and(warp::path::param());
        let route = route.and(warp::path::end()).and(warp::post()).and(session());
        route.map(move |of: Segment, s: Session| respond(act(&s, &of.0))).boxed()
    };
    let save_then = warp::path!("api" / "save-then" / Segment).and(warp::post()).and(session());
    let save_then =
        save_then.then(|code: Segment, s: Session| async move { respond(status::save_then(&s, &code.0).await) });
    let set_then_panic = warp::path!("api" / "set-then-panic").and(warp::post()).and(session());
    let set_then_panic = set_then_panic.map(|s: Session| respond(status::set_then_panic(&s)));
    let logout_then_panic = warp::path!("api" / "logout-then-panic").and(warp::post()).and(session());
    let logout_then_panic = logout_then_panic.map(|s: Session| respond(status::logout_then_panic(&s)));
    of("set-then", |s, code| status::set_then(s, code))
        .or(of("logout-then", |s, code| status::logout_then(s, code)))
        .unify()
        .or(of("own-cookie", |s, value| status::own_cookie(s, value)))
        .unify()
        .or(save_then)
        .unify()
        .or(set_then_panic)
        .unify()
        .or(logout_then_panic)
        .unify()
        .boxed()
}

fn slow_ones() -> impl Filter<Extract = (Replied,), Error = Rejection> + Clone {
    let read = warp::path!("api" / "slow-read" / Segment).and(get()).and(session()).and(query());
    let read = read.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::read(&s, &key.0, &query, sleep).await)
    });
    let set = warp::path!("api" / "slow-set" / Segment).and(warp::post()).and(session()).and(query());
    let set = set.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::set(&s, &key.0, &query, sleep).await)
    });
    let increment = warp::path!("api" / "slow-increment" / Segment).and(warp::post()).and(session()).and(query());
    let increment = increment.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::increment(&s, &key.0, &query, sleep).await)
    });
    let exclusive = warp::path!("api" / "exclusive-increment" / Segment).and(warp::post()).and(session()).and(query());
    let exclusive = exclusive.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::exclusive_increment(&s, &key.0, &query, sleep).await)
    });
    let renew = warp::path!("api" / "slow-renew").and(warp::post()).and(session()).and(query());
    let renew = renew.then(|s: Session, query: String| async move { respond(slow::renew(&s, &query, sleep).await) });
    let logout = warp::path!("api" / "slow-logout").and(warp::post()).and(session()).and(query());
    let logout = logout.then(|s: Session, query: String| async move { respond(slow::logout(&s, &query, sleep).await) });
    read.or(set).unify().or(increment).unify().or(exclusive).unify().or(renew).unify().or(logout).unify().boxed()
}

async fn act(action: Segment, session: Session, form: Bytes) -> Replied {
    ui::act(&session, &action.0, &form).await
}

/// GET, and HEAD, which warp does not imply.
fn get() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::get().or(warp::head()).unify()
}

/// The query; warp rejects a request that has none.
fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Clone {
    warp::query::raw().or_else(|_| async { Ok((String::new(),)) })
}

fn body() -> impl Filter<Extract = (Bytes,), Error = Rejection> + Copy {
    warp::body::content_length_limit(MAX_BODY as u64).and(warp::body::bytes())
}

fn respond(answer: Answer) -> Replied {
    answer.unwrap_or_else(Reply::from)
}

/// What warp itself refuses; the session's own errors are answered by the adapter.
async fn refuse(rejection: Rejection) -> Result<warp::reply::Response, Rejection> {
    if rejection.find::<webstack_warp::Error>().is_some() {
        return Err(rejection);
    }
    // Every route that did not match has its say, and not found is the weakest.
    let status = if rejection.is_not_found() {
        StatusCode::NOT_FOUND
    } else if rejection.find::<NotText>().is_some() {
        StatusCode::BAD_REQUEST
    } else if rejection.find::<PayloadTooLarge>().is_some() {
        StatusCode::PAYLOAD_TOO_LARGE
    } else if rejection.find::<LengthRequired>().is_some() {
        StatusCode::LENGTH_REQUIRED
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        StatusCode::METHOD_NOT_ALLOWED
    } else {
        StatusCode::BAD_REQUEST
    };
    Ok(status.into_response())
}
