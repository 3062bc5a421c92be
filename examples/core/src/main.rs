//! Sessions without any framework or runtime: `cargo run -p quickstart-core`, twice or more.
//!
//! The visitor is this program; its cookie is kept in the file `quickstart-core.cookie` where it is run.

use std::error::Error;
use std::io::Write as _;

use webstack::runtime::block_on;
use webstack::{Outcome, Sessions};

fn main() -> Result<(), Box<dyn Error>> {
    let sessions = Sessions::from_env()?;
    let cookie = std::fs::read_to_string("quickstart-core.cookie").unwrap_or_default();
    let request = http::Request::get("/").header("cookie", cookie).body(())?;

    let exchange = sessions.open(&request);
    let session = exchange.session();
    block_on(session.load())?;
    let visits = session.update("visits", |n: Option<u32>| n.unwrap_or(0) + 1)?;
    let mut response = http::Response::new(format!("visit {visits}"));
    block_on(exchange.finish(Outcome::of_status(response.status().as_u16())))?.apply(response.headers_mut());

    if let Some(set) = response.headers().get("set-cookie") {
        std::fs::write("quickstart-core.cookie", set.to_str()?.split(';').next().unwrap_or_default())?;
    }
    writeln!(std::io::stdout(), "{}", response.body())?;
    Ok(())
}
