//! One session for several applications behind nginx, as `docs/sharing.md` says: what is shared, and what is not.
#![cfg(unix)]

use webstack_interop::{Chromium, Documented, SharedSite, Visitor, program};
use webstack_testkit::environment::{EnvironmentUnderTest as _, Program, Server, Settings};

const PATHS: [&str; 3] =
    ["https://www.example.test/one/", "https://www.example.test/two/", "https://www.example.test/three/"];
const SUBDOMAINS: [&str; 3] = ["https://a.example.test/", "https://b.example.test/", "https://c.example.test/"];

fn paths() -> Documented {
    Documented::under("Paths of one host")
}

fn subdomains() -> Documented {
    Documented::under("Subdomains")
}

/// A count goes on from site to site; a login at any is one at all, and so is a logout.
fn assert_shared(visitor: &mut dyn Visitor, sites: &[&str]) {
    let counts: Vec<_> = sites.iter().chain(sites).map(|site| visitor.count(site)).collect();
    assert_eq!(counts, (1..=2 * sites.len() as u64).collect::<Vec<_>>(), "{sites:?}");
    for (number, login) in sites.iter().enumerate() {
        visitor.login(login, "ann");
        for site in sites {
            assert_eq!(visitor.session(site)["user"], "ann", "a login at {login}, seen at {site}");
        }
        let logout = sites[(number + 1) % sites.len()];
        visitor.logout(logout);
        for site in sites {
            assert_eq!(visitor.session(site)["is_new"], true, "a logout at {logout}, seen at {site}");
        }
    }
}

/// Each site counts by itself.
fn assert_separate(visitor: &mut dyn Visitor, sites: &[&str]) {
    for round in 1..=2 {
        for site in sites {
            assert_eq!(visitor.count(site), round, "{site}");
        }
    }
}

/// Nobody is known again anywhere.
fn assert_forgotten(visitor: &mut dyn Visitor, sites: &[&str]) {
    for site in sites.iter().chain(sites) {
        assert_eq!(visitor.count(site), 1, "{site}");
    }
}

#[test]
fn paths_of_one_host_share_a_session() {
    let Some(site) = SharedSite::start(&paths()) else { return };
    for mut visitor in site.visitors() {
        assert_shared(&mut *visitor, &PATHS);
    }
}

#[test]
fn subdomains_share_a_session() {
    let Some(site) = SharedSite::start(&subdomains()) else { return };
    for mut visitor in site.visitors() {
        assert_shared(&mut *visitor, &SUBDOMAINS);
    }
}

#[test]
fn a_logout_ends_the_session_for_whoever_kept_the_cookie() {
    for (documented, sites) in [(paths(), PATHS), (subdomains(), SUBDOMAINS)] {
        let Some(site) = SharedSite::start(&documented) else { return };
        let Some(mut visitor) = site.curl() else { return };
        visitor.login(sites[0], "ann");
        let mut kept = visitor.twin();
        assert_eq!(kept.session(sites[2])["user"], "ann");
        visitor.logout(sites[1]);
        for site in sites {
            assert_eq!(kept.session(site)["was_invalidated"], true, "{site}");
        }
    }
}

const COUNTER: &str = "form[action='ui/increment'] label ~ button";

/// The page with its forms and redirects, as a person uses it.
fn assert_page_works(browser: &Chromium, site: &str, counted: u64) {
    browser.open(site);
    browser.click(COUNTER);
    browser.await_text("tbody code", &counted.to_string());
    browser.fill("form[action='ui/login'] input", "ann");
    browser.click("form[action='ui/login'] button");
    browser.await_text("dl", "ann");
    assert_eq!(browser.address(), site, "the redirect leads back to the page");
}

#[test]
fn the_page_works_below_a_prefix() {
    let Some(site) = SharedSite::start(&paths()) else { return };
    let Some(browser) = site.chromium() else { return };
    for (counted, site) in (1..).zip(PATHS) {
        assert_page_works(&browser, site, counted);
    }
}

#[test]
fn a_prefix_may_stay() {
    let Some(site) = SharedSite::start(&Documented::under("A prefix that stays")) else { return };
    let sites = ["https://www.example.test/", "https://www.example.test/portable/"];
    for mut visitor in site.visitors() {
        assert_shared(&mut *visitor, &sites);
    }
    let Some(browser) = site.chromium() else { return };
    for (counted, site) in (1..).zip(sites) {
        assert_page_works(&browser, site, counted);
    }
}

#[test]
fn a_path_of_its_own_is_shared_neither_with_others_nor_with_longer_names() {
    // The proxy is that of the other section, with one path that begins like the first.
    let documented = paths().edited("/three/", "/onefoo/");
    let with = |path: &str| documented.clone().with("WEBSTACK_COOKIE_PATH", path);
    let Some(site) = SharedSite::start_each(&[with("/one"), with("/two"), with("/onefoo")]) else { return };
    let sites = [PATHS[0], PATHS[1], "https://www.example.test/onefoo/"];
    for mut visitor in site.visitors() {
        assert_separate(&mut *visitor, &sites);
    }
}

#[test]
fn a_path_that_is_not_above_the_application_is_never_sent_back() {
    let Some(site) = SharedSite::start(&paths().with("WEBSTACK_COOKIE_PATH", "/one")) else { return };
    for mut visitor in site.visitors() {
        assert_forgotten(&mut *visitor, &PATHS[1..]);
    }
}

#[test]
fn a_mount_behind_a_proxy_that_takes_it_off_is_the_whole_host() {
    let Some(site) = SharedSite::start(&paths().with("WEBSTACK_COOKIE_PATH", "mount")) else { return };
    for mut visitor in site.visitors() {
        assert_shared(&mut *visitor, &PATHS);
    }
}

#[test]
fn one_application_whose_cookie_differs_is_left_out() {
    for (variable, value) in [("WEBSTACK_COOKIE_PATH", "mount"), ("WEBSTACK_COOKIE_NAME", "other")] {
        let other = paths().with(variable, value);
        let Some(site) = SharedSite::start_each(&[paths(), paths(), other]) else { return };
        for mut visitor in site.visitors() {
            assert_eq!(PATHS.map(|site| visitor.count(site)), [1, 2, 1], "{variable}");
            assert_eq!(PATHS.map(|site| visitor.count(site)), [3, 4, 2], "{variable}");
        }
    }
}

#[test]
fn one_cookie_for_two_stores_ends_the_session_of_either() {
    let other = paths().with("WEBSTACK_STORE", "file:/var/lib/example/others");
    let Some(site) = SharedSite::start_each(&[paths(), paths(), other]) else { return };
    for mut visitor in site.visitors() {
        assert_eq!(PATHS.map(|site| visitor.count(site)), [1, 2, 1]);
        assert_eq!(PATHS.map(|site| visitor.count(site)), [1, 2, 1]);
    }
}

#[test]
fn a_cookie_with_a_longer_path_from_before_comes_first() {
    let secure = paths().with("WEBSTACK_COOKIE_PREFIX", "secure");
    let before = secure.clone().with("WEBSTACK_COOKIE_PATH", "/one");
    // The second application hands out what the first one once did; its browsers see no such path.
    let Some(site) = SharedSite::start_each(&[secure.clone(), before, secure]) else { return };
    for mut visitor in site.visitors() {
        visitor.count(PATHS[1]);
        assert_eq!([PATHS[2], PATHS[2]].map(|site| visitor.count(site)), [1, 2], "the session of the whole host");
        assert_eq!(visitor.count(PATHS[0]), 2, "the old one goes on");
    }
}

#[test]
fn hosts_have_sessions_of_their_own_unless_a_domain_is_named() {
    let Some(site) = SharedSite::start(&subdomains().with("WEBSTACK_COOKIE_DOMAIN", "")) else { return };
    for mut visitor in site.visitors() {
        assert_separate(&mut *visitor, &SUBDOMAINS);
    }
}

#[test]
fn a_public_suffix_or_another_domain_is_none_for_the_host() {
    let of =
        |domain: &str| subdomains().edited("example.test;", "example.co.uk;").with("WEBSTACK_COOKIE_DOMAIN", domain);
    let sites = SUBDOMAINS.map(|site| site.replace("example.test", "example.co.uk"));
    let sites = sites.each_ref().map(String::as_str);
    for domain in ["co.uk", "other.co.uk"] {
        let Some(site) = SharedSite::start(&of(domain)) else { return };
        // curl knows the list of suffixes only if it was built so.
        let Some(mut browser) = site.chromium() else { return };
        assert_forgotten(&mut browser, &sites);
    }
    let Some(site) = SharedSite::start(&of("example.co.uk")) else { return };
    let Some(mut browser) = site.chromium() else { return };
    assert_shared(&mut browser, &sites);
}

#[test]
fn proxy_cookie_path_takes_a_session_apart() {
    let apart = (1..).zip(["one", "two", "three"]).fold(paths(), |documented, (number, name)| {
        let pass = format!("proxy_pass http://127.0.0.1:800{number}/;");
        documented.edited(&pass, &format!("{pass} proxy_cookie_path / /{name}/;"))
    });
    let Some(site) = SharedSite::start(&apart) else { return };
    for mut visitor in site.visitors() {
        assert_forgotten(&mut *visitor, &PATHS);
    }
    let Some(site) = SharedSite::start(&apart.with("WEBSTACK_COOKIE_PREFIX", "secure")) else { return };
    for mut visitor in site.visitors() {
        assert_separate(&mut *visitor, &PATHS);
    }
}

#[test]
fn proxy_cookie_domain_takes_a_session_apart() {
    let pass = "proxy_pass http://127.0.0.1:8001;";
    let apart = subdomains().edited(pass, &format!("{pass} proxy_cookie_domain example.test a.example.test;"));
    let Some(site) = SharedSite::start(&apart) else { return };
    for mut visitor in site.visitors() {
        assert_separate(&mut *visitor, &SUBDOMAINS[..2]);
    }
}

#[test]
fn a_location_with_a_header_of_its_own_inherits_none() {
    let pass = "proxy_pass http://127.0.0.1:8002/;";
    let documented = paths().edited(pass, &format!("{pass} proxy_set_header X-Request-Id $request_id;"));
    let Some(site) = SharedSite::start(&documented) else { return };
    let Some(mut visitor) = site.curl() else { return };
    // It takes a session to be given a cookie.
    for site in PATHS {
        visitor.login(site, "ann");
    }
    // A Secure cookie over plain HTTP is warned about if `Host` is not this machine.
    let warned: Vec<_> = site.stop().iter().map(|log| log.contains("behind a proxy that speaks HTTPS")).collect();
    assert_eq!(warned, [true, false, true]);
}

fn start(name: &str, settings: &Settings) -> Server {
    Program::new(program(name)).start(settings).expect("it starts")
}

#[test]
fn subdomains_of_localhost_share_without_tls() {
    let Some(mut browser) = Chromium::start() else { return };
    let place = tempfile::tempdir().expect("a directory");
    let settings = Settings::new(place.path()).with("WEBSTACK_COOKIE_DOMAIN", "app.localhost");
    let applications = [("a", start("demo-axum", &settings)), ("b", start("demo-rocket", &settings))];
    let sites = applications
        .each_ref()
        .map(|(name, application)| application.url().replace("127.0.0.1", &format!("{name}.app.localhost")) + "/");
    assert_shared(&mut browser, &sites.each_ref().map(String::as_str));

    let settings = settings.with("WEBSTACK_COOKIE_DOMAIN", "localhost");
    let refused = Program::new(program("demo-axum")).start(&settings).expect_err("a setting that cannot work");
    assert!(refused.stderr.contains("WEBSTACK_COOKIE_DOMAIN"), "{refused:?}");
}

#[test]
fn ports_separate_nothing_and_names_do() {
    let Some(mut browser) = Chromium::start() else { return };
    let place = tempfile::tempdir().expect("a directory");
    let settings = Settings::new(place.path());
    let renamed = settings.clone().with("WEBSTACK_COOKIE_NAME", "other");
    let applications = [start("demo-axum", &settings), start("demo-rocket", &settings), start("demo-axum", &renamed)];
    let sites = applications.each_ref().map(|application| format!("{}/", application.url()));
    let [one, two, other] = sites.each_ref().map(String::as_str);
    assert_shared(&mut browser, &[one, two]);
    assert_separate(&mut browser, &[one, other]);
}

#[test]
fn a_post_without_a_length_needs_a_proxy_that_speaks_http_1_1() {
    for (version, refused) in [("1.0", [true, false, false]), ("1.1", [false; 3])] {
        let documented = paths().edited("proxy_http_version 1.1;", &format!("proxy_http_version {version};"));
        let Some(site) = SharedSite::start(&documented) else { return };
        let Some(visitor) = site.curl() else { return };
        let answers = PATHS.map(|site| visitor.try_send("POST", &format!("{site}api/logout")));
        assert_eq!(answers.map(|answer| answer.is_err_and(|told| told.contains("400"))), refused, "{version}");
    }
}

#[test]
fn a_secure_cookie_over_plain_http_is_dropped() {
    for (secure, counts) in [("true", [1, 1]), ("false", [1, 2])] {
        let documented = paths().edited(" ssl;", ";").with("WEBSTACK_COOKIE_SECURE", secure);
        let Some(site) = SharedSite::start(&documented) else { return };
        for mut visitor in site.visitors() {
            let sites = [PATHS[0], PATHS[1]].map(|site| site.replace("https:", "http:"));
            assert_eq!(sites.map(|site| visitor.count(&site)), counts, "{secure}");
        }
    }
}
