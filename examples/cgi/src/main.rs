//! A session in a CGI program.
//!
//! ```text
//! cargo build -p quickstart-cgi
//! mkdir -p /tmp/site/cgi-bin && cp target/debug/quickstart-cgi /tmp/site/cgi-bin/count
//! cd /tmp/site && WEBSTACK_STORE=file:/tmp/count-sessions python3 -m http.server --cgi 8080
//!     # or: WEBSTACK_STORE=file:/tmp/count-sessions busybox httpd -f -p 8080 -h /tmp/site
//! curl -c jar -b jar http://localhost:8080/cgi-bin/count     # and again: it counts
//! ```
//!
//! Without `WEBSTACK_STORE` the sessions are in `WebStack-sessions`, where the program is; it refuses if that is served.

use std::process::ExitCode;

use http::Response;
use webstack::Error;
use webstack::app::{self, Request};

async fn index(request: Request) -> Result<Response<String>, Error> {
    let session = app::session(&request).await?;
    let visits = session.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1)?;
    Ok(Response::new(format!("Visit number {visits}\n")))
}

fn main() -> ExitCode {
    webstack::cgi::serve(app::from_fn(index))
}
