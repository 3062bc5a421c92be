//! What is measured: applications that answer requests in this process.

use std::time::Duration;

use http::HeaderValue;

/// What a visitor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// No cookie, and a handler that does not ask for the session.
    Anonymous,
    /// A cookie, and a handler that does not ask for the session.
    Unused,
    /// One value is read.
    Read,
    /// One value is replaced by another.
    Write,
    /// The first value of a visitor without a cookie.
    Create,
    /// The session gets another token, as at a login.
    Renew,
}

impl Case {
    pub(crate) const ALL: [Case; 6] =
        [Case::Anonymous, Case::Unused, Case::Read, Case::Write, Case::Create, Case::Renew];

    /// The case as it is called on command lines and in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Case::Anonymous => "anonymous",
            Case::Unused => "unused",
            Case::Read => "read",
            Case::Write => "write",
            Case::Create => "create",
            Case::Renew => "renew",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Case> {
        Case::ALL.into_iter().find(|case| case.name() == name)
    }

    fn path(self) -> &'static str {
        match self {
            Case::Anonymous | Case::Unused => "/plain",
            Case::Read => "/read",
            Case::Write | Case::Create => "/write",
            Case::Renew => "/renew",
        }
    }

    fn has_cookie(self) -> bool {
        !matches!(self, Case::Anonymous | Case::Create)
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) path: String,
    pub(crate) cookie: Option<HeaderValue>,
    /// The same for frameworks on the older `http`, made beforehand so that nobody pays for the conversion.
    #[cfg(feature = "peers")]
    pub(crate) older_cookie: Option<http02::HeaderValue>,
}

impl Ask {
    pub(crate) fn new(path: &str, cookie: Option<&str>) -> Self {
        Ask {
            path: path.to_owned(),
            cookie: cookie.map(|text| HeaderValue::from_str(text).expect("cookies are visible characters")),
            #[cfg(feature = "peers")]
            older_cookie: cookie.map(|text| http02::HeaderValue::from_str(text).expect("the same")),
        }
    }
}

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Every `Set-Cookie`, one after the other.
    pub(crate) cookies: Vec<String>,
    pub(crate) body: String,
}

impl Answer {
    /// Takes an answer apart.
    pub(crate) fn new<'a>(status: u16, cookies: impl Iterator<Item = &'a [u8]>, body: &[u8]) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Answer { status, cookies: cookies.map(text).collect(), body: text(body) }
    }

    /// What a browser sends from now on.
    pub(crate) fn cookie(&self) -> Option<String> {
        let pairs: Vec<_> = self.cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// An application with sessions of some kind, or without. Its routes are `/plain`, `/read`, `/write`, `/renew`, and for
/// what meets: `/keep/KEY`, `/increment`, `/kept`, and on axum `/slow-increment`.
pub(crate) trait Site {
    /// Answers one request after the other; bodies are read to their end, all else is thrown away.
    fn send_all(&self, asks: &[Ask]);

    /// Answers requests that are all there at once.
    fn together(&self, asks: &[Ask]) -> Vec<Answer>;

    /// Answers one request.
    fn ask(&self, ask: &Ask) -> Answer {
        self.together(std::slice::from_ref(ask)).remove(0)
    }
}

/// How many values `/keep/KEY` may keep, and `/kept` counts.
pub(crate) const KEYS: usize = 50;

/// How long a handler of `/keep` and `/increment` thinks between reading and writing.
pub(crate) const THINKING: Duration = Duration::from_millis(20);

/// How long one of `/slow-increment` does.
pub(crate) const THINKING_LONG: Duration = Duration::from_millis(200);

/// An application that can be measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) framework: &'static str,
    pub(crate) name: &'static str,
    pub(crate) open: fn() -> Box<dyn Site>,
    /// What its sessions have no word for.
    #[cfg(feature = "peers")]
    pub(crate) lacks: &'static [Case],
    /// Serves it on a port of this machine, on one thread, for ever.
    #[cfg(feature = "peers")]
    pub(crate) serve: Option<fn(u16)>,
}

/// The name of what has no sessions.
pub(crate) const CONTROL: &str = "control";

/// Of the length that webstack's have.
const STAND_IN: &str = "__Host-webstack_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Subject {
    pub(crate) fn new(framework: &'static str, name: &'static str, open: fn() -> Box<dyn Site>) -> Self {
        Subject {
            framework,
            name,
            open,
            #[cfg(feature = "peers")]
            lacks: &[],
            #[cfg(feature = "peers")]
            serve: None,
        }
    }

    #[cfg(feature = "peers")]
    pub(crate) fn without(self, lacks: &'static [Case]) -> Self {
        Subject { lacks, ..self }
    }

    #[cfg(feature = "peers")]
    pub(crate) fn served(self, serve: fn(u16)) -> Self {
        Subject { serve: Some(serve), ..self }
    }

    /// False of what only shows what a layer costs, too.
    #[cfg(feature = "peers")]
    pub(crate) fn has_sessions(&self) -> bool {
        !self.is_control() && !self.lacks.contains(&Case::Create)
    }

    pub(crate) fn is_control(&self) -> bool {
        self.name == CONTROL
    }

    /// As many requests as are wanted, of visitors that this site knows.
    pub(crate) fn asks(&self, site: &dyn Site, case: Case, wanted: usize) -> Vec<Ask> {
        if !case.has_cookie() {
            // Others have sessions: what a server does only until somebody has one is no part of it.
            site.ask(&Ask::new("/write", None));
            return vec![Ask::new(case.path(), None); wanted];
        }
        if self.is_control() {
            return vec![Ask::new(case.path(), Some(STAND_IN)); wanted];
        }
        // A token can be renewed once.
        if case == Case::Renew {
            return (0..wanted).map(|_| Ask::new(case.path(), Some(&visitor(site)))).collect();
        }
        vec![Ask::new(case.path(), Some(&visitor(site))); wanted]
    }

    /// Says what is wrong if a case is not what it is called: what is measured must have been done.
    pub(crate) fn verify(&self, site: &dyn Site, case: Case) -> Result<(), String> {
        let wrong = |what: &str, answer: &Answer| Err(format!("{} {case:?}: {what}: {answer:?}", self.name));
        let ask = self.asks(site, case, 1).remove(0);
        let answer = site.ask(&ask);
        if answer.status != 200 || answer.body.is_empty() {
            return wrong("it fails", &answer);
        }
        if self.is_control() {
            return Ok(());
        }
        let read_with = |cookie: Option<&str>| site.ask(&Ask::new("/read", cookie)).body;
        let sent = ask.cookie.as_ref().map(|value| value.to_str().expect("made of text").to_owned());
        let now = answer.cookie().or(sent.clone());
        match case {
            // Some peers send everybody a cookie; that is theirs to decide.
            Case::Anonymous if self.name == "webstack" && !answer.cookies.is_empty() => {
                wrong("a cookie for nothing", &answer)
            }
            Case::Read if answer.body == "none" => wrong("nothing was read", &answer),
            Case::Write | Case::Create if read_with(now.as_deref()) != answer.body => wrong("not stored", &answer),
            Case::Renew if now == sent => wrong("the same token", &answer),
            Case::Renew if read_with(now.as_deref()) == "none" => wrong("the values are lost", &answer),
            _ => Ok(()),
        }
    }
}

/// The cookie of somebody who has a session with a value.
pub(crate) fn visitor(site: &dyn Site) -> String {
    let answer = site.ask(&Ask::new("/write", None));
    answer.cookie().expect("who gets a session gets a cookie")
}
