//! The demo application as a CGI program: a web server starts it for each request.
//!
//! ```text
//! cargo build -p demo-cgi
//! mkdir -p /tmp/site/cgi-bin && cp target/debug/demo-cgi /tmp/site/cgi-bin/
//! cd /tmp/site && WEBSTACK_STORE=file:/tmp/demo-sessions python3 -m http.server --cgi 8080
//! ```
//!
//! Then open `http://localhost:8080/cgi-bin/demo-cgi/`. (Python answers every request of a CGI program with 200; Apache,
//! lighttpd and nginx do as they are told.) Settings are the environment variables `WEBSTACK_…`.

fn main() -> std::process::ExitCode {
    demo_cgi::program()
}
