//! The file's format and how an older file becomes a newer one.
//!
//! Format `n` is what the first `n` migrations make of an empty file; SQLite's `user_version` holds `n`.
//! A migration that was ever released is never edited: changes come as a new file with the next number.

use std::path::Path;

use rusqlite::Connection;

use crate::{Error, Result};

/// `Watt` in ASCII, written to the file's header so that no other program's database is taken for a
/// journal.
const APPLICATION_ID: i32 = 0x5761_7474;

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/3.sql"),
    include_str!("migrations/4.sql"),
];

/// Brings an open file to the newest format.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    migrate_with(connection, path, MIGRATIONS)
}

/// That an open file, which must not be changed, has the newest format.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<()> {
    let known = MIGRATIONS.len() as i64;
    let found = found(connection, path, known)?;
    if found < known {
        return Err(Error::TooOld { path: path.to_owned(), found, known });
    }
    Ok(())
}

fn migrate_with(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<()> {
    let found = found(connection, path, migrations.len() as i64)?;
    for (to, sql) in (1..).zip(migrations).skip(found as usize) {
        apply(connection, to, sql).map_err(|source| Error::Migration {
            path: path.to_owned(),
            from: to - 1,
            to,
            source,
        })?;
        tracing::info!(path = %path.display(), format = to, "journal brought to a newer format");
    }
    Ok(())
}

/// The file's format, when it is a journal's and not newer than `known`; 0: it is empty.
fn found(connection: &Connection, path: &Path, known: i64) -> Result<i64> {
    let read = |name: &str, connection: &Connection| -> Result<i64> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|source| Error::sqlite(path, "read the format", source))
    };
    let found = read("user_version", connection)?;
    let application = read("application_id", connection)? as i32;
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|source| Error::sqlite(path, "read the format", source))?;
    if application != APPLICATION_ID && (objects > 0 || found != 0 || application != 0) {
        return Err(Error::NotAJournal { path: path.to_owned(), found: application });
    }
    if !(0..=known).contains(&found) {
        return Err(Error::TooNew { path: path.to_owned(), found, known });
    }
    Ok(found)
}

/// One step in one transaction: it is done with its number, or not at all.
fn apply(connection: &mut Connection, to: i64, sql: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", to)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_empty_file_goes_through_all_migrations_once() {
        let path = Path::new("j.db");
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(version(&connection), 0);
        migrate(&mut connection, path).unwrap();
        assert_eq!(version(&connection), MIGRATIONS.len() as i64);
        migrate(&mut connection, path).unwrap();
        connection.execute("INSERT INTO note (at_us, level, text) VALUES (0, 'info', 'x')", []).unwrap();
    }

    #[test]
    fn an_older_file_gets_only_what_it_lacks_and_keeps_its_rows() {
        let path = Path::new("j.db");
        let mut connection = Connection::open_in_memory().unwrap();
        let one = "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (7);";
        migrate_with(&mut connection, path, &[one]).unwrap();
        migrate_with(&mut connection, path, &[one, "ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 8"]).unwrap();
        let row: (i64, i64) =
            connection.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!((version(&connection), row), (2, (7, 8)));
    }

    #[test]
    fn a_failing_migration_changes_nothing_and_says_which() {
        let path = Path::new("j.db");
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = "CREATE TABLE b (x INTEGER); CREATE TABLE b (x INTEGER);";
        let error = migrate_with(&mut connection, path, &["CREATE TABLE a (x INTEGER)", broken]).unwrap_err();
        assert!(matches!(error, Error::Migration { from: 1, to: 2, .. }), "{error}");
        assert_eq!(version(&connection), 1);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }

    #[test]
    fn a_newer_file_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("j.db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = migrate(&mut connection, Path::new("j.db")).unwrap_err();
        assert!(matches!(error, Error::TooNew { found: 99, .. }), "{error}");
    }

    #[test]
    fn the_database_of_another_program_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE states (x INTEGER)").unwrap();
        let error = migrate(&mut connection, Path::new("home-assistant_v2.db")).unwrap_err();
        assert!(matches!(error, Error::NotAJournal { found: 0, .. }), "{error}");
    }
}
