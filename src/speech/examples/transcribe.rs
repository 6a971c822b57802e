//! `lianxin transcribe` without the rest of the house, for measuring: MODEL THREADS FILE.wav…
use std::path::{Path, PathBuf};

use speech::transcribe::{Format, run};

fn main() -> Result<(), speech::Error> {
    let mut words = std::env::args().skip(1);
    let model = words.next().unwrap_or_default();
    let threads = words.next().and_then(|n| n.parse().ok()).unwrap_or(2);
    let files: Vec<PathBuf> = words.map(PathBuf::from).collect();
    run(&files, Format::Tsv, Path::new(&model), threads, &mut |line| base::out(line))
}
