//! The whole configuration, read once: the settings, and the folders beside them. Every mistake is
//! found, not only the first.
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sip::TrunkConfig;

use crate::layers::{self, Environment, Mistake};
use crate::settings::{Hotline, Queue, Settings};

/// What the house is opened with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where it was read.
    pub(crate) dir: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) trunks: Vec<TrunkConfig>,
    pub(crate) hotlines: Vec<Hotline>,
    pub(crate) book: ticket::RuleBook,
}

/// Reads the tree under `dir`, or gives everything that is wrong with it.
pub(crate) fn load(dir: &Path) -> Result<Config, Vec<Mistake>> {
    load_with(dir, &layers::environment()?)
}

fn load_with(dir: &Path, environment: &Environment) -> Result<Config, Vec<Mistake>> {
    if !dir.is_dir() {
        let why =
            "没有这个配置目录;用 --config 指定 (there is no such folder; name it with --config)";
        return Err(vec![Mistake::new(dir.display(), why)]);
    }
    let mut mistakes = Vec::new();
    let settings = note(layers::settings(dir, environment), &mut mistakes);
    let queues = note(queues(dir), &mut mistakes).unwrap_or_default();
    let trunks = note(trunks(dir, environment), &mut mistakes).unwrap_or_default();
    let calendars = note(calendars(dir), &mut mistakes).unwrap_or_default();
    let hotlines = note(hotlines(dir, &queues, &calendars), &mut mistakes).unwrap_or_default();
    let book = note(book(dir, settings.as_ref()), &mut mistakes);
    if let Some(settings) = &settings {
        check(settings, &queues, &trunks, &hotlines, dir, &mut mistakes);
    }
    match (settings, book) {
        (Some(settings), Some(book)) if mistakes.is_empty() => {
            Ok(Config { dir: dir.to_owned(), settings, queues, trunks, hotlines, book })
        }
        _ => Err(mistakes),
    }
}

/// The flow profiles and their calendars.
fn book(dir: &Path, settings: Option<&Settings>) -> Result<ticket::RuleBook, Vec<Mistake>> {
    let book = ticket::RuleBook::load(dir).and_then(|book| match settings {
        Some(settings) => book.with_profile(&settings.flow.profile),
        None => Ok(book),
    });
    book.map_err(|error| vec![calendar_mistake("flow", error)])
}

fn calendar_mistake(place: &str, error: ticket::calendar::Error) -> Mistake {
    match error {
        ticket::calendar::Error::Mistake(found) => {
            Mistake::new(found.file, found.why).line(found.line).key(found.key)
        }
        error => Mistake::new(place, error),
    }
}

fn note<T>(read: Result<T, Vec<Mistake>>, mistakes: &mut Vec<Mistake>) -> Option<T> {
    read.map_err(|mut more| mistakes.append(&mut more)).ok()
}

fn each<T>(
    folder: &Path,
    mut read: impl FnMut(&str, &Path, &str) -> Result<T, Mistake>,
) -> Result<BTreeMap<String, T>, Vec<Mistake>> {
    let (mut all, mut mistakes) = (BTreeMap::new(), Vec::new());
    for (name, path) in layers::files(folder, "toml").map_err(|mistake| vec![mistake])? {
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| Mistake::new(path.display(), error));
        match text.and_then(|text| read(&name, &path, &text)) {
            Ok(one) => {
                all.insert(name, one);
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(all) } else { Err(mistakes) }
}

fn queues(dir: &Path) -> Result<BTreeMap<String, Queue>, Vec<Mistake>> {
    each(&dir.join("queues"), |_, path, text| layers::file(path, text))
}

/// The names of the calendars; their content is checked by who uses it.
fn calendars(dir: &Path) -> Result<BTreeSet<String>, Vec<Mistake>> {
    let read = |_: &str, path: &Path, text: &str| {
        let file = path.display().to_string();
        let read = ticket::calendar::Hours::parse_file(&file, text);
        read.map(drop).map_err(|error| calendar_mistake(&file, error))
    };
    Ok(each(&dir.join("calendar"), read)?.into_keys().collect())
}

/// A trunk's name is its file's; its password may come from the environment.
fn trunks(dir: &Path, environment: &Environment) -> Result<Vec<TrunkConfig>, Vec<Mistake>> {
    let read = |name: &str, path: &Path, text: &str| {
        // On the first line, so that lines keep their numbers.
        let named = format!("name = {name:?}; ").replace("; ", "\n");
        let mut trunk: TrunkConfig = layers::file(path, &format!("{named}{text}"))
            .map_err(|mistake| Mistake { line: mistake.line.map(|line| line - 1), ..mistake })?;
        let key = format!("TRUNK_{}_PASSWORD", name.to_uppercase().replace('-', "_"));
        match (&mut trunk.digest, environment.get(&key)) {
            (Some(digest), Some(password)) => digest.password.clone_from(password),
            (Some(digest), None) if digest.password.is_empty() => {
                let why =
                    format!("没有密码;设置 LIANXIN_{key} 或 LIANXIN_{key}_FILE (no password)");
                return Err(Mistake::new(path.display(), why).key("digest.password"));
            }
            _ => {}
        }
        Ok(trunk)
    };
    Ok(each(&dir.join("trunks"), read)?.into_values().collect())
}

fn hotlines(
    dir: &Path,
    queues: &BTreeMap<String, Queue>,
    calendars: &BTreeSet<String>,
) -> Result<Vec<Hotline>, Vec<Mistake>> {
    let path = dir.join("hotlines.csv");
    let whole = |error: csv::Error| {
        let line = error.position().map(csv::Position::line);
        let line = line.and_then(|line| usize::try_from(line).ok());
        Mistake::new(path.display(), csv_why(&error)).line(line)
    };
    let mut reader = csv::Reader::from_path(&path).map_err(|error| vec![whole(error)])?;
    let headers = reader.headers().map_err(|error| vec![whole(error)])?.clone();
    let (mut lines, mut mistakes, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(whole(error));
                continue;
            }
        };
        let line = record.position().and_then(|at| usize::try_from(at.line()).ok());
        let row: Hotline = match record.deserialize(Some(&headers)) {
            Ok(row) => row,
            Err(error) => {
                let key = csv_key(&error, &headers, &record);
                mistakes.push(whole(error).line(line).key(key));
                continue;
            }
        };
        let wrong = |key: &str, why: String| Mistake::new(path.display(), why).line(line).key(key);
        if row.number.is_empty() || !row.number.bytes().all(|digit| digit.is_ascii_digit()) {
            mistakes.push(wrong("number", format!("{:?} 不是号码 (is no number)", row.number)));
        }
        if !seen.insert(row.number.clone()) {
            mistakes.push(wrong("number", format!("{} 出现两次 (stands here twice)", row.number)));
        }
        if !queues.contains_key(&row.queue) {
            let why = format!("没有队列 queues/{}.toml (there is no such queue)", row.queue);
            mistakes.push(wrong("queue", why));
        }
        if !row.hours.is_empty() && !calendars.contains(&row.hours) {
            let why = format!("没有日历 calendar/{}.toml (there is no such calendar)", row.hours);
            mistakes.push(wrong("hours", why));
        }
        lines.push(row);
    }
    if mistakes.is_empty() { Ok(lines) } else { Err(mistakes) }
}

fn csv_why(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} 列,应为 {expected_len} 列 ({len} columns instead of {expected_len})")
        }
        _ => error.to_string(),
    }
}

/// The column of a value that was not understood.
fn csv_key(error: &csv::Error, headers: &csv::StringRecord, row: &csv::StringRecord) -> String {
    let csv::ErrorKind::Deserialize { err, .. } = error.kind() else { return String::new() };
    let named = err.field().and_then(|field| usize::try_from(field).ok());
    // An unknown word is quoted, without its column.
    let said = err.kind().to_string();
    let quoted = said.split('`').nth(1);
    let column = named.or_else(|| row.iter().position(|cell| Some(cell) == quoted));
    column.and_then(|column| headers.get(column)).unwrap_or_default().to_owned()
}

/// What no single file can know.
fn check(
    settings: &Settings,
    queues: &BTreeMap<String, Queue>,
    trunks: &[TrunkConfig],
    hotlines: &[Hotline],
    dir: &Path,
    mistakes: &mut Vec<Mistake>,
) {
    let mut wrong =
        |key: &str, why: String| mistakes.push(Mistake::new("设置 (settings)", why).key(key));
    let call = &settings.call;
    if !queues.contains_key(&call.main_queue) {
        wrong(
            "call.main_queue",
            format!("没有队列 queues/{}.toml (no such queue)", call.main_queue),
        );
    }
    if hotlines.iter().any(|line| line.number == call.main_number) {
        let why = "主号码不应出现在 hotlines.csv (the main entry is not one of hotlines.csv)";
        wrong("call.main_number", why.to_owned());
    }
    if !call.out_trunk.is_empty() && !trunks.iter().any(|trunk| trunk.name == call.out_trunk) {
        wrong("call.out_trunk", format!("没有中继 trunks/{}.toml (no such trunk)", call.out_trunk));
    }
    if let Err(why) = api::Proxies::read(&settings.http.trusted_proxies) {
        wrong("http.trusted_proxies", why);
    }
    let url = settings.database.url.reveal();
    if !url.is_empty() && !["postgres://", "postgresql://"].iter().any(|it| url.starts_with(it)) {
        let why = "须以 postgres:// 开头 (begins with postgres://; nothing else is spoken)";
        wrong("database.url", why.to_owned());
    }
    if let Err(why) = model_name(&settings.speech.model) {
        wrong("speech.model", why);
    }
    let (first, last) = settings.media.rtp_ports;
    if first < 1024 || last < first.saturating_add(3) {
        wrong("media.rtp_ports", format!("[{first}, {last}] 不是端口范围 (is no range of ports)"));
    }
    if settings.http.certificate.is_empty() != settings.http.private_key.is_empty() {
        let why = "证书和私钥须同时设置 (certificate and private key go together)";
        wrong("http.certificate", why.to_owned());
    }
    if settings.sip.listen.is_empty() {
        wrong("sip.listen", "至少一个地址 (at least one address)".to_owned());
    }
    if call.ring_secs == 0 {
        wrong("call.ring_secs", "至少 1 秒 (at least one second)".to_owned());
    }
    prompts(call, &dir.join("prompts"), mistakes);
}

/// Everything that a caller may hear is there and can be played.
fn prompts(call: &crate::settings::Call, folder: &Path, mistakes: &mut Vec<Mistake>) {
    let names = call::PromptNames {
        greeting: call.greeting.clone(),
        callback_greeting: call.callback_greeting.clone(),
        ..call::PromptNames::default()
    };
    for name in names.all() {
        let path = folder.join(format!("{name}.wav"));
        if let Err(error) = media::Prompt::from_wav(&path) {
            let why = error.to_string();
            let why = why.trim_start_matches(&format!("{}: ", path.display())).to_owned();
            let why = format!("语音须为 8 kHz 16 位 WAV (no prompt that can be played): {why}");
            mistakes.push(Mistake::new(path.display(), why));
        }
    }
}

/// `base`, `large-v3-turbo` or the path of a file; whether it is there is asked by `config check`.
fn model_name(name: &str) -> Result<(), String> {
    let is_path = Path::new(name).extension().is_some_and(|end| end == "bin");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if is_path || (!name.is_empty() && name.chars().all(plain)) {
        return Ok(());
    }
    Err(format!("{name:?} 不是模型名,也不是 .bin 文件 (is neither a model's name nor a .bin file)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("sip-config")
    }

    /// The shipped tree with changes: a file's text, or nothing to take it away.
    fn changed(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        copy(&shipped(), dir.path());
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        dir
    }

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in from.read_dir().unwrap().flatten() {
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else if entry.file_name() != "local.toml" {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }

    fn mistakes(files: &[(&str, &str)], environment: &[(&str, &str)]) -> String {
        let dir = changed(files);
        let environment =
            environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let mistakes = load_with(dir.path(), &environment.collect()).unwrap_err();
        let lines: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        lines.join("\n").replace(&format!("{}/", dir.path().display()), "")
    }

    #[test]
    fn the_shipped_tree_loads_with_its_ninety_hotlines() {
        let config = load_with(&shipped(), &Environment::new()).unwrap();
        assert_eq!(config.hotlines.len(), 90);
        assert_eq!(config.queues["general"].name, "综合受理");
        assert_eq!(config.settings.call.ring_secs, 15);
    }

    #[test]
    fn a_misspelt_key_names_file_line_and_key() {
        let said = mistakes(&[("local.toml", "[http]\n\n[call]\nring_sec = 5\n")], &[]);
        assert!(said.starts_with("local.toml:4: call.ring_sec: unknown field"), "{said}");
    }

    #[test]
    fn a_wrong_value_names_file_line_and_key() {
        let said = mistakes(&[("local.toml", "[http]\nlisten = \"here\"\n")], &[]);
        assert!(said.starts_with("local.toml:2: http.listen: "), "{said}");
    }

    #[test]
    fn the_environment_wins_and_keeps_leading_zeros() {
        let dir = changed(&[("local.toml", "[call]\narea_code = \"0431\"\nring_secs = 9\n")]);
        let pairs = [
            ("CALL__AREA_CODE", "0432"),
            ("CALL__RING_SECS", "20"),
            ("SIP__LISTEN", "127.0.0.1:0,127.0.0.2:0"),
        ];
        let environment = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let settings = load_with(dir.path(), &environment.into()).unwrap().settings;
        assert_eq!((settings.call.area_code.as_str(), settings.call.ring_secs), ("0432", 20));
        assert_eq!(settings.sip.listen.len(), 2);
    }

    #[test]
    fn another_database_a_strange_model_and_a_proxy_that_is_none_are_mistakes() {
        let local = "[database]\nurl = \"mysql://u:hidden@h/d\"\n[speech]\nmodel = \"no model\"\n\
            [http]\ntrusted_proxies = [\"proxy.example\"]\n";
        let said = mistakes(&[("local.toml", local)], &[]);
        for key in ["database.url", "speech.model", "http.trusted_proxies"] {
            assert!(said.contains(key), "{key}: {said}");
        }
        assert!(!said.contains("hidden"), "{said}");
    }

    #[test]
    fn a_prompt_that_is_missing_or_cannot_be_played_is_named() {
        let said =
            mistakes(&[("prompts/digit-7.wav", "no sound"), ("prompts/thanks.wav", "")], &[]);
        assert!(said.contains("prompts/digit-7.wav: "), "{said}");
        assert!(said.contains("prompts/thanks.wav: "), "{said}");
    }

    #[test]
    fn a_misspelt_variable_is_named() {
        let said = mistakes(&[], &[("CALL__RING_SEC", "5")]);
        assert!(said.contains("LIANXIN_CALL__RING_SEC: call.ring_sec: unknown field"), "{said}");
    }

    #[test]
    fn every_mistake_is_found_with_its_place() {
        let queue = "name = \"x\"\nmax_wait = 3\n";
        let head = "number,name,department,merge_mode,queue,number_source,skills,hours\n";
        let rows = format!(
            "{head}12315,a,b,merged,nowhere,national,,\n12316,a,b,sold,general,national,,\n"
        );
        let trunk = "addresses = [\"10.0.0.0/40\"]\n";
        let said = mistakes(
            &[("queues/bad.toml", queue), ("hotlines.csv", &rows), ("trunks/north.toml", trunk)],
            &[],
        );
        assert!(said.contains("queues/bad.toml:2: "), "{said}");
        assert!(said.contains("hotlines.csv:3: merge_mode: unknown variant `sold`"), "{said}");
        assert!(said.contains("trunks/north.toml:1: addresses"), "{said}");
    }

    #[test]
    fn a_trunks_name_is_its_files_and_its_password_comes_from_outside() {
        let trunk = "addresses = [\"10.0.0.1\"]\n[digest]\nuser = \"u\"\npassword = \"\"\n";
        let said = mistakes(&[("trunks/north.toml", trunk)], &[]);
        assert!(said.contains("LIANXIN_TRUNK_NORTH_PASSWORD"), "{said}");
        let dir = changed(&[("trunks/north.toml", trunk)]);
        let environment = [("TRUNK_NORTH_PASSWORD".to_owned(), "secret".to_owned())];
        let config = load_with(dir.path(), &environment.into()).unwrap();
        assert_eq!(config.trunks[0].name, "north");
        assert_eq!(config.trunks[0].digest.as_ref().unwrap().password, "secret");
    }

    #[test]
    fn secrets_are_not_printed() {
        let dir = changed(&[("local.toml", "[database]\nurl = \"postgres://u:hidden@h/d\"\n")]);
        let config = load_with(dir.path(), &Environment::new()).unwrap();
        assert!(!format!("{config:?}").contains("hidden"));
    }
}
