//! Which path is which function of the demo application.

use std::convert::Infallible;

use bytes::Bytes;
use tokio::time::sleep;
use warp::http::{Response, StatusCode};
use warp::{Filter, Rejection, Reply as _};
use webstack_demo_app::{Answer, MAX_BODY, Reply, flash, lifecycle, links, page, slow, status, ui, users, values};
use webstack_warp::{Session, session};

use crate::ENVIRONMENT;
use crate::segment::Segment;

type Replied = Response<Bytes>;

/// The routes of the demo application.
pub fn routes() -> impl Filter<Extract = (impl warp::Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    let show = get().and(warp::path::end()).and(session()).map(|s: Session| respond(page::show(&s, ENVIRONMENT)));
    let plain = get().and(warp::path!("plain")).map(|| page::plain(ENVIRONMENT));
    let form = warp::post().and(warp::path!("ui" / Segment)).and(session()).and(body()).then(act);
    let pages = show.or(plain).unify().or(form).unify().boxed();
    pages
        .or(lives())
        .unify()
        .or(reading_and_writing())
        .unify()
        .or(statuses())
        .unify()
        .or(slow_ones())
        .unify()
        .recover(refuse)
}

fn lives() -> impl Filter<Extract = (Replied,), Error = Rejection> + Clone {
    let plainly = |path: &'static str, act: fn(&Session) -> Answer| {
        let route = warp::post().and(warp::path("api")).and(warp::path(path)).and(warp::path::end());
        route.and(session()).map(move |s: Session| respond(act(&s))).boxed()
    };
    let login = warp::post().and(warp::path!("api" / "login" / Segment)).and(session());
    let login = login.map(|user: Segment, s: Session| respond(lifecycle::login(&s, &user.0)));
    let everywhere = warp::post().and(warp::path!("api" / "logout-everywhere")).and(session());
    let everywhere = everywhere.then(|s: Session| async move { respond(users::logout_everywhere(&s).await) });
    let sessions = get().and(warp::path!("api" / "sessions")).and(session());
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
    let overview = get().and(warp::path!("api" / "session")).and(session());
    let overview = overview.map(|s: Session| respond(values::overview(&s, ENVIRONMENT)));
    let value = get().and(key()).and(session()).map(|key: Segment, s: Session| respond(values::get(&s, &key.0)));
    let link = get().and(warp::path!("api" / "link")).and(session()).and(query());
    let link = link.map(|s: Session, query: String| respond(links::link(&s, &query)));
    let put = warp::put().and(key()).and(session()).and(body());
    let put = put.map(|key: Segment, s: Session, body: Bytes| respond(values::put(&s, &key.0, &body)));
    let remove = warp::delete().and(key()).and(session());
    let remove = remove.map(|key: Segment, s: Session| respond(values::remove(&s, &key.0)));
    let increment = warp::post().and(warp::path!("api" / "increment" / Segment)).and(session());
    let increment =
        increment.then(|key: Segment, s: Session| async move { respond(values::increment(&s, &key.0).await) });
    let messages = get().and(warp::path!("api" / "flash")).and(session());
    let messages = messages.map(|s: Session| respond(flash::take(&s)));
    let message = warp::post().and(warp::path!("api" / "flash" / Segment)).and(session());
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
        let route = warp::post().and(warp::path("api")).and(warp::path(path)).and(warp::path::param());
        let route = route.and(warp::path::end()).and(session());
        route.map(move |of: Segment, s: Session| respond(act(&s, &of.0))).boxed()
    };
    let save_then = warp::post().and(warp::path!("api" / "save-then" / Segment)).and(session());
    let save_then =
        save_then.then(|code: Segment, s: Session| async move { respond(status::save_then(&s, &code.0).await) });
    let set_then_panic = warp::post().and(warp::path!("api" / "set-then-panic")).and(session());
    let set_then_panic = set_then_panic.map(|s: Session| respond(status::set_then_panic(&s)));
    let logout_then_panic = warp::post().and(warp::path!("api" / "logout-then-panic")).and(session());
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
    let read = get().and(warp::path!("api" / "slow-read" / Segment)).and(session()).and(query());
    let read = read.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::read(&s, &key.0, &query, sleep).await)
    });
    let set = warp::post().and(warp::path!("api" / "slow-set" / Segment)).and(session()).and(query());
    let set = set.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::set(&s, &key.0, &query, sleep).await)
    });
    let increment = warp::post().and(warp::path!("api" / "slow-increment" / Segment)).and(session()).and(query());
    let increment = increment.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::increment(&s, &key.0, &query, sleep).await)
    });
    let exclusive = warp::post().and(warp::path!("api" / "exclusive-increment" / Segment)).and(session()).and(query());
    let exclusive = exclusive.then(|key: Segment, s: Session, query: String| async move {
        respond(slow::exclusive_increment(&s, &key.0, &query, sleep).await)
    });
    let renew = warp::post().and(warp::path!("api" / "slow-renew")).and(session()).and(query());
    let renew = renew.then(|s: Session, query: String| async move { respond(slow::renew(&s, &query, sleep).await) });
    let logout = warp::post().and(warp::path!("api" / "slow-logout")).and(session()).and(query());
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
    let status = if rejection.is_not_found() {
        StatusCode::NOT_FOUND
    } else if rejection.find::<warp::reject::PayloadTooLarge>().is_some() {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::BAD_REQUEST
    };
    Ok(status.into_response())
}
