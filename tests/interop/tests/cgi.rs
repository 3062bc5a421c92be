//! CGI keeps what every environment promises, behind real web servers.
#![cfg(unix)]

use webstack_interop::WebServer;
use webstack_testkit::environment_suite;

/// The server, or the end of a test that cannot be run here.
macro_rules! installed {
    ($server:ident) => {
        match WebServer::$server.if_installed() {
            Some(server) => server,
            None => return,
        }
    };
}

environment_suite!(apache_cgid, installed!(ApacheCgid));
environment_suite!(apache_cgi, installed!(ApacheCgi));
environment_suite!(lighttpd, installed!(Lighttpd));
environment_suite!(nginx_fcgiwrap, installed!(Nginx));
environment_suite!(busybox, installed!(Busybox));
