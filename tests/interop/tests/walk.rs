//! One session walks through all environments: begun in each, continued in every other.

use serde_json::json;
use webstack_interop::{demo, program};
use webstack_testkit::environment::{Browser, EnvironmentUnderTest as _, Program, Server, Settings};

const PROGRAMS: [&str; 4] = ["demo-actix-web", "demo-axum", "demo-rocket", "demo-warp"];

/// Every environment, natively and as the neutral application, over one directory. CGI programs, which are the neutral
/// application, are started by the demo's gateway.
fn everywhere(settings: &Settings) -> (Vec<Server>, Vec<String>) {
    let mut servers: Vec<_> =
        PROGRAMS.iter().map(|name| Program::new(program(name)).start(settings).expect("it starts")).collect();
    let urls = servers.iter().flat_map(|server| [server.url().to_owned(), format!("{}/portable", server.url())]);
    let mut urls: Vec<_> = urls.collect();
    servers.push(demo(settings, "cgi"));
    urls.extend(servers.last().map(|server| server.url().to_owned()));
    (servers, urls)
}

#[test]
fn a_session_begun_anywhere_goes_on_everywhere() {
    let place = tempfile::tempdir().expect("a directory");
    let (_servers, urls) = everywhere(&Settings::new(place.path()));
    for begun in &urls {
        for continued in &urls {
            let mut first = Browser::new(begun);
            first.post("/api/increment/n").expect(200);
            first.post("/api/login/ann").expect(204);
            let mut second = first.at(continued);
            assert_eq!(second.post("/api/increment/n").expect(200).value(), json!(2), "{begun} to {continued}");
            assert_eq!(second.session()["user"], "ann", "{begun} to {continued}");
            second.post("/api/logout").expect(204).expect_removal();
            assert_eq!(first.session()["was_invalidated"], true, "{continued} back to {begun}");
        }
    }
}

#[test]
fn parallel_requests_to_all_environments_lose_nothing() {
    let place = tempfile::tempdir().expect("a directory");
    let (_servers, urls) = everywhere(&Settings::new(place.path()));
    let mut visitor = Browser::new(&urls[0]);
    visitor.put("/api/values/kept", &json!(true)).expect(204);
    let mut answers: Vec<_> = std::thread::scope(|scope| {
        let requests: Vec<_> = (0..64)
            .map(|number| {
                let mut browser = visitor.at(&urls[number % urls.len()]);
                scope.spawn(move || browser.post("/api/increment/n").expect(200).value().as_u64().expect("a number"))
            })
            .collect();
        requests.into_iter().map(|request| request.join().expect("it is answered")).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers, (1..=64).collect::<Vec<_>>());
}
