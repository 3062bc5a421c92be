//! Listing what is alive, of everybody and of one owner.

use webstack_core::SessionId;
use webstack_core::store::{Listed, Removed, Updated};

use super::stage::{entry, handle, id, ids, owned, owner};
use crate::StoreUnderTest;

/// Pages follow each other in the order of ids; a page that is not full is the last.
pub fn list_is_in_order_and_in_pages(subject: &StoreUnderTest) {
    let store = handle(subject);
    assert_eq!(store.list(None, 10), []);
    let all = ids(0..25);
    for id in &all {
        store.put(id, &entry(id.to_string()));
    }
    for limit in [1, 7, 25, 26] {
        assert_eq!(in_pages(limit, |after| store.list(after, limit)), all);
    }
    assert_eq!(store.list(None, 0), []);
    let page = store.list(Some(&all[3]), 1);
    assert_eq!((page[0].id, &page[0].stored.entry), (all[4], &entry(all[4].to_string())));
    assert_eq!(store.load(&all[4]).as_ref(), Some(&page[0].stored), "the same entry and version");
}

/// Ended sessions are not listed.
pub fn list_leaves_out_what_ended(subject: &StoreUnderTest) {
    let store = handle(subject);
    for id in ids(0..6) {
        store.put(&id, &entry("text"));
    }
    assert_eq!(store.remove(&ids(0..6)[2]), Removed::Removed);
    let listed: Vec<SessionId> = store.list(None, 5).into_iter().map(|listed| listed.id).collect();
    let mut left = ids(0..6);
    left.remove(2);
    assert_eq!(listed, left);
}

/// An owner's sessions are listed in pages, and nobody else's are.
pub fn owned_by_lists_one_owner_in_pages(subject: &StoreUnderTest) {
    let store = handle(subject);
    for (number, id) in ids(0..30).iter().enumerate() {
        let given = [owned("hers", owner("alice")), owned("his", owner("bob")), entry("nobody's")];
        store.put(id, &given[number % 3]);
    }
    let hers: Vec<SessionId> = ids(0..30).into_iter().step_by(3).collect();
    for limit in [1, 4, 10, 11] {
        assert_eq!(in_pages(limit, |after| store.owned_by(&owner("alice"), after, limit)), hers);
    }
    let first = &store.owned_by(&owner("alice"), None, 1)[0];
    assert_eq!(store.load(&first.id).as_ref(), Some(&first.stored));
    assert_eq!(store.ids_of(&owner("carol")), []);
    assert_eq!(store.owned_by(&owner("alice"), None, 0), []);
}

/// A session is listed for whom it belongs to now.
pub fn owned_by_follows_a_change_of_owner(subject: &StoreUnderTest) {
    let store = handle(subject);
    let mut version = store.put(&id(1), &entry("nobody's"));
    let [alice, bob] = [owner("alice"), owner("bob")];
    for now in [Some(alice), Some(bob), Some(alice), None, Some(bob), Some(bob)] {
        let next = webstack_core::store::Entry { owner: now, ..entry("text") };
        let Updated::Applied(applied) = store.update(&id(1), version, &next) else { panic!("unchanged") };
        version = applied;
        assert_eq!(store.ids_of(&alice).contains(&id(1)), now == Some(alice));
        assert_eq!(store.ids_of(&bob).contains(&id(1)), now == Some(bob));
    }
}

/// An ended session is not among its owner's.
pub fn owned_by_leaves_out_what_ended(subject: &StoreUnderTest) {
    let store = handle(subject);
    let [kept, ended] = [id(1), id(2)];
    store.put(&kept, &owned("text", owner("alice")));
    store.put(&ended, &owned("text", owner("alice")));
    assert_eq!(store.remove(&ended), Removed::Removed);
    assert_eq!(store.ids_of(&owner("alice")), [kept]);
}

/// The ids of all pages, one after the other.
fn in_pages(limit: usize, page: impl Fn(Option<&SessionId>) -> Vec<Listed>) -> Vec<SessionId> {
    let mut all: Vec<SessionId> = Vec::new();
    loop {
        let next = page(all.last());
        assert!(next.len() <= limit);
        all.extend(next.iter().map(|listed| listed.id));
        if next.len() < limit {
            return all;
        }
    }
}
