//! What adapters have in common.
//!
//! [`loaded`] gives an extractor its session, and [`Concluding`] is the future around a request. Each adapter needs types of its own,
//! to implement its framework's traits for them.

mod concluding;

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use concluding::{Concluding, Conclusion};

use crate::{Error, Load, Session};

/// The session that a middleware left in a request, loaded: at once where the store is at hand, else when the future is awaited.
///
/// # Errors
///
/// [`Error::NotInstalled`] if there is none; what the store says.
#[inline]
pub fn loaded(opened: Option<Session>) -> Loaded {
    let Some(session) = opened else { return Loaded(Loading::Done(Err(Error::NotInstalled))) };
    match session.load().at_once() {
        Ok(loaded) => Loaded(Loading::Done(loaded.map(|()| session))),
        Err(load) => Loaded(Loading::Waiting(session, load)),
    }
}

/// The future of [`loaded`].
pub struct Loaded(Loading);

enum Loading {
    /// It was at hand, or is not to be had.
    Done(Result<Session, Error>),
    Waiting(Session, Load),
    Over,
}

impl Future for Loaded {
    type Output = Result<Session, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match mem::replace(&mut self.0, Loading::Over) {
            Loading::Done(loaded) => Poll::Ready(loaded),
            Loading::Waiting(session, mut load) => match Pin::new(&mut load).poll(context) {
                Poll::Ready(loaded) => Poll::Ready(loaded.map(|()| session)),
                Poll::Pending => {
                    self.0 = Loading::Waiting(session, load);
                    Poll::Pending
                }
            },
            Loading::Over => panic!("a future is not polled after its end"),
        }
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

/// Makes an adapter's `Session`, to be put around one that was `loaded`.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_session {
    ($(#[$session:meta])* pub struct Session;) => {
        $(#[$session])*
        #[derive(Clone, Debug)]
        pub struct Session($crate::Session);

        impl ::std::ops::Deref for Session {
            type Target = $crate::Session;

            fn deref(&self) -> &$crate::Session {
                &self.0
            }
        }
    };
}

/// Makes an adapter's `Error`, to be put around one of the engine's, and its `Result`.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_error {
    ($(#[$error:meta])* pub struct Error; $(#[$result:meta])* pub type Result;) => {
        $(#[$error])*
        #[derive(Debug)]
        pub struct Error($crate::Error);

        $(#[$result])*
        pub type Result<T, E = Error> = ::std::result::Result<T, E>;

        impl Error {
            /// The error as the engine reported it.
            pub fn session(&self) -> &$crate::Error {
                &self.0
            }
        }

        impl ::std::convert::From<$crate::Error> for Error {
            fn from(error: $crate::Error) -> Self {
                Error(error)
            }
        }

        impl ::std::fmt::Display for Error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::error::Error for Error {
            fn source(&self) -> ::std::option::Option<&(dyn ::std::error::Error + 'static)> {
                ::std::error::Error::source(&self.0)
            }
        }
    };
}
