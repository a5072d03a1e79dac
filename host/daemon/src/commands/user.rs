//! `wattwright user`.

use std::io::BufRead;

use anyhow::{Context, Result};
use server::{Tokens, UserRole, Users};

use super::say;
use crate::cli::{SiteArgs, UserAdd, UserCommand};
use crate::site::Site;

/// Manages users.
pub fn run(command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Add(args) => add(&args),
        UserCommand::List(site) => list(&site),
        UserCommand::Remove(args) => {
            users(&args.site)?.remove(&args.name)?;
            Tokens::new(&Site::find(&args.site)?.state_dir).remove_of(&args.name)?;
            say(format!("{} is removed", args.name));
            Ok(())
        }
    }
}

fn users(site: &SiteArgs) -> Result<Users> {
    Ok(Users::new(&Site::find(site)?.state_dir))
}

fn add(args: &UserAdd) -> Result<()> {
    let users = users(&args.site)?;
    let is_first = users.list()?.is_empty();
    let role = UserRole::from(args.role);
    if args.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("the password cannot be read from standard input")?;
        users.add(&args.name, role, line.trim_end_matches(['\r', '\n']))?;
        say(format!("{} may sign in as {}", args.name, role.name()));
    } else {
        let password = Users::made_password()?;
        users.add(&args.name, role, &password)?;
        say(format!("{} may sign in as {} with the password\n\n    {password}\n", args.name, role.name()));
        say("It is shown this once only.");
    }
    if is_first {
        say("A Wattwright that runs asks nobody to sign in until it is started again.");
    }
    Ok(())
}

fn list(site: &SiteArgs) -> Result<()> {
    for (name, role) in users(site)?.list()? {
        say(format!("{name:<40} {}", role.name()));
    }
    Ok(())
}
