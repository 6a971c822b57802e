//! Which database the settings name: the private cluster in the data folder, or a given server.
use std::path::Path;

use anyhow::Context;
use db::{Cluster, Place};

use crate::settings::Database;

/// A database that is there, and the cluster behind it when this process runs one.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) cluster: Option<Cluster>,
}

/// Starts the private cluster, unless a server is given. Blocks until it takes connections.
pub(crate) fn open(settings: &Database, data: &Path) -> anyhow::Result<Opened> {
    if !settings.url.is_empty() {
        let place = Place::external(settings.url.reveal(), settings.app_password.reveal());
        return Ok(Opened { place: place.context("database.url")?, cluster: None });
    }
    let programs = Some(Path::new(&settings.programs)).filter(|path| !path.as_os_str().is_empty());
    let cluster = Cluster::start(&data.join("postgres"), programs)?;
    Ok(Opened { place: cluster.place(), cluster: Some(cluster) })
}

/// The same for a command beside a running program: its cluster is used where there is one.
pub(crate) fn open_beside(settings: &Database, data: &Path) -> anyhow::Result<Opened> {
    match open(settings, data) {
        Err(error) if matches!(error.downcast_ref(), Some(db::Error::InUse(_))) => {
            let place = Cluster::running(&data.join("postgres"))?;
            Ok(Opened { place, cluster: None })
        }
        other => other,
    }
}
