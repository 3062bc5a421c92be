//! A request's whole body, up to what the demo application takes.

use rocket::data::{Data, FromData, Outcome, ToByteUnit as _};
use rocket::http::Status;
use rocket::{Request, async_trait};
use webstack_demo_app::MAX_BODY;

/// The bytes of a body.
pub(crate) struct Body(pub(crate) Vec<u8>);

#[async_trait]
impl<'r> FromData<'r> for Body {
    type Error = std::io::Error;

    async fn from_data(_: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match data.open(MAX_BODY.bytes()).into_bytes().await {
            Ok(body) if body.is_complete() => Outcome::Success(Body(body.into_inner())),
            Ok(_) => Outcome::Error((Status::PayloadTooLarge, std::io::ErrorKind::FileTooLarge.into())),
            Err(error) => Outcome::Error((Status::BadRequest, error)),
        }
    }
}
