use serde_json::json;

use super::*;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn configured() -> Roster {
    let member = Member { settings: json!({ "reserve_pct": 20 }), ..Member::default() };
    Roster {
        active: vec!["mine".into(), LAST_RESORT.into()],
        shadows: vec!["other".into()],
        members: [("mine".to_owned(), member)].into(),
    }
}

fn file() -> (tempfile::TempDir, RosterFile) {
    let folder = tempfile::tempdir().unwrap();
    let file = RosterFile::new(folder.path(), configured());
    (folder, file)
}

#[test]
fn without_a_file_the_configuration_holds() {
    let (_folder, file) = file();
    assert_eq!(file.read().unwrap(), configured());
}

#[test]
fn a_strategy_is_in_one_list_only_and_keeps_its_place() {
    let (_folder, file) = file();
    let enable = |position| Change::Enable { position, at: AT };
    let roster = file.change("other", enable(None)).unwrap();
    assert_eq!(roster.active, ["other", "mine", LAST_RESORT]);
    assert!(roster.shadows.is_empty());
    assert_eq!(roster.member("other").pardoned_at, Some(AT));
    let roster = file.change("other", enable(Some(99))).unwrap();
    assert_eq!(roster.active, ["mine", LAST_RESORT, "other"]);
    let roster = file.change("mine", enable(None)).unwrap();
    assert_eq!(roster.active, ["mine", LAST_RESORT, "other"], "enabled again: nothing moves");
    let roster = file.change("mine", Change::Shadow { at: AT }).unwrap();
    assert_eq!(
        (roster.active.as_slice(), roster.shadows.as_slice()),
        (&[LAST_RESORT.into(), "other".into()][..], &["mine".into()][..])
    );
    let roster = file.change("mine", Change::Disable).unwrap();
    assert!(roster.shadows.is_empty());
    assert_eq!(file.read().unwrap(), roster, "what was answered is what was written");
}

#[test]
fn the_last_resort_stays() {
    let (_folder, file) = file();
    for change in [Change::Disable, Change::Shadow { at: AT }] {
        let error = file.change(LAST_RESORT, change).unwrap_err();
        assert!(error.to_string().contains("stays active"), "{error}");
    }
    let roster = file.change(LAST_RESORT, Change::Enable { position: Some(0), at: AT }).unwrap();
    assert_eq!(roster.active, [LAST_RESORT, "mine"]);
    assert!(file.change(LAST_RESORT, Change::Forget).unwrap().active.contains(&LAST_RESORT.to_owned()));
}

#[test]
fn settings_take_the_place_of_the_configured_ones_until_they_are_dropped() {
    let (_folder, file) = file();
    let own = json!({ "reserve_pct": 35 });
    assert_eq!(file.change("mine", Change::Settings(Some(own.clone()))).unwrap().member("mine").settings, own);
    let grant = Grant { export: false, ..Grant::default() };
    let roster = file.change("mine", Change::Grant(grant.clone())).unwrap();
    assert_eq!((roster.member("mine").settings, roster.member("mine").grant), (own, grant.clone()));
    let roster = file.change("mine", Change::Settings(None)).unwrap();
    assert_eq!((roster.member("mine").settings, roster.member("mine").grant), (json!({ "reserve_pct": 20 }), grant));
    let roster = file.change("mine", Change::Forget).unwrap();
    assert_eq!(roster.active, [LAST_RESORT]);
    assert_eq!(roster.member("mine").grant, Grant::default());
}

#[test]
fn a_damaged_file_is_named_and_not_written_over() {
    let (folder, file) = file();
    let path = folder.path().join("strategies.json");
    std::fs::write(&path, r#"{ "active": ["mine"], "shadow": [] }"#).unwrap();
    for error in [file.read().unwrap_err(), file.change("mine", Change::Disable).unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("strategies.json") && text.contains("unknown field `shadow`"), "{text}");
    }
    assert!(std::fs::read_to_string(&path).unwrap().contains("shadow"));
}

#[test]
fn names_that_no_strategy_can_have_are_refused() {
    let (_folder, file) = file();
    let error = file.change("../mine", Change::Disable).unwrap_err();
    assert!(error.to_string().contains("no strategy's name"), "{error}");
}

#[tokio::test]
async fn the_daemon_sees_what_a_command_changed_and_survives_a_damaged_file() {
    let (folder, file) = file();
    let mut followed = file.clone().follow();
    assert_eq!(**followed.borrow_and_update(), configured());
    file.change("other", Change::Enable { position: None, at: AT }).unwrap();
    followed.changed().await.unwrap();
    assert_eq!(followed.borrow_and_update().active[0], "other");
    std::fs::write(folder.path().join("strategies.json"), "{").unwrap();
    std::fs::remove_file(folder.path().join("strategies.json")).unwrap();
    followed.changed().await.unwrap();
    assert_eq!(**followed.borrow_and_update(), configured());
}

#[test]
fn many_writers_lose_nothing() {
    let (folder, _) = file();
    let threads: Vec<_> = (0..8)
        .map(|index| {
            let file = RosterFile::new(folder.path(), configured());
            std::thread::spawn(move || {
                file.change(&format!("s{index}"), Change::Enable { position: None, at: AT }).unwrap();
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let active = RosterFile::new(folder.path(), configured()).read().unwrap().active;
    assert_eq!(active.len(), 10, "{active:?}");
}
