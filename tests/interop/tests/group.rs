//! A directory of sessions that two users share through a group: a server of one, CGI programs of the other.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Group, Uid, User};
use serde_json::json;
use webstack_interop::{WebServer, program};
use webstack_testkit::environment::{Browser, EnvironmentUnderTest as _, Server, Settings};

/// The group of the web server's programs.
const GROUP: &str = "www-data";

/// Whom the other server runs as.
const USER: &str = "nobody";

/// A server of somebody else, who is of the group.
fn somebody_elses(settings: &Settings) -> Server {
    let user = User::from_name(USER).expect("users can be looked up").expect("every system has nobody");
    let group = Group::from_name(GROUP).expect("groups can be looked up").expect("the web server's group");
    // Where the program was built others may not look.
    let copy = settings.directory().join("demo-actix-web");
    fs::copy(program("demo-actix-web"), &copy).expect("a copy");
    let mut command = Command::new(copy);
    settings.apply(command.args(["--listen", "127.0.0.1:0"]).uid(user.uid.as_raw()).gid(group.gid.as_raw()));
    Server::spawn(&mut command, |line| Some(line.strip_prefix("listening on ")?.to_owned())).expect("it starts")
}

/// A directory that both may reach, and the one inside it for sessions.
fn place() -> (tempfile::TempDir, String) {
    let place = tempfile::tempdir().expect("a directory");
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).expect("it is ours");
    let sessions = place.path().join("sessions");
    let group = Group::from_name(GROUP).expect("groups can be looked up").expect("the web server's group");
    fs::create_dir(&sessions).expect("a directory");
    chown(&sessions, None, Some(group.gid.as_raw())).expect("root may");
    fs::set_permissions(&sessions, Permissions::from_mode(0o2770)).expect("it is ours");
    let store = format!("file:{}?group={GROUP}", sessions.display());
    (place, store)
}

fn modes(directory: &Path) -> Vec<(u32, u32)> {
    let entries = fs::read_dir(directory).expect("root may read it").flatten();
    let mut modes: Vec<_> = entries
        .flat_map(|entry| {
            let meta = entry.metadata().expect("root may look");
            let inside = if meta.is_dir() { modes(&entry.path()) } else { Vec::new() };
            [(meta.uid(), meta.mode() & 0o7777)].into_iter().chain(inside)
        })
        .collect();
    modes.sort_unstable();
    modes
}

#[test]
fn a_server_and_a_cgi_program_of_two_users_share_sessions() {
    if !Uid::effective().is_root() {
        // a test that cannot say so is still skipped
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: two users of one directory: only root can be two users\n",
        );
        return;
    }
    let Some(apache) = WebServer::ApacheCgid.if_installed() else { return };
    let (place, store) = place();
    let site = place.path().join("cgi");
    fs::create_dir(&site).expect("a directory");
    let own = place.path().join("own");
    fs::create_dir(&own).expect("a directory");
    let programs = apache.start(&Settings::new(&site).with("WEBSTACK_STORE", &store)).expect("apache starts");
    let server = somebody_elses(&Settings::new(&own).with("WEBSTACK_STORE", &store));

    for [first, second] in [[programs.url(), server.url()], [server.url(), programs.url()]] {
        let mut begun = Browser::new(first);
        begun.post("/api/increment/n").expect(200);
        begun.post("/api/login/ann").expect(204);
        let mut continued = begun.at(second);
        assert_eq!(continued.post("/api/increment/n").expect(200).value(), json!(2), "{first} to {second}");
        assert_eq!(continued.session()["user"], "ann");
        assert_eq!(begun.at(first).post("/api/increment/n").expect(200).value(), json!(3), "{second} and back");
        continued.post("/api/logout").expect(204).expect_removal();
        assert_eq!(begun.session()["was_invalidated"], true, "{second} ended it for {first}");
    }
    for url in [programs.url(), server.url()] {
        Browser::new(url).post("/api/increment/n").expect(200);
    }
    let modes = modes(&place.path().join("sessions"));
    let owner = |name| User::from_name(name).ok().flatten().expect("a user").uid.as_raw();
    for user in [USER, GROUP] {
        assert!(modes.contains(&(owner(user), 0o660)), "{user} wrote none of them: {modes:?}");
    }
    let open: Vec<_> = modes.iter().filter(|(_, mode)| mode & 0o007 != 0).collect();
    assert!(open.is_empty(), "nobody else may look: {open:?}");
}
