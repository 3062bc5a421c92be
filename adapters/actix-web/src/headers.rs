//! The engine's headers, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, SET_COOKIE, VARY};
use webstack_core::{Placing, ReplyHeaders};

/// Adds the engine's headers, which are of the `http` crate's present version; actix-web has an older one.
pub(crate) fn add<B>(headers: &ReplyHeaders, response: &mut HttpResponse<B>) {
    for (placing, name, value) in headers.iter() {
        let (Some(name), Some(mut older)) = (older_name(name), older_value(value.as_bytes())) else {
            continue;
        };
        older.set_sensitive(value.is_sensitive());
        match placing {
            Placing::Append => response.headers_mut().append(name, older),
            Placing::Replace => drop(response.headers_mut().insert(name, older)),
        }
    }
}

/// A name; those of most responses are known and need not be read.
fn older_name(name: &http::HeaderName) -> Option<HeaderName> {
    match name {
        name if *name == http::header::VARY => Some(VARY),
        name if *name == http::header::CACHE_CONTROL => Some(CACHE_CONTROL),
        name if *name == http::header::SET_COOKIE => Some(SET_COOKIE),
        other => HeaderName::try_from(other.as_str()).ok(),
    }
}

/// A value; those of most responses need not be copied.
fn older_value(value: &[u8]) -> Option<HeaderValue> {
    const COMMON: [&str; 2] = ["Cookie", "no-store"];
    match COMMON.into_iter().find(|common| common.as_bytes() == value) {
        Some(common) => Some(HeaderValue::from_static(common)),
        None => HeaderValue::from_bytes(value).ok(),
    }
}
