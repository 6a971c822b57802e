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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use base::{CallId, Clock, ManualClock, SystemDice};
    use org::Role;
    use sqlx::PgPool;
    use ticket::{Channel, Kind, Urgency};
    use workflow::attachments::{Purpose, Upload};
    use workflow::{Draft, Intake, Workflow};

    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\nendobj\n";

    /// A data folder with one recording and one attachment.
    struct Kept {
        home: tempfile::TempDir,
        db: PgPool,
        recording: PathBuf,
        attachment: PathBuf,
    }

    impl Kept {
        async fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let (clock, dice) = (Arc::new(ManualClock::default()), Arc::new(SystemDice));
            let db = db::testing::database().await;
            let keys = Arc::new(org::Keys::open(&home.path().join("keys"), &*dice).unwrap());
            let (objects, recordings) =
                app::stores(home.path(), Arc::new(keys.sealing()), dice.clone());
            let call = CallId::new(clock.now(), [7; 10]);
            let name = Recordings::name(call, clock.now());
            let plain = home.path().join("recordings").join(&name);
            std::fs::create_dir_all(plain.parent().unwrap()).unwrap();
            let sound = vec![3; 200_000];
            std::fs::write(&plain, &sound).unwrap();
            recordings.seal(&name).unwrap();
            sqlx::query(
                "with call as (insert into call_record (id, rev, direction, hotline, hotline_name, dialled, invite_at)
                    values ($1, 1, 'in', '12345', '12345', '12345', now()))
                 insert into recording (call_id, path, sha256, millis, at) values ($1, $2, $3, 1, now())",
            )
            .bind(call.uuid())
            .bind(&name)
            .bind(hex::encode(Sha256::digest(&sound)))
            .execute(&db)
            .await
            .unwrap();
            let recording = newest(&home.path().join("objects"));
            let attached = attach(&db, clock, dice, keys, &objects).await;
            let attachment = home.path().join("objects").join(attached);
            Self { home, db, recording, attachment }
        }

        /// What is wrong with recordings and with attachments.
        async fn look(&self, quick: bool) -> [(u64, String); 2] {
            let keys = self.home.path().join("keys");
            let found = super::look(&keys, self.home.path(), &self.db, quick).await.unwrap();
            let [sounds, files] = found.try_into().expect("two findings");
            [sounds, files]
                .map(|finding: Finding| (finding.wrong, finding.first.clone().unwrap_or_default()))
        }
    }

    fn newest(folder: &Path) -> PathBuf {
        let mut at = folder.to_owned();
        while at.is_dir() {
            at = std::fs::read_dir(&at).unwrap().next().unwrap().unwrap().path();
        }
        at
    }

    async fn attach(
        db: &PgPool,
        clock: Arc<ManualClock>,
        dice: Arc<SystemDice>,
        keys: Arc<org::Keys>,
        objects: &Objects,
    ) -> String {
        org::testing::city(db, &*clock, &*dice).await;
        let persons = org::Persons::new(keys, clock.clone(), dice.clone());
        let notices = notice::Notices::new(notice::Templates::built_in(), dice.clone(), false);
        let book = ticket::RuleBook::built_in();
        let workflow =
            Workflow::new(db.clone(), clock.clone(), dice.clone(), persons, book, notices);
        let roles = [Role::Agent];
        let agent = org::testing::someone("agent", &roles, None, db, &*clock, &*dice).await.actor();
        let draft = Draft {
            title: "供热不足".to_owned(),
            content: "室内温度只有14度".to_owned(),
            kind: Kind::Help,
            urgency: Urgency::Normal,
            category_id: None,
            place_id: None,
            address: "阳光小区3号楼".to_owned(),
            contact_name: "张先生".to_owned(),
            contact_number: "13800000001".to_owned(),
            secrecy: false,
            wants_reply: true,
            against_unit_ids: Vec::new(),
        };
        let intake = Intake {
            draft,
            call_id: None,
            channel: Channel::Manual,
            source: None,
            outside_number: None,
            outside_due: None,
            direct_answer: None,
            key: uuid::Uuid::from_u128(1),
        };
        let ticket = workflow.accept(&agent, intake).await.unwrap().0;
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, PDF).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let upload = Upload {
            purpose: Purpose::Request,
            name: "现场.pdf".to_owned(),
            file,
            sha256: Sha256::digest(PDF).into(),
            key: None,
        };
        workflow.attach(&agent, ticket.id, upload, objects).await.unwrap().0.object
    }

    #[tokio::test]
    async fn recordings_and_attachments_that_are_whole_raise_no_finding() {
        let kept = Kept::new().await;
        let fine = [(0, String::new()), (0, String::new())];
        assert_eq!(kept.look(false).await, fine);
        assert_eq!(kept.look(true).await, fine);
    }

    #[tokio::test]
    async fn one_byte_of_a_recording_that_is_another_is_found() {
        let kept = Kept::new().await;
        let mut bytes = std::fs::read(&kept.recording).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&kept.recording, bytes).unwrap();
        let [(sounds, first), (files, _)] = kept.look(false).await;
        assert_eq!((sounds, files), (1, 0), "{first}");
    }

    #[tokio::test]
    async fn an_attachment_that_is_gone_is_found_even_at_a_quick_look() {
        let kept = Kept::new().await;
        std::fs::remove_file(&kept.attachment).unwrap();
        for quick in [false, true] {
            let [(sounds, _), (files, first)] = kept.look(quick).await;
            assert_eq!((sounds, files), (0, 1));
            assert!(first.contains("is not there"), "{first}");
        }
    }
}
