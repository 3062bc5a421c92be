//! Making the tables, whoever else makes them at the same moment.

use crate::dialect::fault;
use crate::dialect::{Dialect, Migrations};
use crate::fault::Fault;
use crate::statement::Statement;
use crate::value::{Columns, Value};

/// The version of the tables that are there; 0: there are none.
pub(crate) async fn version<D: Dialect>(connection: &mut D::Connection, statement: &Statement) -> Result<usize, Fault> {
    let rows = match D::rows(connection, statement, &[]).await.map_err(fault::<D>) {
        Err(Fault::NoTable(_)) => return Ok(0),
        rows => rows?,
    };
    let reached = rows.into_iter().next().map(|row| Columns::of(row).optional_int()).transpose()?.flatten();
    Ok(reached.and_then(|number| usize::try_from(number).ok()).unwrap_or(0))
}

/// Makes the tables, or brings them up to date. Only one at a time does, and whoever comes later finds nothing to do.
pub(crate) async fn migrate<D: Dialect>(
    connection: &mut D::Connection,
    migrations: &Migrations,
    version: &Statement,
) -> Result<(), Fault> {
    let migrated = steps::<D>(connection, migrations, version).await;
    if migrated.is_err() {
        // Whether that works does not matter: the connection is not used again.
        let _ = D::order(connection, "ROLLBACK").await;
    }
    migrated
}

async fn steps<D: Dialect>(
    connection: &mut D::Connection,
    migrations: &Migrations,
    version: &Statement,
) -> Result<(), Fault> {
    for text in &migrations.begin {
        D::order(connection, text).await.map_err(fault::<D>)?;
    }
    let reached = self::version::<D>(connection, version).await?;
    if reached > migrations.steps.len() {
        return Err(Fault::Newer);
    }
    for (number, step) in (1_i64..).zip(&migrations.steps).skip(reached) {
        for text in step {
            D::order(connection, text).await.map_err(fault::<D>)?;
        }
        D::run(connection, &migrations.reached, &[Value::Int(Some(number))]).await.map_err(fault::<D>)?;
    }
    D::order(connection, migrations.end).await.map_err(fault::<D>)
}

impl Migrations {
    /// The text for whoever makes the tables by hand.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for statement in self.begin.iter().chain(self.steps.iter().flatten()) {
            text += statement;
            text += ";\n";
        }
        for number in 1..=self.steps.len() {
            let number = number.to_string();
            text += &self.reached.text.replace("$1", &number).replace('?', &number);
            text += ";\n";
        }
        text + self.end + ";\n"
    }
}
