//! Bringing tables in (导入): units, people, places, knowledge, categories, the catalogue; CSV or
//! XLSX. Every wrong row is named, and when one is wrong nothing is written.
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek};

use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use calamine::{Data, Reader, Xlsx};
use org::import::{self, Sheet, What};
use org::{Right, Thing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workflow::attachments::LARGEST;

use crate::attachments::{received, unreadable};
use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Query, Viewer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(bring)).layer(DefaultBodyLimit::max(LARGEST + 64 * 1024))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct How {
    /// Only say what would become of it.
    #[serde(default)]
    dry_run: bool,
}

/// What is sent, as `multipart/form-data`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described; read piece by piece")]
struct TableForm {
    /// CSV (UTF-8) or XLSX, whose first row names the columns; at most 20 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

#[derive(Serialize, ToSchema)]
struct WrongRow {
    /// As a spreadsheet counts: the header is row 1.
    row: usize,
    column: String,
    message: String,
}

#[derive(Serialize, ToSchema)]
struct ImportReport {
    rows: usize,
    created: usize,
    updated: usize,
    /// Nothing was written when there is one.
    errors: Vec<WrongRow>,
}

/// Bring a table in 导入
#[utoipa::path(post, path = "/imports/{list}", tag = "data",
    params(("list" = String, Path, description = "units, people, places, knowledge, categories, catalogue"), How),
    request_body(content = TableForm, content_type = "multipart/form-data"),
    responses((status = 200, body = ImportReport), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn bring(
    State(app): State<App>,
    viewer: Viewer,
    Path(list): Path<String>,
    Query(how): Query<How>,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Json<ImportReport>, Error> {
    org::can(&viewer.actor(), Right::Import, Thing::City)?;
    let what: What = list.parse().map_err(|_| Error::NotFound)?;
    let Ok(form) = form else {
        return Err(Error::Refused {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: "not_multipart",
            detail: "表格须以 multipart/form-data 上传".to_owned(),
        });
    };
    let file = read_form(form).await?;
    let sheet = tokio::task::spawn_blocking(move || sheet(file));
    let sheet = sheet.await.map_err(Error::internal)??;
    let report =
        import::bring(what, &sheet, how.dry_run, &viewer.actor(), &app.db, &*app.clock, &*app.dice)
            .await?;
    let errors = report.errors.into_iter();
    // as the table itself calls it
    let heading = |column: String| {
        let known = what.columns().iter().find(|(name, ..)| *name == column);
        let said = known.map(|(_, chinese, _)| *chinese).filter(|chinese| {
            sheet.columns.iter().any(|head| head.trim_start_matches('\u{feff}').trim() == *chinese)
        });
        said.map_or(column, str::to_owned)
    };
    Ok(Json(ImportReport {
        rows: report.rows,
        created: report.created,
        updated: report.updated,
        errors: errors
            .map(|wrong| WrongRow {
                row: wrong.row,
                column: heading(wrong.column),
                message: wrong.message,
            })
            .collect(),
    }))
}

async fn read_form(mut form: Multipart) -> Result<File, Error> {
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        if field.name() == Some("file") {
            return Ok(received(field).await?.file);
        }
    }
    Err(Error::invalid("no_file", "缺少字段 file"))
}

/// The first sheet of a workbook, or CSV.
fn sheet(mut file: File) -> Result<Sheet, Error> {
    let mut head = Vec::new();
    (&file).take(2).read_to_end(&mut head).map_err(Error::internal)?;
    file.rewind().map_err(Error::internal)?;
    if head != b"PK" {
        let text = std::io::read_to_string(&file).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => {
                Error::invalid("not_utf8", "CSV 文件须为 UTF-8 编码，或改用 XLSX")
            }
            _ => Error::internal(error),
        })?;
        return Ok(Sheet::csv(&text)?);
    }
    let bad = || Error::invalid("bad_xlsx", "XLSX 文件无法读取");
    let mut book = Xlsx::new(BufReader::new(file)).map_err(|_| bad())?;
    let range = book.worksheet_range_at(0).ok_or_else(bad)?.map_err(|_| bad())?;
    // rows before the first filled one count, too: errors name rows as the spreadsheet does
    let empty = range.start().map_or(0, |(row, _)| row);
    let mut rows = vec![Vec::new(); usize::try_from(empty).unwrap_or_default()];
    rows.extend(range.rows().map(|row| row.iter().map(cell).collect::<Vec<_>>()));
    let mut rows = rows.into_iter();
    Ok(Sheet { columns: rows.next().unwrap_or_default(), rows: rows.collect() })
}

/// A cell as it was typed: days without their midnight, whole numbers without a point.
fn cell(data: &Data) -> String {
    match data {
        Data::Float(number) if number.fract() == 0.0 => format!("{number:.0}"),
        Data::DateTime(at) => at.as_datetime().map_or_else(String::new, |at| {
            let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
            text.strip_suffix(" 00:00:00").map_or(text.clone(), str::to_owned)
        }),
        other => other.to_string().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Answer, House, house};
    use axum::http::Method;
    use org::Role;
    use serde_json::json;

    async fn send(house: &House, cookie: &str, path: &str, file: &[u8]) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", "http://hotline.test"),
            ("content-type", "multipart/form-data; boundary=b12345"),
        ];
        let head =
            "--b12345\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t\"\r\n\r\n";
        let body = [head.as_bytes(), file, b"\r\n--b12345--\r\n"].concat();
        house.ask_bytes(Method::POST, &format!("/api/v1/imports/{path}"), &headers, body).await
    }

    const KNOWLEDGE: &str = "\u{feff}标题,答复,发布单位,关键词,有效期至\n\
        供热投诉,请拨打供热公司电话,市住建局,供热,2027-12-31\n路灯不亮,请提供灯杆号,市城管局,路灯,\n";

    async fn found(house: &House, cookie: &str) -> usize {
        let list = house.get("/api/v1/knowledge?q=%E8%B7%AF%E7%81%AF", cookie).await.json();
        list["items"].as_array().unwrap().len()
    }

    #[tokio::test]
    async fn a_table_is_tried_first_and_then_brought_in() {
        let house = house().await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let tried = send(&house, &admin, "knowledge?dry_run=true", KNOWLEDGE.as_bytes()).await;
        assert_eq!(tried.json(), json!({"rows": 2, "created": 2, "updated": 0, "errors": []}));
        assert_eq!(found(&house, &admin).await, 0);
        let brought = send(&house, &admin, "knowledge", KNOWLEDGE.as_bytes()).await;
        assert_eq!(brought.json()["created"], 2, "{}", brought.text);
        assert_eq!(found(&house, &admin).await, 1);
    }

    #[tokio::test]
    async fn one_wrong_row_is_named_and_nothing_is_written() {
        let house = house().await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let text = format!("{KNOWLEDGE}停水通知,,市水务集团,,明天\n");
        let refused = send(&house, &admin, "knowledge", text.as_bytes()).await.json();
        assert_eq!(refused["errors"][0]["row"], 4, "{refused}");
        let columns: Vec<_> = refused["errors"].as_array().unwrap().iter().collect();
        assert!(columns.iter().any(|wrong| wrong["column"] == "答复"), "{refused}");
        assert_eq!(found(&house, &admin).await, 0);
    }

    #[tokio::test]
    async fn a_workbook_is_read_as_it_was_typed() {
        let house = house().await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (row, cells) in [["标题", "答复", "发布单位"], ["路灯不亮", "请提供灯杆号", "市城管局"]]
            .iter()
            .enumerate()
        {
            for (column, text) in cells.iter().enumerate() {
                let (row, column) = (u32::try_from(row).unwrap(), u16::try_from(column).unwrap());
                sheet.write_string(row, column, *text).unwrap();
            }
        }
        let brought = send(&house, &admin, "knowledge", &book.save_to_buffer().unwrap()).await;
        assert_eq!(brought.json()["created"], 1, "{}", brought.text);
    }

    #[tokio::test]
    async fn only_an_administrator_brings_tables_in_and_only_known_ones() {
        let house = house().await;
        let supervisor = house.signed_in("supervisor", Role::Supervisor, None).await.1;
        let refused = send(&house, &supervisor, "knowledge", KNOWLEDGE.as_bytes()).await;
        assert_eq!(refused.problem().0, 403);
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        assert_eq!(send(&house, &admin, "secrets", b"a").await.problem().0, 404);
        let broken = send(&house, &admin, "knowledge", b"PK\x03\x04 no workbook").await;
        assert_eq!(broken.problem(), (422, "bad_xlsx".to_owned()));
        let latin = send(&house, &admin, "knowledge", b"\xb1\xea\xcc\xe2").await;
        assert_eq!(latin.problem(), (422, "not_utf8".to_owned()));
    }
}
