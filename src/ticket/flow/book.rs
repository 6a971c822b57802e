//! All profiles and versions that are known, with the calendars they count by. A ticket finds the
//! rules it began with here.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::Datelike;

use super::Rules;
use super::file::Profile;
use crate::calendar::{Error, Hours, WorkCalendar};

const FLOWS: [(&str, &str); 3] = [
    ("flow/siping.toml", include_str!("../../../sip-config/flow/siping.toml")),
    ("flow/siping-v2.toml", include_str!("../../../sip-config/flow/siping-v2.toml")),
    ("flow/beijing-levels.toml", include_str!("../../../sip-config/flow/beijing-levels.toml")),
];
const CALENDARS: [(&str, &str); 2] = [
    ("calendar/office.toml", include_str!("../../../sip-config/calendar/office.toml")),
    ("calendar/hotline.toml", include_str!("../../../sip-config/calendar/hotline.toml")),
];

/// Every profile in every version.
#[derive(Debug, Clone)]
pub struct RuleBook {
    rules: BTreeMap<(String, i32), Arc<Rules>>,
    calendars: BTreeMap<String, Arc<WorkCalendar>>,
    /// The profile that new tickets begin with.
    profile: String,
}

impl RuleBook {
    /// The profile that new tickets begin with unless the settings name another.
    pub const FIRST: &'static str = "siping";

    /// The profiles and calendars that come with the program.
    ///
    /// # Panics
    /// Never: a test reads the shipped files.
    pub fn built_in() -> Self {
        Self::parse(&owned(&FLOWS), &owned(&CALENDARS)).expect("a test reads the shipped files")
    }

    /// Reads `flow/*.toml` and `calendar/*.toml` below the configuration folder. What is not there
    /// comes from the program: a version that tickets began with does not vanish with its file.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let mut flows = owned(&FLOWS);
        let mut calendars = owned(&CALENDARS);
        flows.extend(files(&folder.join("flow"))?);
        calendars.extend(files(&folder.join("calendar"))?);
        Self::parse(&flows, &calendars)
    }

    /// What the files of the folder hold, in one word: another one means that they changed.
    pub fn stamp(folder: &Path) -> Result<String, Error> {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for (name, text) in
            [files(&folder.join("flow"))?, files(&folder.join("calendar"))?].concat()
        {
            hash.update(name);
            hash.update([0]);
            hash.update(text);
            hash.update([0]);
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// The profile that new tickets begin with.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Reads profiles and the calendars they may name, each with the name of its file; a later one
    /// replaces an earlier one of the same name and version.
    pub fn parse(
        flows: &[(String, String)],
        calendars: &[(String, String)],
    ) -> Result<Self, Error> {
        let mut known: BTreeMap<String, Arc<WorkCalendar>> = BTreeMap::new();
        for (file, text) in calendars {
            let calendar = WorkCalendar::compile(&Hours::parse_file(file, text)?);
            known.insert(calendar.name().to_owned(), Arc::new(calendar));
        }
        let mut profiles: BTreeMap<(String, i32), (&String, Profile)> = BTreeMap::new();
        let mut from_folder: BTreeMap<(String, i32), &String> = BTreeMap::new();
        for (file, text) in flows {
            let profile = Profile::parse(file, text)?;
            let key = profile.key();
            // the same version twice in the folder would be a coin's throw
            let in_folder = Path::new(file).is_absolute() || file.contains("/flow/");
            if in_folder && let Some(other) = from_folder.insert(key.clone(), file) {
                let why = format!("{} version {} stands in {other} too", key.0, key.1);
                return Err(Error::mistake(file, "version", &why));
            }
            profiles.insert(key, (file, profile));
        }
        let mut rules = BTreeMap::new();
        for (key, (file, profile)) in profiles {
            rules.insert(key, Arc::new(profile.rules(file, &known)?));
        }
        Ok(Self { rules, calendars: known, profile: Self::FIRST.to_owned() })
    }

    /// With another profile for new tickets.
    pub fn with_profile(mut self, profile: &str) -> Result<Self, Error> {
        if self.current(profile).is_none() {
            let known: Vec<_> = self.rules.keys().map(|(name, _)| name.as_str()).collect();
            let why = format!("no profile is called {profile:?}; known are {}", known.join(", "));
            return Err(Error::BadFile(why));
        }
        profile.clone_into(&mut self.profile);
        Ok(self)
    }

    /// The rules that new tickets begin with.
    ///
    /// # Panics
    /// Never: the profile was found when it was set.
    pub fn in_force(&self) -> Arc<Rules> {
        self.current(&self.profile).expect("the profile in force was checked")
    }

    /// The newest version of a profile.
    pub fn current(&self, profile: &str) -> Option<Arc<Rules>> {
        let own = self.rules.range((profile.to_owned(), i32::MIN)..=(profile.to_owned(), i32::MAX));
        own.last().map(|(_, rules)| rules.clone())
    }

    /// One version of a profile.
    pub fn of(&self, profile: &str, version: i32) -> Option<Arc<Rules>> {
        self.rules.get(&(profile.to_owned(), version)).cloned()
    }

    /// The rules that a ticket began with. A version whose file was taken away is replaced by the
    /// newest of its profile, and that is said in the log.
    pub fn pinned(&self, profile: &str, version: i32) -> Arc<Rules> {
        self.of(profile, version).unwrap_or_else(|| {
            let rules = self.current(profile).unwrap_or_else(|| self.in_force());
            tracing::error!(
                "flow {profile}@{version} is not in the configuration; {} counts instead",
                rules.label()
            );
            rules
        })
    }

    /// All of them, by name and version.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Rules>> {
        self.rules.values()
    }

    /// The calendars, by name.
    pub fn calendars(&self) -> impl Iterator<Item = &Arc<WorkCalendar>> {
        self.calendars.values()
    }

    /// The year whose days off no calendar of the book knows yet although it is wanted: the coming one
    /// from 1 November on, and the present one always. None: all is known.
    pub fn missing_year(&self, now: chrono::DateTime<chrono::Utc>) -> Option<i32> {
        let missing = self.calendars.values().filter_map(|calendar| {
            let today = now.with_timezone(&calendar.zone()).date_naive();
            let wanted = today.year() + i32::from(today.month() >= 11);
            let first_unknown = calendar.known_until().succ_opt()?;
            (first_unknown.year() <= wanted).then(|| first_unknown.year())
        });
        missing.min()
    }

    /// From which moment on the calendars of two books give other answers; none: they agree.
    pub fn calendars_differ_from(&self, other: &Self) -> Option<chrono::DateTime<chrono::Utc>> {
        let changed = self.calendars.iter().filter_map(|(name, calendar)| {
            let before = other.calendars.get(name)?;
            calendar.differs_from(before)
        });
        changed.min()
    }
}

fn owned(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

/// The TOML files of a folder, in order; a folder that is not there is empty.
fn files(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let toml = |path: &&std::path::PathBuf| path.extension().is_some_and(|e| e == "toml");
    let read = |path: &std::path::PathBuf| {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path);
        text.map(|text| (name.clone(), text))
            .map_err(|error| Error::mistake(&name, "", &error.to_string()))
    };
    paths.iter().filter(toml).map(read).collect()
}
