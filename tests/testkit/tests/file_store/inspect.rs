//! What an operator is told of a directory.

use std::os::unix::ffi::OsStrExt as _;

use webstack_core::store::{Findings, Repair};

use super::*;

fn marker(place: &Place) -> PathBuf {
    let key = alice().to_string();
    place.directory.join("owners").join(&key[..2]).join(&key).join(ID)
}

fn inspect(place: &Place, repair: Repair) -> Findings {
    until_free(|| place.store.inspect(repair)).expect("it can be read")
}

fn inspected(place: &Place, repair: Repair) -> (u64, Option<PathBuf>, u64) {
    let found = inspect(place, repair);
    (found.unreadable, found.first_unreadable, found.unmarked)
}

#[test]
fn a_session_without_its_marker_is_found_and_gets_one_like_any_other() {
    let place = Place::new();
    place.create(Some(alice()));
    assert_eq!(inspect(&place, Repair::Markers), Findings::default(), "nothing is wrong");
    let made = fs::metadata(marker(&place)).expect("a marker").modified().expect("a date");
    fs::remove_file(marker(&place)).expect("it is ours");
    assert_eq!(block_on(place.store.owned_by(&alice(), None, 9)).expect("a list"), []);
    assert_eq!(inspected(&place, Repair::Nothing), (0, None, 1));
    assert!(!marker(&place).exists(), "it was only looked at");
    assert_eq!(inspected(&place, Repair::Markers), (0, None, 1));
    assert_eq!(inspected(&place, Repair::Nothing), (0, None, 0));
    assert_eq!(fs::metadata(marker(&place)).expect("a marker").modified().expect("a date"), made);
    assert_eq!(block_on(place.store.owned_by(&alice(), None, 9)).expect("a list").len(), 1);
}

#[test]
fn nobody_misses_the_marker_of_a_session_that_is_over_or_nobodys() {
    let place = Place::new();
    place.create(None);
    assert_eq!(inspected(&place, Repair::Markers), (0, None, 0));
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
    let ends = Some(place.clock.now() + HOUR);
    let hers = Entry { owner: Some(alice()), expires: ends, ..entry() };
    assert!(matches!(block_on(place.store.create(&id(), hers)), Ok(Created::New(_))));
    fs::remove_file(marker(&place)).expect("it is ours");
    place.clock.advance(2 * HOUR);
    assert_eq!(inspected(&place, Repair::Markers), (0, None, 0));
    assert!(!marker(&place).exists());
}

/// It may just have been furnished, be empty as yet, or have been used by CGI programs alone, which do not furnish it.
#[test]
fn a_directory_is_foreign_if_nothing_in_it_is_of_a_store() {
    let place = Place::new();
    let foreign = || inspect(&place, Repair::Nothing).foreign;
    assert_eq!(foreign(), None, "it is furnished");
    for name in [".gitignore", ".htaccess"] {
        fs::remove_file(place.directory.join(name)).expect("it is ours");
    }
    assert_eq!(foreign(), None, "it is empty");
    fs::write(place.directory.join("index.html"), "a site").expect("a file");
    assert_eq!(foreign().as_ref(), Some(&place.directory));
    fs::write(place.directory.join("last-purge"), "").expect("a file");
    assert_eq!(foreign(), None, "sessions were here");
    fs::remove_file(place.directory.join("last-purge")).expect("it is there");
    fs::write(place.directory.join(".gitignore"), "*\n").expect("a file, as many sites have it");
    for own in ["owners", "de"] {
        fs::create_dir_all(place.directory.join(own).join("de-AT")).expect("directories of a site's own");
        assert!(foreign().is_some(), "{own}");
    }
    place.plant(b"junk");
    assert_eq!(foreign(), None, "a session was here");
}

#[test]
fn a_volume_of_its_own_is_not_foreign_and_what_has_no_text_for_a_name_is() {
    let place = Place::new();
    fs::remove_file(place.directory.join(".htaccess")).expect("it is ours");
    for own in ["lost+found", "00", "7f"] {
        fs::create_dir_all(place.directory.join(own)).expect("a directory");
    }
    assert_eq!(inspect(&place, Repair::Nothing).foreign, None);
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    fs::write(place.directory.join(name), "").expect("a file");
    assert!(inspect(&place, Repair::Nothing).foreign.is_some());
}

#[test]
fn what_cannot_be_read_is_counted_and_left() {
    let place = Place::new();
    place.create(None);
    place.plant(b"junk");
    assert_eq!(inspected(&place, Repair::Markers), (1, Some(place.file()), 0));
    assert_eq!(fs::read(place.file()).expect("the file"), b"junk");
}
