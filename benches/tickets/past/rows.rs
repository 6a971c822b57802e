//! The tables of a ticket, and rows as COPY reads them.
use std::collections::HashMap;

use serde_json::{Map, Value};
use sqlx::PgConnection;

/// One table of a ticket's life.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// What names the ticket.
    pub(crate) ticket: &'static str,
}

pub(crate) const TABLES: [Table; 6] = [
    Table { name: "ticket", ticket: "id" },
    Table { name: "handling_leg", ticket: "ticket_id" },
    Table { name: "timer", ticket: "ticket_id" },
    Table { name: "ticket_history", ticket: "ticket_id" },
    Table { name: "rating", ticket: "ticket_id" },
    Table { name: "notice", ticket: "ticket_id" },
];

/// A column's name and whether it is an array, or JSON.
type Column = (String, Kind);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Array,
    Json,
}

pub(crate) struct Columns(HashMap<&'static str, Vec<Column>>);

impl Columns {
    pub(crate) async fn read(db: &mut PgConnection) -> Self {
        let mut all = HashMap::new();
        for table in &TABLES {
            let rows: Vec<(String, String)> = sqlx::query_as(
                "select column_name::text, udt_name::text from information_schema.columns
                 where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'
                 order by ordinal_position",
            )
            .bind(table.name)
            .fetch_all(&mut *db)
            .await
            .unwrap();
            let kind = |udt: &str| match udt {
                "json" | "jsonb" => Kind::Json,
                array if array.starts_with('_') => Kind::Array,
                _ => Kind::Plain,
            };
            let rows = rows.into_iter().map(|(name, udt)| (name, kind(&udt)));
            all.insert(table.name, rows.collect());
        }
        Self(all)
    }

    pub(crate) fn copy(&self, table: &Table) -> String {
        let names: Vec<&str> = self.0[table.name].iter().map(|(name, _)| name.as_str()).collect();
        format!("copy {} ({}) from stdin", table.name, names.join(", "))
    }

    /// Adds a row in COPY's text form.
    pub(crate) fn write(&self, table: &Table, row: &Map<String, Value>, out: &mut Vec<u8>) {
        for (i, (name, kind)) in self.0[table.name].iter().enumerate() {
            if i > 0 {
                out.push(b'\t');
            }
            match (row.get(name).unwrap_or(&Value::Null), kind) {
                (Value::Null, _) => out.extend_from_slice(b"\\N"),
                (value, Kind::Json) => escape(&value.to_string(), out),
                (Value::Array(items), Kind::Array) => {
                    let items: Vec<String> = items.iter().map(Value::to_string).collect();
                    escape(&format!("{{{}}}", items.join(",")), out);
                }
                (Value::String(text), _) => escape(text, out),
                (other, _) => escape(&other.to_string(), out),
            }
        }
        out.push(b'\n');
    }
}

fn escape(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => out.push(byte),
        }
    }
}
