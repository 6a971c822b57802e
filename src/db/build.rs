//! A new migration file must rebuild this crate: the macro notices only the files it knows.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
