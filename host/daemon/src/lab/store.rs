//! Backtests that are kept: a file each in the state folder.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use server::lab::Backtest;

/// So many are kept; the oldest go first.
const KEPT: usize = 20;

/// The folder, and what is in it without the curves.
pub struct Store {
    folder: PathBuf,
    list: Mutex<List>,
}

struct List {
    /// The newest first.
    kept: Vec<Backtest>,
    /// Greater than that of every file that is there or was, readable or not.
    next: u64,
}

impl Store {
    /// Reads what is there. A file that cannot be read is left out, and left alone.
    pub fn open(folder: PathBuf) -> Self {
        let mut next = 1;
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path).ok()?;
            serde_json::from_slice::<Backtest>(&bytes)
                .inspect_err(|error| tracing::warn!(file = %path.display(), %error, "a backtest cannot be read"))
                .ok()
        };
        let json = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
        let id = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
        let json: Vec<PathBuf> = json.inspect(|path| next = next.max(id(path).map_or(0, |id| id + 1))).collect();
        let mut kept: Vec<Backtest> = json.into_iter().filter_map(read).map(without_curves).collect();
        kept.sort_by_key(|backtest| std::cmp::Reverse(backtest.id));
        Self { folder, list: Mutex::new(List { kept, next }) }
    }

    fn list_mut(&self) -> std::sync::MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest first, without curves.
    pub fn list(&self) -> Vec<Backtest> {
        self.list_mut().kept.clone()
    }

    /// One with its curves; `None`: there is no such one.
    ///
    /// # Errors
    /// Its file cannot be read.
    pub fn get(&self, id: u64) -> std::io::Result<Option<Backtest>> {
        if !self.list_mut().kept.iter().any(|backtest| backtest.id == id) {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&std::fs::read(self.path(id))?)?))
    }

    /// Keeps one under an id of its own.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&self, mut backtest: Backtest) -> std::io::Result<()> {
        let mut list = self.list_mut();
        backtest.id = list.next;
        std::fs::create_dir_all(&self.folder)?;
        let half = self.folder.join(".new");
        let mut file = std::fs::File::create(&half)?;
        file.write_all(&serde_json::to_vec(&backtest)?)?;
        file.sync_all()?;
        std::fs::rename(&half, self.path(backtest.id))?;
        list.next += 1;
        list.kept.insert(0, without_curves(backtest));
        let most = KEPT.min(list.kept.len());
        for oldest in list.kept.split_off(most) {
            if let Err(error) = std::fs::remove_file(self.path(oldest.id)) {
                tracing::warn!(id = oldest.id, %error, "an old backtest cannot be removed");
            }
        }
        Ok(())
    }

    /// Forgets one; `false`: there is no such one.
    ///
    /// # Errors
    /// Its file cannot be removed.
    pub fn forget(&self, id: u64) -> std::io::Result<bool> {
        let mut list = self.list_mut();
        let Some(place) = list.kept.iter().position(|backtest| backtest.id == id) else { return Ok(false) };
        match std::fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        list.kept.remove(place);
        Ok(true)
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

fn without_curves(mut backtest: Backtest) -> Backtest {
    for line in &mut backtest.lines {
        line.days = Vec::new();
        line.soc_pct = Vec::new();
        line.batteries = Vec::new();
    }
    backtest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn backtest() -> Backtest {
        serde_json::from_value(json!({
            "id": 0, "at": "2026-11-24T12:00:00Z", "wall_s": 1.0,
            "request": { "data": "sample", "runs": [] },
            "from": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z", "slots": 96, "currency": "EUR",
            "lines": [{
                "kind": "strategy", "strategy": "mine", "version": "1", "settings": {}, "cost": 1.0,
                "cost_adjusted": 1.0, "saved_against_no_battery": 0.0, "saved_against_self_consumption": 0.0,
                "share": 0.0, "import_kwh": 1.0, "export_kwh": 0.0, "cycles": 0.0, "adjusted": 0, "refused": 0,
                "strategy_errors": 0, "decide_ms": 0.2,
                "days": [{ "day": "2026-11-01", "cost": 1.0, "soc_pct": 50.0 }], "soc_pct": [50.0]
            }]
        }))
        .unwrap()
    }

    #[test]
    fn what_is_kept_is_there_after_a_restart_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("lab"));
        for _ in 0..=KEPT {
            store.add(backtest()).unwrap();
        }
        let again = Store::open(folder.path().join("lab"));
        let ids: Vec<u64> = again.list().iter().map(|one| one.id).collect();
        assert_eq!(ids, (2..=KEPT as u64 + 1).rev().collect::<Vec<_>>());
        assert!(again.list()[0].lines[0].days.is_empty(), "the list is short");
        assert_eq!(again.get(2).unwrap().unwrap().lines[0].days.len(), 1);
        assert!(again.get(1).unwrap().is_none());
        assert!(again.forget(2).unwrap() && !again.forget(2).unwrap());
        assert!(again.get(2).unwrap().is_none());
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("7.json"), "{").unwrap();
        let store = Store::open(folder.path().to_owned());
        assert!(store.list().is_empty());
        store.add(backtest()).unwrap();
        assert_eq!(store.list()[0].id, 8);
        std::fs::remove_file(folder.path().join("8.json")).unwrap();
        assert!(store.forget(8).unwrap(), "somebody else has removed it already");
        assert!(folder.path().join("7.json").exists());
    }
}
