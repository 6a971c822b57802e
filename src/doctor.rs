//! `lianxin doctor`: what is missing on this machine, and whether everything that the data folder
//! holds hangs together. Changes nothing; works beside a running program and without one.
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use base::{Clock, SystemClock, SystemDice, out};
use chrono::{DateTime, Utc};
use db::Cluster;
use db::checks::Finding;
use nix::sys::statvfs::statvfs;
use org::Persons;
use serde_json::json;
use sqlx::PgPool;

use crate::config::{self, Config};
use crate::mirror::Target;
use crate::{Doctor, app, commands, database, files, privilege, store};

pub(crate) fn run(dir: &Path, options: &Doctor) -> anyhow::Result<ExitCode> {
    let config = match config::load(dir) {
        Ok(config) => config,
        Err(mistakes) => {
            let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
            let wrong = mistakes.len() as u64;
            let advice = "lianxin config check";
            let found =
                Finding::wrong("configuration", "配置 (configuration)", wrong, first, advice);
            return Ok(report(&[found], options.json));
        }
    };
    let mut found = vec![Finding::ok("configuration", "配置 (configuration)")];
    found.push(programs(&config, &options.data.data));
    let ports = ports(&config);
    let has_data = options.data.data.join("postgres/data/PG_VERSION").exists();
    let elsewhere = !config.settings.database.url.is_empty();
    let there = options.data.data.exists();
    if !there || found.iter().any(|found| found.wrong > 0) {
        found.extend(ports);
        if !there {
            let first = options.data.data.display().to_string();
            let advice = "目录不存在：检查 --data (no such folder: check --data)";
            found.push(Finding::wrong("data", "数据 (data)", 1, first, advice));
        }
        return Ok(report(&found, options.json));
    }
    let home = privilege::settle(&options.data.data, None)?;
    if !has_data && !elsewhere && !home.data.join("postgres/data/PG_VERSION").exists() {
        found.extend(ports);
        found.push(Finding::ok("data", "数据 (data)").noting("还没有数据 (none yet)"));
        return Ok(report(&found, options.json));
    }
    let opened = database::open_beside(&config.settings.database, &home.data)?;
    let running = opened.cluster.is_none();
    if !running {
        found.extend(ports);
    }
    found.push(disk(&home.data));
    found.push(spool(&home.data, running));
    let looked = commands::runtime()?.block_on(data(&config, &home.data, &opened, options.quick));
    found.extend(looked?);
    Ok(report(&found, options.json))
}

/// What a data folder holds that was just laid: its cluster runs, the program does not.
pub(crate) fn look(
    config: &Config,
    home: &Path,
    cluster: db::Cluster,
) -> anyhow::Result<Vec<Finding>> {
    let mut found = vec![disk(home), spool(home, false)];
    let opened = database::Opened { place: cluster.place(), cluster: Some(cluster) };
    let runtime = commands::runtime()?;
    // a backup of an older program: its schema is brought up to this one's
    runtime.block_on(opened.place.migrate())?;
    found.extend(runtime.block_on(data(config, home, &opened, false))?);
    Ok(found)
}

async fn data(
    config: &Config,
    data: &Path,
    opened: &database::Opened,
    quick: bool,
) -> anyhow::Result<Vec<Finding>> {
    const SCHEMA: &str = "数据库结构 (the database's schema)";
    if let Err(why) = opened.place.is_current().await {
        return Ok(vec![Finding::wrong("schema", SCHEMA, 1, "", why)]);
    }
    let db = opened.place.look(workflow::doctor::SIDE_BY_SIDE);
    let now = SystemClock::default().now();
    let mut found = vec![Finding::ok("schema", SCHEMA)];
    found.push(keys(config, data, &db).await?);
    let mut checks = [notice::CHECKS, store::CHECKS].concat();
    if opened.cluster.is_none() {
        checks.extend([ticket::CHECKS, notice::RUNNING_CHECKS, db::jobs::CHECKS].concat());
    } else {
        // while the program stands still, everything waits
        checks.extend(&db::jobs::CHECKS[..1]);
    }
    found.extend(db::checks::ask(&checks, &mut *db.acquire().await?, now).await);
    let terminal = std::io::stderr().is_terminal();
    let mut progress = |tickets: u64| {
        if terminal {
            eprint!("\r{tickets} 件工单 (tickets)\r");
        }
    };
    found.extend(workflow::doctor::examine(&db, &mut progress).await?);
    found.extend(files::look(&app::keys_file(config, data), data, &db, quick).await?);
    if config.settings.database.url.is_empty() {
        found.push(backup(data, &opened.place, now).await);
    }
    db.close().await;
    Ok(found)
}

/// The file of keys opens what was sealed with each of them.
async fn keys(config: &Config, data: &Path, db: &PgPool) -> anyhow::Result<Finding> {
    const WHAT: &str = "密钥可用 (the keys open what they sealed)";
    const ADVICE: &str =
        "把保管的密钥文件放回原处，权限 0600 (put the file of keys back, mode 0600)";
    let file = app::keys_file(config, data);
    let wrong = |first: String| Finding::wrong("keys", WHAT, 1, first, ADVICE);
    if !file.exists() {
        return Ok(wrong(format!("{} 不存在 (is not there)", file.display())));
    }
    let dice = std::sync::Arc::new(SystemDice);
    let keys = match org::Keys::open(&file, &*dice) {
        Ok(keys) => std::sync::Arc::new(keys),
        Err(error) => return Ok(wrong(error.to_string())),
    };
    let persons = Persons::new(keys, std::sync::Arc::new(SystemClock::default()), dice);
    let shut = persons.unreadable(&mut *db.acquire().await?).await?;
    Ok(match shut.first() {
        None => Finding::ok("keys", WHAT),
        Some(first) => Finding::wrong("keys", WHAT, shut.len() as u64, first, ADVICE),
    })
}

/// Whether a backup is set up, and what PostgreSQL hands over arrives.
async fn backup(data: &Path, place: &db::Place, now: DateTime<Utc>) -> Finding {
    const WHAT: &str = "备份 (backup)";
    const ADVICE: &str =
        "检查备份目录能否写入，见 postgres/server.log (can the folder be written to? see the log)";
    let Some(target) = Target::read(data) else {
        return Finding::ok("backup", WHAT).noting("未设置：lianxin backup --to (none is set up)");
    };
    let to = target.to.display();
    let taken = Cluster::bases(&target.to).unwrap_or_default();
    let Some(last) = taken.last() else {
        return Finding::wrong("backup", WHAT, 1, to.to_string(), ADVICE);
    };
    match place.archived().await {
        Err(error) => Finding::wrong("backup", WHAT, 1, error.to_string(), ADVICE),
        Ok((done, Some(failed))) if done.is_none_or(|done| done < failed) => {
            Finding::wrong("backup", WHAT, 1, format!("{to} {failed}"), ADVICE)
        }
        Ok((done, _)) => {
            let age = done.map_or(0, |done| (now - done).num_minutes());
            Finding::ok("backup", WHAT).noting(format!("{to}/{last}，{age} 分钟前 (minutes ago)"))
        }
    }
}

fn programs(config: &Config, data: &Path) -> Finding {
    let settings = &config.settings.database;
    if !settings.url.is_empty() {
        return Finding::ok("postgresql", "PostgreSQL").noting("database.url");
    }
    let given = Some(Path::new(&settings.programs)).filter(|path| !path.as_os_str().is_empty());
    match db::Cluster::programs(given, &data.join("postgres")) {
        Ok(at) => Finding::ok("postgresql", "PostgreSQL").noting(at.display().to_string()),
        Err(error) => Finding::wrong("postgresql", "PostgreSQL", 1, "", error.to_string()),
    }
}

/// Whether the ports are free; asked only where the program does not run.
fn ports(config: &Config) -> Vec<Finding> {
    const ADVICE: &str = "另一个程序占用该端口：停止它，或改 listen (another program has the port)";
    let finding = |name, what, address: String, bound: std::io::Result<()>| match bound {
        Ok(()) => Finding::ok(name, what).noting(address),
        Err(error) => Finding::wrong(name, what, 1, format!("{address}: {error}"), ADVICE),
    };
    let http = config.settings.http.listen;
    let bound = std::net::TcpListener::bind(http).map(drop);
    let mut found = vec![finding("http", "HTTP", http.to_string(), bound)];
    for address in &config.settings.sip.listen {
        let udp = std::net::UdpSocket::bind(address);
        let bound = udp.and(std::net::TcpListener::bind(address)).map(drop);
        found.push(finding("sip", "SIP", address.to_string(), bound));
    }
    found
}

fn disk(data: &Path) -> Finding {
    const WHAT: &str = "磁盘空间 (room on the disk)";
    let advice = "清理或扩容 (make room)";
    match statvfs(data) {
        Ok(disk) => {
            let free = disk.blocks_available() * disk.fragment_size();
            let note = format!("{} MiB", free >> 20);
            if free < crate::disk::LOW {
                return Finding::wrong("disk", WHAT, 1, note, advice);
            }
            Finding::ok("disk", WHAT).noting(note)
        }
        Err(error) => Finding::wrong("disk", WHAT, 1, error.to_string(), advice),
    }
}

fn spool(data: &Path, running: bool) -> Finding {
    const WHAT: &str = "暂存的记录都能入库 (what was spooled reaches the database)";
    let look = match db::spool::look(&data.join("spool")) {
        Ok(look) => look,
        Err(error) => {
            return Finding::wrong("spool", WHAT, 1, error.to_string(), "检查磁盘 (see the disk)");
        }
    };
    if look.refused > 0 {
        let advice = "无法入库的记录另存于 spool/refused：报告缺陷 (records nobody could use lie in spool/refused: report it)";
        return Finding::wrong("spool", WHAT, look.refused, "spool/refused", advice);
    }
    let late = look
        .since
        .is_some_and(|since| SystemClock::default().now() - since > chrono::TimeDelta::minutes(5));
    if running && late {
        let advice = "数据库可能不可用：查看日志 (is the database away? see the log)";
        return Finding::wrong("spool", WHAT, look.waiting, "spool", advice);
    }
    match look.waiting {
        0 => Finding::ok("spool", WHAT),
        waiting => Finding::ok("spool", WHAT)
            .noting(format!("{waiting} 条待入库，程序运行后写入 (wait for the program)")),
    }
}

/// One line a check; the exit code says whether any is wrong.
pub(crate) fn report(found: &[Finding], as_json: bool) -> ExitCode {
    let ill = found.iter().filter(|found| found.wrong > 0).count();
    if as_json {
        let checks: Vec<_> = found
            .iter()
            .map(|found| {
                json!({
                    "name": found.name, "what": found.what, "ok": found.wrong == 0,
                    "wrong": found.wrong, "first": found.first, "advice": found.advice,
                    "note": found.note,
                })
            })
            .collect();
        out(&json!({ "ok": ill == 0, "checks": checks }).to_string());
    } else {
        for found in found {
            out(&line(found));
        }
    }
    if ill == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn line(found: &Finding) -> String {
    let note = found.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
    if found.wrong == 0 {
        return format!("ok     {}{note}", found.what);
    }
    let first = found.first.as_deref().filter(|first| !first.is_empty());
    let first = first.map(|first| format!(" (first: {first})")).unwrap_or_default();
    format!("wrong: {}{first} {}{note} → {}", found.wrong, found.what, found.advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_many_which_first_and_what_to_do() {
        let found = Finding::wrong("keys", "密钥", 2, "p1", "放回密钥");
        assert_eq!(line(&found), "wrong: 2 (first: p1) 密钥 → 放回密钥");
        assert_eq!(line(&Finding::ok("disk", "磁盘").noting("9 MiB")), "ok     磁盘: 9 MiB");
    }
}
