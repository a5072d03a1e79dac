use jiff::Timestamp;
use wattwright_journal::{Journal, Keep};

fn lines(of: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{of} {index}")).collect()
}

#[test]
fn the_newest_lines_of_one_strategy_come_first() {
    let journal = Journal::in_memory().unwrap();
    let at: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    journal.record_log(1, at, "a", &lines("a", 3)).unwrap();
    journal.record_log(1, at, "b", &lines("b", 1)).unwrap();
    journal.record_log(2, at, "a", &[]).unwrap();
    let of_a: Vec<_> =
        journal.log("a", 2).unwrap().into_iter().map(|entry| (entry.tick, entry.at, entry.text)).collect();
    assert_eq!(of_a, [(1, at, "a 2".to_owned()), (1, at, "a 1".to_owned())]);
    assert!(journal.log("c", 5).unwrap().is_empty());
}

#[test]
fn a_strategy_that_floods_its_log_drives_out_its_own_lines_only() {
    let journal = Journal::in_memory().unwrap();
    let at: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    journal.record_log(1, at, "quiet", &lines("quiet", 1)).unwrap();
    for tick in 0..101 {
        journal.record_log(tick, at, "loud", &lines("loud", 100)).unwrap();
    }
    let loud = journal.log("loud", 20_000).unwrap();
    assert_eq!((loud.len(), loud[0].tick, loud[9_999].tick), (10_000, 100, 1));
    assert_eq!(journal.log("quiet", 5).unwrap().len(), 1);
    journal.prune("2027-11-24T12:00:00Z".parse().unwrap(), Keep::default()).unwrap();
    assert!(journal.log("quiet", 5).unwrap().is_empty(), "old lines go with their ticks");
}

#[test]
fn a_journal_in_use_can_be_looked_at_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    assert!(Journal::look(&path).unwrap_err().to_string().contains("journal.db"));
    assert!(!path.exists(), "looking makes no file");
    let journal = Journal::open(&path).unwrap();
    let at: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    journal.record_log(1, at, "a", &lines("a", 1)).unwrap();
    let looked = Journal::look(&path).unwrap();
    assert_eq!(looked.log("a", 5).unwrap().len(), 1);
    assert!(looked.record_log(1, at, "a", &lines("a", 1)).is_err());
    drop(journal);
    assert_eq!(Journal::look(&path).unwrap().log("a", 5).unwrap().len(), 1);
}
