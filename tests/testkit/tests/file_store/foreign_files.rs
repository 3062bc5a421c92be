//! What somebody else put into the directory.

use super::*;

#[test]
fn a_link_is_corrupt_and_its_target_untouched() {
    let (place, other) = (Place::new(), Place::new());
    other.create(None);
    fs::create_dir(place.directory.join("00")).expect("a shard");
    symlink(other.file(), place.file()).expect("a link");
    place.assert_corrupt("a link to a living session");
    let _ = place.purge();
    assert!(matches!(place.remove(), Ok(Removed::Removed)), "the link itself");
    assert!(matches!(other.load(), Ok(Some(_))), "its target is untouched");
    symlink(place.directory.join("nowhere"), place.file()).expect("a link");
    place.assert_corrupt("a dangling link");
    assert!(!place.directory.join("nowhere").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_link_in_the_place_of_a_shard_is_not_followed() {
    let (place, other) = (Place::new(), Place::new());
    other.create(None);
    symlink(other.directory.join("00"), place.directory.join("00")).expect("a link");
    assert!(matches!(place.load(), Err(StoreError::Corrupt(_))));
    assert!(block_on(place.store.create(&id(), entry())).is_err());
    let second = "00ffffffffffffffffffffffffffffff".parse().expect("an id");
    assert!(block_on(place.store.create(&second, entry())).is_err());
    let _ = place.remove();
    assert!(matches!(block_on(place.store.list(None, 9)), Ok(listed) if listed.is_empty()));
    let _ = place.purge();
    assert!(matches!(other.load(), Ok(Some(_))), "what is behind the link is untouched");
    assert_eq!(fs::read_dir(other.directory.join("00")).expect("a shard").count(), 1);
}

#[test]
fn a_fifo_is_corrupt_and_nobody_waits_for_its_other_end() {
    let place = Place::new();
    fs::create_dir(place.directory.join("00")).expect("a shard");
    let made = std::process::Command::new("mkfifo").arg(place.file()).status();
    assert!(made.expect("mkfifo").success());
    place.assert_corrupt("a fifo");
    let _ = place.purge();
    assert!(place.file().exists());
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
}

#[test]
fn a_directory_is_corrupt_and_removed_only_if_it_is_empty() {
    let place = Place::new();
    fs::create_dir_all(place.file().join("precious")).expect("directories");
    place.assert_corrupt("a directory");
    let _ = place.purge();
    assert!(matches!(place.remove(), Err(StoreError::Corrupt(_))));
    fs::remove_dir(place.file().join("precious")).expect("it is still there");
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
}

#[test]
fn a_purge_leaves_what_is_not_ours() {
    let place = Place::new();
    place.create(Some(alice()));
    let foreign = [
        "notes.txt",
        "00/notes.txt",
        "00/.webstack-notes.tmp",
        "00/00112233445566778899AABBCCDDEEFF",
        // A session's name in another session's directory.
        "01/00112233445566778899aabbccddeeff",
        "zz/00112233445566778899aabbccddeeff",
        "owners/README",
    ];
    for name in foreign {
        let path = place.directory.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, "mine").expect("a file");
    }
    place.clock.advance(1000 * HOUR);
    assert_eq!(place.purge().removed, 0);
    for name in foreign {
        assert_eq!(fs::read_to_string(place.directory.join(name)).expect(name), "mine");
    }
    assert_eq!(block_on(place.store.list(None, 9)).expect("a list").len(), 1);
}
