use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use crate::Error;

/// A model file, opened early: who starts as root and goes on as somebody else can still hand it
/// to the speech process, wherever it lies.
#[derive(Debug, Clone)]
pub struct Model {
    name: String,
    path: PathBuf,
    file: Arc<File>,
}

impl Model {
    /// Finds `name` (`base`, `small` … or the path of a ggml file) among the models in `folder`.
    ///
    /// # Errors
    /// When it is not there or is no Whisper model; the text says what to do.
    pub fn find(folder: &Path, name: &str) -> Result<Self, Error> {
        let named = Path::new(name).extension().is_some_and(|end| end == "bin");
        let path =
            if named { PathBuf::from(name) } else { folder.join(format!("ggml-{name}.bin")) };
        let what_to_do = |why: &str| {
            let run = if named {
                "ops/fetch-model".to_owned()
            } else {
                format!("ops/fetch-model {name}")
            };
            Error::Model(format!("语音模型 {name} {why}（{}）；请运行 {run}", path.display()))
        };
        let mut file = File::open(&path).map_err(|_| what_to_do("不在"))?;
        check(&mut file).map_err(|why| what_to_do(&why))?;
        Ok(Self { name: name.to_owned(), path, file: Arc::new(file) })
    }

    /// `base`, `small` … as configured.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file as a child's standard input; the child opens [`Model::HANDED_OVER`].
    pub(crate) fn hand_over(&self) -> std::io::Result<Stdio> {
        Ok(Stdio::from(self.file.try_clone()?))
    }

    /// Where a child finds the model that was handed over.
    pub(crate) const HANDED_OVER: &str = "/dev/stdin";
}

/// Looks at the first bytes, so that a wrong file is a sentence and not a crash in C++.
pub(crate) fn check(file: &mut File) -> Result<(), String> {
    let mut head = [0; 8];
    file.read_exact(&mut head).map_err(|_| "是空的".to_owned())?;
    let word = |n: usize| u32::from_le_bytes([head[n], head[n + 1], head[n + 2], head[n + 3]]);
    let size = file.metadata().map_err(|e| format!("打不开：{e}"))?.len();
    if word(0) != 0x6767_6d6c || size < 20_000_000 {
        return Err("不是 ggml 格式的 Whisper 模型".into());
    }
    if word(4) < 51_865 {
        return Err("只识别英语 (.en)，请换成多语言模型".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_model_says_what_to_run() {
        let error = Model::find(Path::new("/nowhere"), "small").unwrap_err().to_string();
        assert_eq!(
            error,
            "语音模型 small 不在（/nowhere/ggml-small.bin）；请运行 ops/fetch-model small"
        );
    }

    #[test]
    fn a_file_that_is_no_model_is_a_sentence_and_not_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ggml-base.bin"), "not a model at all").unwrap();
        let error = Model::find(folder.path(), "base").unwrap_err().to_string();
        assert!(
            error.contains("不是 ggml 格式") && error.contains("ops/fetch-model base"),
            "{error}"
        );
    }
}
