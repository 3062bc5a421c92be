//! Whoever visits the demo with cookies of their own: a program and a browser, told the same things.

use serde_json::{Value, json};

use crate::{Chromium, Curl};

/// A client with a cookie jar, in front of sites whose addresses end with a slash.
pub trait Visitor {
    /// Sends a request to the site, from a page of that site if there are pages; the body of the answer.
    fn send(&mut self, method: &str, site: &str, path: &str) -> String;

    /// Adds one to the counter; what it is then.
    fn count(&mut self, site: &str) -> u64 {
        let answer = self.send("POST", site, "api/increment/counter");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["value"].as_u64().unwrap_or_else(|| panic!("{answer} is no count"))
    }

    /// Signs in.
    fn login(&mut self, site: &str, user: &str) {
        self.send("POST", site, &format!("api/login/{user}"));
    }

    /// Signs out.
    fn logout(&mut self, site: &str) {
        self.send("POST", site, "api/logout");
    }

    /// What the site knows of the session.
    fn session(&mut self, site: &str) -> Value {
        serde_json::from_str(&self.send("GET", site, "api/session")).expect("JSON")
    }
}

impl Visitor for Curl {
    fn send(&mut self, method: &str, site: &str, path: &str) -> String {
        Curl::send(self, method, &format!("{site}{path}"))
    }
}

impl Visitor for Chromium {
    fn send(&mut self, method: &str, site: &str, path: &str) -> String {
        // This page lets scripts connect to its own site; the demo's other one does not.
        self.open(&format!("{site}plain"));
        let (path, options) = (json!(path), json!({ "method": method }));
        let answer = self.run(&format!(
            "const answer = await fetch({path}, {options});
             return [answer.ok, await answer.text()];"
        ));
        assert_eq!(answer[0], true, "{method} {site}{path}: {answer}");
        answer[1].as_str().expect("a text").to_owned()
    }
}
