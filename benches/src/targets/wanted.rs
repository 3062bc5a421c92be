//! All that is wanted.

use super::cells::Cells;
use super::{Bound, Limit, Target};
use crate::goals::{GOALS, Quantity};

/// What is written by hand, from the least to what makes every promise.
const BY_HAND: [&str; 3] = ["by hand", "by hand, promising", "by hand, whole"];

/// Every target, with what stands on the page.
pub(super) fn all(cells: Cells<'_>) -> Vec<Target> {
    let mut all = counted(cells);
    all.extend(timed(cells));
    all.extend(files(cells));
    all.extend(others(cells));
    all
}

fn target(what: impl Into<String>, bound: Bound, table: &'static str, measured: Option<f64>) -> Target {
    Target { what: what.into(), bound, measured, table, limits: Vec::new(), because: None }
}

/// What the gate holds, too, without peers in the same program.
fn counted(cells: Cells<'_>) -> Vec<Target> {
    let each = GOALS.iter().map(|goal| {
        let (table, quantity) = match goal.quantity {
            Quantity::Instructions => ("instructions", "instructions, SHA-256 left out"),
            Quantity::Allocations => ("allocations", "allocations"),
        };
        let row = |name: &str| format!("{}: {name}", goal.framework);
        let measured = cells.remainder(table, &row(goal.name), goal.case.name());
        let what = format!("{}: {quantity}", goal.what());
        // The same part of what is done by hand.
        let limit = |of| {
            let name = goal.name.replacen("webstack", of, 1);
            Some(Limit { measured: cells.remainder(table, &row(&name), goal.case.name())?, of })
        };
        Target {
            limits: BY_HAND.into_iter().filter_map(limit).collect(),
            ..target(what, Bound::AtMost(goal.goal), table, measured)
        }
    });
    each.collect()
}

fn timed(cells: Cells<'_>) -> Vec<Target> {
    let mut all = Vec::new();
    for (framework, peer) in
        [("actix-web", "actix-session"), ("rocket", "rocket_flex_session"), ("warp", "warp-sessions")]
    {
        for (case, nanoseconds) in [("read", 600.0), ("write", 900.0)] {
            let measured = cells.number("time", &format!("{framework}: webstack"), case);
            let limit = |of| Some(Limit { measured: cells.number("time", &format!("{framework}: {of}"), case)?, of });
            let limits = BY_HAND.into_iter().filter_map(limit).collect();
            let what = format!("{framework}, {case}: ns");
            all.push(Target { limits, ..target(what, Bound::AtMost(nanoseconds), "time", measured) });
            let measured = cells.number("ratios", &format!("{framework}: {peer}"), case);
            all.push(target(format!("{framework}, {case}: of {peer}'s"), Bound::AtMost(1.0), "ratios", measured));
        }
    }
    all
}

fn files(cells: Cells<'_>) -> Vec<Target> {
    const CALLS: &str = "file system calls";
    // Each operation with its system calls, and how many times as long as those it may take.
    const EACH: [(&str, f64, f64); 6] = [
        ("read", 3.0, 1.25),
        ("update", 7.0, 1.25),
        ("touch", 7.0, 1.25),
        ("create", 4.0, 1.4),
        ("conflict", 5.0, 1.4),
        ("growth", 10.0, 1.4),
    ];
    let mut all = Vec::new();
    for (operation, calls, times) in EACH {
        let made = |row| cells.number(CALLS, row, "system calls");
        let because =
            (operation == "create").then_some("the fifth asks whether the directory is still the one that others use");
        let counted = target(format!("file, {operation}: system calls"), Bound::AtMost(calls), CALLS, made(operation));
        all.push(Target { because, ..counted });
        if operation == "update" {
            let measured = made("update, synced");
            all.push(target("file, update, synced: system calls", Bound::AtMost(calls + 1.0), CALLS, measured));
        }
        for kind in ["ext4", "tmpfs"] {
            let table = "file operations";
            let measured = cells.number(table, &format!("{kind}: {operation}"), "times as long");
            all.push(target(
                format!("file, {operation} on {kind}: times the same calls bare"),
                Bound::AtMost(times),
                table,
                measured,
            ));
        }
    }
    for kind in ["ext4", "tmpfs"] {
        let changed = cells.text("file inodes", kind, "of the store");
        let measured = changed.map(|changed| if changed == "nothing" { 0.0 } else { 1.0 });
        all.push(target(
            format!("file, read on {kind}: writes to the inode"),
            Bound::Exactly(0.0),
            "file inodes",
            measured,
        ));
    }
    for (kind, times) in [("ext4", 6.0), ("tmpfs", 2.0)] {
        let table = "file renaming";
        let measured = cells.number(table, kind, "times as fast");
        let what = format!("file, update on {kind}: times as fast as a renamed temporary file");
        all.push(target(what, Bound::AtLeast(times), table, measured));
    }
    for (case, times) in [("read", 10.0), ("write", 20.0)] {
        let row = "the better peer, times webstack; the control taken away from both";
        let what = format!("file, {case}: times as fast as the better peer");
        let limit = bare_of_peer(cells, case).map(|measured| Limit { measured, of: "if it were its bare calls" });
        let limits = limit.into_iter().collect();
        all.push(Target { limits, ..target(what, Bound::AtLeast(times), "files", cells.number("files", row, case)) });
    }
    let opened = cells.number(CALLS, "files opened by a purge of 100 young ones", "system calls");
    all.push(target("file, purge: young files opened", Bound::Exactly(0.0), CALLS, opened));
    for (column, how) in
        [("times as long", "at once"), ("by 1,000", "in steps of 1,000"), ("by 100", "in steps of 100")]
    {
        let measured = cells.number("file purge", "1,000,000", column);
        let what = format!("file, purge of a million {how}: times names and looks");
        all.push(target(what, Bound::AtMost(1.2), "file purge", measured));
    }
    for operation in ["read", "update", "create"] {
        let of_a_million = |column: &str| cells.number("file growth", "1,000,000 over 1,000", column);
        let limit =
            of_a_million(&format!("{operation}, bare")).map(|measured| Limit { measured, of: "by its bare calls" });
        let what = format!("file, {operation}: times as long with 1,000,000 sessions as with 1,000");
        let limits = limit.into_iter().collect();
        all.push(Target { limits, ..target(what, Bound::AtMost(2.0), "file growth", of_a_million(operation)) });
    }
    all
}

/// How many times as long as the bare calls of such a request the better peer takes for it.
fn bare_of_peer(cells: Cells<'_>, case: &str) -> Option<f64> {
    let request = |name: &str| cells.number("files", name, case);
    let better = request("tower-sessions-file-based-store")?.min(request("tower-sessions-file-store")?);
    let bare = |operation| cells.number("file operations", &format!("ext4: {operation}"), "the same calls, bare");
    let calls = bare("read")? + if case == "write" { bare("update")? } else { 0.0 };
    Some((better - request("control")?) / calls)
}

fn others(cells: Cells<'_>) -> Vec<Target> {
    let trips = |case| cells.number("redis", "axum: webstack", case);
    let trip = |what: &str, number, measured| {
        target(format!("round trips to Redis: {what}"), Bound::Exactly(number), "redis", measured)
    };
    let lost = |column| cells.number("lost updates", "axum: webstack", column);
    let slow = |column| cells.number("slow increments", "axum: webstack", column);
    let cgi = |row| cells.number("cgi", row, "of that without a session");
    let bare = cgi("the same, and the bare calls of a load and a save");
    let limits = bare.map(|measured| Limit { measured, of: "if it were its bare calls" }).into_iter().collect();
    let written = cgi("a value is replaced");
    vec![
        trip("anonymous", 0.0, trips("anonymous")),
        trip("unused", 0.0, trips("unused")),
        trip("read", 1.0, trips("read")),
        trip("write after read", 2.0, trips("write")),
        trip("create", 1.0, trips("create")),
        trip("renewal, beyond the read", 1.0, trips("renew").zip(trips("read")).map(|(both, read)| both - read)),
        trip("a conflict, beyond the rest", 1.0, trips("a conflict, beyond the rest")),
        target(
            "50 requests, a key each: kept",
            Bound::Exactly(50.0),
            "lost updates",
            lost("50 requests, a key each: kept"),
        ),
        target(
            "50 that count one up: counted",
            Bound::Exactly(50.0),
            "lost updates",
            lost("50 that count one up: counted"),
        ),
        target("50 that think for 200 ms, in files: counted", Bound::Exactly(50.0), "slow increments", slow("counted")),
        target(
            "50 that think for 200 ms, in files: ms",
            Bound::AtMost(400.0),
            "slow increments",
            slow("ms (quartiles)"),
        ),
        Target { limits, ..target("CGI, load and save: times without a session", Bound::AtMost(1.05), "cgi", written) },
    ]
}
