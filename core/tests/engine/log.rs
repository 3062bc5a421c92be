//! What stands in the log: the cause of what fails, and no secret.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
#[cfg(unix)]
use webstack_core::store::FileStore;
use webstack_core::{Error, Outcome, runtime::block_on};
use webstack_testkit::{Fault, Operation};

use crate::visitor::{Site, known};

/// Keeps whatever is logged under the target that the documentation names, and of directories, for the thread that logs it.
///
/// There is one for all tests of the program: whether anybody listens is remembered for each place that logs, and a
/// listener that comes and goes would race with the other tests for that.
struct Log;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What this thread logs meanwhile, a line each.
fn logged<T>(act: impl FnOnce() -> T) -> (Vec<String>, T) {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| tracing::subscriber::set_global_default(Log).unwrap());
    LINES.take();
    let done = act();
    (LINES.take(), done)
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "webstack::session" || metadata.target().starts_with("webstack_store::directory")
    }
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        LINES.with_borrow_mut(|lines| lines.push(line.0));
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

#[test]
fn what_fails_is_logged_with_its_cause_and_without_a_secret() {
    let site = Site::new();
    let visitor = known(&site);
    let (log, ()) = logged(|| {
        site.faults.fail_next(Operation::Update, Fault::Broken, 1);
        let request = visitor.arrive(&site);
        request.session.insert("kept", "sw0rdfish").unwrap();
        block_on(request.exchange.finish(Outcome::Keep)).unwrap_err();
        let request = visitor.arrive(&site);
        request.session.renew().unwrap();
        request.answer(Outcome::Keep);
        visitor.arrive(&site);
    });
    assert!(log[0].starts_with("ERROR") && log[0].ends_with("broken: a fault was injected"), "{log:?}");
    assert_eq!(log[0].matches("broken").count(), 1, "{log:?}");
    assert!(log[1].starts_with("DEBUG") && log[1].contains("Renewed"), "{log:?}");
    assert!(log[2].starts_with("WARN") && log[2].contains("WrongSecret"), "{log:?}");
    let cookie = visitor.cookie.unwrap();
    assert!(log.iter().all(|line| !line.contains("sw0rdfish") && !line.contains(&cookie[cookie.len() - 42..])));
}

#[test]
fn a_value_of_another_type_is_logged_without_what_it_says() {
    let site = Site::new();
    let mut visitor = known(&site);
    let (log, error) = logged(|| {
        let overtaken = visitor.arrive(&site);
        overtaken.session.update("kept", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap();
        visitor.visit(&site, |session| session.insert("kept", "sw0rdfish").unwrap());
        let error = block_on(overtaken.exchange.finish(Outcome::Keep)).unwrap_err();
        error.refusal();
        error
    });
    assert_eq!(log.iter().filter(|line| line.starts_with("ERROR")).count(), 1, "{log:?}");
    let shown = format!("{log:?} {error:?}");
    assert!(shown.contains("ERROR") && shown.contains("u32"), "{shown}");
    assert!(!shown.contains("sw0rdfish"), "{shown}");
}

#[test]
fn what_a_handler_does_wrong_is_logged_when_it_is_refused() {
    let site = Site::new();
    let visitor = known(&site);
    let request = visitor.arrive(&site);
    request.session.insert("kept", "sw0rdfish").unwrap();
    let wrong = [
        (request.session.get::<u32>("kept").unwrap_err(), "u32"),
        (request.session.update("kept", |n: Option<u32>| n.unwrap_or(0) + 1).unwrap_err(), "u32"),
        (Error::NotInstalled, "middleware"),
        (Error::NotLoaded, "load"),
        (Error::TooLate, "response had begun"),
    ];
    for (error, expected) in wrong {
        let (log, refusal) = logged(|| (error.status(), error.refusal()).1);
        assert_eq!((log.len(), refusal.status().as_u16()), (1, 500));
        assert!(log[0].starts_with("ERROR") && log[0].contains(expected) && !log[0].contains("sw0rdfish"), "{log:?}");
    }
    let (log, _) = logged(|| Error::NotFresh.refusal());
    assert!(log.is_empty(), "that is no fault of anybody's: {log:?}");
}

#[test]
#[cfg(unix)]
fn a_directory_that_is_not_denied_is_warned_of_without_what_else_is_in_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = tempfile::tempdir().unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(place.path().join("sess_sw0rdfish"), "of PHP").unwrap();
    let of_furniture = |log: Vec<String>| log.into_iter().filter(|line| line.contains(".htaccess")).collect::<Vec<_>>();
    let (log, _) = logged(|| FileStore::open(place.path()).unwrap());
    let [line] = &of_furniture(log)[..] else { panic!("one warning") };
    assert!(line.starts_with("WARN") && line.contains(".gitignore and .htaccess not written"), "{line}");
    assert!(line.contains(&place.path().display().to_string()) && !line.contains("sw0rdfish"), "{line}");

    let (log, _) = logged(|| FileStore::open(place.path().join("sessions")).unwrap());
    assert!(of_furniture(log).is_empty());
}
