//! The statements, as texts that were made once.

use std::sync::Arc;

use crate::namespace::Namespace;
use crate::value::Kind;

/// A statement with parameters `$1`, `$2`, …, and the columns that it answers.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: Arc<str>,
    /// Which parameter stands at which place.
    pub(crate) order: Arc<[usize]>,
    pub(crate) columns: &'static [Kind],
}

/// How a database writes parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parameters {
    /// `$1`, as often and in whatever order.
    Numbered,
    /// `?`, in the order of the text.
    Positional,
}

/// Makes statements for one store.
pub(crate) struct Writer<'a> {
    pub(crate) namespace: &'a Namespace,
    pub(crate) parameters: Parameters,
}

impl Writer<'_> {
    /// A statement that answers nothing but how many rows it changed.
    pub(crate) fn change(&self, text: &str) -> Statement {
        self.query(text, &[])
    }

    pub(crate) fn query(&self, text: &str, columns: &'static [Kind]) -> Statement {
        let text = self.namespace.fill(text);
        let numbers: Vec<usize> = text.split('$').skip(1).filter_map(leading_number).collect();
        let (text, order) = match self.parameters {
            Parameters::Numbered => (text, (0..numbers.iter().copied().max().unwrap_or(0)).collect()),
            Parameters::Positional => {
                let mut parts = text.split('$');
                let first = parts.next().unwrap_or_default().to_owned();
                let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
                (rest.fold(first, |text, part| text + "?" + part), numbers.iter().map(|number| number - 1).collect())
            }
        };
        Statement { text: text.into(), order, columns }
    }
}

fn leading_number(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}

/// All statements of a store. What the parameters are is said at each.
#[derive(Debug)]
pub(crate) struct Statements {
    /// `id`; answers version, deadline, owner, record.
    pub(crate) load: Statement,
    /// `id, version, deadline, owner, record`; changes nothing, or says that the key is taken, if there is one.
    pub(crate) create: Statement,
    /// `id, seen, version, deadline, owner, record, cutoff`.
    pub(crate) update: Change,
    /// `id, seen, deadline, cutoff`.
    pub(crate) touch: Change,
    /// `id, now`.
    pub(crate) remove: Removal,
    /// `cutoff, limit`.
    pub(crate) purge: Statement,
    /// `now, limit`.
    pub(crate) purge_places: Statement,
    /// `after, now, limit`; answers id, version, deadline, owner, record.
    pub(crate) list: Statement,
    /// `owner, after, now, limit`; answers as `list`.
    pub(crate) owned_by: Statement,
    pub(crate) reserve: Reserve,
    /// Answers the version of the tables.
    pub(crate) version: Statement,
}

/// How something is changed, and how it is found out why it was not.
#[derive(Debug)]
pub(crate) enum Change {
    /// The statement changes what it may and answers what it found, in one.
    Answering(Statement),
    /// The second statement, with the id alone, is for when the first one changed nothing.
    Asking(Statement, Statement),
}

/// How an entry is removed.
#[derive(Debug)]
pub(crate) enum Removal {
    /// The statement answers the deadline of what it removed.
    Answering(Statement),
    /// The first statement removes what lives, and the second one what is left.
    Twice(Statement, Statement),
}

/// How places are kept: one after another for each owner, in a transaction.
#[derive(Debug)]
pub(crate) struct Reserve {
    pub(crate) begin: &'static str,
    /// `owner, until, key`: returns when nobody else is at it.
    pub(crate) stand_in_line: Option<Statement>,
    /// `owner, now`; answers ids, with 1 for a living session and 0 for a kept place.
    pub(crate) count: Statement,
    /// `owner, id, until`.
    pub(crate) keep: Statement,
}

pub(crate) const STORED: &[Kind] = &[Kind::Int, Kind::Int, Kind::Bytes, Kind::Bytes];
pub(crate) const DEADLINE: &[Kind] = &[Kind::Int, Kind::Int];

impl Writer<'_> {
    pub(crate) fn load(&self) -> Statement {
        self.query("SELECT version, expires, owner, record FROM {sessions} WHERE id = $1", STORED)
    }

    pub(crate) fn deadline(&self) -> Statement {
        self.query("SELECT version, expires FROM {sessions} WHERE id = $1", DEADLINE)
    }

    pub(crate) fn list(&self) -> Statement {
        self.query(
            "SELECT id, version, expires, owner, record FROM {sessions} \
             WHERE id > $1 AND (expires IS NULL OR expires > $2) ORDER BY id LIMIT $3",
            LISTED,
        )
    }

    pub(crate) fn owned_by(&self) -> Statement {
        self.query(
            "SELECT id, version, expires, owner, record FROM {sessions} \
             WHERE owner = $1 AND id > $2 AND (expires IS NULL OR expires > $3) ORDER BY id LIMIT $4",
            LISTED,
        )
    }

    pub(crate) fn count(&self) -> Statement {
        self.query(
            "SELECT id, CAST(1 AS bigint) FROM {sessions} WHERE owner = $1 AND (expires IS NULL OR expires > $2) \
             UNION ALL SELECT id, CAST(0 AS bigint) FROM {places} WHERE owner = $1 AND until > $2",
            &[Kind::Bytes, Kind::Int],
        )
    }

    pub(crate) fn version(&self) -> Statement {
        self.query("SELECT max(version) FROM {schema}", &[Kind::Int])
    }
}

const LISTED: &[Kind] = &[Kind::Bytes, Kind::Int, Kind::Int, Kind::Bytes, Kind::Bytes];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_written_as_the_database_wants_them() {
        let namespace = Namespace::new("shop").expect("a name");
        let text = "SELECT 1 FROM {sessions} WHERE a = $2 AND b > $1 OR $2 IS NULL LIMIT $10";
        let write = |parameters| Writer { namespace: &namespace, parameters }.change(text);
        let numbered = write(Parameters::Numbered);
        assert_eq!(&*numbered.text, "SELECT 1 FROM shop_sessions WHERE a = $2 AND b > $1 OR $2 IS NULL LIMIT $10");
        assert_eq!(*numbered.order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let positional = write(Parameters::Positional);
        assert_eq!(&*positional.text, "SELECT 1 FROM shop_sessions WHERE a = ? AND b > ? OR ? IS NULL LIMIT ?");
        assert_eq!(*positional.order, [1, 0, 1, 9]);
    }
}
