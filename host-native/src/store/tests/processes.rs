//! Several processes on one store, and processes that are killed.

use std::{
    process::{Child, Stdio},
    time::Duration,
};

use lugger_core::{effect::store::LockKey, name::Digest, rng::Rng};

use super::*;

/// What a child is told: `<role> <number> <store>`.
const TASK: &str = "LUGGER_STORE_TEST_TASK";

fn spawn(role: &str, number: u64, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::processes::child", "--nocapture", "--test-threads=1"])
        .env(TASK, format!("{role} {number} {}", path.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The other processes' body; as a test of its own it has nothing to do.
#[test]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let mut words = task.splitn(3, ' ');
    let (role, number, path) =
        (words.next().unwrap(), words.next().unwrap().parse().unwrap(), words.next().unwrap());
    let store = open(path.as_ref());
    match role {
        "publish" => (0..20).for_each(|i| work(&store, number, i)),
        "forever" => {
            for i in 0.. {
                work(&store, number, i);
            }
        }
        "lock" => {
            store.lock(&LockKey::Ingest(Digest::sha256(b"locked"))).unwrap().unwrap();
            std::fs::write(store.path().join("locks/held"), "").unwrap();
            std::thread::sleep(Duration::from_secs(60));
        }
        other => panic!("no role {other}"),
    }
}

/// Fetches what only this process needs and what all need, and names it.
fn work(store: &Store, number: u64, i: u64) {
    let own = vec![number as u8; 10_000 + i as usize];
    let common = vec![0xcc; 10_000 + i as usize];
    for bytes in [&own, &common] {
        let key = LockKey::Ingest(Digest::sha256(bytes));
        let lock = loop {
            match store.lock(&key).unwrap() {
                Some(lock) => break lock,
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        let digest = Digest::sha256(bytes);
        let size = bytes.len() as u64;
        if let Begun::Open { ingest, len, checkpoint, .. } =
            store.begin(&Begin { digest: digest.clone(), size }).unwrap()
        {
            assert!(len <= size);
            let resumed = checkpoint
                .and_then(|saved| Verifier::resume(&digest, size, &saved, len))
                .unwrap_or_else(|| Verifier::new(&digest, size));
            write(store, ingest, bytes, resumed);
        }
        store.unlock(lock);
    }
    publish(store, &format!("own/{number}:{i}"), &Digest::sha256(&own), own.len() as u64);
    publish(store, &format!("common:{i}"), &Digest::sha256(&common), common.len() as u64);
}

fn write(store: &Store, ingest: IngestId, bytes: &[u8], mut verifier: Verifier) {
    let mut writer = store.writer(ingest, verifier.len()).unwrap();
    for chunk in bytes[usize::try_from(verifier.len()).unwrap()..].chunks(999) {
        verifier.feed(chunk).unwrap();
        writer.write(chunk).unwrap();
        writer.checkpoint(&verifier.checkpoint()).unwrap();
    }
    let verified = verifier.finish().unwrap();
    store.commit(&Commit { content: Content::Ingest(ingest), verified }).unwrap();
}

/// What must hold whenever nobody is at work, and after any kill.
fn check(path: &Path) -> Vec<String> {
    let store = open(path);
    let records: Vec<String> = store.scan("image/").unwrap().into_iter().map(|(key, _)| key).collect();
    let shown = names(path);
    assert_eq!(records, shown.iter().map(|name| format!("image/{name}")).collect::<Vec<_>>());
    for file in files(path).iter().filter(|file| file.starts_with("blobs/") || file.contains("/sha256/")) {
        let bytes = std::fs::read(path.join(file)).unwrap();
        assert!(file.ends_with(Digest::sha256(&bytes).encoded()), "{file}");
    }
    shown
}

#[test]
fn publish_at_once_and_nothing_is_lost() {
    let dir = scratch();
    let children: Vec<_> = (1..=3).map(|number| spawn("publish", number, dir.path())).collect();
    // Two more as threads, on stores of their own.
    std::thread::scope(|scope| {
        for number in 4..=5 {
            let path = dir.path();
            scope.spawn(move || {
                let store = open(path);
                (0..20).for_each(|i| work(&store, number, i));
            });
        }
    });
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(check(dir.path()).len(), 5 * 20 + 20);
    assert_eq!(files(&dir.path().join("ingest")), [""; 0]);
}

#[test]
fn killed_at_any_instant_leave_a_valid_store() {
    let dir = scratch();
    let mut rng = Rng::new(1);
    let mut before = 0;
    for round in 0..12 {
        let mut children =
            [spawn("forever", 1 + 2 * round, dir.path()), spawn("forever", 2 + 2 * round, dir.path())];
        std::thread::sleep(Duration::from_millis(20 + rng.below(150)));
        for child in &mut children {
            assert!(child.try_wait().unwrap().is_none(), "it works until it is killed");
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let now = check(dir.path()).len();
        assert!(now >= before, "no name is lost");
        before = now;
    }
    assert!(before > 0);
    let store = open(dir.path());
    work(&store, 99, 0);
    check(dir.path());
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let dir = scratch();
    let store = open(dir.path());
    let key = LockKey::Ingest(Digest::sha256(b"locked"));
    let mut child = spawn("lock", 0, dir.path());
    while !dir.path().join("locks/held").exists() {
        std::thread::sleep(Duration::from_millis(5));
        assert!(child.try_wait().unwrap().is_none());
    }
    assert_eq!(store.lock(&key).unwrap(), None);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(store.lock(&key).unwrap().is_some());
}
