//! Who answers calls: kept on disk, so that calls find their agents while the database is away.
use std::fs;
use std::path::Path;

use org::{Role, Staff};
use queue::Skills;

use crate::facts::AgentCard;

impl From<&Staff> for AgentCard {
    fn from(staff: &Staff) -> Self {
        Self {
            id: staff.id.into(),
            number: staff.number.clone(),
            name: staff.display_name.clone(),
            skills: staff.skills.iter().map(String::as_str).collect::<Skills>(),
            answers: staff.roles.contains(&Role::Agent),
        }
    }
}

/// The roster of the last start; empty when there was none.
pub(crate) fn read(path: &Path) -> Vec<AgentCard> {
    let Ok(text) = fs::read(path) else { return Vec::new() };
    serde_json::from_slice(&text).unwrap_or_else(|error| {
        tracing::warn!(%error, file = %path.display(), "the roster on disk cannot be read");
        Vec::new()
    })
}

/// Written whole or not at all.
pub(crate) fn write(path: &Path, agents: &[AgentCard]) {
    let new = path.with_extension("new");
    let written = serde_json::to_vec(agents)
        .map_err(std::io::Error::from)
        .and_then(|text| fs::write(&new, text))
        .and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        tracing::warn!(%error, file = %path.display(), "the roster cannot be kept on disk");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{AgentId, Clock, ManualClock};

    #[test]
    fn the_roster_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.json");
        assert_eq!(read(&path), []);
        let card = AgentCard {
            id: AgentId::new(ManualClock::default().now(), [1; 10]),
            number: "1027".into(),
            name: "王芳".into(),
            skills: Skills::from_iter(["heating"]),
            answers: true,
        };
        write(&path, std::slice::from_ref(&card));
        assert_eq!(read(&path), [card]);
    }
}
