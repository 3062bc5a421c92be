//! Where the session directory lives: the only place that knows.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::ConfigError;

/// How the program that serves is run, which decides where its session directory is by default.
///
/// | environment | directory unless another one is configured |
/// |---|---|
/// | `Server` | `WebStack-sessions` in the first path of `$STATE_DIRECTORY` (systemd's `StateDirectory=`), else in the directory where the server is run |
/// | `Cgi` | `WebStack-sessions` in the directory where the handler's executable resides, links resolved; refused inside the document root |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// A server that runs on and answers many requests.
    #[default]
    Server,
    /// A CGI program, started afresh for each request (RFC 3875).
    Cgi,
}

/// The name of the directory, as it was in WebStack.
pub(crate) const DIRECTORY_NAME: &str = "WebStack-sessions";

const SETTING: &str = "WEBSTACK_STORE";

/// What the location depends on.
pub(crate) struct Surroundings<'a> {
    pub(crate) variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub(crate) current_dir: &'a dyn Fn() -> io::Result<PathBuf>,
    pub(crate) executable: &'a dyn Fn() -> io::Result<PathBuf>,
}

/// The directory of an environment for which no other one was configured; always absolute.
pub(crate) fn default_directory(environment: Environment, around: &Surroundings<'_>) -> Result<PathBuf, ConfigError> {
    let parent = match environment {
        Environment::Server => match state_directory(around)? {
            Some(path) => path,
            None => (around.current_dir)().map_err(|error| unknown("the current directory", error))?,
        },
        Environment::Cgi => {
            let executable = (around.executable)()
                .and_then(std::fs::canonicalize)
                .map_err(|error| unknown("the executable's directory", error))?;
            let parent = executable.parent().unwrap_or(Path::new("/")).to_owned();
            refuse_document_root(&parent, &executable, around)?;
            parent
        }
    };
    Ok(parent.join(DIRECTORY_NAME))
}

fn state_directory(around: &Surroundings<'_>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(paths) = (around.variable)("STATE_DIRECTORY").filter(|paths| !paths.is_empty()) else { return Ok(None) };
    let first = std::env::split_paths(&paths).next().unwrap_or_default();
    if first.is_absolute() {
        return Ok(Some(first));
    }
    let problem = format!("STATE_DIRECTORY begins with `{}`, which is not an absolute path", first.display());
    Err(ConfigError::new(SETTING, problem, "set WEBSTACK_STORE=file:/absolute/path, or mend STATE_DIRECTORY"))
}

/// Session files in a document root can be downloaded: three web servers handed them out.
fn refuse_document_root(directory: &Path, executable: &Path, around: &Surroundings<'_>) -> Result<(), ConfigError> {
    let variable = |name| (around.variable)(name).filter(|value| !value.is_empty());
    let root = match variable("DOCUMENT_ROOT") {
        Some(root) => Some(std::fs::canonicalize(&root).unwrap_or_else(|_| PathBuf::from(root))),
        None => variable("SCRIPT_NAME").and_then(|script| root_above(executable, Path::new(&script))),
    };
    let Some(root) = root.filter(|root| directory.starts_with(root)) else { return Ok(()) };
    let problem = format!(
        "the program is inside the document root `{}`, where session files could be downloaded",
        root.display()
    );
    Err(ConfigError::new(SETTING, problem, "set WEBSTACK_STORE=file:/absolute/path to a directory outside of it"))
}

/// The document root of servers that do not tell it, such as busybox: what is above the script's own path.
fn root_above(executable: &Path, script: &Path) -> Option<PathBuf> {
    let below = script.strip_prefix("/").ok().filter(|below| executable.ends_with(below))?;
    executable.ancestors().nth(below.components().count()).map(Path::to_owned)
}

fn unknown(what: &str, error: io::Error) -> ConfigError {
    ConfigError::new(SETTING, format!("{what} cannot be found out ({error})"), "set WEBSTACK_STORE=file:/absolute/path")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(environment: Environment, variables: &[(&str, &str)], executable: &Path) -> Result<PathBuf, ConfigError> {
        let variable = |name: &str| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.into());
        default_directory(
            environment,
            &Surroundings {
                variable: &variable,
                current_dir: &|| Ok("/srv/shop".into()),
                executable: &|| Ok(executable.to_owned()),
            },
        )
    }

    #[test]
    fn a_server_uses_the_directory_where_it_is_run() {
        let here = Path::new("/usr/bin/shop");
        assert_eq!(locate(Environment::Server, &[], here).expect("found"), Path::new("/srv/shop/WebStack-sessions"));
        let document_root = [("DOCUMENT_ROOT", "/srv")];
        assert!(locate(Environment::Server, &document_root, here).is_ok(), "that is a CGI variable");
    }

    #[test]
    fn systemd_s_state_directory_comes_first() {
        let here = Path::new("/usr/bin/shop");
        let found = locate(Environment::Server, &[("STATE_DIRECTORY", "/var/lib/shop:/var/lib/b")], here);
        assert_eq!(found.expect("found"), Path::new("/var/lib/shop/WebStack-sessions"));
        let relative = locate(Environment::Server, &[("STATE_DIRECTORY", "shop")], here).expect_err("not absolute");
        assert!(relative.to_string().contains("STATE_DIRECTORY"));
        let empty = locate(Environment::Server, &[("STATE_DIRECTORY", "")], here);
        assert_eq!(empty.expect("found"), Path::new("/srv/shop/WebStack-sessions"));
    }

    #[test]
    fn a_cgi_program_uses_its_own_directory_unless_that_is_served() {
        let executable = std::env::current_exe().and_then(std::fs::canonicalize).expect("a test is a program");
        let parent = executable.parent().expect("a directory");
        let found = locate(Environment::Cgi, &[("STATE_DIRECTORY", "/var/lib/shop")], &executable);
        assert_eq!(found.expect("found"), parent.join(DIRECTORY_NAME));
        let root = parent.parent().expect("a directory above").to_str().expect("UTF-8");
        let served = locate(Environment::Cgi, &[("DOCUMENT_ROOT", root)], &executable).expect_err("it is served");
        assert!(served.to_string().contains("document root"), "{served}");
        let script = format!("/{}", executable.strip_prefix(root).expect("it is below").display());
        let guessed = locate(Environment::Cgi, &[("SCRIPT_NAME", &script)], &executable).expect_err("it is served");
        assert!(guessed.to_string().contains(root), "{guessed}");
        let elsewhere = [("SCRIPT_NAME", &*script), ("DOCUMENT_ROOT", "/var/www")];
        assert!(locate(Environment::Cgi, &elsewhere, &executable).is_ok(), "the server knows it better");
        assert!(locate(Environment::Cgi, &[("SCRIPT_NAME", "/cgi-bin/alias")], &executable).is_ok());
    }
}
