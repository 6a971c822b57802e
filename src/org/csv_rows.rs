use std::io::Read;

use serde::de::DeserializeOwned;

use crate::{BadRow, Error};

/// The rows of a CSV file with the lines they stand on. The header must name exactly the fields of
/// `T`; what cannot be read is named by file, line and column.
pub(crate) fn csv_rows<T: DeserializeOwned>(
    file: &str,
    from: impl Read,
) -> Result<Vec<(u64, T)>, Error> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(from);
    let header = reader.headers().map_err(|error| bad(file, None, &error))?.clone();
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| bad(file, Some(&header), &error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let row =
            record.deserialize(Some(&header)).map_err(|error| bad(file, Some(&header), &error))?;
        rows.push((line, row));
    }
    Ok(rows)
}

fn bad(file: &str, header: Option<&csv::StringRecord>, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let (column, why) = match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let named = err.field().and_then(|at| header?.get(usize::try_from(at).ok()?));
            (named.unwrap_or_default().to_owned(), err.kind().to_string())
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (String::new(), format!("{len} cells instead of {expected_len}"))
        }
        csv::ErrorKind::Utf8 { .. } => (String::new(), "is not UTF-8".to_owned()),
        _ => (String::new(), error.to_string()),
    };
    // An unknown column is a fault of the header, not of the row that showed it.
    if let Some(name) = why.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next())
    {
        let why = "is no column of this file".to_owned();
        return BadRow { file: file.to_owned(), line: 1, column: name.to_owned(), why }.into();
    }
    let column = if column.is_empty() { "row".to_owned() } else { column };
    BadRow { file: file.to_owned(), line, column, why }.into()
}
