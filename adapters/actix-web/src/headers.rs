//! The engine's headers, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue, VARY};
use webstack_core::{Placing, ReplyHeaders};

/// Of `Vary`: most responses that get any header get only this one.
const COOKIE: HeaderValue = HeaderValue::from_static("Cookie");

/// Adds the engine's headers, which are of the `http` crate's present version; actix-web has an older one.
pub(crate) fn add<B>(headers: &ReplyHeaders, response: &mut HttpResponse<B>) {
    for (placing, name, value) in headers.iter() {
        if *name == http::header::VARY && value == "Cookie" {
            response.headers_mut().append(VARY, COOKIE);
            continue;
        }
        let older = (HeaderName::try_from(name.as_str()), HeaderValue::from_bytes(value.as_bytes()));
        let (Ok(name), Ok(mut older)) = older else { continue };
        older.set_sensitive(value.is_sensitive());
        match placing {
            Placing::Append => response.headers_mut().append(name, older),
            Placing::Replace => drop(response.headers_mut().insert(name, older)),
        }
    }
}
