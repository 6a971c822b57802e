use super::Wrong;
use crate::{BadRow, Error};

/// A table as it was read from a CSV or XLSX file: a header and rows of cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// One row of it.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    columns: &'a [String],
    cells: &'a [String],
    number: usize,
}

impl Line<'_> {
    /// As a spreadsheet counts.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The cell of a column, without blanks around it; empty when there is none.
    pub fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|there| there == column);
        at.and_then(|at| self.cells.get(at)).map_or("", |cell| cell.trim())
    }

    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

type Columns = [(&'static str, &'static str, bool)];

impl Sheet {
    /// Reads CSV: UTF-8, with or without the mark that spreadsheets put before it. Rows may be short.
    pub fn csv(text: &str) -> Result<Self, Error> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|error| BadRow {
                file: "csv".to_owned(),
                line: error.position().map_or(1, csv::Position::line),
                column: "row".to_owned(),
                why: error.to_string(),
            })?;
            rows.push(row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
        }
        let mut rows = rows.into_iter();
        Ok(Self { columns: rows.next().unwrap_or_default(), rows: rows.collect() })
    }

    /// How many rows hold something.
    pub fn len(&self) -> usize {
        self.lines().count()
    }

    /// Whether no row holds anything.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows that hold something, with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let line = |(i, cells)| Line { columns: &self.columns, cells, number: i + 2 };
        self.rows.iter().map(Vec::as_slice).enumerate().map(line).filter(|line| !line.is_empty())
    }

    /// The same with the English names of its columns.
    pub(super) fn named(&self, known: &Columns) -> Self {
        let name = |column: &String| {
            let found = known.iter().find(|(name, label, _)| is(column, name, label));
            found.map_or_else(|| column.clone(), |(name, ..)| (*name).to_owned())
        };
        Self { columns: self.columns.iter().map(name).collect(), rows: self.rows.clone() }
    }

    /// Columns that are missing or unknown, and cells that must not be empty.
    pub(super) fn faults(&self, known: &Columns) -> Vec<Wrong> {
        let wrong = |row, column: &str, message: &str| Wrong {
            row,
            column: column.to_owned(),
            message: message.to_owned(),
        };
        let mut faults = Vec::new();
        for column in self.columns.iter().filter(|column| !column.trim().is_empty()) {
            if !known.iter().any(|(name, label, _)| is(column, name, label)) {
                faults.push(wrong(1, column, "没有这一列"));
            }
        }
        let named = self.named(known);
        for (name, label, must) in known.iter().filter(|(.., must)| *must) {
            if !named.columns.iter().any(|column| column == name) {
                faults.push(wrong(1, name, &format!("缺少列“{label}”")));
            } else if *must {
                let empty = named.lines().filter(|line| line.get(name).is_empty());
                faults.extend(empty.map(|line| wrong(line.number(), name, "不能为空")));
            }
        }
        for (i, row) in
            self.rows.iter().enumerate().filter(|(_, row)| row.len() > self.columns.len())
        {
            if row[self.columns.len()..].iter().any(|cell| !cell.trim().is_empty()) {
                faults.push(wrong(i + 2, "", "单元格多于表头的列"));
            }
        }
        faults.sort_by_key(|fault| fault.row);
        faults
    }
}

fn is(column: &str, name: &str, label: &str) -> bool {
    let column = column.trim();
    column.eq_ignore_ascii_case(name) || column == label
}
