//! PostgreSQL.

use std::time::{Duration, Instant};

use webstack_test_servers::{NotStarted, Postgres, PostgresOptions, or_skip};

crate::promises::promises!(Postgres);

#[test]
fn settings_are_for_tests_unless_asked() {
    let Some(postgres) = or_skip(Postgres::start()) else { return };
    assert_eq!(postgres.url(), format!("postgres://postgres@127.0.0.1:{}/postgres", postgres.port()));
    let show = |name: &str| postgres.query(&format!("SHOW {name}")).expect("it answers");
    assert_eq!(["fsync", "max_connections", "listen_addresses"].map(show), ["off", "100", "127.0.0.1"]);
    let has_module = |version: std::fs::DirEntry| version.path().join("lib/pg_stat_statements.so").exists();
    if std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|versions| versions.flatten().any(has_module)) {
        assert_eq!(show("shared_preload_libraries"), "pg_stat_statements");
        postgres.query("CREATE EXTENSION pg_stat_statements").expect("it is installed");
        postgres.query("SELECT count(*) FROM pg_stat_statements").expect("it counts");
    }
    let options = PostgresOptions::new().with_fsync().with_setting("max_connections", "7");
    let Some(postgres) = or_skip(Postgres::start_with(options)) else { return };
    let show = |name: &str| postgres.query(&format!("SHOW {name}")).expect("it answers");
    assert_eq!(["fsync", "max_connections"].map(show), ["on", "7"]);
}

#[test]
fn tls_is_demanded_and_shows_a_certificate_of_the_authority() {
    let Some(postgres) = or_skip(Postgres::start_with(PostgresOptions::new().with_tls())) else { return };
    assert_eq!(postgres.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").expect("it answers"), "t");
    let authority = |of: &Postgres| of.certificate_authority().expect("it has one").display().to_string();
    let said = |options: &str| {
        let url = format!("{}?{options}", postgres.url());
        let output = std::process::Command::new("psql").args(["-X", "-c", "SELECT 1", &url]).output();
        String::from_utf8_lossy(&output.expect("it was there a moment ago").stderr).into_owned()
    };
    assert!(said("sslmode=disable").contains("no encryption"));
    assert_eq!(said(&format!("sslmode=verify-full&sslrootcert={}", authority(&postgres))), "");
    let Some(other) = or_skip(Postgres::start_with(PostgresOptions::new().with_tls())) else { return };
    let said = said(&format!("sslmode=verify-full&sslrootcert={}", authority(&other)));
    assert!(said.contains("certificate verify failed"), "{said}");
}

#[test]
fn databases_are_created_beside_the_first() {
    let Some(postgres) = or_skip(Postgres::start()) else { return };
    let url = postgres.create_database("Another one");
    assert_eq!(url, format!("postgres://postgres@127.0.0.1:{}/Another one", postgres.port()));
    let names = postgres.query("SELECT datname FROM pg_database").expect("it answers");
    assert!(names.lines().any(|name| name == "Another one"), "{names}");
}

#[test]
fn a_port_that_is_taken_is_told_apart() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    match Postgres::start_with(PostgresOptions::new().with_setting("port", &port)) {
        Err(NotStarted::Failed { log }) => assert!(log.contains("Address already in use"), "{log}"),
        other => drop(or_skip(other)),
    }
}

#[test]
fn shared_memory_of_a_server_that_was_killed_is_given_back() {
    let Some(postgres) = or_skip(Postgres::start()) else { return };
    let lock = std::fs::read_to_string(postgres.directory().join("data/postmaster.pid")).expect("it runs");
    let id = lock.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)).expect("it has shared memory");
    let is_there = || {
        let all = std::fs::read_to_string("/proc/sysvipc/shm").expect("Linux has it");
        all.lines().any(|line| line.split_whitespace().nth(1) == Some(id))
    };
    assert!(is_there());
    postgres.kill();
    assert!(is_there());
    drop(postgres);
    assert!(!is_there());
}

#[test]
fn nobody_waits_for_clients_to_leave() {
    let Some(postgres) = or_skip(Postgres::start()) else { return };
    let mut clients = [1, 2].map(|round| {
        let mut client = std::process::Command::new("psql");
        client.args(["-X", "-c", "SELECT pg_sleep(60)", &postgres.url()]);
        let client = client.stderr(std::process::Stdio::null()).spawn().expect("it was there a moment ago");
        let begun = Instant::now();
        let count = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'";
        while postgres.query(count).expect("it answers") != "1" {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not come");
        }
        if round == 1 {
            postgres.restart().expect("it starts again");
            assert!(begun.elapsed() < Duration::from_secs(10), "it was killed after {:?}", begun.elapsed());
        }
        client
    });
    let begun = Instant::now();
    drop(postgres);
    assert!(begun.elapsed() < Duration::from_secs(10), "it was killed after {:?}", begun.elapsed());
    for client in &mut clients {
        client.wait().expect("a child can be waited for");
    }
}
