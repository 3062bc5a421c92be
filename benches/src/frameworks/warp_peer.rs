//! warp-sessions, as its documentation sets it up. A new token does not reach the browser by itself, so nothing is renewed.

use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};
use warp_sessions::request::with_session;
use warp_sessions::{CookieOptions, MemoryStore, SessionWithStore};

use super::{VALUE, fresh, shown};
use crate::site::{KEYS, THINKING};

type Session = SessionWithStore<MemoryStore>;
type Answered = Result<(String, Session), Rejection>;

pub(crate) fn routes() -> BoxedFilter<(Response,)> {
    let cookie =
        CookieOptions { cookie_name: "sid", http_only: true, path: Some("/".to_owned()), ..CookieOptions::default() };
    let session = with_session(MemoryStore::new(), Some(cookie));
    let plain = warp::path!("plain").map(|| "nothing".into_response());
    let read = warp::path!("read").and(session.clone()).and_then(read);
    let write = warp::path!("write").and(session.clone()).and_then(write);
    let keep = warp::path!("keep" / String).and(session.clone()).and_then(keep);
    let increment = warp::path!("increment").and(session.clone()).and_then(increment);
    let kept = warp::path!("kept").and(session).and_then(kept);
    let visited = read.or(write).unify().or(keep).unify().or(increment).unify().or(kept).unify();
    let visited = visited.untuple_one().and_then(warp_sessions::reply::with_session).map(Reply::into_response);
    plain.or(visited).unify().boxed()
}

async fn read(session: Session) -> Answered {
    Ok((shown(session.session.get(VALUE)), session))
}

async fn write(mut session: Session) -> Answered {
    let value = fresh();
    session.session.insert(VALUE, value).expect("a number can be written");
    Ok((value.to_string(), session))
}

async fn keep(key: String, mut session: Session) -> Answered {
    tokio::time::sleep(THINKING).await;
    session.session.insert(&key, 1).expect("a number can be written");
    Ok(("kept".to_owned(), session))
}

async fn increment(mut session: Session) -> Answered {
    let before: u64 = session.session.get(VALUE).unwrap_or(0);
    tokio::time::sleep(THINKING).await;
    session.session.insert(VALUE, before + 1).expect("a number can be written");
    Ok(("incremented".to_owned(), session))
}

async fn kept(session: Session) -> Answered {
    let kept = (0..KEYS).filter(|key| session.session.get::<u64>(&format!("k{key}")).is_some()).count();
    Ok((kept.to_string(), session))
}
