//! `lianxin speech` without the rest of the house, so that tests can kill it:
//! speech --socket PATH --model FILE --threads N
use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), speech::Error> {
    let words: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        words.iter().position(|word| word == name).map_or("", |at| words[at + 1].as_str())
    };
    let threads = value("--threads").parse().unwrap_or(2);
    speech::process::run(Path::new(value("--socket")), Path::new(value("--model")), threads).await
}
