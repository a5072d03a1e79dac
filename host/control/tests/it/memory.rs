//! What strategies keep from tick to tick.

use crate::rig::{Rig, active};
use crate::strategies::{decline, holds, remembering, version, when_reminded};

#[tokio::test]
async fn memory_goes_along_with_a_new_version() {
    let old = remembering(holds("mine", &["cellar"]), "from the first");
    let mut rig = Rig::start(&[old], active(&["mine"])).await;
    let first = rig.tick().await;
    assert_eq!(first.input.memory, b"");
    let new = version(remembering(holds("mine", &["cellar"]), "from the second"), "2.0.0");
    let strategy = rig.reload(&new).await;
    let tick = loop {
        let tick = rig.tick().await;
        if tick.strategy == Some(strategy.reference()) {
            break tick;
        }
    };
    assert_eq!(tick.input.memory, b"from the first");
    let kept = rig.record.memory("mine").unwrap();
    assert_eq!((kept.hash.as_str(), kept.memory.as_slice()), (strategy.hash(), b"from the second".as_slice()));
}

#[tokio::test]
async fn a_version_that_refuses_an_older_ones_memory_begins_anew_in_the_same_tick() {
    for how in ["trap", "decline"] {
        let mut guest = holds("mine", &["cellar"]);
        let first = match how {
            "trap" => "(unreachable)".to_owned(),
            _ => decline(&mut guest, "what is this memory?"),
        };
        let guest = when_reminded(remembering(guest, "new format"), &first);
        let rig = Rig::prepare(&[guest], active(&["mine"]));
        rig.record.remind("mine", "hash of an older version", b"old format");
        let mut rig = rig.run();
        let tick = rig.tick().await;
        assert_eq!((tick.attempts.len(), tick.input.memory.as_slice()), (0, b"".as_slice()), "{how}");
        assert_eq!(tick.plan.unwrap().memory, b"new format");
        let note = rig.note().await;
        assert!(note.contains("mine") && note.contains("memory") && note.contains("dropped"), "{note}");
        let live = rig.live(|live| live.tick == Some(tick.id)).await;
        assert!(live.strategies[0].log[0].contains("dropped"), "{:?}", live.strategies[0].log);
        let kept = rig.record.memory("mine").unwrap();
        assert_eq!(kept.memory, b"new format");
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_version_that_fails_on_its_own_memory_is_not_asked_again() {
    let guest = when_reminded(remembering(holds("mine", &["cellar"]), "mine"), "(unreachable)");
    let mut rig = Rig::start(&[guest], active(&["mine"])).await;
    assert_eq!(rig.tick().await.attempts.len(), 0);
    rig.nudge();
    let tick = rig.tick_by_roster().await;
    assert_eq!(tick.attempts[0].code, "trap");
    assert_eq!(tick.attempts[0].memory, b"mine");
    assert_eq!(rig.record.memory("mine").unwrap().memory, b"mine", "it is not dropped");
}
