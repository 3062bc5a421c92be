//! The promises of [`Store`](webstack_core::store::Store), one function each; [`store_suite!`](crate::store_suite!)
//! makes tests of them.
//!
//! A function panics if its promise is not kept. What a store declares itself unable to do is skipped, and said so on
//! standard error. Where an operation answers `Busy` it is tried again, as the engine does, but not for ever.
//!
//! ```
//! use webstack_core::store::MemoryStore;
//! use webstack_testkit::{StoreUnderTest, store_suite};
//!
//! store_suite::an_entry_comes_back_exactly(&StoreUnderTest::new(MemoryStore::new()));
//! store_suite::a_removed_entry_stays_removed(&StoreUnderTest::new(MemoryStore::new()));
//! ```

mod entries;
mod listing;
mod owners;
mod races;
mod stage;
mod time;

pub use entries::*;
pub use listing::*;
pub use owners::*;
pub use races::*;
pub use time::*;

/// Makes a module of tests, one for each promise of the store contract.
///
/// The first argument names the module, the second is a function (or closure) that answers a new, empty
/// [`StoreUnderTest`](crate::StoreUnderTest), or an `Option` of one: `None` where the store cannot be had, and that should be said
/// aloud. See the [crate](crate) for an example.
#[macro_export]
macro_rules! store_suite {
    ($name:ident, $factory:expr $(,)?) => {
        mod $name {
            #[allow(unused_imports, reason = "the expression of the caller may not need what stands around it")]
            use super::*;
            $crate::__store_suite_cases! { $factory;
                an_entry_comes_back_exactly
                an_unknown_id_is_absent
                at_once_is_as_later_or_not_at_all
                create_replaces_nothing
                update_replaces_the_entry_and_its_version
                a_conflict_brings_the_current_entry
                update_and_touch_create_nothing
                touch_extends_and_keeps_bytes_and_version
                touch_never_shortens
                a_stale_touch_changes_nothing
                a_removed_entry_stays_removed
                an_id_that_is_created_again_has_other_versions
                removal_asks_for_no_version
                a_dropped_future_did_all_or_nothing
                handles_share_everything
                debug_output_shows_no_data
                expired_is_absent_to_the_millisecond
                the_end_of_time_is_a_deadline
                an_expired_entry_is_in_the_way_of_create
                removing_an_expired_entry_answers_absent
                update_and_touch_find_an_entry_for_the_grace_period
                purge_spares_what_lives_and_the_grace_period
                purge_removes_what_expired_long_ago
                purge_in_steps_comes_to_its_end
                list_is_in_order_and_in_pages
                list_leaves_out_what_ended
                owned_by_lists_one_owner_in_pages
                owned_by_follows_a_change_of_owner
                owned_by_leaves_out_what_ended
                reserve_counts_living_sessions
                reserve_counts_kept_places
                a_session_that_counts_is_granted_again
                a_place_is_taken_by_the_entry
                a_place_is_kept_while_the_entry_is_still_anothers
                a_place_is_kept_for_an_entry_that_has_just_expired
                a_place_is_given_back_after_the_grace_period
                ended_sessions_leave_their_place
                an_expired_session_leaves_its_place
                purged_sessions_leave_the_owner_index
                parallel_updates_lose_nothing
                a_race_to_create_has_one_winner
                removal_beats_updates_in_flight
                removal_beats_touches_in_flight
                a_race_to_remove_has_one_winner
                purge_never_removes_what_was_renewed
                readers_see_whole_entries_and_never_an_older_one
                listing_is_complete_while_others_create
                a_race_to_reserve_stays_within_the_limit
                owned_by_never_misses_a_living_session
                a_race_of_owners_leaves_the_index_right
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_suite_cases {
    ($factory:expr; $($case:ident)*) => {
        $(#[test]
        fn $case() {
            // A store or, where the suite cannot run, `None`: whoever made it has said why.
            let subject: Option<$crate::StoreUnderTest> = ($factory)().into();
            if let Some(subject) = subject {
                $crate::store_suite::$case(&subject);
            }
        })*
    };
}

#[cfg(test)]
mod tests {
    /// A promise that is written but not in the macro would be tested by nobody.
    #[test]
    fn the_macro_names_every_promise() {
        let this = include_str!("mod.rs");
        let sources = [
            include_str!("entries.rs"),
            include_str!("listing.rs"),
            include_str!("owners.rs"),
            include_str!("races.rs"),
            include_str!("time.rs"),
        ];
        let promises = sources.iter().flat_map(|source| source.lines()).filter_map(|line| line.strip_prefix("pub fn "));
        let names: Vec<&str> = promises.filter_map(|rest| rest.split('(').next()).collect();
        assert!(names.len() > 30);
        for name in names {
            assert!(this.lines().any(|line| line.trim() == name), "{name} is missing in store_suite!");
        }
    }
}
