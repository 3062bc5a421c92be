//! A CGI program whose process is timed: `/control` answers before anything of webstack is called, `/plain` asks for no session,
//! `/read` and `/write` do what they say, `/bare` asks for no session and makes the system calls of `/write` by itself.

mod bare;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use http::Response;
use webstack_core::Error;
use webstack_core::app::{self, Request};

async fn answer(request: Request) -> Result<Response<String>, Error> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/plain") {
        return Ok(Response::new("nothing\n".to_owned()));
    }
    if path.ends_with("/bare") {
        let file = std::env::var_os("BENCH_FILE").expect("the file of a session");
        bare::load_and_save(file.as_ref()).expect("the session is there");
        return Ok(Response::new("nothing\n".to_owned()));
    }
    let session = app::session(&request).await?;
    if path.ends_with("/write") {
        // Another value each time: what is there already would not be stored again.
        let now = UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos() as u64);
        session.insert("visits", &now)?;
    }
    let value: Option<u64> = session.get("visits")?;
    Ok(Response::new(format!("{value:?}\n")))
}

fn main() -> ExitCode {
    if std::env::var_os("PATH_INFO").is_some_and(|path| path == "/control") {
        let written = std::io::stdout().write_all(b"Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nnothing\n");
        return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    webstack_cgi::serve(app::from_fn(answer))
}
