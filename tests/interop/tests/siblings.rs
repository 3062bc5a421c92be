//! What another host of the same domain can do to a session, and what it cannot, as `docs/sharing.md` says.
#![cfg(unix)]

use serde_json::json;
use webstack_interop::{Documented, SharedSite, Visitor};

const A: &str = "https://a.example.test/";
const B: &str = "https://b.example.test/";
const EVIL: &str = "https://evil.example.test/";

/// A host that sets whatever cookie it is asked for, for all of the domain.
const EVIL_SERVER: &str = "
server {
    listen 443 ssl;
    server_name evil.example.test;
    location / {
        add_header Set-Cookie \"$arg_name=$arg_value; Domain=example.test; Path=$arg_path; Secure\";
        return 200;
    }
}
";

/// The subdomains of the page, and the evil one among them.
fn site(domain: &str) -> Option<SharedSite> {
    // One path tells which cookies arrive there, in their order.
    let told = "server_name a.example.test;";
    let documented = Documented::under("Subdomains")
        .with("WEBSTACK_COOKIE_DOMAIN", domain)
        .edited(told, &format!("{told}\n    location = /api/increment/arrived {{ return 200 $http_cookie; }}"))
        .and(EVIL_SERVER);
    SharedSite::start(&documented)
}

/// The visitor calls on the evil host.
fn plant(visitor: &mut dyn Visitor, name: &str, value: &str, path: &str) {
    visitor.send("GET", EVIL, &format!("?name={name}&value={value}&path={path}"));
}

/// The names, or whole cookies where they are short, that arrive where the counter is.
fn arrived(visitor: &mut dyn Visitor) -> Vec<String> {
    let cookies = visitor.send("GET", A, "api/increment/arrived");
    cookies.split("; ").map(str::to_owned).collect()
}

const SHARED: &str = "__Secure-webstack_session";

/// Well formed, and nobody's.
const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn rubbish_and_dead_tokens_do_not_hide_the_session() {
    let Some(site) = site("example.test") else { return };
    for mut visitor in site.visitors() {
        let visitor = &mut *visitor;
        assert_eq!(visitor.count(A), 1);
        // Browsers send the longer path first.
        plant(visitor, SHARED, UNKNOWN, "/api/increment");
        plant(visitor, SHARED, "rubbish", "/api");
        let cookies = arrived(visitor);
        assert_eq!(cookies[..2], [format!("{SHARED}={UNKNOWN}"), format!("{SHARED}=rubbish")]);
        assert_eq!(cookies.len(), 3, "ours is the last");
        assert_eq!([visitor.count(A), visitor.count(B)], [2, 3]);
        visitor.login(A, "ann");
        assert_eq!(visitor.session(B)["user"], "ann");
        visitor.logout(B);
        // The evil ones are first now by age as well.
        assert_eq!([visitor.count(B), visitor.count(A)], [1, 2]);
    }
}

#[test]
fn a_planted_session_is_used_until_the_visitor_signs_in_the_next_time() {
    let Some(site) = site("example.test") else { return };
    for mut visitor in site.visitors() {
        let Some(mut planter) = site.curl() else { return };
        let visitor = &mut *visitor;
        assert_eq!(planter.count(A), 1);
        assert_eq!(visitor.count(A), 1, "a session of their own");
        visitor.login(A, "ann");
        plant(visitor, SHARED, &planter.cookie(SHARED), "/api");
        assert_eq!(visitor.session(A)["user"], json!(null));
        assert_eq!(visitor.count(A), 2);
        assert_eq!(planter.count(B), 3, "it is the planter's");

        visitor.login(A, "ann");
        assert_eq!(visitor.session(B)["user"], "ann");
        let seen = planter.session(A);
        assert_eq!((&seen["user"], &seen["was_invalidated"]), (&json!(null), &json!(true)), "the token is dead");
    }
}

#[test]
fn nothing_can_be_planted_where_no_domain_is_named() {
    const HOST_ONLY: &str = "__Host-webstack_session";
    let Some(site) = site("") else { return };
    for mut visitor in site.visitors() {
        let Some(mut planter) = site.curl() else { return };
        let visitor = &mut *visitor;
        planter.login(A, "mallory");
        plant(visitor, HOST_ONLY, &planter.cookie(HOST_ONLY), "/");
        plant(visitor, HOST_ONLY, &planter.cookie(HOST_ONLY), "/api");
        plant(visitor, "other", "arrives", "/api");
        assert_eq!(arrived(visitor), ["other=arrives"]);
        assert_eq!(visitor.session(A)["user"], json!(null));
    }
}
