//! Headless Chromium, driven by its own driver over the WebDriver protocol (W3C).

use std::io::{self, BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

/// How long a page may take: a bound, not an expectation.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running browser with a profile of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Chromium {
    driver: Child,
    agent: ureq::Agent,
    session: String,
}

impl Chromium {
    /// Starts a browser; `None`, said aloud, if there is none on this machine.
    ///
    /// # Panics
    ///
    /// If there is one and it does not start, or there is none though everything is to be tested.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a browser for which every name and port is this server.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn in_front_of(server: SocketAddr) -> Option<Self> {
        Self::start_with(&[&format!("--host-resolver-rules=MAP * {server}")])
    }

    fn start_with(more: &[&str]) -> Option<Self> {
        let (driver, port) = match start_driver() {
            Ok(started) => started,
            Err(error) if !crate::all() => {
                eprintln!("skipped: chromedriver does not start here ({error}); install chromium and chromium-driver");
                return None;
            }
            Err(error) => panic!("chromedriver does not start: {error}"),
        };
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut browser = Chromium { driver, agent, session: format!("http://127.0.0.1:{port}/session") };
        let arguments: [&str; 8] = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=900,1400",
        ];
        let arguments = [&arguments, more].concat();
        // Certificates of tests are made by tests.
        let wanted = json!({"acceptInsecureCerts": true, "goog:chromeOptions": {"args": arguments}});
        let wanted = json!({"capabilities": {"alwaysMatch": wanted}});
        let begun = browser.command("", Some(&wanted));
        let id = begun["sessionId"].as_str().expect("a WebDriver session");
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    /// Opens a page and waits until it is there.
    pub fn open(&self, url: &str) {
        self.command("/url", Some(&json!({ "url": url })));
    }

    /// The address of the page.
    pub fn address(&self) -> String {
        self.command("/url", None).as_str().expect("an address").to_owned()
    }

    /// Clicks on what a CSS selector finds, and waits for the page that comes of it.
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.command(&format!("/element/{element}/click"), Some(&json!({})));
    }

    /// Types into what a CSS selector finds.
    pub fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.command(&format!("/element/{element}/clear"), Some(&json!({})));
        self.command(&format!("/element/{element}/value"), Some(&json!({ "text": text })));
    }

    /// Waits until what a CSS selector finds shows a text: a form's answer may take the page's place a moment later.
    ///
    /// # Panics
    ///
    /// If it does not within half a minute, with what it shows instead.
    pub fn await_text(&self, selector: &str, wanted: &str) {
        let script = format!("return document.querySelector({})?.innerText ?? '';", json!(selector));
        let body = json!({ "script": script, "args": [] });
        let begun = Instant::now();
        loop {
            // A page that is just being left cannot run anything; the next one will.
            let shown = self.try_command("/execute/sync", Some(&body)).unwrap_or_default();
            let shown = shown.as_str().unwrap_or_default();
            if shown.contains(wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{selector} shows {shown:?} and not {wanted:?}");
        }
    }

    /// Runs an asynchronous function body in the page and returns what it returns.
    pub fn run(&self, body: &str) -> Value {
        let script =
            format!("const done = arguments[0]; (async () => {{ {body} }})().then(done, e => done(String(e)));");
        self.command("/execute/async", Some(&json!({ "script": script, "args": [] })))
    }

    /// The page's cookies, also those that scripts cannot see.
    pub fn cookies(&self) -> Vec<Value> {
        self.command("/cookie", None).as_array().expect("a list").clone()
    }

    /// Keeps a picture of the page.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn picture(&self, path: &Path) {
        let picture = self.command("/screenshot", None);
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(picture.as_str().expect("a text")).expect("base64");
        std::fs::write(path, bytes).expect("a directory to write to");
    }

    fn find(&self, selector: &str) -> String {
        let found = self.command("/element", Some(&json!({"using": "css selector", "value": selector})));
        let id = found.as_object().and_then(|reference| reference.values().next()).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("nothing on the page is {selector}")).to_owned()
    }

    /// One command; its answer's value.
    fn command(&self, path: &str, body: Option<&Value>) -> Value {
        self.try_command(path, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn try_command(&self, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let url = format!("{}{path}", self.session);
        let answer = match body {
            Some(body) => self.agent.post(&url).send_json(body),
            None => self.agent.get(&url).call(),
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        let value = answer.body_mut().read_json::<Value>().map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(value["value"].clone()) } else { Err(value.to_string()) }
    }
}

/// Starts the driver; the port that it listens on.
fn start_driver() -> io::Result<(Child, u16)> {
    /// Somebody may take the port before the driver does, which then ends.
    const ATTEMPTS: usize = 20;
    let mut said = Vec::new();
    for _ in 0..ATTEMPTS {
        // Left to itself the driver takes one that is free for IPv6, and ends if it is not for IPv4: tests are busy there.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn()?;
        let mut lines = BufReader::new(driver.stdout.take().expect("it is piped")).lines();
        said.clear();
        for line in lines.by_ref().map_while(Result::ok) {
            if line.starts_with("ChromeDriver was started successfully") {
                std::thread::spawn(move || lines.for_each(drop));
                return Ok((driver, port));
            }
            said.push(line);
        }
        driver.wait()?;
        if !said.iter().any(|line| line.contains("port not available")) {
            break;
        }
    }
    panic!("chromedriver starts, and does not say {said:?}");
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Ending the session ends the browser; the driver alone would leave it running.
        drop(self.agent.delete(&self.session).call());
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}
