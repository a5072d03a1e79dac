//! `wattwright backup`.

use anyhow::{Result, bail};

use super::say;
use crate::cli::Backup;
use crate::site::Site;

/// Copies the journal, whether the home runs or not.
pub fn run(args: &Backup) -> Result<()> {
    let site = Site::find(&args.site)?;
    let Some(journal) = site.journal()? else {
        bail!("there is no journal in {} yet", site.state_dir.display());
    };
    if args.file.exists() {
        bail!("{}: there is such a file already; a backup writes over nothing", args.file.display());
    }
    journal.back_up(&args.file)?;
    say(format!(
        "{} has all that was measured and decided; to go back to it, stop Wattwright, put it in place of {1} and remove \
         {1}-wal and {1}-shm",
        args.file.display(),
        journal.path().display()
    ));
    Ok(())
}
