//! `lianxin call`: a citizen by script, who dials, waits, speaks out of a file, hears, presses keys
//! and hangs up. The demo's "ring me" button starts one inside the server by [`place`].
#[path = "caller_ear.rs"]
mod ear;
#[path = "caller_line.rs"]
mod line;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use base::{PhoneNumber, SystemClock, SystemDice};

pub(crate) use ear::Ear;
pub(crate) use line::place;

/// Arguments of `lianxin call`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// The number that calls
    #[arg(long)]
    from: PhoneNumber,
    /// The number that is called
    #[arg(long, default_value = "12345")]
    to: PhoneNumber,
    /// What the caller says: a WAV file of 8 kHz and 16 bit; of two tracks the left one
    #[arg(long)]
    play: Option<PathBuf>,
    /// When the caller begins to speak: at the answer, or when the agent is on (the hold tone has
    /// been gone for half a second, and whoever speaks then has paused)
    #[arg(long, value_enum, default_value = "talk")]
    play_at: PlayAt,
    /// Where to write what the caller hears, from the answer on
    #[arg(long)]
    record: Option<PathBuf>,
    /// The address of the hotline's SIP
    #[arg(long, default_value = "127.0.0.1:5060")]
    via: String,
    /// Keys to press, as `1` or `1,2`: a second after the caller has said everything, and again
    /// each six seconds, since a caller cannot see when the rating is asked for
    #[arg(long, value_parser = keys)]
    dtmf: Option<Keys>,
    /// Presses the keys once, so long after the talk began
    #[arg(long, value_parser = duration)]
    dtmf_at: Option<Duration>,
    /// Hangs up so long after the talk began (`20s`, `500ms`, `2m`); else the other side does
    #[arg(long, value_parser = duration)]
    hang_up_after: Option<Duration>,
    /// Hangs up so long after dialling when no agent has come
    #[arg(long, value_parser = duration, default_value = "10m")]
    give_up_after: Duration,
}

/// When the file is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PlayAt {
    Answer,
    Talk,
}

/// What a scripted caller does.
#[derive(Debug, Clone)]
pub(crate) struct CallPlan {
    pub(crate) from: PhoneNumber,
    pub(crate) to: PhoneNumber,
    pub(crate) via: SocketAddr,
    pub(crate) play: Option<PathBuf>,
    pub(crate) play_at: PlayAt,
    pub(crate) record: Option<PathBuf>,
    pub(crate) keys: Vec<char>,
    /// None: after everything is said, again and again.
    pub(crate) keys_at: Option<Duration>,
    pub(crate) hang_up_after: Option<Duration>,
    pub(crate) give_up_after: Duration,
}

impl CallPlan {
    /// A citizen who says what is in the file and then waits for the agent to hang up.
    pub(crate) fn saying(
        from: PhoneNumber,
        to: PhoneNumber,
        via: SocketAddr,
        file: PathBuf,
    ) -> Self {
        Self {
            from,
            to,
            via,
            play: Some(file),
            play_at: PlayAt::Talk,
            record: None,
            keys: Vec::new(),
            keys_at: None,
            hang_up_after: None,
            give_up_after: Duration::from_mins(10),
        }
    }
}

/// How a call went; printed as one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Summary {
    /// The last status: 200, or why there was no call.
    pub(crate) code: u16,
    pub(crate) hung_up_by: HungUpBy,
    /// From dialling to the answer.
    pub(crate) answer_ms: Option<u64>,
    /// From the answer to the agent, or to the end.
    pub(crate) wait_ms: u64,
    /// From the agent to the end.
    pub(crate) talk_ms: u64,
    pub(crate) rtp_sent: u64,
    pub(crate) rtp_received: u64,
    pub(crate) lost: u64,
    /// What the far side said about its refusal.
    #[serde(skip)]
    pub(crate) reason: String,
}

/// Who ended the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HungUpBy {
    Caller,
    Callee,
    /// There was no call, or the line broke.
    None,
}

/// Places the call and prints how it went.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let via = args.via.to_socket_addrs().with_context(|| format!("--via {}", args.via))?.next();
    let plan = CallPlan {
        from: args.from,
        to: args.to,
        via: via.with_context(|| format!("--via {}: no address", args.via))?,
        play: args.play,
        play_at: args.play_at,
        record: args.record,
        keys: args.dtmf.map(|keys| keys.0).unwrap_or_default(),
        keys_at: args.dtmf_at,
        hang_up_after: args.hang_up_after,
        give_up_after: args.give_up_after,
    };
    let stop = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await; // no signal can be had; the call ends by itself
        }
    };
    let clock = Arc::new(SystemClock::default());
    let summary = place(plan, clock, Arc::new(SystemDice), stop).await?;
    base::out(&serde_json::to_string(&summary)?);
    if summary.answer_ms.is_none() {
        bail!("没有接通 (not answered): {} {}", summary.code, summary.reason);
    }
    Ok(())
}

/// The keys of `--dtmf`.
#[derive(Debug, Clone)]
struct Keys(Vec<char>);

fn keys(text: &str) -> Result<Keys, String> {
    let keys: Vec<char> = text.chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    match keys.iter().find(|key| !matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')) {
        Some(other) => Err(format!("{other} is no key; there are 0-9, *, #, A-D")),
        None => Ok(Keys(keys)),
    }
}

/// `20s`, `500ms`, `2m`, or bare seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        other => return Err(format!("{other:?} is no unit; there are ms, s and m")),
    };
    let count: u64 = digits.parse().map_err(|_| format!("{text:?} is no duration"))?;
    count.checked_mul(unit).map(Duration::from_millis).ok_or_else(|| format!("{text} is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(duration("20"), Ok(Duration::from_secs(20)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "s", "2h", "-1s", "1.5s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_are_those_of_a_telephone() {
        assert_eq!(keys("1,2 #").unwrap().0, ['1', '2', '#']);
        assert!(keys("1,x").is_err());
    }

    #[test]
    fn the_line_of_json_has_the_promised_words() {
        let summary = Summary {
            code: 200,
            hung_up_by: HungUpBy::Callee,
            answer_ms: Some(12),
            wait_ms: 3000,
            talk_ms: 20_000,
            rtp_sent: 1100,
            rtp_received: 1102,
            lost: 0,
            reason: "OK".to_owned(),
        };
        insta::assert_snapshot!(serde_json::to_string(&summary).unwrap(), @r#"{"code":200,"hung_up_by":"callee","answer_ms":12,"wait_ms":3000,"talk_ms":20000,"rtp_sent":1100,"rtp_received":1102,"lost":0}"#);
    }
}
