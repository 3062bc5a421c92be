//! Who holds a file, and who does not any more.

use super::*;

#[test]
fn a_held_lock_answers_busy_to_writers_and_nothing_to_readers() {
    let place = Place::new();
    let version = place.create(None);
    let file = fs::File::open(place.file()).expect("the file");
    rustix::fs::flock(&file, FlockOperation::LockExclusive).expect("the lock");
    assert!(matches!(place.load(), Ok(Some(_))));
    assert!(matches!(place.try_update(version), Err(StoreError::Busy)));
    assert!(matches!(place.try_remove(), Err(StoreError::Busy)));
    let later = Some(place.clock.now() + HOUR);
    assert!(matches!(block_on(place.store.touch(&id(), version, later)), Err(StoreError::Busy)));
    drop(file);
    assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
}

#[test]
fn a_lock_on_the_replaced_file_holds_up_nobody() {
    let place = Place::new();
    let version = place.create(None);
    let old = fs::File::open(place.file()).expect("the file");
    let grown = Entry { bytes: vec![b'x'; 1000].into(), ..entry() };
    let updated = until_free(|| block_on(place.store.update(&id(), version, grown.clone())));
    let Ok(Updated::Applied(version)) = updated else { panic!("it is free") };
    rustix::fs::flock(&old, FlockOperation::LockExclusive).expect("the lock of a file that has no name any more");
    assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
    assert!(matches!(place.remove(), Ok(Removed::Removed)));
}

#[test]
fn what_is_being_written_is_busy_and_never_left_out_of_a_list() {
    let place = Place::new();
    place.create(None);
    let mut torn = fs::read(place.file()).expect("the file");
    torn[100] ^= 1;
    place.plant(&torn);
    let file = fs::File::open(place.file()).expect("the file");
    rustix::fs::flock(&file, FlockOperation::LockExclusive).expect("the lock of who writes it");
    assert!(matches!(place.load(), Err(StoreError::Busy)));
    assert!(matches!(block_on(place.store.list(None, 9)), Err(StoreError::Busy)));
    drop(file);
    assert!(matches!(place.load(), Ok(Some(_))));
    assert_eq!(block_on(place.store.list(None, 9)).expect("a list").len(), 1);
}

#[test]
fn a_killed_process_leaves_no_lock() {
    let place = Place::new();
    let version = place.create(None);
    // The shell opens the file, locks it, says so, and then only waits to be killed.
    let script = "exec 9<\"$0\"; flock -x 9 && echo locked && exec sleep 1000";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).arg(place.file()).stdout(std::process::Stdio::piped());
    let mut child = shell.spawn().expect("a shell");
    let mut said = String::new();
    let stdout = child.stdout.take().expect("it is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut said).expect("a line");
    if said.trim() != "locked" {
        let _ = child.kill();
        let _ = child.wait();
        return skipped("a_killed_process_leaves_no_lock", "there is no flock(1)");
    }
    assert!(matches!(place.try_update(version), Err(StoreError::Busy)));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(matches!(place.update(version), Ok(Updated::Applied(_))));
}

#[test]
fn nothing_but_the_session_is_left_after_updates() {
    let place = Place::new();
    let mut version = place.create(None);
    let before = tree(&place.directory).len();
    for _ in 0..10 {
        let Ok(Updated::Applied(next)) = place.update(version) else { panic!("it is free") };
        version = next;
    }
    assert_eq!(tree(&place.directory).len(), before);
}
