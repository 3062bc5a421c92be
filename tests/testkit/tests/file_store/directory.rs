//! Which directories are used, and with which permissions.

use super::*;

fn refused(directory: &Path) -> String {
    FileStore::open(directory).expect_err("unfit").to_string()
}

fn place() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn what_is_made_is_for_its_user_alone() {
    check_modes(Place::new());
}

fn check_modes(place: Place) {
    let version = place.create(Some(alice()));
    let Ok(Updated::Applied(_)) = place.update(version) else { panic!("it is free") };
    assert_eq!(mode(&place.directory), 0o700);
    for path in tree(&place.directory) {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
}

#[test]
fn modes_hold_under_any_umask() {
    // The umask belongs to the whole process, so this runs in one of its own.
    if std::env::var_os("WEBSTACK_TEST_UMASK").is_some() {
        for umask in [0o277, 0o077, 0o000] {
            let place = place();
            rustix::process::umask(Mode::from_raw_mode(umask));
            check_modes(Place::within(place));
            rustix::process::umask(Mode::from_raw_mode(0o022));
        }
        return;
    }
    let this = std::env::current_exe().expect("this test");
    let name = "directory::modes_hold_under_any_umask";
    let mut child = std::process::Command::new(this);
    let output = child.args(["--exact", name, "--test-threads=1"]).env("WEBSTACK_TEST_UMASK", "1").output();
    let output = output.expect("this test, once more");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn it_is_kept_out_of_repositories_and_the_web() {
    let place = Place::new();
    assert_eq!(fs::read_to_string(place.directory.join(".gitignore")).expect("a file"), "*\n");
    let htaccess = fs::read_to_string(place.directory.join(".htaccess")).expect("a file");
    assert!(htaccess.contains("Require all denied") && htaccess.contains("Deny from all"));
    fs::write(place.directory.join(".gitignore"), "my own").expect("a file");
    let _ = open(&place.directory, &place.clock);
    assert_eq!(fs::read_to_string(place.directory.join(".gitignore")).expect("a file"), "my own");
}

#[test]
fn what_was_deleted_of_it_is_written_again() {
    let place = Place::new();
    place.create(Some(alice()));
    fs::write(place.directory.join("last-purge"), "").expect("a file, as CGI programs make it");
    fs::remove_file(place.directory.join(".htaccess")).expect("it is ours");
    let _ = open(&place.directory, &place.clock);
    assert!(place.directory.join(".htaccess").exists());
}

#[test]
fn an_empty_directory_gets_it_too() {
    let place = private();
    let _ = FileStore::open(place.path()).expect("a fit directory");
    assert_eq!(names(place.path()), [".gitignore", ".htaccess"]);
}

/// A document root that was named by mistake would be denied as a whole.
#[test]
fn a_directory_that_holds_other_things_is_left_alone_at_every_start() {
    let place = private();
    fs::write(place.path().join("index.html"), "a site").expect("a file");
    for start in 1..=2 {
        let store = FileStore::open(place.path()).expect("it could keep sessions");
        assert!(block_on(store.create(&id(), entry())).is_ok(), "sessions are kept there");
        assert_eq!(names(place.path()), ["00", "index.html"], "start {start}");
    }
}

#[test]
fn a_site_whose_directories_are_called_like_those_of_a_store_is_left_alone() {
    for name in ["de", "owners"] {
        let place = private();
        fs::create_dir(place.path().join(name)).expect("a directory");
        fs::write(place.path().join(name).join("index.html"), "a site").expect("a file");
        let _ = FileStore::open(place.path()).expect("a fit directory");
        assert_eq!(names(place.path()), [name]);
    }
    let volume = private();
    fs::create_dir(volume.path().join("lost+found")).expect("a directory");
    let _ = FileStore::open(volume.path()).expect("a fit directory");
    assert_eq!(names(volume.path()), [".gitignore", ".htaccess", "lost+found"]);
}

/// An empty directory for this user alone.
fn private() -> tempfile::TempDir {
    let place = place();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).expect("it is ours");
    place
}

fn names(directory: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    names
}

#[test]
fn who_only_looks_writes_nothing_into_a_directory_of_somebody_else() {
    let place = private();
    for probe in [true, false] {
        FileStore::builder(place.path()).create(false).probe(probe).open().expect("it could keep sessions");
        assert!(names(place.path()).is_empty(), "with a probe: {probe}");
    }
}

#[test]
fn opening_leaves_nothing_of_its_probe() {
    let place = Place::new();
    let names: Vec<_> = tree(&place.directory);
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_link_is_refused() {
    let place = place();
    fs::create_dir(place.path().join("real")).expect("a directory");
    symlink(place.path().join("real"), place.path().join("link")).expect("a link");
    for spelling in ["link", "link/", "link/.", "link//./"] {
        let error = refused(&place.path().join(spelling));
        assert!(error.contains("symbolic link: name the directory that it points to"), "{spelling}: {error}");
    }
    assert_eq!(fs::read_dir(place.path().join("real")).expect("a directory").count(), 0);
}

#[test]
fn a_file_is_refused() {
    let place = place();
    fs::write(place.path().join("file"), "").expect("a file");
    let error = refused(&place.path().join("file"));
    assert!(error.contains("not a directory"), "{error}");
}

#[test]
fn a_missing_parent_is_refused_and_not_made() {
    let place = place();
    let error = refused(&place.path().join("not/there"));
    assert!(error.contains("create it, or the directory that it belongs in"), "{error}");
    assert!(!place.path().join("not").exists());
}

#[test]
fn what_others_may_write_is_refused_with_the_mend() {
    for mode in [0o777, 0o1777, 0o770, 0o720, 0o702] {
        let place = place();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).expect("a mode");
        let error = refused(place.path());
        assert!(error.contains("chmod 700") && error.contains("use a directory inside it"), "{error}");
        assert_eq!(fs::read_dir(place.path()).expect("a directory").count(), 0, "nothing was put there");
    }
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    if !runs_as_root() {
        // Root's own root directory is somebody else's to everybody else.
        let error = FileStore::open("/").expect_err("unfit");
        assert!(matches!(error, OpenError::ForeignOwner { owner: 0, .. }), "{error}");
        return;
    }
    let place = place();
    std::os::unix::fs::chown(place.path(), Some(65_534), None).expect("root may");
    let error = refused(place.path());
    assert!(error.contains("belongs to user 65534"), "{error}");
}

#[test]
fn an_unknown_group_is_refused() {
    let place = place();
    let opened = FileStore::builder(place.path().join("sessions")).group("no-such-group-here").open();
    assert!(matches!(opened, Err(OpenError::UnknownGroup { .. })));
    assert!(!place.path().join("sessions").exists());
}

#[test]
fn a_group_shares_the_sessions() {
    let gid = rustix::process::getegid();
    let name = group_name(gid.as_raw());
    let Some(name) = name else {
        return skipped("a_group_shares_the_sessions", "this user's group has no name");
    };
    let place = place();
    let directory = place.path().join("sessions");
    let store = FileStore::builder(&directory).group(&name).open().expect("a fit directory");
    let hers = Entry { owner: Some(alice()), ..entry() };
    let Ok(Created::New(version)) = block_on(store.create(&id(), hers.clone())) else { panic!("it is new") };
    let Ok(Updated::Applied(_)) = block_on(store.update(&id(), version, hers)) else { panic!("it is free") };
    assert_eq!(mode(&directory), 0o2770);
    for path in tree(&directory) {
        let meta = fs::symlink_metadata(&path).expect("something there");
        assert_eq!(meta.gid(), gid.as_raw());
        assert_eq!(mode(&path), if meta.is_dir() { 0o2770 } else { 0o660 }, "{}", path.display());
    }
    assert!(FileStore::open(&directory).is_err(), "for one user alone it is too open");

    let private = place.path().join("private");
    let _ = FileStore::open(&private).expect("a fit directory");
    let error = FileStore::builder(&private).group(&name).open().expect_err("not shared").to_string();
    assert!(error.contains(&format!("chgrp {name}")) && error.contains("chmod 2770"), "{error}");
}

/// The name of a group, as the system's table of groups tells it.
fn group_name(gid: u32) -> Option<String> {
    let table = fs::read_to_string("/etc/group").ok()?;
    let mut groups = table.lines().map(|line| line.split(':').collect::<Vec<_>>());
    groups.find(|group| group.get(2) == Some(&gid.to_string().as_str())).map(|group| group[0].to_owned())
}

#[test]
fn a_vanished_directory_is_broken_and_comes_back() {
    let place = Place::new();
    let version = place.create(Some(alice()));
    let away = place.directory.with_extension("away");
    // A directory that is only moved is still open here; one that is gone is what an unmounted volume looks like.
    fs::rename(&place.directory, &away).expect("to move it");
    let other: SessionId = "01ffffffffffffffffffffffffffffff".parse().expect("an id");
    let fails = |what: &str| {
        assert!(matches!(block_on(place.store.load(&other)), Err(StoreError::Broken(_))), "load {what}");
        assert!(matches!(block_on(place.store.create(&other, entry())), Err(StoreError::Broken(_))), "{what}");
        assert!(matches!(block_on(place.store.list(None, 9)), Err(StoreError::Broken(_))), "list {what}");
        assert!(matches!(block_on(place.store.purge(PurgeStep::new(9))), Err(StoreError::Broken(_))), "{what}");
        let reserved = block_on(place.store.reserve(&alice(), &other, 9));
        assert!(matches!(reserved, Err(StoreError::Broken(_))), "reserve {what}");
        assert!(!place.directory.exists(), "it is not made anew");
    };
    fails("moved away");
    fs::rename(&away, &place.directory).expect("to move it back");
    assert!(matches!(place.load(), Ok(Some(found)) if found.version == version));

    fs::remove_dir_all(&place.directory).expect("to remove it");
    fails("removed");
    assert!(matches!(place.load(), Err(StoreError::Broken(_))));
    assert!(matches!(place.update(version), Err(StoreError::Broken(_))));
    assert!(matches!(place.remove(), Err(StoreError::Broken(_))));

    fs::create_dir(&place.directory).expect("to make it");
    fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o700)).expect("a mode");
    assert!(matches!(place.load(), Ok(None)));
    place.create(Some(alice()));
    assert!(matches!(place.load(), Ok(Some(_))));
}

#[test]
fn a_strangers_directory_in_its_place_is_not_used() {
    let place = Place::new();
    place.create(None);
    fs::remove_dir_all(&place.directory).expect("to remove it");
    fs::create_dir(&place.directory).expect("to make it");
    fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o777)).expect("a mode");
    assert!(matches!(place.load(), Err(StoreError::Broken(_))));
    assert!(matches!(block_on(place.store.create(&id(), entry())), Err(StoreError::Broken(_))));
    assert_eq!(fs::read_dir(&place.directory).expect("a directory").count(), 0);
}

#[test]
fn permission_lost_is_broken() {
    if runs_as_root() {
        return skipped("permission_lost_is_broken", "nothing is forbidden to root");
    }
    let place = Place::new();
    let version = place.create(None);
    let shard = place.directory.join("00");
    fs::set_permissions(&shard, fs::Permissions::from_mode(0o500)).expect("a mode");
    assert!(matches!(place.load(), Ok(Some(_))));
    assert!(matches!(place.update(version), Err(StoreError::Broken(_))));
    fs::set_permissions(&shard, fs::Permissions::from_mode(0o000)).expect("a mode");
    assert!(matches!(place.load(), Err(StoreError::Broken(_))));
    fs::set_permissions(&shard, fs::Permissions::from_mode(0o700)).expect("a mode");
    assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
}
