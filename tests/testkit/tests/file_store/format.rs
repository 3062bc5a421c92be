//! What stands in a file that is not an entry.

use super::*;

#[test]
fn truncated_at_every_byte_is_corrupt_and_never_a_panic() {
    let place = Place::new();
    place.create(Some(alice()));
    let whole = fs::read(place.file()).expect("the file");
    for length in 1..whole.len() {
        place.plant(&whole[..length]);
        place.assert_corrupt(&format!("{length} bytes of {}", whole.len()));
    }
    place.plant(&[&whole[..], b"x"].concat());
    place.assert_corrupt("one byte too many");
    place.plant(&whole);
    assert_eq!(place.load().expect("whole again").expect("an entry").entry.bytes, "some text");
}

#[test]
fn a_flipped_bit_is_corrupt_wherever_it_is() {
    let place = Place::new();
    place.create(Some(alice()));
    let whole = fs::read(place.file()).expect("the file");
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        place.plant(&flipped);
        assert!(matches!(place.load(), Err(StoreError::Corrupt(_))), "bit {bit}");
    }
}

#[test]
fn what_never_was_a_session_is_corrupt() {
    let place = Place::new();
    for (what, bytes) in [("text", &b"hello"[..]), ("zeros", &[0; 4096]), ("json", b"{\"a\":1}")] {
        place.plant(bytes);
        place.assert_corrupt(what);
    }
}

#[test]
fn an_oversized_file_is_corrupt_and_an_oversized_entry_is_not_written() {
    let place = Place::new();
    place.plant(b"");
    fs::File::options().write(true).open(place.file()).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    place.assert_corrupt("a terabyte of zeros");
    assert!(matches!(place.remove(), Ok(Removed::Removed)));

    let large = Entry { bytes: vec![0; 16 << 20].into(), ..entry() };
    assert!(matches!(block_on(place.store.create(&id(), large.clone())), Err(StoreError::Broken(_))));
    assert!(matches!(place.load(), Ok(None)));
    let version = place.create(None);
    assert!(matches!(block_on(place.store.update(&id(), version, large)), Err(StoreError::Broken(_))));
    assert_eq!(place.load().expect("the old").expect("an entry").version, version);
}

#[test]
fn a_corrupt_file_can_be_removed() {
    let place = Place::new();
    place.plant(b"garbage");
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
    assert!(matches!(place.load(), Ok(None)));
}

#[test]
fn an_empty_file_is_absent_and_does_not_hold_up_a_creation() {
    let place = Place::new();
    place.plant(b"");
    assert!(matches!(place.load(), Ok(None)));
    assert!(matches!(place.update(Version::new(1)), Ok(Updated::Gone)));
    assert!(matches!(block_on(place.store.touch(&id(), Version::new(1), None)), Ok(Touched::Gone)));
    assert!(matches!(place.remove(), Ok(Removed::Absent)));
    place.plant(b"");
    place.create(None);
    assert!(matches!(place.load(), Ok(Some(_))));
}
