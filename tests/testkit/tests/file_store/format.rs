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
fn a_flipped_bit_is_seen_wherever_it_is() {
    let place = Place::new();
    place.create(Some(alice()));
    let (whole, created) = (fs::read(place.file()).expect("the file"), place.load().expect("whole"));
    for bit in 0..whole.len() * 4 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        place.plant(&flipped);
        assert_eq!(place.load().expect("the other slot"), created, "bit {bit}");
        flipped[whole.len() / 2 + bit / 8] ^= 1 << (bit % 8);
        place.plant(&flipped);
        assert!(matches!(place.load(), Err(StoreError::Corrupt(_))), "bit {bit} of both");
    }
}

/// What a writer leaves that is killed in the middle.
#[test]
fn one_torn_slot_loses_nothing_and_is_mended_by_the_next_write() {
    let place = Place::new();
    let version = place.create(Some(alice()));
    let Ok(Updated::Applied(version)) = place.update(version) else { panic!("it is free") };
    let whole = fs::read(place.file()).expect("the file");
    let older = if whole[8..16] == version.get().to_le_bytes() { whole.len() / 2 } else { 0 };
    let mut torn = whole.clone();
    torn[older + 8..][..100].fill(0xaa);
    place.plant(&torn);
    assert_eq!(place.load().expect("readable").expect("an entry").version, version);
    let Ok(Updated::Applied(version)) = place.update(version) else { panic!("it is free") };
    let mended = fs::read(place.file()).expect("the file");
    assert_eq!(mended[older..][8..16], version.get().to_le_bytes(), "what was torn is written first");
    assert_eq!(place.load().expect("readable").expect("an entry").version, version);
}

#[test]
fn nothing_of_an_older_entry_stays_behind_a_shorter_one() {
    let place = Place::new();
    let created = block_on(place.store.create(&id(), Entry { bytes: "secret".repeat(50).into(), ..entry() }));
    let Ok(Created::New(version)) = created else { panic!("{created:?}") };
    let Ok(Updated::Applied(version)) = place.update(version) else { panic!("it is free") };
    assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
    let file = fs::read(place.file()).expect("the file");
    assert!(!file.windows(6).any(|bytes| bytes == b"secret"));
}

#[test]
fn a_session_grows_out_of_its_slots_and_stays_where_it_fits() {
    let place = Place::new();
    let mut version = place.create(None);
    let length = || fs::metadata(place.file()).expect("the file").len();
    let inode = || fs::metadata(place.file()).expect("the file").ino();
    for (bytes, slot, is_replaced) in [
        (448, 512, false),
        (449, 1024, true),
        (3, 1024, false),
        (960, 1024, false),
        (4032, 4096, true),
        (4033, 8192, true),
        (100_000, 131_072, true),
        (9, 131_072, false),
    ] {
        let before = inode();
        let entry = Entry { bytes: vec![b'x'; bytes].into(), ..entry() };
        let updated = until_free(|| block_on(place.store.update(&id(), version, entry.clone())));
        let Ok(Updated::Applied(next)) = updated else { panic!("{updated:?}") };
        version = next;
        assert_eq!((length(), inode() != before), (2 * slot, is_replaced), "{bytes} bytes");
        assert_eq!(place.load().expect("readable").expect("an entry").entry, entry);
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
    place.create(None);
    assert!(matches!(place.load(), Ok(Some(_))));
}

/// The checksum of a slot, as the format tells it.
fn seal(slot: &mut [u8]) {
    let mut sum = u32::MAX;
    for byte in &slot[8..] {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ if sum & 1 == 0 { 0 } else { 0xedb8_8320 };
        }
    }
    slot[4..8].copy_from_slice(&(!sum).to_le_bytes());
}

/// A file whose slots were both changed so, and whose checksums are right.
fn written_otherwise(whole: &[u8], change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut changed = whole.to_vec();
    for slot in changed.chunks_exact_mut(whole.len() / 2) {
        change(slot);
        seal(slot);
    }
    changed
}

#[test]
fn a_header_that_contradicts_itself_is_corrupt_though_its_checksum_is_right() {
    let place = Place::new();
    place.create(None);
    let whole = fs::read(place.file()).expect("the file");
    assert_eq!(written_otherwise(&whole, |_| {}), whole, "the checksum is what the format says");
    for (what, at, byte) in [
        ("a deadline without its flag", 16, 1),
        ("an owner without its flag", 32, 1),
        ("another flag", 24, 4),
        ("a record longer than the slot", 29, 2),
    ] {
        place.plant(&written_otherwise(&whole, |slot| slot[at] = byte));
        place.assert_corrupt(what);
    }
    place.plant(&written_otherwise(&whole, |slot| slot[511] = 1));
    assert!(matches!(place.load(), Ok(Some(_))), "what stands behind the record is nobody's");
}

#[test]
fn a_generation_that_nothing_can_follow_is_corrupt_and_never_written() {
    let place = Place::new();
    place.create(None);
    let whole = fs::read(place.file()).expect("the file");
    let of = |generation: u64| written_otherwise(&whole, |slot| slot[8..16].copy_from_slice(&generation.to_le_bytes()));
    place.plant(&of(u64::MAX));
    place.assert_corrupt("the last number");
    place.plant(&of(u64::MAX - 1));
    assert!(matches!(place.load(), Ok(Some(_))));
    assert!(matches!(place.update(Version::new(u64::MAX - 1)), Err(StoreError::Corrupt(_))));
    assert!(matches!(place.load(), Ok(Some(stored)) if stored.version.get() == u64::MAX - 1), "it stays as it was");
    assert!(matches!(place.update(Version::new(u64::MAX)), Ok(Updated::Conflict(_))));
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
}
