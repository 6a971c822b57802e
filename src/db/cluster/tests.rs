use std::os::unix::process::CommandExt;
use std::process::Command;

use super::*;
use sqlx::{Executor, Row};

/// PostgreSQL refuses to run as root: then the test runs once more, as the user `postgres`.
fn runs_elsewhere(test: &str) -> bool {
    if !nix::unistd::geteuid().is_root() {
        return false;
    }
    let user =
        nix::unistd::User::from_name("postgres").unwrap().expect("installed with PostgreSQL");
    let mut again = Command::new("/proc/self/exe");
    again.args(["--exact", &format!("cluster::tests::{test}"), "--nocapture"]);
    again.uid(user.uid.as_raw()).gid(user.gid.as_raw()).env("HOME", "/tmp").current_dir("/");
    assert!(again.status().unwrap().success());
    true
}

#[tokio::test]
async fn a_cluster_survives_the_death_of_its_server() {
    if runs_elsewhere("a_cluster_survives_the_death_of_its_server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path(), None).unwrap();
    assert!(cluster.place().migrate().await.unwrap() > 0);
    assert_eq!(cluster.place().migrate().await.unwrap(), 0);
    let pool = cluster.place().pool(2);
    let facts =
        "select current_user::text, current_setting('fsync'), current_setting('listen_addresses')";
    let row = pool.fetch_one(facts).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), ("lianxin_app", "on", ""));
    kill(Pid::from_raw(cluster.pid().unwrap()), Signal::SIGKILL).unwrap();
    while cluster.restarts() == 0 || !crate::answers(&pool).await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_server_without_an_owner_is_stopped_before_a_new_one_starts() {
    if runs_elsewhere("a_server_without_an_owner_is_stopped_before_a_new_one_starts") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut first = Cluster::start(dir.path(), None).unwrap();
    let orphan = first.pid().unwrap();
    // as after kill -9 of the program: nobody stops the server, and the lock is free
    first.watch.stop.store(true, SeqCst);
    let watcher = first.watcher.take();
    first.watch.pid.store(0, SeqCst);
    drop(first);
    let second = Cluster::start(dir.path(), None).unwrap();
    assert_ne!(second.pid(), Some(orphan));
    watcher.unwrap().join().unwrap();
}
