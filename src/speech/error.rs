use std::path::PathBuf;

/// What can go wrong between sound and text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no model, or it cannot be read as one; the text says what to do.
    #[error("{0}")]
    Model(String),
    /// A file that is not a recording we can read.
    #[error("{}: {why}", path.display())]
    File { path: PathBuf, why: String },
    /// The recogniser gave up on a piece of sound.
    #[error("recognition failed: {0}")]
    Recogniser(String),
    /// Sound that cannot be resampled.
    #[error("resampling failed: {0}")]
    Resample(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Db(#[from] sqlx::Error),
    /// Words that were changed, moved, or sealed with a key that is not there.
    #[error("the words of call {0} do not open: {1}")]
    Shut(base::CallId, String),
    /// A row of the database that no version of this program wrote.
    #[error("transcript of call {0} is corrupt")]
    Corrupt(base::CallId),
}
