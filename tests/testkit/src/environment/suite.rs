//! The list of cases, and the macro that makes tests of them.

/// Makes a module of tests, one per case, of an expression that is an
/// [`EnvironmentUnderTest`](crate::environment::EnvironmentUnderTest).
///
/// ```no_run
/// use webstack_testkit::environment::Program;
///
/// webstack_testkit::environment_suite!(my_server, Program::new("target/debug/demo-my-server").multi_process());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! environment_suite {
    ($module:ident, $environment:expr) => {
        mod $module {
            #[allow(unused_imports, reason = "the expression of the caller may not need what stands around it")]
            use super::*;

            $crate::__environment_tests! { $environment;
                creation: [
                    reading_creates_nothing
                    ending_nothing_creates_nothing
                    strangers_leave_the_store_empty
                    the_first_value_begins_a_session
                    a_session_is_one_however_often_it_is_used
                ]
                strangers: [
                    an_unknown_token_is_never_adopted
                    a_malformed_token_is_a_stranger
                    a_wrong_secret_opens_nothing
                    an_ended_token_is_never_adopted
                    an_expired_token_is_never_adopted
                    a_removal_cookie_is_sent_only_by_the_ending_response
                ]
                outcome: [
                    changes_are_kept_below_500
                    a_5xx_discards_what_it_set
                    a_5xx_after_a_save_keeps_what_was_saved
                    a_5xx_logout_still_ends
                    a_panic_rolls_back
                    a_logout_before_a_panic_holds
                    a_client_that_leaves_breaks_nothing
                    a_value_over_the_limit_is_413_and_changes_nothing
                    a_large_value_is_kept
                    a_body_over_the_limit_is_413
                ]
                emptied: [
                    an_emptied_session_sends_a_removal_cookie
                    a_session_with_a_user_is_not_empty
                    an_emptied_session_does_not_lose_a_parallel_write
                ]
                headers: [
                    set_cookie_is_never_cached
                    a_consulted_session_varies_on_the_cookie
                    vary_is_appended_never_replaced
                    untouched_carries_neither
                    head_works_where_get_does
                ]
                races: [
                    fifty_parallel_increments_make_fifty
                    fifty_parallel_keys_are_kept
                    logout_wins_over_a_slow_set
                    logout_wins_over_a_slow_increment
                    logout_wins_over_a_slow_renew
                    logout_in_flight_ends_over_a_login
                ]
                renewal: [
                    renewal_keeps_the_session_and_kills_the_old_token
                    login_keeps_the_session_and_kills_the_old_token
                    another_user_renews_as_well
                    delete_renews_a_session_with_a_user
                    a_slow_set_begun_before_login_changes_nothing
                    a_slow_renew_begun_before_login_gets_no_token
                    a_slow_set_begun_before_a_renewal_changes_nothing
                ]
                users: [
                    sessions_are_listed_and_others_are_not
                    logout_everywhere_ends_every_session_of_the_user
                    logout_everywhere_of_nobody_ends_nothing
                    a_limit_of_three_holds_under_fifty_parallel_logins
                ]
                cookies: [
                    several_cookies_the_first_live_wins
                    up_to_eight_cookies_are_tried
                    malformed_neighbours_do_not_hide_ours
                    several_cookie_lines_are_one
                    bad_utf8_in_the_cookie_header_is_not_a_500
                    ten_thousand_cookie_pairs_are_not_a_500
                ]
                attributes: [
                    default_cookie_attributes
                    cookie_attributes_follow_the_settings
                    a_removal_has_the_attributes_of_the_cookie
                    a_persistent_cookie_says_how_long
                    a_cookie_of_another_name_is_not_ours
                    secure_over_plain_http_is_warned_about_once
                    secure_over_loopback_is_not_warned_about
                ]
                queries: [
                    a_stranger_is_sent_to_the_same_url_with_a_ticket
                    other_parameters_stay_in_order
                    a_ticket_becomes_the_session_s_token
                    a_post_without_a_ticket_begins_a_session
                    an_ended_session_s_ticket_is_never_taken_again
                    no_unsigned_or_foreign_token_is_adopted
                    links_carry_the_session_within_this_origin
                    the_page_carries_the_session
                ]
                header_tokens: [
                    a_token_travels_in_a_header
                    a_header_of_another_name_is_not_ours
                    a_token_goes_back_the_way_it_came
                    signed_tokens_are_not_forged
                    keys_change_without_ending_sessions
                ]
                locking: [
                    what_is_done_under_the_lock_is_exact
                    writers_wait_for_the_lock
                    a_logout_does_not_wait_for_the_lock
                ]
                process: [
                    a_session_survives_a_restart
                    two_processes_share_one_session
                    requests_in_flight_are_finished
                    a_lost_directory_is_an_opaque_failure
                    a_record_that_cannot_be_read_is_an_opaque_failure
                    the_token_is_in_no_file_and_no_log
                ]
                configuration: [
                    bad_settings_exit_2_with_one_line
                    an_unsafe_directory_exits_2_with_one_line
                    empty_variables_count_as_unset
                    an_unknown_variable_is_a_warning
                    what_container_platforms_inject_is_ignored
                ]
                routes: [
                    a_value_is_set_read_and_removed
                    keys_are_encoded_segments
                    the_session_tells_about_itself
                    invalidate_begins_another_session
                    delete_keeps_the_session_alone
                    nonsense_parameters_are_4xx
                    no_such_path_is_404_and_no_such_method_405
                ]
                flash: [
                    a_flash_message_is_shown_once
                    a_flash_message_counts_as_a_value
                    parallel_flash_messages_are_all_shown
                ]
                page: [
                    the_page_is_plain_html
                    the_forms_do_what_the_routes_do
                    what_visitors_type_is_escaped
                    a_failing_form_says_why
                ]
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __environment_tests {
    ($environment:expr; $($group:ident: [$($case:ident)*])*) => {
        $($(
            #[test]
            fn $case() {
                $crate::environment::matrix::noted(module_path!(), stringify!($case), || {
                    $crate::environment::cases::$group::$case(&$environment);
                });
            }
        )*)*
    };
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// A case that is written but not listed would never run.
    #[test]
    fn every_case_is_listed() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/environment");
        let list = fs::read_to_string(here.join("suite.rs")).expect("this file");
        let mut cases = 0;
        for file in fs::read_dir(here.join("cases")).expect("the cases") {
            let source = fs::read_to_string(file.expect("a file").path()).expect("a source file");
            for case in source.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('(').next()) {
                assert!(list.lines().any(|line| line.trim() == case), "{case} is not listed");
                cases += 1;
            }
        }
        assert!(cases > 0);
    }
}
