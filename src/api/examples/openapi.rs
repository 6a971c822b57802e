//! Prints the description of the JSON interface; builds without the telephone's sound and speech
//! libraries, which `lianxin openapi` needs.

fn main() -> Result<(), serde_json::Error> {
    base::out(&api::description()?);
    Ok(())
}
