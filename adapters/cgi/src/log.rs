//! Standard error, which is a CGI program's log.

use std::fmt::Display;
use std::io::{self, Write as _};

/// One line, with the program's name.
///
/// Never more than one, and never an empty one: fcgiwrap can be told to take what it reads there for a header.
pub(crate) fn line(text: impl Display) {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|path| path.file_name()).unwrap_or("cgi".as_ref()).to_string_lossy();
    let mut line = one_line(&format!("{name}: {text}"));
    line.push('\n');
    // nobody is left to tell if standard error is gone
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Makes a panic one line, too: what Rust writes by itself begins with an empty one.
pub(crate) fn take_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("something that is no text");
        match panic.location() {
            Some(location) => line(format_args!("panicked at {location}: {text}")),
            None => line(format_args!("panicked: {text}")),
        }
    }));
}

fn one_line(text: &str) -> String {
    text.trim().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn whatever_is_said_is_one_line() {
        assert_eq!(one_line("\na\r\nb\x1b[0m\n"), "a  b [0m");
    }
}
