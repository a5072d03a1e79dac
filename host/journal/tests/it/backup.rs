//! A copy of a journal that is in use.

use wattwright_journal::{Error, Journal};

use crate::common::{at, full_tick, tick_at};

#[test]
fn a_copy_has_all_that_was_recorded_and_stands_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path().join("journal.db")).unwrap();
    journal.record(&full_tick(), None).unwrap();
    let last = journal.record(&tick_at(at("2026-11-24T10:15:00Z")), None).unwrap();
    let copy = folder.path().join("copy.db");
    journal.back_up(&copy).unwrap();
    journal.record(&tick_at(at("2026-11-24T10:30:00Z")), None).unwrap();
    let copied = Journal::open(&copy).unwrap();
    assert!(copied.set_aside().is_none());
    assert_eq!(copied.latest().unwrap().unwrap().id, last);
    assert_eq!(copied.ticks(None, 10).unwrap().len(), 2);
    assert!(journal.size_bytes() > 0);
}

#[test]
fn no_file_is_written_over_and_no_half_copy_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path().join("journal.db")).unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::write(&copy, "mine").unwrap();
    assert!(matches!(journal.back_up(&copy), Err(Error::File { .. })));
    assert_eq!(std::fs::read(&copy).unwrap(), b"mine");
    let nowhere = folder.path().join("no/such/folder/copy.db");
    assert!(journal.back_up(&nowhere).is_err());
    assert!(!nowhere.exists());
}
