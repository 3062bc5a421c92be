//! The middleware among others: inner errors, scopes, itself once more, and a handler without it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use actix_web::body::MessageBody;
use actix_web::dev::{Service as _, ServiceRequest, ServiceResponse};
use actix_web::http::header::{COOKIE, SET_COOKIE, VARY};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, read_body, try_call_service};
use actix_web::{App, HttpResponse, error, web};
use webstack_actix_web::{Result, Session, SessionMiddleware, builder};
use webstack_core::store::MemoryStore;
use webstack_core::{CookiePath, Sessions, runtime::block_on};
use webstack_testkit::{CountingStore, Operation};

fn sessions() -> Sessions {
    builder().store(MemoryStore::new()).build().unwrap()
}

async fn count(session: Session) -> Result<String> {
    Ok(session.update("n", |n: Option<u32>| n.unwrap_or(0) + 1)?.to_string())
}

fn cookies<B>(response: &HttpResponse<B>) -> Vec<String> {
    response.headers().get_all(SET_COOKIE).map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn pair(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

fn stored(sessions: &Sessions) -> usize {
    block_on(sessions.store().list(None, 100)).unwrap().len()
}

/// The answer to a visit whose handler counts and whose inner middleware then fails.
async fn fails_inside(sessions: &Sessions, error: fn() -> actix_web::Error) -> HttpResponse {
    let app = App::new()
        .wrap_fn(move |request, service| {
            let inner = service.call(request);
            async move { inner.await.and_then(|_| Err::<ServiceResponse, _>(error())) }
        })
        .wrap(SessionMiddleware::new(sessions.clone()))
        .route("/", web::get().to(count));
    let app = init_service(app).await;
    match try_call_service(&app, TestRequest::default().to_request()).await {
        Ok(response) => panic!("the error is passed on: {response:?}"),
        Err(error) => error.error_response(),
    }
}

#[actix_web::test]
async fn an_inner_error_below_500_is_an_ordinary_end() {
    let sessions = sessions();
    let response = fails_inside(&sessions, || error::ErrorForbidden("no")).await;
    assert_eq!(response.status(), 403);
    assert_eq!((cookies(&response).len(), stored(&sessions)), (1, 1));
    assert_eq!(response.headers().get(VARY).unwrap(), "Cookie");
}

#[actix_web::test]
async fn an_inner_error_of_500_stores_nothing() {
    let sessions = sessions();
    let response = fails_inside(&sessions, || error::ErrorBadGateway("no")).await;
    assert_eq!(response.status(), 502);
    assert_eq!((cookies(&response).len(), stored(&sessions)), (0, 0));
}

/// What is between the two puts a value into the session, and the handler finds it.
async fn between(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> std::result::Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    request.extract::<Session>().await?.insert("n", &41).map_err(webstack_actix_web::Error::from)?;
    next.call(request).await
}

#[actix_web::test]
async fn around_an_application_and_a_scope_it_is_one() {
    let sessions = sessions();
    let scope = web::scope("/in").wrap(SessionMiddleware::new(sessions.clone())).route("", web::get().to(count));
    let app = App::new().service(scope).wrap(from_fn(between)).wrap(SessionMiddleware::new(sessions.clone()));
    let app = init_service(app).await;
    let response = call_service(&app, TestRequest::with_uri("/in").to_request()).await;
    assert_eq!((cookies(response.response()).len(), stored(&sessions)), (1, 1));
    assert_eq!(response.headers().get_all(VARY).count(), 1);
    assert_eq!(read_body(response).await, "42");
}

#[actix_web::test]
async fn the_cookie_path_may_follow_the_scope() {
    let sessions = builder().store(MemoryStore::new()).cookie_path(CookiePath::Mount).build().unwrap();
    let shop = web::scope("/shop").wrap(SessionMiddleware::new(sessions.clone())).route("/n", web::get().to(count));
    let app = init_service(App::new().service(web::scope("/mall").service(shop))).await;
    let response = call_service(&app, TestRequest::with_uri("/mall/shop/n").to_request()).await;
    let cookie = cookies(response.response()).remove(0);
    assert!(cookie.contains("; Path=/mall/shop;"), "{cookie}");
    let again = TestRequest::with_uri("/mall/shop/n").insert_header((COOKIE, pair(&cookie))).to_request();
    assert_eq!(read_body(call_service(&app, again).await).await, "2");
}

#[actix_web::test]
async fn without_it_a_session_is_an_opaque_500() {
    let app = init_service(App::new().route("/", web::get().to(count))).await;
    let response = call_service(&app, TestRequest::default().to_request()).await;
    assert_eq!(response.status(), 500);
    assert_eq!(read_body(response).await, "Internal Server Error");
}

#[actix_web::test]
async fn it_purges_in_the_background() {
    let store = CountingStore::new(MemoryStore::new());
    let counts = store.counts();
    let sessions = builder().store(store).purge_every(Some(std::time::Duration::from_millis(1))).build().unwrap();
    let _app = init_service(App::new().wrap(SessionMiddleware::new(sessions))).await;
    while counts.of(Operation::Purge) < 2 {
        actix_web::rt::task::yield_now().await;
    }
}
