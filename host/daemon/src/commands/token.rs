//! `wattwright token`.

use anyhow::{Result, bail};
use jiff::Timestamp;
use server::{Tokens, Users};

use super::say;
use crate::cli::{SiteArgs, TokenAdd, TokenCommand};
use crate::site::Site;

/// Manages tokens.
pub fn run(command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::Add(args) => add(&args),
        TokenCommand::List(site) => list(&site),
        TokenCommand::Remove(args) => {
            Tokens::new(&Site::find(&args.site)?.state_dir).remove(&args.name)?;
            say(format!("the token {} is revoked", args.name));
            Ok(())
        }
    }
}

fn add(args: &TokenAdd) -> Result<()> {
    let state_dir = Site::find(&args.site)?.state_dir;
    if Users::new(&state_dir).list()?.is_empty() {
        bail!("there are no users, so nothing needs a token; `wattwright user add NAME --role owner` adds the first");
    }
    let scopes = args.scope.iter().map(|scope| (*scope).into()).collect();
    let (secret, token) = Tokens::new(&state_dir).add(&args.name, scopes, args.days, None, Timestamp::now())?;
    // The secret alone goes to standard output, so that it can be written into a file.
    eprintln!("The token {} is shown this once only; send it as `Authorization: Bearer …`:", token.name);
    say(secret);
    Ok(())
}

fn list(site: &SiteArgs) -> Result<()> {
    for token in Tokens::new(&Site::find(site)?.state_dir).list()? {
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
        let until = token.expires_at.map_or("until it is revoked".to_owned(), |end| format!("until {end:.0}"));
        let by = token.made_by.map_or(String::new(), |by| format!(", made by {by}"));
        say(format!("{:<40} {} {until}{by}", token.name, scopes.join(",")));
    }
    Ok(())
}
