//! A person at a real browser.

use std::path::PathBuf;

use webstack_interop::{Chromium, demo, program};
use webstack_testkit::environment::Settings;

fn picture(name: &str) -> PathBuf {
    let directory = program("demo").with_file_name("pictures");
    std::fs::create_dir_all(&directory).expect("a directory");
    directory.join(name)
}

const COUNT: &str = "form[action='ui/increment'] input[name=key][value=counter]:not([type=hidden]) ~ button, \
                     form[action='ui/increment'] label ~ button";

#[test]
fn counting_goes_on_after_a_restart() {
    let Some(browser) = Chromium::start() else { return };
    let place = tempfile::tempdir().expect("a directory");
    let settings = Settings::new(place.path());
    let server = demo(&settings, "actix-web");
    browser.open(server.url());
    browser.click(COUNT);
    browser.await_text("tbody code", "1");
    browser.click(COUNT);
    browser.await_text("tbody code", "2");
    server.stop();
    // On other ports: those do not tell cookies apart, and the old ones may be taken by now.
    let server = demo(&settings, "actix-web");
    browser.open(server.url());
    browser.click(COUNT);
    browser.await_text("tbody code", "3");
    browser.picture(&picture("counting.png"));

    let cookies = browser.cookies();
    assert_eq!(cookies.len(), 1);
    assert_eq!(cookies[0]["name"], "__Host-webstack_session");
    assert_eq!((&cookies[0]["httpOnly"], &cookies[0]["secure"]), (&true.into(), &true.into()));
    assert_eq!(browser.run("return document.cookie"), "", "scripts do not see it");
    server.stop();
}

#[test]
fn a_request_in_flight_during_a_login_leaves_the_browser_logged_in() {
    let Some(browser) = Chromium::start() else { return };
    let place = tempfile::tempdir().expect("a directory");
    let server = demo(&Settings::new(place.path()), "actix-web");
    browser.open(server.url());
    browser.fill("form[action='ui/set'] input[name=key]", "kept");
    browser.fill("form[action='ui/set'] input[name=value]", "yes");
    browser.click("form[action='ui/set'] button");
    browser.await_text("tbody", "kept");
    let before = browser.cookies();
    // The page itself forbids scripts to connect anywhere.
    browser.open(&format!("{}/plain", server.url()));
    let answers = browser.run(
        "const post = url => fetch(url, {method: 'POST'}).then(answer => answer.status);
         const slow = [post('api/slow-set/late?ms=700'), post('api/slow-renew?ms=700'),
                       fetch('api/slow-read/kept?ms=700').then(answer => answer.status)];
         await new Promise(done => setTimeout(done, 250));
         const login = await post('api/login/alice');
         return [login, ...await Promise.all(slow)];",
    );
    assert_eq!(answers, serde_json::json!([204, 204, 204, 200]));
    assert_ne!(browser.cookies(), before, "the login renewed the token");
    let session = browser.run("return await (await fetch('api/session')).json()");
    assert_eq!(session["user"], "alice");
    assert_eq!(session["values"], serde_json::json!({"kept": "yes"}), "the slow set changed nothing");
    browser.open(server.url());
    browser.picture(&picture("logged-in.png"));
    server.stop();
}

#[test]
fn what_a_visitor_types_is_shown_and_not_run() {
    let Some(browser) = Chromium::start() else { return };
    let place = tempfile::tempdir().expect("a directory");
    let server = demo(&Settings::new(place.path()), "actix-web");
    let evil = "\"><script>document.title='owned'</script><b>";
    browser.open(server.url());
    browser.fill("form[action='ui/set'] input[name=key]", evil);
    browser.fill("form[action='ui/set'] input[name=value]", evil);
    browser.click("form[action='ui/set'] button");
    browser.await_text("tbody", evil);
    assert_ne!(browser.run("return document.title"), "owned");
    browser.fill("form[action='ui/login'] input[name=user]", evil);
    browser.click("form[action='ui/login'] button");
    browser.await_text("dl", evil);
    assert_ne!(browser.run("return document.title"), "owned");
    server.stop();
}

#[test]
fn one_session_walks_through_all_environments() {
    let Some(browser) = Chromium::start() else { return };
    let place = tempfile::tempdir().expect("a directory");
    let server = demo(&Settings::new(place.path()), "actix-web");
    browser.open(server.url());
    let names = browser.run("return [...document.querySelectorAll('nav a')].map(link => link.innerText)");
    let names: Vec<_> = names.as_array().expect("links").iter().filter_map(|name| name.as_str()).collect();
    assert_eq!(names, ["actix-web", "axum", "rocket", "warp", "cgi"]);
    for (number, name) in names.iter().enumerate() {
        browser.click(&format!("nav a:nth-of-type({})", number + 1));
        browser.await_text("header strong", name);
        browser.click(COUNT);
        browser.await_text("tbody code", &(number + 1).to_string());
    }
    browser.picture(&picture("walked.png"));
    server.stop();
}
