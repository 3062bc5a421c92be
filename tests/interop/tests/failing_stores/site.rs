//! Two programs over one store, and sessions in it.

use tempfile::TempDir;
use webstack_interop::program;
use webstack_testkit::environment::{Browser, EnvironmentUnderTest as _, Program, Server, Settings};

use crate::load::VISITORS;

/// What readers are answered when the session cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// 503.
    Fail,
    /// What strangers are answered.
    Anonymous,
}

/// A program that runs.
pub(crate) struct Served {
    server: Server,
    on_failure: OnFailure,
}

impl Served {
    fn start(name: &str, store: &str, place: &TempDir, on_failure: OnFailure) -> Served {
        let policy = match on_failure {
            OnFailure::Fail => "fail",
            OnFailure::Anonymous => "anonymous",
        };
        let settings =
            Settings::new(place.path()).with("WEBSTACK_STORE", store).with("WEBSTACK_ON_STORE_FAILURE", policy);
        let server = Program::new(program(name)).start(&settings).expect("it starts");
        Served { server, on_failure }
    }

    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    pub(crate) fn on_failure(&self) -> OnFailure {
        self.on_failure
    }
}

/// Two programs over one store.
pub(crate) struct Site {
    servers: [Served; 2],
    visitors: Vec<Browser>,
    _place: TempDir,
}

impl Site {
    /// demo-axum and demo-actix-web, of which one refuses readers and the other one takes them for strangers. Every session has
    /// been incremented once.
    pub(crate) fn over(store: &str, axum: OnFailure) -> Site {
        let actix_web = if axum == OnFailure::Fail { OnFailure::Anonymous } else { OnFailure::Fail };
        let place = tempfile::tempdir().expect("a directory");
        let start = |name, on_failure| Served::start(name, store, &place, on_failure);
        let servers = [start("demo-axum", axum), start("demo-actix-web", actix_web)];
        let begin = |number: usize| {
            let mut visitor = Browser::new(servers[number % 2].url());
            visitor.post("/api/increment/n").expect(200).token();
            visitor
        };
        Site { visitors: (0..=VISITORS).map(begin).collect(), servers, _place: place }
    }

    pub(crate) fn server(&self, number: usize) -> &Served {
        &self.servers[number % self.servers.len()]
    }

    /// Somebody with the token of this session.
    pub(crate) fn visitor(&self, session: usize) -> Browser {
        self.visitors[session].clone()
    }

    /// Somebody without a session.
    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(self.servers[0].url())
    }

    /// What every session's number is in the end, whichever program is asked.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        let asked = |browser: &Browser, server: &Served| {
            browser.at(server.url()).get("/api/values/n").value().as_u64().expect("the session is there")
        };
        let each = |browser: &Browser| {
            let [one, other] = self.servers.each_ref().map(|server| asked(browser, server));
            assert_eq!(one, other, "both programs see the same");
            one
        };
        self.visitors.iter().map(each).collect()
    }

    /// The id of the session that this token opens, if it opens one.
    pub(crate) fn id(&self, token: &Browser) -> Option<String> {
        let [one, other] = self.servers.each_ref().map(|server| {
            let overview = token.at(server.url()).session();
            overview["id"].as_str().map(str::to_owned)
        });
        assert_eq!(one, other, "both programs see the same");
        one
    }
}
