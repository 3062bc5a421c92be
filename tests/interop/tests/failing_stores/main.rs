//! What visitors see, and what is kept, when the server of a store fails under load.
//!
//! Two programs over one store, and a server of the test's own. The programs have to be built with all stores:
//! `cargo build --workspace --bins --all-features`.
#![cfg(unix)]

mod answers;
mod line;
mod load;
mod site;
mod verdict;

use std::time::Instant;

use webstack_test_servers::{NotStarted, Postgres, PostgresOptions, Redis, RedisCluster, RedisOptions, or_skip};

use line::Line;
use load::{Action, Load, SHARED, under_load};
use site::{OnFailure, Site};
use verdict::{Failure, Undoable, judge};

/// How often everybody does everything before a failure, and after it.
const ROUNDS: usize = 8;

/// Until everything went right, everybody was refused, and everything went right again.
fn with_a_failure(load: &Load, happens: &dyn Fn(), is_undone: &dyn Fn()) -> Failure {
    until_busy(load);
    load.until_some_are_halfway();
    let began = Instant::now();
    happens();
    let complete = Instant::now();
    load.until("everybody noticed", |log| {
        log.all_were_refused(complete, 2)
            && log.was_refused(Action::SlowLogout, complete)
            && log.readers_met_both(complete)
    });
    let over = Instant::now();
    is_undone();
    Failure { began, complete, over, mended: until_mended(load, Instant::now()), is_total: true }
}

fn until_busy(load: &Load) {
    let arrived = Instant::now();
    load.until("everybody did everything", |log| log.all_went_right(arrived, ROUNDS));
}

/// When everything went right again, and did so for a while.
fn until_mended(load: &Load, since: Instant) -> Instant {
    load.until("everything works again", |log| log.all_went_right(since, 1));
    let mended = Instant::now();
    load.until("everybody does everything again", |log| log.all_went_right(mended, ROUNDS));
    mended
}

fn stands_still(name: &str, url: &str, pause: &dyn Fn(), resume: &dyn Fn()) {
    let site = Site::over(url, OnFailure::Fail);
    let (log, failure) = under_load(&site, |load| with_a_failure(load, pause, resume));
    judge(name, &site, log, failure, None);
}

fn is_killed(name: &str, url: &str, kill: &dyn Fn(), restart: &dyn Fn() -> Result<(), NotStarted>) {
    let site = Site::over(url, OnFailure::Anonymous);
    let restart = || restart().expect("it starts again");
    let (log, failure) = under_load(&site, |load| with_a_failure(load, kill, &restart));
    judge(name, &site, log, failure, None);
}

fn is_behind_a_bad_line(name: &str, url: &str, port: u16) {
    let line = Line::to(port);
    let url = url.replace(&format!(":{port}"), &format!(":{}", line.port()));
    let site = Site::over(&url, OnFailure::Fail);
    let (log, failure) = under_load(&site, |load| {
        until_busy(load);
        let began = Instant::now();
        line.becomes(true);
        load.until("many answers are lost", |log| line.lost() >= 150 && log.all_were_refused(began, 3));
        line.becomes(false);
        let over = Instant::now();
        Failure { began, complete: began, over, mended: until_mended(load, over), is_total: false }
    });
    judge(name, &site, log, failure, None);
}

#[test]
fn a_redis_stands_still() {
    let Some(server) = or_skip(Redis::start()) else { return };
    stands_still("a Redis stands still", &server.url(), &|| server.pause(), &|| server.resume());
}

#[test]
fn a_postgres_stands_still() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    stands_still("a PostgreSQL stands still", &server.url(), &|| server.pause(), &|| server.resume());
}

#[test]
fn a_redis_is_killed() {
    let Some(server) = or_skip(Redis::start_with(RedisOptions::new().durable())) else { return };
    is_killed("a Redis is killed", &server.url(), &|| server.kill(), &|| server.restart());
}

#[test]
fn a_postgres_is_killed() {
    let Some(server) = or_skip(Postgres::start_with(PostgresOptions::new().with_fsync())) else { return };
    is_killed("a PostgreSQL is killed", &server.url(), &|| server.kill(), &|| server.restart());
}

#[test]
fn a_redis_is_behind_a_line_that_loses_answers() {
    let Some(server) = or_skip(Redis::start()) else { return };
    is_behind_a_bad_line("a Redis is behind a bad line", &server.url(), server.port());
}

#[test]
fn a_postgres_is_behind_a_line_that_loses_answers() {
    let Some(server) = or_skip(Postgres::start()) else { return };
    is_behind_a_bad_line("a PostgreSQL is behind a bad line", &server.url(), server.port());
}

/// A Redis Cluster acknowledges before a replica has it. What was acknowledged between a moment at which everything was seen
/// to be replicated and the master's death may be undone; the test counts that, and nothing else may be.
#[test]
fn a_master_of_a_redis_cluster_is_killed() {
    let Some(cluster) = or_skip(RedisCluster::with_replicas()) else { return };
    let urls = cluster.urls().join(",").replace("redis://", "");
    let site = Site::over(&format!("redis+cluster://{urls}"), OnFailure::Fail);
    let shared = site.id(&site.visitor(SHARED)).expect("a session");
    let slots: Vec<_> = (0..MASTERS).map(|master| slots(&cluster, master)).collect();
    let master = slots.iter().position(|slots| slots.contains(&slot(&cluster, 0, &shared))).expect("it is somewhere");
    let asked = (master + 1) % MASTERS;
    let (log, (failure, since)) = under_load(&site, |load| {
        until_busy(load);
        let since = Instant::now();
        cluster.wait_until_replicated().expect("the replicas keep up");
        load.until_some_are_halfway();
        let began = Instant::now();
        cluster.node(master).kill();
        let complete = Instant::now();
        // The replica takes over by itself.
        let mended = until_mended(load, complete);
        (Failure { began, complete, over: complete, mended, is_total: false }, since)
    });
    let was_there = |id: &str| slots[master].contains(&slot(&cluster, asked, id));
    let undoable = Undoable { since, until: failure.complete, was_there: &was_there };
    judge("a master is killed", &site, log, failure, Some(&undoable));
}

const MASTERS: usize = 3;

/// What a master keeps.
fn slots(cluster: &RedisCluster, master: usize) -> std::ops::RangeInclusive<u32> {
    let nodes = cluster.node(master).ask(&["CLUSTER", "NODES"]).expect("an answer");
    let line = nodes.lines().find(|line| line.contains("myself")).expect("it knows itself");
    let (first, last) = line.trim().rsplit_once(' ').and_then(|(_, range)| range.split_once('-')).expect("a range");
    first.parse().expect("a number")..=last.parse().expect("a number")
}

/// Where a session is.
fn slot(cluster: &RedisCluster, asked: usize, id: &str) -> u32 {
    let tag = format!("{{webstack:{}}}", &id[..3]);
    let slot = cluster.node(asked).ask(&["CLUSTER", "KEYSLOT", &tag]).expect("an answer");
    slot.trim().parse().expect("a number")
}
