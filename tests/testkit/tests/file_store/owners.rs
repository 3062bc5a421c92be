//! The index of owners.

use super::*;

#[test]
fn a_marker_without_its_record_is_seen_through() {
    let place = Place::new();
    place.create(None);
    let key = alice().to_string();
    let hers = place.directory.join("owners").join(&key[..2]).join(&key);
    fs::create_dir_all(&hers).expect("a directory");
    for name in [ID, "00ffffffffffffffffffffffffffffff", "notes.txt"] {
        fs::write(hers.join(name), "").expect("a marker");
    }
    assert_eq!(block_on(place.store.owned_by(&alice(), None, 9)).expect("a list"), []);
    place.clock.advance(2 * GRACE);
    assert_eq!(block_on(place.store.reserve(&alice(), &id(), 1)).expect("a place"), Reserved::Granted);
}

#[test]
fn a_marker_goes_when_the_session_changes_hands_or_ends() {
    let place = Place::new();
    let marker = |owner: OwnerKey| {
        let key = owner.to_string();
        place.directory.join("owners").join(&key[..2]).join(&key).join(ID)
    };
    let bob = OwnerKey::derive("test", "bob");
    let version = place.create(Some(alice()));
    assert_eq!((marker(alice()).exists(), marker(bob).exists()), (true, false));
    let his = Entry { owner: Some(bob), ..entry() };
    assert!(matches!(block_on(place.store.update(&id(), version, his)), Ok(Updated::Applied(_))));
    assert_eq!((marker(alice()).exists(), marker(bob).exists()), (false, true));
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
    assert!(!marker(bob).exists());
}

#[test]
fn an_owner_who_is_being_counted_is_busy() {
    let place = Place::new();
    place.create(Some(alice()));
    let key = alice().to_string();
    let hers = fs::File::open(place.directory.join("owners").join(&key[..2]).join(&key)).expect("a directory");
    rustix::fs::flock(&hers, FlockOperation::LockExclusive).expect("the lock");
    let other = "01ffffffffffffffffffffffffffffff".parse().expect("an id");
    let hers_too = Entry { owner: Some(alice()), ..entry() };
    assert!(matches!(block_on(place.store.reserve(&alice(), &other, 9)), Err(StoreError::Busy)));
    assert!(matches!(block_on(place.store.create(&other, hers_too.clone())), Err(StoreError::Busy)));
    assert!(matches!(block_on(place.store.load(&other)), Ok(None)), "nothing was done");
    drop(hers);
    assert!(matches!(block_on(place.store.create(&other, hers_too)), Ok(Created::New(_))));
}
