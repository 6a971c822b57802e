//! Folders that the program only reads, and that lie where the user it becomes may not look (a
//! checkout in root's home): read before the change of user, written again into the data folder.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nix::unistd::geteuid;

/// A folder's files, when root read them.
#[derive(Debug)]
pub(crate) struct Carried {
    folder: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Carried {
    /// Reads `folder` while that is still allowed. One that does not exist is empty.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        if geteuid().is_root() && folder.is_dir() {
            read_into(folder, Path::new(""), &mut files)
                .with_context(|| folder.display().to_string())?;
        }
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// Where the files can be read from now on: the folder itself, or a copy below `data`.
    pub(crate) fn settle(self, data: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let readable =
            |(file, _): &(PathBuf, Vec<u8>)| fs::File::open(self.folder.join(file)).is_ok();
        if self.files.iter().all(readable) {
            return Ok(self.folder);
        }
        let copy = data.join("carried").join(name);
        if copy.exists() {
            fs::remove_dir_all(&copy).with_context(|| copy.display().to_string())?;
        }
        for (file, bytes) in &self.files {
            let path = copy.join(file);
            let folder = path.parent().expect("a file lies in a folder");
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, bytes))
                .with_context(|| path.display().to_string())?;
        }
        Ok(copy)
    }
}

fn read_into(
    root: &Path,
    below: &Path,
    files: &mut Vec<(PathBuf, Vec<u8>)>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            read_into(root, &name, files)?;
        } else {
            files.push((name, fs::read(entry.path())?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_read_is_used_where_it_lies() {
        let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::write(folder.path().join("below/a"), "a").unwrap();
        let carried = Carried::read(folder.path()).unwrap();
        assert_eq!(carried.settle(data.path(), "it").unwrap(), folder.path());
    }

    #[test]
    fn a_folder_that_is_out_of_reach_is_written_again() {
        let data = tempfile::tempdir().unwrap();
        let files = vec![(PathBuf::from("below/a"), b"a".to_vec())];
        let carried = Carried { folder: "/nowhere".into(), files };
        let copy = carried.settle(data.path(), "it").unwrap();
        assert_eq!(fs::read(copy.join("below/a")).unwrap(), b"a");
    }
}
