//! From the demo application's replies to rocket's responses.

use std::io::Cursor;

use rocket::http::Status;
use rocket::response::{Responder, Result};
use rocket::{Request, Response};
use webstack_demo_app::{Answer, Reply};

/// A reply, as a handler returns it.
pub(crate) struct Replied(Reply);

impl From<Answer> for Replied {
    fn from(answer: Answer) -> Self {
        Replied(answer.unwrap_or_else(Reply::from))
    }
}

impl From<Reply> for Replied {
    fn from(reply: Reply) -> Self {
        Replied(reply)
    }
}

impl<'r> Responder<'r, 'static> for Replied {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        let (parts, body) = self.0.into_parts();
        let mut response = Response::build();
        response.status(Status::new(parts.status.as_u16())).sized_body(body.len(), Cursor::new(body));
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                response.raw_header_adjoin(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(response.finalize())
    }
}
