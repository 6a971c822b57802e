//! Which PostgreSQL programs to use: those that wrote the data, else the newest installed.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The oldest major version the schema is written for.
const OLDEST: u32 = 15;

/// PostgreSQL's programs for the data at `data`.
pub(super) fn find(given: Option<&Path>, data: &Path) -> Result<PathBuf, Error> {
    let here = match given {
        Some(folder) => vec![(major(folder).ok_or_else(|| not_there(folder))?, folder.to_owned())],
        None => installed(),
    };
    choose(here, written_by(data), data)
}

fn not_there(folder: &Path) -> Error {
    Error::NoPostgres {
        wanted: format!("≥ {OLDEST} ({})", folder.display()),
        package: "postgresql".to_owned(),
    }
}

fn choose(
    mut here: Vec<(u32, PathBuf)>,
    written_by: Option<u32>,
    data: &Path,
) -> Result<PathBuf, Error> {
    // Stable: of two with one version the first found stays first.
    here.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    let found = match written_by {
        Some(version) => {
            let at = here.iter().position(|(major, _)| *major == version);
            let names: Vec<_> = here.iter().map(|(major, _)| major.to_string()).collect();
            match at {
                Some(at) => Some(here.swap_remove(at)),
                None if names.is_empty() => {
                    let (wanted, package) = (version.to_string(), format!("postgresql-{version}"));
                    return Err(Error::NoPostgres { wanted, package });
                }
                None => {
                    let (data, here) = (data.to_owned(), names.join(", "));
                    return Err(Error::OtherMajor { data, found: version, here });
                }
            }
        }
        None => here.into_iter().next().filter(|(major, _)| *major >= OLDEST),
    };
    let (_, folder) = found.ok_or_else(|| Error::NoPostgres {
        wanted: format!("≥ {OLDEST}"),
        package: "postgresql".to_owned(),
    })?;
    Ok(folder)
}

/// The major version that wrote a data folder.
fn written_by(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Debian's folders, Red Hat's, and the path of a source build.
fn installed() -> Vec<(u32, PathBuf)> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    let red_hat = fs::read_dir("/usr").into_iter().flatten().flatten();
    let red_hat = red_hat
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("pgsql-"))
        .map(|version| version.path().join("bin"));
    let plain = ["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin"].map(PathBuf::from);
    debian
        .chain(red_hat)
        .chain(plain)
        .filter(|folder| folder.join("postgres").exists() && folder.join("initdb").exists())
        .filter_map(|folder| Some((major(&folder)?, folder)))
        .collect()
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15
fn major(folder: &Path) -> Option<u32> {
    let said = Command::new(folder.join("postgres")).arg("--version").output().ok()?.stdout;
    let said = String::from_utf8(said).ok()?;
    said.split_once("(PostgreSQL) ")?.1.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(majors: &[u32]) -> Vec<(u32, PathBuf)> {
        majors.iter().map(|major| (*major, PathBuf::from(format!("/{major}/bin")))).collect()
    }

    #[test]
    fn a_new_folder_gets_the_newest_version() {
        let found = choose(here(&[16, 9, 15]), None, Path::new("/d")).unwrap();
        assert_eq!(found, Path::new("/16/bin"));
    }

    #[test]
    fn an_old_folder_keeps_its_version() {
        let found = choose(here(&[15, 17]), Some(15), Path::new("/d")).unwrap();
        assert_eq!(found, Path::new("/15/bin"));
    }

    #[test]
    fn a_folder_of_another_version_is_refused_with_what_to_do() {
        let error = choose(here(&[15, 17]), Some(14), Path::new("/d")).unwrap_err().to_string();
        assert!(error.contains("install postgresql-14") && error.contains("17, 15"), "{error}");
    }

    #[test]
    fn a_machine_without_postgresql_is_told_the_package() {
        let error = choose(here(&[]), None, Path::new("/d")).unwrap_err().to_string();
        assert!(error.contains("apt-get install postgresql"), "{error}");
    }

    #[test]
    fn a_version_that_is_too_old_counts_as_none() {
        assert!(choose(here(&[13]), None, Path::new("/d")).is_err());
    }
}
