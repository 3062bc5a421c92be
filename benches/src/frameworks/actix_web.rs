//! actix-web: an application's service that is called in this process.

use std::future::Future;

use actix_service::IntoServiceFactory;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{AppConfig, Service, ServiceFactory, ServiceResponse};
use actix_web::http::header::{COOKIE, HOST, SET_COOKIE};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, FromRequest, HttpServer};
use futures_util::future::join_all;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;
use webstack_actix_web::SessionMiddleware;
use webstack_core::store::MemoryStore;

use super::{VALUE, actix_web_peer, fresh, shown};
use crate::site::{Answer, Ask, CONTROL, KEYS, Site, Subject, THINKING};

pub(crate) fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("actix-web", CONTROL, || InProcess::boxed(init_service(App::new().configure(control))))
            .served(|port| serve(HttpServer::new(|| App::new().configure(control)).workers(1).bind(at(port)))),
        Subject::new("actix-web", "webstack", || {
            let (routes, middleware) = (routes::<webstack_actix_web::Session>, webstack());
            InProcess::boxed(async { init_service(App::new().configure(routes).wrap(middleware)).await })
        })
        .served(|port| {
            let middleware = webstack();
            let app = move || App::new().configure(routes::<webstack_actix_web::Session>).wrap(middleware.clone());
            serve(HttpServer::new(app).workers(1).bind(at(port)));
        }),
        Subject::new("actix-web", "actix-session", || {
            let (routes, middleware) = (routes::<actix_session::Session>, actix_web_peer::middleware());
            InProcess::boxed(async { init_service(App::new().configure(routes).wrap(middleware)).await })
        })
        .served(|port| {
            let app = || App::new().configure(routes::<actix_session::Session>).wrap(actix_web_peer::middleware());
            serve(HttpServer::new(app).workers(1).bind(at(port)));
        }),
    ]
}

fn webstack() -> SessionMiddleware {
    let sessions = webstack_actix_web::builder().store(MemoryStore::new()).build();
    SessionMiddleware::new(sessions.expect("the defaults are good"))
}

fn at(port: u16) -> (&'static str, u16) {
    ("127.0.0.1", port)
}

fn serve<F, I, S, B>(server: std::io::Result<HttpServer<F, I, S, B>>)
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, actix_http::Request> + 'static,
    S: ServiceFactory<actix_http::Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error>,
    S::InitError: std::fmt::Debug,
    S::Response: Into<actix_http::Response<B>>,
    B: MessageBody + 'static,
{
    let server = server.expect("a free port");
    actix_web::rt::System::new().block_on(async { server.run().await }).expect("it serves for ever");
}

/// What the routes do with a session, whosever it is.
pub(crate) trait Visited: FromRequest + 'static {
    fn read(&self, key: &str) -> Option<u64>;
    fn write(&self, key: &str, value: u64);
    fn renew(&self);

    /// The best that this kind of session has for counting, after it has been thought about this number.
    fn increment(&self, key: &str, before: u64) {
        self.write(key, before + 1);
    }
}

pub(crate) fn routes<S: Visited>(config: &mut ServiceConfig) {
    let keep = async |key: web::Path<String>, session: S| {
        tokio::time::sleep(THINKING).await;
        session.write(&key, 1);
        "kept"
    };
    let increment = async |session: S| {
        let before = session.read(VALUE).unwrap_or(0);
        tokio::time::sleep(THINKING).await;
        session.increment(VALUE, before);
        "incremented"
    };
    let kept = async |session: S| {
        let keys = (0..KEYS).filter(|key| session.read(&format!("k{key}")).is_some());
        keys.count().to_string()
    };
    let write = async |session: S| {
        let value = fresh();
        session.write(VALUE, value);
        value.to_string()
    };
    let renew = async |session: S| {
        session.renew();
        "renewed"
    };
    config
        .route("/plain", web::get().to(async || "nothing"))
        .route("/read", web::get().to(async |session: S| shown(session.read(VALUE))))
        .route("/write", web::get().to(write))
        .route("/renew", web::get().to(renew))
        .route("/keep/{key}", web::get().to(keep))
        .route("/increment", web::get().to(increment))
        .route("/kept", web::get().to(kept));
}

pub(crate) fn control(config: &mut ServiceConfig) {
    config
        .route("/plain", web::get().to(async || "nothing"))
        .route("/read", web::get().to(async || shown(Some(1_000_000))))
        .route("/write", web::get().to(async || fresh().to_string()))
        .route("/renew", web::get().to(async || "renewed"));
}

impl Visited for webstack_actix_web::Session {
    fn read(&self, key: &str) -> Option<u64> {
        self.get(key).expect("a number")
    }

    fn write(&self, key: &str, value: u64) {
        self.insert(key, &value).expect("the session is open");
    }

    fn renew(&self) {
        webstack_core::Session::renew(self).expect("the session is open");
    }

    fn increment(&self, key: &str, _: u64) {
        self.update(key, |before: Option<u64>| before.unwrap_or(0) + 1).expect("a number");
    }
}

/// A service, and where it is called.
pub(crate) struct InProcess<S> {
    runtime: Runtime,
    tasks: LocalSet,
    service: S,
}

impl<S, B> InProcess<S>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    /// A site of what is made inside of a runtime.
    pub(crate) fn boxed(make: impl Future<Output = S>) -> Box<dyn Site> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let tasks = LocalSet::new();
        let service = tasks.block_on(&runtime, make);
        Box::new(InProcess { runtime, tasks, service })
    }

    fn call(&self, ask: &Ask) -> S::Future {
        let mut request = TestRequest::with_uri(&ask.path).insert_header((HOST, "www.example.test"));
        if let Some(cookie) = &ask.older_cookie {
            request = request.insert_header((COOKIE, cookie.clone()));
        }
        self.service.call(request.to_request())
    }
}

impl<S, B> Site for InProcess<S>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    fn send_all(&self, asks: &[Ask]) {
        self.tasks.block_on(&self.runtime, async {
            for ask in asks {
                let (_, response) = self.call(ask).await.expect("frameworks answer").into_parts();
                let (head, body) = response.into_parts();
                let body = to_bytes(body).await;
                std::hint::black_box((head, body.is_ok()));
            }
        });
    }

    fn together(&self, asks: &[Ask]) -> Vec<Answer> {
        let one = async |ask| {
            let (_, response) = self.call(ask).await.expect("frameworks answer").into_parts();
            let (head, body) = response.into_parts();
            let body = to_bytes(body).await.unwrap_or_default();
            let cookies = head.headers().get_all(SET_COOKIE).map(|value| value.as_bytes());
            Answer::new(head.status().as_u16(), cookies, &body)
        };
        self.tasks.block_on(&self.runtime, join_all(asks.iter().map(one)))
    }
}
