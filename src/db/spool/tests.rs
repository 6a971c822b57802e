use std::sync::Mutex;

use base::ManualClock;

use super::*;

fn open(dir: &Path) -> Spool {
    Spool::open(dir, Arc::new(ManualClock::default())).unwrap()
}

/// Drains until everything given so far was handled; gives the keys in order.
async fn keys(spool: &Spool) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |record: Record| {
        seen.lock().unwrap().push(record.key);
        std::future::ready(Ok(()))
    };
    tokio::select! {
        () = spool.drain(note) => {}
        () = spool.drained() => {}
    }
    seen.lock().unwrap().clone()
}

#[tokio::test]
async fn records_come_out_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 0..100 {
        spool.append(format!("{n}"), vec![7; n]);
    }
    let expected: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    assert_eq!(keys(&spool).await, expected);
    assert!(spool.healthy() && spool.waiting() == 0);
}

#[tokio::test]
async fn what_was_not_handled_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    first.append("one", b"1".to_vec());
    first.flushed().await;
    std::mem::forget(first); // as kill -9 leaves it
    let second = open(dir.path());
    second.append("two", b"2".to_vec());
    assert_eq!(keys(&second).await, ["one", "two"]);
}

#[tokio::test]
async fn what_was_handled_does_not_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    first.append("one", vec![]);
    keys(&first).await;
    drop(first);
    let second = open(dir.path());
    second.append("two", vec![]);
    assert_eq!(keys(&second).await, ["two"]);
}

#[tokio::test]
async fn segments_that_were_handled_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    for n in 0..5 {
        spool.append(format!("{n}"), vec![0; 3 << 20]);
        spool.flushed().await;
    }
    assert_eq!(spool.folder.segments().unwrap().len(), 3);
    assert_eq!(keys(&spool).await.len(), 5);
    assert_eq!(spool.folder.segments().unwrap().len(), 1);
}

#[tokio::test]
async fn a_torn_tail_is_cut_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    first.append("whole", vec![1; 50]);
    first.append("torn", vec![2; 50]);
    first.flushed().await;
    drop(first);
    let path = dir.path().join("000000000001.spool");
    let bytes = fs::read(&path).unwrap();
    let tail = bytes.windows(50).position(|window| window == [2; 50]).unwrap();
    fs::write(&path, &bytes[..tail + 20]).unwrap();
    assert_eq!(keys(&open(dir.path())).await, ["whole"]);
}

#[tokio::test]
async fn a_record_comes_again_while_the_database_is_away() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(base::SystemClock::default());
    tokio::time::pause();
    let spool = Spool::open(dir.path(), clock).unwrap();
    spool.append("one", vec![]);
    let tries = Mutex::new(0);
    let away_twice = |_| {
        *tries.lock().unwrap() += 1;
        let away = *tries.lock().unwrap() < 3;
        std::future::ready(if away { Err(Failure::Later("away".to_owned())) } else { Ok(()) })
    };
    tokio::select! {
        () = spool.drain(away_twice) => {}
        () = spool.drained() => {}
    }
    assert_eq!(*tries.lock().unwrap(), 3);
    assert!(spool.healthy());
}

#[tokio::test]
async fn a_refused_record_is_set_aside_with_an_alarm() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path());
    spool.append("bad", b"content".to_vec());
    tokio::select! {
        () = spool.drain(|_| std::future::ready(Err(Failure::Refused("why".to_owned())))) => {}
        () = spool.drained() => {}
    }
    assert!(!spool.healthy());
    assert_eq!((spool.refused(), spool.waiting()), (1, 0));
    let (kept, _) = record::scan(&fs::read(dir.path().join("refused")).unwrap());
    assert_eq!((&*kept[0].key, &*kept[0].bytes), ("bad", &b"content"[..]));
}

#[tokio::test]
async fn records_reach_their_reader_while_the_disk_takes_none() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&dir.path().join("spool"));
    fs::remove_dir_all(dir.path().join("spool")).unwrap();
    spool.append("one", vec![]);
    assert_eq!(keys(&spool).await, ["one"]);
    assert!(!spool.healthy());
}

#[tokio::test]
async fn the_disk_is_used_again_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("spool");
    let spool = open(&folder);
    fs::remove_dir_all(&folder).unwrap();
    spool.append("one", vec![]);
    spool.reached(|state| state.failing).await;
    fs::create_dir(&folder).unwrap();
    spool.flushed().await;
    spool.reached(|state| !state.failing).await;
    assert_eq!(keys(&spool).await, ["one"]);
}

#[tokio::test]
async fn what_waits_is_seen_from_outside() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    assert_eq!(look(&dir.path().join("none")).unwrap(), Look::default());
    let spool = Spool::open(dir.path(), clock.clone()).unwrap();
    spool.append("call/1", b"one".to_vec());
    spool.append("call/2", b"two".to_vec());
    spool.flushed().await;
    let seen = look(dir.path()).unwrap();
    assert_eq!((seen.waiting, seen.since, seen.refused), (2, Some(clock.now()), 0));
}
