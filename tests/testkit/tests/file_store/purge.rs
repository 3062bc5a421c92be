//! What a purge removes, and what it leaves.

use super::*;

#[test]
fn leftovers_of_killed_processes_are_removed_after_an_hour() {
    let place = Place::new();
    place.plant(b"");
    let corrupt = "00ffffffffffffffffffffffffffffff";
    fs::write(place.directory.join("00").join(corrupt), "half an en").expect("a file");
    fs::write(place.directory.join("00/.webstack-0123456789abcdef.tmp"), "half an en").expect("a file");
    assert_eq!(place.purge().removed, 0, "somebody may be at work on them");
    place.clock.advance(HOUR + Duration::from_secs(60));
    assert_eq!(place.purge().removed, 3);
    assert_eq!(fs::read_dir(place.directory.join("00")).expect("a shard").count(), 0);
}

#[test]
fn a_file_younger_than_what_is_spared_is_not_read() {
    let place = Place::new();
    let store = FileStore::builder(&place.directory).clock(Arc::new(place.clock.clone()));
    let store = store.purge_spares(HOUR).open().expect("a fit directory");
    let deadline = place.clock.now() + Duration::from_secs(1);
    let _ = block_on(store.create(&id(), Entry { expires: Some(deadline), ..entry() })).expect("a creation");
    let purge = || block_on(store.purge(PurgeStep::new(9))).expect("a purge").removed;
    place.clock.advance(HOUR - Duration::from_secs(60));
    assert_eq!(purge(), 0);
    place.clock.advance(Duration::from_secs(120));
    assert_eq!(purge(), 1);
}

#[test]
fn a_date_far_ahead_does_not_keep_a_file_for_ever() {
    let place = Place::new();
    let store = FileStore::builder(&place.directory).clock(Arc::new(place.clock.clone()));
    let store = store.purge_spares(HOUR).open().expect("a fit directory");
    let deadline = place.clock.now() + Duration::from_secs(1);
    let _ = block_on(store.create(&id(), Entry { expires: Some(deadline), ..entry() })).expect("a creation");
    set_modified(&place.file(), SystemTime::now() + 100_000 * HOUR);
    place.clock.advance(2 * GRACE);
    assert_eq!(block_on(store.purge(PurgeStep::new(9))).expect("a purge").removed, 1);
}

#[test]
fn a_directory_that_was_made_anew_between_two_steps_is_read_anew() {
    let place = Place::new();
    let deadline = place.clock.now() + Duration::from_secs(1);
    for number in 0..8 {
        let id = format!("00{number:030x}").parse().expect("an id");
        let _ = block_on(place.store.create(&id, Entry { expires: Some(deadline), ..entry() })).expect("a creation");
    }
    place.clock.advance(2 * GRACE);
    let step = block_on(place.store.purge(PurgeStep::new(2))).expect("a purge");
    let (shard, aside) = (place.directory.join("00"), place.directory.join("aside"));
    fs::rename(&shard, &aside).expect("it is there");
    fs::create_dir(&shard).expect("a directory");
    for file in fs::read_dir(&aside).expect("a directory") {
        let file = file.expect("an entry");
        fs::rename(file.path(), shard.join(file.file_name())).expect("it is there");
    }
    fs::remove_dir(&aside).expect("it is empty");
    let rest = block_on(place.store.purge(PurgeStep::new(99).after(step.next))).expect("a purge");
    assert_eq!((step.removed, rest.removed), (2, 6));
}

#[test]
fn a_held_file_is_passed_over() {
    let place = Place::new();
    let deadline = place.clock.now() + Duration::from_secs(1);
    let expiring = Entry { expires: Some(deadline), ..entry() };
    let _ = block_on(place.store.create(&id(), expiring.clone())).expect("a creation");
    let other = "01ffffffffffffffffffffffffffffff".parse().expect("an id");
    let _ = block_on(place.store.create(&other, expiring)).expect("a creation");
    place.clock.advance(2 * GRACE);
    let file = fs::File::open(place.file()).expect("the file");
    rustix::fs::flock(&file, FlockOperation::LockExclusive).expect("the lock");
    let purged = place.purge();
    assert_eq!((purged.removed, purged.remaining), (1, 1));
    drop(file);
    assert_eq!(place.purge().removed, 1);
}

#[test]
fn stale_markers_and_empty_owner_directories_are_removed() {
    let place = Place::new();
    place.create(Some(alice()));
    let key = alice().to_string();
    let hers = place.directory.join("owners").join(&key[..2]).join(&key);
    assert!(hers.join(ID).exists());
    assert_eq!(fs::metadata(hers.join(ID)).expect("a marker").len(), 0);
    let stale = hers.join("00ffffffffffffffffffffffffffffff");
    fs::write(&stale, "").expect("a marker of a record that is gone");
    let _ = place.purge();
    assert!(stale.exists(), "its record may be about to be written");
    place.clock.advance(2 * GRACE);
    let _ = place.purge();
    assert!(!stale.exists());
    assert!(hers.join(ID).exists());
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
    assert!(!hers.join(ID).exists());
    let _ = place.purge();
    assert!(!hers.exists());
    place.create(Some(alice()));
    assert_eq!(block_on(place.store.owned_by(&alice(), None, 9)).expect("a list").len(), 1);
}

#[test]
fn an_external_cleaner_that_goes_by_age_leaves_the_markers_of_living_sessions() {
    let place = Place::new();
    place.create(Some(alice()));
    let key = alice().to_string();
    let marker = place.directory.join("owners").join(&key[..2]).join(&key).join(ID);
    let modified = fs::metadata(marker).and_then(|meta| meta.modified()).expect("a date");
    assert!(modified > SystemTime::now() + 1000 * HOUR, "find -mmin +N does not match");
}

#[test]
fn the_date_of_a_file_is_the_last_use_of_its_session() {
    let place = Place::new();
    let deadline = place.clock.now() + HOUR;
    let created = block_on(place.store.create(&id(), Entry { expires: Some(deadline), ..entry() }));
    let Ok(Created::New(version)) = created else { panic!("{created:?}") };
    let ago = || fs::metadata(place.file()).and_then(|meta| meta.modified()).expect("a date").elapsed().ok();
    let is_old = || ago().is_some_and(|age| age > HOUR);
    let long_ago = SystemTime::now() - 2 * HOUR;

    set_modified(&place.file(), long_ago);
    assert!(place.load().expect("readable").is_some() && is_old(), "a look is no use");
    let touched = block_on(place.store.touch(&id(), version, Some(deadline + HOUR)));
    assert!(matches!(touched, Ok(Touched::Extended)) && !is_old());
    set_modified(&place.file(), long_ago);
    assert!(matches!(place.update(version), Ok(Updated::Applied(_))) && !is_old());
}

#[test]
fn a_file_removed_from_outside_is_a_session_that_has_ended() {
    let place = Place::new();
    let version = place.create(Some(alice()));
    fs::remove_file(place.file()).expect("the file");
    assert!(place.load().expect("no failure").is_none());
    assert!(matches!(place.update(version), Ok(Updated::Gone)));
    assert!(matches!(block_on(place.store.touch(&id(), version, None)), Ok(Touched::Gone)));
    assert!(matches!(place.remove(), Ok(Removed::Absent)));
    assert!(block_on(place.store.list(None, 9)).expect("a list").is_empty());
    assert!(block_on(place.store.owned_by(&alice(), None, 9)).expect("a list").is_empty());
    assert!(!place.file().exists(), "nothing brings it back");
}

/// The names of a directory are read once for all steps in it, and what comes or goes meanwhile is none's mistake.
#[test]
fn steps_go_on_in_the_middle_of_a_directory_while_others_come_and_go() {
    let place = Place::new();
    let deadline = place.clock.now() + Duration::from_secs(1);
    let make = |last: u8| {
        let mut bytes = [0; 16];
        bytes[15] = last;
        let id = SessionId::from_bytes(bytes);
        let created = block_on(place.store.create(&id, Entry { expires: Some(deadline), ..entry() }));
        assert!(matches!(created, Ok(Created::New(_))), "{created:?}");
        id
    };
    let ids: Vec<_> = [1, 2, 4, 5, 6].map(make).into();
    place.clock.advance(2 * GRACE);
    let step = |after| block_on(place.store.purge(PurgeStep::new(2).after(after))).expect("a step");
    let first = step(None);
    assert_eq!((first.removed, first.next), (2, Some(ids[1])));
    // Another one, somewhere else, disturbs nobody.
    let elsewhere = step(Some(ids[2]));
    assert_eq!((elsewhere.removed, elsewhere.next), (2, Some(ids[4])));
    make(3);
    fs::remove_file(place.directory.join("00").join(ids[2].to_string())).expect("it is there");
    let (mut removed, mut next) = (0, first.next);
    while let Some(after) = next {
        let purged = step(Some(after));
        removed += purged.removed;
        next = purged.next;
    }
    assert!(removed <= 1, "what came meanwhile is found now or by the next purge");
    assert_eq!(removed + place.purge().removed, 1);
    assert!(block_on(place.store.list(None, 9)).expect("a list").is_empty());
}
