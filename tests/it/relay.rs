//! Between the program and a server that stands elsewhere: a wire that can be cut and mended.
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::thread;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::program::open_folder;

/// A database of its own in the cluster of `DATABASE_URL`, reached through the wire only.
pub(crate) struct Elsewhere {
    folder: TempDir,
    name: String,
    wire: Arc<Mutex<Wire>>,
}

#[derive(Default)]
struct Wire {
    is_cut: bool,
    open: Vec<UnixStream>,
}

fn cluster() -> String {
    std::env::var("DATABASE_URL").expect("export DATABASE_URL=$(ops/dev-db)")
}

fn run(sql: String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut db = PgConnection::connect(&cluster()).await.unwrap();
        db.execute(AssertSqlSafe(sql)).await.unwrap();
    });
}

impl Elsewhere {
    pub(crate) fn new() -> Self {
        let name = format!("it_{}", std::process::id());
        run(format!("create database {name}"));
        let folder = open_folder();
        let door = folder.path().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&door).unwrap();
        // the program may go on as another user
        std::fs::set_permissions(&door, PermissionsExt::from_mode(0o777)).unwrap();
        let server = cluster().split_once("host=").unwrap().1.replace("%2F", "/");
        let wire = Arc::new(Mutex::new(Wire::default()));
        let shared = wire.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let mut wire = shared.lock().unwrap();
                if wire.is_cut {
                    continue;
                }
                let server = UnixStream::connect(format!("{server}/.s.PGSQL.5432")).unwrap();
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || carry(from, to));
                }
                wire.open.extend([client, server]);
            }
        });
        Self { folder, name, wire }
    }

    pub(crate) fn url(&self) -> String {
        let folder = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://postgres@localhost/{}?host={folder}", self.name)
    }

    /// Nobody gets through any more.
    pub(crate) fn cut(&self) {
        let mut wire = self.wire.lock().unwrap();
        wire.is_cut = true;
        for stream in wire.open.drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    pub(crate) fn mend(&self) {
        self.wire.lock().unwrap().is_cut = false;
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        run(format!("drop database if exists {} with (force)", self.name));
    }
}

fn carry(mut from: UnixStream, mut to: UnixStream) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        if to.write_all(&chunk[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
}
