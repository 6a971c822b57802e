//! A table as a file: XLSX or CSV, with a watermark, and no cell that a spreadsheet would run. Rows
//! go into a file without a name as they come, never into memory. Writes to the disk: call it from
//! `spawn_blocking`.
use std::fs::File;
use std::io::{Read, Seek};

use org::Staff;
use rust_xlsxwriter::{Format as Style, Workbook};

use crate::Error;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Xlsx,
    Csv,
}

impl Format {
    pub(crate) fn from_word(word: &str) -> Result<Self, Error> {
        match word {
            "xlsx" => Ok(Self::Xlsx),
            "csv" => Ok(Self::Csv),
            other => Err(Error::invalid("bad_format", format!("没有导出格式 {other}"))),
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Who took it, and when (水印).
#[derive(Debug, Clone)]
pub(crate) struct Watermark {
    title: String,
    line: String,
}

impl Watermark {
    pub(crate) fn new(staff: &Staff, title: &str, at: &str) -> Self {
        let line = format!(
            "导出人：{}（工号 {}） 时间：{at} 内部资料，注意保密",
            staff.display_name, staff.number
        );
        Self { title: title.to_owned(), line }
    }
}

/// A table that is being written, row after row.
pub(crate) enum Table {
    Xlsx { book: Box<Workbook>, row: u32 },
    Csv(Box<csv::Writer<File>>),
}

impl Table {
    pub(crate) fn new(format: Format, columns: &[&str], mark: &Watermark) -> Result<Self, Error> {
        match format {
            Format::Csv => {
                let mut file = tempfile::tempfile().map_err(Error::internal)?;
                // so that spreadsheets read it as UTF-8
                std::io::Write::write_all(&mut file, "\u{feff}".as_bytes())
                    .map_err(Error::internal)?;
                let mut to = csv::WriterBuilder::new().flexible(true).from_writer(file);
                to.write_record([safe(&mark.line)]).map_err(Error::internal)?;
                to.write_record(columns).map_err(Error::internal)?;
                Ok(Self::Csv(Box::new(to)))
            }
            Format::Xlsx => {
                let mut book = Box::new(Workbook::new());
                // rows go to the disk as they come, each cell's text with them
                let sheet = book.add_worksheet_with_constant_memory().map_err(Error::internal)?;
                sheet.set_name(&mark.title).map_err(Error::internal)?;
                let plain = mark.line.replace('&', "&&");
                sheet.set_header(format!("&L{plain}"));
                sheet.set_footer(format!("&L{plain}&R&P/&N"));
                let grey = Style::new().set_font_color("808080").set_italic();
                sheet.write_string_with_format(0, 0, &mark.line, &grey).map_err(Error::internal)?;
                let bold = Style::new().set_bold();
                for (at, name) in (0_u16..).zip(columns) {
                    sheet.write_string_with_format(1, at, *name, &bold).map_err(Error::internal)?;
                }
                Ok(Self::Xlsx { book, row: 2 })
            }
        }
    }

    pub(crate) fn row(&mut self, cells: &[String]) -> Result<(), Error> {
        match self {
            Self::Csv(to) => {
                to.write_record(cells.iter().map(|cell| safe(cell))).map_err(Error::internal)
            }
            Self::Xlsx { book, row } => {
                let sheet = book.worksheet_from_index(0).map_err(Error::internal)?;
                for (at, cell) in (0_u16..).zip(cells) {
                    // always a text: what looks like a formula is none
                    let text: String = cell.chars().take(32_000).collect();
                    sheet.write_string(*row, at, text).map_err(Error::internal)?;
                }
                *row += 1;
                Ok(())
            }
        }
    }

    /// The whole file, from its beginning.
    pub(crate) fn finish(self) -> Result<File, Error> {
        let mut file = match self {
            Self::Csv(to) => {
                to.into_inner().map_err(|error| Error::internal(error.into_error()))?
            }
            Self::Xlsx { mut book, .. } => {
                let file = tempfile::tempfile().map_err(Error::internal)?;
                book.save_to_writer(&file).map_err(Error::internal)?;
                file
            }
        };
        file.rewind().map_err(Error::internal)?;
        Ok(file)
    }

    /// The same in memory, for a table that is known to be small.
    pub(crate) fn bytes(self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.finish()?.read_to_end(&mut bytes).map_err(Error::internal)?;
        Ok(bytes)
    }
}

/// A cell that a spreadsheet takes for a formula gets an apostrophe before it.
fn safe(cell: &str) -> String {
    let starts = cell.trim_start_matches([' ', '\u{feff}']).chars().next();
    let runs = starts.is_some_and(|first| "=+-@\t\r\n＝＋－＠".contains(first));
    if runs { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_cell_that_would_be_run_is_made_a_text() {
        for cell in ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "  =cmd|'/c calc'!A1", "＝1"] {
            assert!(safe(cell).starts_with('\''), "{cell:?}");
        }
        for cell in ["", "路灯", "3号楼-2", "2026-11-24"] {
            assert_eq!(safe(cell), cell);
        }
    }
}
