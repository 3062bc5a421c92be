//! The page for people.

use serde_json::json;

use crate::environment::{Answer, Browser, EnvironmentUnderTest, Site};

/// It loads nothing, runs nothing, and its forms work wherever it is mounted.
pub fn the_page_is_plain_html(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let answer = site.visitor().get("/");
    let html = answer.expect(200).text();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    let policy = answer.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert!(!html.contains("<script") && !html.contains("src="), "no scripts, no images");
    assert!(!html.contains("action=\"/") && !html.contains("href=\"/"), "relative");
    for action in FORMS {
        assert!(html.contains(&format!("action=\"ui/{action}\"")), "{action}");
    }
}

/// And lead back to the page.
pub fn the_forms_do_what_the_routes_do(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.browser();
    done(submit(&mut browser, "set", "key=a&value=%5B1%5D")).token();
    done(submit(&mut browser, "set", "key=b&value=two+words")).expect_no_session_header();
    done(submit(&mut browser, "increment", "key=n"));
    done(submit(&mut browser, "increment", "key=n"));
    assert_eq!(browser.session()["values"], json!({ "a": [1], "b": "two words", "n": 2 }));
    done(submit(&mut browser, "remove", "key=a"));
    assert_eq!(browser.get("/api/values/a").value(), json!(null));

    done(submit(&mut browser, "flash", "text=shown+once"));
    assert!(browser.get("/").expect(200).text().contains("shown once"));
    assert!(!browser.get("/").expect(200).text().contains("shown once"));

    done(submit(&mut browser, "login", "user=Ann")).token();
    assert_eq!(browser.session()["user"], json!("Ann"));
    let page = browser.get("/").expect(200).text();
    assert!(page.contains("Ann") && page.contains("two words"), "{page}");
    done(submit(&mut browser, "renew", "")).token();
    done(submit(&mut browser, "clear", ""));
    assert_eq!(browser.session()["values"], json!({}));
    done(submit(&mut browser, "delete", "")).token();
    assert_eq!(browser.session()["values"], json!({ "deleted": true }));
    done(submit(&mut browser, "invalidate", "")).token();
    assert_eq!(browser.session()["values"], json!({ "invalidated": true }));
    done(submit(&mut browser, "login", "user=Ann")).token();
    let mut elsewhere = site.browser();
    done(submit(&mut elsewhere, "login", "user=Ann")).token();
    done(submit(&mut browser, "logout-everywhere", "")).expect_removal();
    done(submit(&mut browser, "set", "key=a&value=1")).token();
    done(submit(&mut browser, "logout", "")).expect_removal();
    assert_eq!(site.records(), 0);
}

/// Names, values and users alike.
pub fn what_visitors_type_is_escaped(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.browser();
    let evil = "%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E";
    done(submit(&mut browser, "set", &format!("key={evil}&value={evil}")));
    done(submit(&mut browser, "flash", &format!("text={evil}")));
    done(submit(&mut browser, "login", &format!("user={evil}")));
    let page = browser.get("/").expect(200).text();
    assert!(!page.contains("<img"), "{page}");
    assert!(page.matches("img src=x onerror=alert(1)").count() >= 4, "it is shown: {page}");
}

/// In words, with the status, as a page.
pub fn a_failing_form_says_why(environment: &dyn EnvironmentUnderTest) {
    let site = Site::open(environment);
    let mut browser = site.visitor();
    browser.put("/api/values/text", &json!("seven")).expect(204);
    for (action, form, status) in [
        ("set", "key=&value=1", 400),
        ("login", "", 400),
        ("flash", "text=", 400),
        ("increment", "key=text", 422),
        ("nonsense", "", 404),
    ] {
        let answer = submit(&mut browser, action, form);
        let html = answer.expect(status).text();
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert!(html.contains(&status.to_string()) && html.contains("href=\"../\""), "{html}");
        answer.expect_no_session_header();
    }
    assert_eq!(browser.session()["values"], json!({ "n": 1, "text": "seven" }));
}

/// What there is a form for.
const FORMS: [&str; 11] = [
    "set",
    "increment",
    "remove",
    "flash",
    "login",
    "logout",
    "logout-everywhere",
    "renew",
    "invalidate",
    "delete",
    "clear",
];

fn submit(browser: &mut Browser, action: &str, form: &str) -> Answer {
    let form_type = [("content-type", "application/x-www-form-urlencoded")];
    browser.send("POST", &format!("/ui/{action}"), &form_type, form.as_bytes())
}

#[track_caller]
fn done(answer: Answer) -> Answer {
    assert_eq!(answer.expect(303).headers()["location"], "../", "back to the page");
    answer
}
