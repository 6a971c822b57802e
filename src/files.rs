//! Whether the files that the database names are there, open with the keys, and hold what was
//! written down of them: recordings and attachments.
use std::path::Path;
use std::sync::Arc;

use base::SystemDice;
use call::{Recordings, Sound};
use db::checks::Finding;
use db::objects::Objects;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::app;

const RECORDINGS: &str = "录音文件完好 (recordings are there, with the hash recorded)";
const ATTACHMENTS: &str = "附件完好 (attachments are there, with the hash recorded)";
const ADVICE: &str = "从备份找回该文件 (fetch the file from a backup)";
/// How much is read at once.
const CHUNK: u64 = 1 << 20;

/// Reads every file, or only looks whether it opens when `quick`.
pub(crate) async fn look(
    keys: &Path,
    data: &Path,
    db: &PgPool,
    quick: bool,
) -> anyhow::Result<Vec<Finding>> {
    let dice = Arc::new(SystemDice);
    if !keys.exists() {
        return Ok(Vec::new()); // told already
    }
    let Ok(keys) = org::Keys::open(keys, &*dice) else { return Ok(Vec::new()) };
    let (objects, recordings) = app::stores(data, Arc::new(keys.sealing()), dice);
    let mut heard = Tally::default();
    let mut after = None;
    loop {
        let page = call::store::recordings_after(db, after, 500).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.call);
        for recorded in page {
            let wrong = recording(&recordings, &recorded.path, &recorded.sha256, quick);
            heard.add(&recorded.call.to_string(), wrong.err());
        }
    }
    let mut kept = Tally::default();
    let mut after = None;
    loop {
        let page = workflow::doctor::attachments_after(db, after, 500).await?;
        let Some((last, ..)) = page.last() else { break };
        after = Some(*last);
        for (id, object, sha256) in page {
            let wrong = attachment(&objects, &object, &hex::encode(sha256), quick);
            kept.add(&id.to_string(), wrong.err());
        }
    }
    Ok(vec![heard.finding("recordings", RECORDINGS), kept.finding("attachments", ATTACHMENTS)])
}

fn recording(at: &Recordings, name: &str, sha256: &str, quick: bool) -> Result<(), String> {
    let mut sound = at.open(name).map_err(|error| error.to_string())?.ok_or_else(gone)?;
    let length = sound.length().map_err(|error| error.to_string())?;
    compare(length, sha256, quick, |range| Sound::read(&mut sound, range))
}

fn attachment(at: &Objects, name: &str, sha256: &str, quick: bool) -> Result<(), String> {
    let mut opened = at.open(name).map_err(|error| error.to_string())?.ok_or_else(gone)?;
    let length = opened.len();
    compare(length, sha256, quick, |range| opened.read(range))
}

fn gone() -> String {
    "文件不在 (is not there)".to_owned()
}

fn compare(
    length: u64,
    sha256: &str,
    quick: bool,
    mut read: impl FnMut(std::ops::Range<u64>) -> Result<Vec<u8>, db::seal::Error>,
) -> Result<(), String> {
    if quick {
        return Ok(());
    }
    let mut hash = Sha256::new();
    let mut at = 0;
    while at < length {
        hash.update(read(at..at + CHUNK).map_err(|error| error.to_string())?);
        at += CHUNK;
    }
    if hex::encode(hash.finalize()) == sha256 {
        return Ok(());
    }
    Err("内容与登记的哈希不符 (another hash)".to_owned())
}

#[derive(Default)]
struct Tally {
    count: u64,
    wrong: u64,
    first: Option<String>,
}

impl Tally {
    fn add(&mut self, id: &str, wrong: Option<String>) {
        self.count += 1;
        if let Some(why) = wrong {
            self.wrong += 1;
            self.first.get_or_insert_with(|| format!("{id} {why}"));
        }
    }

    fn finding(self, name: &'static str, what: &'static str) -> Finding {
        let found = match self.first {
            None => Finding::ok(name, what),
            Some(first) => Finding::wrong(name, what, self.wrong, first, ADVICE),
        };
        found.noting(self.count.to_string())
    }
}
