//! rocket: its own client for tests, in this process.

use futures_util::future::join_all;
use rocket::config::{Config, LogLevel, SecretKey};
use rocket::http::{Cookie, Header};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::{Build, Rocket, get, routes};
use tokio::runtime::Runtime;
use webstack_core::store::MemoryStore;
use webstack_rocket::{Session, SessionFairing};

use super::{VALUE, fresh, shown};
use crate::site::{Answer, Ask, CONTROL, Case, KEYS, Site, Subject, THINKING};

pub(crate) fn subjects() -> Vec<Subject> {
    vec![
        Subject::new("rocket", CONTROL, || InProcess::boxed(control())).served(|port| serve(port, control())),
        Subject::new("rocket", "webstack", || InProcess::boxed(webstack())).served(|port| serve(port, webstack())),
        Subject::new("rocket", "rocket_flex_session", || InProcess::boxed(super::rocket_peer::application()))
            .without(&[Case::Renew])
            .served(|port| serve(port, super::rocket_peer::application())),
    ]
}

/// A rocket that is silent, and the same for everybody.
pub(crate) fn bare() -> Rocket<Build> {
    rocket::custom(quiet())
}

fn quiet() -> Config {
    let secret_key = SecretKey::from(&[7; 64]);
    Config { log_level: LogLevel::Off, secret_key, ..Config::release_default() }
}

#[get("/plain")]
pub(crate) fn plain() -> &'static str {
    "nothing"
}

fn control() -> Rocket<Build> {
    #[get("/read")]
    fn read() -> String {
        shown(Some(1_000_000))
    }
    #[get("/write")]
    fn write() -> String {
        fresh().to_string()
    }
    #[get("/renew")]
    fn renew() -> &'static str {
        "renewed"
    }
    bare().mount("/", routes![plain, read, write, renew])
}

fn webstack() -> Rocket<Build> {
    #[get("/read")]
    fn read(session: Session) -> String {
        shown(session.get(VALUE).expect("a number"))
    }
    #[get("/write")]
    fn write(session: Session) -> String {
        let value = fresh();
        session.insert(VALUE, &value).expect("the session is open");
        value.to_string()
    }
    #[get("/renew")]
    fn renew(session: Session) -> &'static str {
        session.renew().expect("the session is open");
        "renewed"
    }
    #[get("/keep/<key>")]
    async fn keep(key: &str, session: Session) -> &'static str {
        rocket::tokio::time::sleep(THINKING).await;
        session.insert(key, &1).expect("the session is open");
        "kept"
    }
    #[get("/increment")]
    async fn increment(session: Session) -> &'static str {
        rocket::tokio::time::sleep(THINKING).await;
        session.update(VALUE, |before: Option<u64>| before.unwrap_or(0) + 1).expect("a number");
        "incremented"
    }
    #[get("/kept")]
    fn kept(session: Session) -> String {
        let is_kept = |key: &usize| session.contains(&*format!("k{key}")).expect("the session is open");
        (0..KEYS).filter(is_kept).count().to_string()
    }
    let sessions = webstack_rocket::builder().store(MemoryStore::new()).build().expect("the defaults are good");
    let routes = routes![plain, read, write, renew, keep, increment, kept];
    bare().attach(SessionFairing::new(sessions)).mount("/", routes)
}

fn serve(port: u16, rocket: Rocket<Build>) {
    let rocket = rocket.configure(rocket::figment::Figment::from(quiet()).merge(("port", port)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(rocket.launch()).expect("it serves for ever");
}

/// Its client, and where it is called.
pub(super) struct InProcess {
    runtime: Runtime,
    client: Client,
}

impl InProcess {
    pub(super) fn boxed(rocket: Rocket<Build>) -> Box<dyn Site> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(Client::untracked(rocket)).expect("it ignites");
        Box::new(InProcess { runtime, client })
    }

    async fn call(&self, ask: &Ask) -> LocalResponse<'_> {
        let mut request = self.client.get(ask.path.clone()).header(Header::new("Host", "www.example.test"));
        if let Some(cookie) = ask.cookie.as_ref().and_then(|cookie| cookie.to_str().ok()) {
            // From a socket the jar would be filled from the header; here that is the client's.
            let jar = Cookie::split_parse_encoded(cookie.to_owned()).filter_map(Result::ok);
            request = request.header(Header::new("Cookie", cookie.to_owned())).cookies(jar);
        }
        request.dispatch().await
    }
}

impl Site for InProcess {
    fn send_all(&self, asks: &[Ask]) {
        self.runtime.block_on(async {
            for ask in asks {
                let body = self.call(ask).await.into_bytes().await;
                std::hint::black_box(body);
            }
        });
    }

    fn together(&self, asks: &[Ask]) -> Vec<Answer> {
        let one = async |ask| {
            let response = self.call(ask).await;
            let status = response.status().code;
            let cookies: Vec<_> = response.headers().get("Set-Cookie").map(str::to_owned).collect();
            let body = response.into_bytes().await.unwrap_or_default();
            Answer::new(status, cookies.iter().map(String::as_bytes), &body)
        };
        self.runtime.block_on(join_all(asks.iter().map(one)))
    }
}
