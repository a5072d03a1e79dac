//! `wattwright override`, `pause`, `resume` and `health`: asks the daemon that runs, by its API.

use anyhow::{Context, Result, anyhow, bail};
use jiff::{SignedDuration, Timestamp};
use model::{BalanceLimits, Command, Hand};
use reqwest::{Client, Method, Response, StatusCode};
use server::hand::{NewOverride, NewPause};
use server::{Failure, Health, Scope, Tokens, Users};

use super::say;
use crate::cli::{DaemonArgs, HomeArgs, OverrideArgs, SiteArgs};
use crate::site::Site;

/// `wattwright override TARGET COMMAND --for 1h`.
pub async fn set(args: OverrideArgs) -> Result<()> {
    let target = args.target;
    if args.clear {
        let path = format!("/api/override?target={target}");
        ask(&args.daemon, Method::DELETE, &path, None::<&()>).await?;
        say(format!("`{target}` is the strategies' again"));
        return Ok(());
    }
    let command = parse(&args.command.join(" "))?;
    let body = NewOverride { target: target.clone(), command, lasts_s: seconds(args.lasts)? };
    let hand = ask(&args.daemon, Method::POST, "/api/override", Some(&body)).await?;
    if let Some(given) = hand.overrides.get(&target) {
        say(format!("`{target}`: {} until {}; the page shows what the guard says", given.command, given.until));
    }
    Ok(())
}

/// `wattwright pause --for 1h`.
pub async fn pause(daemon: DaemonArgs, lasts: SignedDuration) -> Result<()> {
    let hand = ask(&daemon, Method::POST, "/api/pause", Some(&NewPause { lasts_s: seconds(lasts)? })).await?;
    if let Some(pause) = hand.pause {
        say(format!("Paused until {}: what was taken over is given back", pause.until));
    }
    Ok(())
}

/// `wattwright resume`.
pub async fn resume(daemon: DaemonArgs) -> Result<()> {
    ask(&daemon, Method::DELETE, "/api/pause", None::<&()>).await?;
    say("The strategies are heard again");
    Ok(())
}

/// `wattwright health`: for a supervisor. Ends with status 1 when the daemon does not answer or is not well.
pub async fn health(daemon: DaemonArgs) -> Result<()> {
    let answer = send(&daemon, Scope::Read, Method::GET, "/api/health", None::<&()>).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        if token(&daemon)?.is_some() {
            return Err(failure(answer).await);
        }
        say("It answers. What troubles it is told to its users only: set WATTWRIGHT_TOKEN to a token of scope `read`.");
        return Ok(());
    }
    if answer.status() == StatusCode::FORBIDDEN {
        return Err(failure(answer).await);
    }
    let health: Health = answer.json().await.context("the answer cannot be read")?;
    if health.status == server::HealthStatus::Ok {
        say("ok");
        return Ok(());
    }
    bail!("{}", health.troubles.join("; "))
}

fn seconds(lasts: SignedDuration) -> Result<u64> {
    u64::try_from(lasts.as_secs()).context("--for: expected a time such as 30m or 2h")
}

/// `hold`, `charge 500`, `discharge 300`, `balance`, `on`, `off`, `level 45`.
fn parse(text: &str) -> Result<Command> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number =
        |text: &str| text.trim_end_matches(['W', 'w']).parse::<f64>().with_context(|| format!("`{text}` is no number"));
    Ok(match words.as_slice() {
        ["hold"] => Command::Hold,
        ["charge", power] => Command::Charge { power_w: number(power)? },
        ["discharge", power] => Command::Discharge { power_w: number(power)? },
        ["balance"] => Command::Balance(BalanceLimits::default()),
        ["on"] => Command::TurnOn,
        ["off"] => Command::TurnOff,
        ["level", value] => Command::SetLevel { value: number(value)? },
        _ => bail!(
            "`{text}` is no command; there are `hold`, `charge WATT`, `discharge WATT`, `balance`, `on`, `off`, \
             `level NUMBER`"
        ),
    })
}

fn client() -> Result<Client> {
    // The daemon is on this machine, without TLS; reqwest wants to know of cryptography all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().context("no connection can be made")
}

fn url(daemon: &DaemonArgs, path: &str) -> String {
    format!("http://{}{path}", daemon.server)
}

fn silent(daemon: &DaemonArgs, error: &reqwest::Error) -> anyhow::Error {
    anyhow!("no Wattwright answers at {}; does `wattwright run` run? ({error})", daemon.server)
}

async fn ask(daemon: &DaemonArgs, method: Method, path: &str, body: Option<&impl serde::Serialize>) -> Result<Hand> {
    let answer = send(daemon, Scope::Hand, method, path, body).await?;
    if answer.status().is_success() {
        return answer.json().await.context("the answer cannot be read");
    }
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Err(failure(answer).await.context(
            "this home has users. Set WATTWRIGHT_TOKEN, or --token-file, to a token that the owner makes with \
             `wattwright token add NAME --scope hand`; or type this as the user whom Wattwright runs as, with the same \
             --config and --state-dir",
        ));
    }
    Err(failure(answer).await)
}

async fn failure(answer: Response) -> anyhow::Error {
    match answer.json::<Failure>().await {
        Ok(failure) => anyhow!("{}", failure.error.message),
        Err(error) => anyhow::Error::from(error).context("the answer cannot be read"),
    }
}

/// Asks with the token that is set; without one, and when somebody has to sign in, as who may write into the state
/// folder.
async fn send(
    daemon: &DaemonArgs,
    scope: Scope,
    method: Method,
    path: &str,
    body: Option<&impl serde::Serialize>,
) -> Result<Response> {
    let client = client()?;
    let attempt = async |token: Option<&str>| {
        let mut request = client.request(method.clone(), url(daemon, path)).header("x-wattwright", "1");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(|error| silent(daemon, &error))
    };
    if let Some(token) = token(daemon)? {
        return attempt(Some(&token)).await;
    }
    let answer = attempt(None).await?;
    if answer.status() != StatusCode::UNAUTHORIZED {
        return Ok(answer);
    }
    match of_a_moment(daemon, scope) {
        Some(token) => attempt(Some(&token)).await,
        None => Ok(answer),
    }
}

/// The token that is set. It is never typed, since other users of a machine see what is typed.
fn token(daemon: &DaemonArgs) -> Result<Option<String>> {
    let text = match &daemon.token_file {
        Some(file) => Some(std::fs::read_to_string(file).with_context(|| format!("--token-file {}", file.display()))?),
        None => std::env::var("WATTWRIGHT_TOKEN").ok(),
    };
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// A token made in the state folder, when this is the home that is asked: another machine is not told one.
fn of_a_moment(daemon: &DaemonArgs, scope: Scope) -> Option<String> {
    if !daemon.server.ip().is_loopback() {
        return None;
    }
    let site = SiteArgs {
        home: HomeArgs { config: daemon.home.config.clone() },
        state_dir: daemon.state_dir.clone(),
        strategies: None,
    };
    let state_dir = Site::find(&site).ok()?.state_dir;
    if Users::new(&state_dir).list().ok()?.is_empty() {
        return None;
    }
    Tokens::new(&state_dir).for_a_moment([scope].into(), Timestamp::now()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_typed_as_words() {
        assert_eq!(parse("charge 500").unwrap(), Command::Charge { power_w: 500.0 });
        assert_eq!(parse("discharge 300W").unwrap(), Command::Discharge { power_w: 300.0 });
        assert_eq!(parse(" hold ").unwrap(), Command::Hold);
        assert_eq!(parse("balance").unwrap(), Command::Balance(BalanceLimits::default()));
        assert_eq!(parse("level 45.5").unwrap(), Command::SetLevel { value: 45.5 });
        for wrong in ["", "charge", "charge much", "explode", "on off"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
