//! MariaDB.

use webstack_test_servers::{MariaDb, MariaDbOptions, NotStarted, or_skip};

crate::promises::promises!(MariaDb);

#[test]
fn databases_are_created_beside_the_first() {
    let Some(mariadb) = or_skip(MariaDb::start_with(MariaDbOptions::new().with_setting("max-connections", "17")))
    else {
        return;
    };
    assert_eq!(mariadb.url(), format!("mysql://webstack:webstack@127.0.0.1:{}/webstack", mariadb.port()));
    let url = mariadb.create_database("another");
    assert_eq!(url, format!("mysql://webstack:webstack@127.0.0.1:{}/another", mariadb.port()));
    let answer = mariadb.query("SELECT DATABASE(), @@max_connections, COUNT(*) FROM another.none").err();
    assert!(answer.is_some_and(|refused| refused.to_string().contains("doesn't exist")));
    assert_eq!(mariadb.query("SELECT DATABASE(), @@max_connections").expect("it answers"), "webstack\t17");
}

#[test]
fn a_port_that_is_taken_is_told_apart() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    match MariaDb::start_with(MariaDbOptions::new().with_setting("port", &port)) {
        Err(NotStarted::Failed { log }) => assert!(log.contains("Address already in use"), "{log}"),
        other => drop(or_skip(other)),
    }
}
