//! MySQL, where it is.

use webstack_test_servers::{MySql, where_there};

crate::promises::promises!(MySql);

#[test]
fn it_is_no_mariadb() {
    let Some(mysql) = where_there(MySql::start()) else { return };
    assert_eq!(mysql.url(), format!("mysql://webstack:webstack@127.0.0.1:{}/webstack", mysql.port()));
    let version = mysql.query("SELECT version()").expect("it answers");
    assert!(!version.contains("MariaDB"), "{version}");
}
