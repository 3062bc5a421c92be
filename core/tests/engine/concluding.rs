//! The future that adapters put around an application's.

use std::future::{Future, Pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use webstack_core::adapter::{Concluding, Conclusion};
use webstack_core::runtime::block_on;
use webstack_core::{Error, Outcome, ReplyHeaders, Session};
use webstack_testkit::{Fault, Moment, Operation};

use crate::visitor::{Site, Visitor, known, value};

/// An environment whose answers are statuses, and whose replies say how much was added to them.
struct Statuses;

impl Conclusion for Statuses {
    type Answer = u16;
    type Reply = Result<(u16, usize), Error>;

    fn outcome(answer: &u16) -> Outcome {
        Outcome::of_status(*answer)
    }

    fn conclude(answer: u16, finished: Result<ReplyHeaders, Error>) -> Self::Reply {
        finished.map(|headers| (answer, headers.iter().count()))
    }

    fn pass(answer: u16) -> Self::Reply {
        Ok((answer, 0))
    }
}

type Request<F> = Concluding<F, Pending<Result<(u16, usize), Error>>, Statuses>;

/// A request of this visitor's, whose handler does this and then answers so.
fn request(
    site: &Site,
    visitor: &Visitor,
    status: u16,
    act: impl FnOnce(&Session),
) -> Request<impl Future<Output = u16>> {
    let exchange = visitor.open(site);
    let session = exchange.session();
    Request::answering(exchange, async move {
        session.load().await.unwrap();
        act(&session);
        status
    })
}

fn polled<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn an_answer_is_concluded_with_what_the_session_adds() {
    let site = Site::new();
    let visitor = known(&site);
    assert_eq!(block_on(request(&site, &visitor, 200, |session| session.insert("n", &2).unwrap())).unwrap(), (200, 1));
    assert_eq!(block_on(request(&site, &visitor, 500, |session| session.insert("n", &3).unwrap())).unwrap(), (500, 1));
    assert_eq!(value(&site, &visitor, "n"), Some(2), "a failure is not stored");
    assert_eq!(block_on(Request::passing(async { 404 })).unwrap(), (404, 0));
    site.faults.fail_next(Operation::Update, Fault::Unavailable, 1);
    let failed = block_on(request(&site, &visitor, 200, |session| session.insert("n", &4).unwrap()));
    assert!(matches!(failed, Err(Error::Unavailable(_))));
}

#[test]
fn what_the_application_held_is_let_go_before_the_store_is_waited_for() {
    let site = Site::new();
    let visitor = known(&site);
    let held = Arc::new(());
    let of_the_application = Arc::clone(&held);
    let gate = site.faults.hold_next(Operation::Update, Moment::Before);
    let exchange = visitor.open(&site);
    let session = exchange.session();
    block_on(session.load()).unwrap();
    session.insert("n", &2).unwrap();
    // A future that holds it after its end.
    let application = std::future::poll_fn(move |_| Poll::Ready(200).map(|status| (status, &of_the_application).0));
    let mut request = pin!(Request::answering(exchange, application));
    assert!(polled(request.as_mut()).is_pending());
    assert_eq!(Arc::strong_count(&held), 1);
    gate.open();
    assert_eq!(block_on(request).unwrap(), (200, 1));
    assert_eq!(value(&site, &visitor, "n"), Some(2));
}

#[test]
fn who_leaves_before_the_answer_stores_nothing_and_who_leaves_behind_it_does() {
    let site = Site::new();
    let visitor = known(&site);
    let exchange = visitor.open(&site);
    let session = exchange.session();
    {
        let mut request = pin!(Request::answering(exchange, async move {
            block_on(session.load()).unwrap();
            session.insert("n", &2).unwrap();
            std::future::pending::<u16>().await
        }));
        assert!(polled(request.as_mut()).is_pending());
    }
    assert_eq!(value(&site, &visitor, "n"), None);
    let gate = site.faults.hold_next(Operation::Update, Moment::Before);
    let mut request = Box::pin(request(&site, &visitor, 200, |session| session.insert("n", &3).unwrap()));
    assert!(polled(request.as_mut()).is_pending());
    gate.open();
    drop(request);
    assert_eq!(value(&site, &visitor, "n"), Some(3));
}

/// Does this to a session when it goes.
struct Going<F: FnMut(&Session)>(Session, F);

impl<F: FnMut(&Session)> Drop for Going<F> {
    fn drop(&mut self) {
        (self.1)(&self.0);
    }
}

#[test]
fn what_an_application_does_while_it_goes_counts() {
    let site = Site::new();
    let visitor = known(&site);
    for n in [2, 3] {
        let exchange = visitor.open(&site);
        let session = exchange.session();
        block_on(session.load()).unwrap();
        let going = Going(session, move |session| session.insert("n", &n).unwrap());
        let application = std::future::poll_fn(move |_| Poll::Ready(200).map(|status| (status, &going).0));
        assert_eq!(block_on(Request::answering(exchange, application)).unwrap(), (200, 1));
        assert_eq!(value(&site, &visitor, "n"), Some(n));
    }
}

#[test]
fn a_handler_that_is_cancelled_may_log_out_while_it_goes() {
    let site = Site::new();
    let visitor = known(&site);
    let exchange = visitor.open(&site);
    let session = exchange.session();
    block_on(session.load()).unwrap();
    let going = Going(session, |session| session.invalidate().unwrap());
    let mut request = Box::pin(Request::answering(exchange, async move {
        let _going = going;
        std::future::pending::<u16>().await
    }));
    assert!(polled(request.as_mut()).is_pending());
    drop(request);
    assert_eq!(site.alive(), 0);
}

#[test]
#[should_panic = "a future is not polled after its end"]
fn it_has_one_end() {
    let site = Site::new();
    let visitor = known(&site);
    let mut request = pin!(request(&site, &visitor, 200, |_| ()));
    assert!(polled(request.as_mut()).is_ready() || block_on(request.as_mut()).is_ok());
    let _ = polled(request);
}
