//! Records are an ordered map with transactions, however many share it.

use std::collections::{BTreeMap, BTreeSet};

use lugger_core::{
    effect::store::{Change, Record},
    rng::Rng,
};

use super::*;

fn change(key: &str, value: &str) -> Change {
    Change::Put { key: key.into(), value: value.into() }
}

fn expecting(key: &str, revision: u64, changes: Vec<Change>) -> Batch {
    Batch { expect: vec![(key.to_owned(), revision)], changes, publish: false }
}

#[test]
fn a_batch_happens_whole_or_not_at_all() {
    let dir = scratch();
    let store = open(dir.path());
    let both = vec![change("a", "1"), change("b", "1")];
    assert_eq!(store.apply(&expecting("a", 0, both.clone())).unwrap(), Applied::Done);
    let a = store.get("a").unwrap().unwrap();
    assert!(a.revision > 0);
    assert_eq!(store.apply(&expecting("a", 0, both.clone())).unwrap(), Applied::Conflict, "it exists");
    assert_eq!(store.apply(&expecting("c", 7, both)).unwrap(), Applied::Conflict, "it does not");
    assert_eq!(store.get("a").unwrap(), Some(a.clone()));
    // In the order given, also on the same key.
    let again = vec![
        Change::DeleteAll { prefix: String::new() },
        change("a", "2"),
        Change::Delete { key: "a".into() },
        change("a", "3"),
    ];
    assert_eq!(store.apply(&expecting("a", a.revision, again)).unwrap(), Applied::Done);
    let all = store.scan("").unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].1.value, "3");
    assert!(all[0].1.revision > a.revision, "no revision comes twice");
}

/// The locks that this process has on the database, as the system lists them.
#[cfg(target_os = "linux")]
fn locks(path: &Path) -> usize {
    use std::os::unix::fs::MetadataExt as _;
    let inode = std::fs::metadata(path.join("lugger.db")).unwrap().ino();
    let (process, file) = (format!(" {} ", std::process::id()), format!(":{inode} "));
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    locks.lines().filter(|line| line.contains(&process) && line.contains(&file)).count()
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_store_of_one_process_takes_no_lock_from_the_first() {
    let dir = scratch();
    let first = open(dir.path());
    first.get("a").unwrap();
    assert_eq!(locks(dir.path()), 1);
    let second = open(dir.path());
    second.get("a").unwrap();
    assert_eq!(locks(dir.path()), 1);
}

#[test]
fn prefixes_are_of_characters_not_of_patterns() {
    let dir = scratch();
    let store = open(dir.path());
    let keys = [
        "",
        "%",
        "A",
        "a",
        "a\0",
        "a\0b",
        "a%",
        "a/",
        "a/b",
        "a0",
        "aa",
        "a_",
        "a\u{7f}",
        "a\u{d7ff}x",
        "a\u{e000}",
        "a\u{10ffff}",
        "a\u{10ffff}\u{10ffff}",
        "b",
        "\u{10ffff}",
        "\u{10ffff}z",
    ];
    let changes = keys.iter().map(|key| change(key, "0")).collect();
    store.apply(&Batch { changes, ..Batch::default() }).unwrap();
    let sorted: BTreeSet<&str> = keys.into();
    for prefix in keys {
        let found: Vec<String> = store.scan(prefix).unwrap().into_iter().map(|(key, _)| key).collect();
        let want: Vec<&str> = sorted.iter().copied().filter(|key| key.starts_with(prefix)).collect();
        assert_eq!(found, want, "{prefix:?}");
    }
    store
        .apply(&Batch {
            changes: vec![Change::DeleteAll { prefix: "a\u{10ffff}".into() }],
            ..Batch::default()
        })
        .unwrap();
    assert_eq!(store.scan("").unwrap().len(), keys.len() - 2);
}

/// Four threads over two stores: each against a model of its own keys, and all on one counter.
#[test]
fn a_thousand_random_operations_by_four_threads_agree_with_a_map() {
    let dir = scratch();
    let stores = [open(dir.path()), open(dir.path())];
    let mut wins = 0;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let store = &stores[n % 2];
                scope.spawn(move || play(store, n as u64))
            })
            .collect();
        wins = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    });
    assert!(wins > 0);
    let total = open(dir.path()).get("shared").unwrap().unwrap();
    assert_eq!(total.value, wins.to_string(), "no update of the counter was lost");
    let revisions: Vec<u64> = stores[0].scan("").unwrap().iter().map(|(_, record)| record.revision).collect();
    assert_eq!(revisions.iter().collect::<BTreeSet<_>>().len(), revisions.len());
}

/// Yields how often it has counted the shared counter up.
fn play(store: &Store, n: u64) -> u64 {
    let mut rng = Rng::new(n);
    let mut model: BTreeMap<String, Record> = BTreeMap::new();
    let mut wins = 0;
    for step in 0..250 {
        let key = format!("{n}/{}{}", rng.below(3), "x".repeat(rng.below(3) as usize));
        let prefix = &key[..3];
        match rng.below(7) {
            0 | 1 => {
                let known = model.get(&key).map_or(0, |record| record.revision);
                let expected = known + u64::from(rng.below(4) == 0);
                let value = step.to_string();
                let batch = Batch {
                    publish: rng.below(10) == 0,
                    ..expecting(&key, expected, vec![change(&key, &value)])
                };
                let want = if expected == known { Applied::Done } else { Applied::Conflict };
                assert_eq!(store.apply(&batch).unwrap(), want);
                if want == Applied::Done {
                    let record = store.get(&key).unwrap().unwrap();
                    assert_eq!(record.value, value);
                    assert!(record.revision > known);
                    model.insert(key, record);
                }
            }
            2 => {
                let changes = vec![Change::Delete { key: key.clone() }];
                store.apply(&Batch { changes, ..Batch::default() }).unwrap();
                model.remove(&key);
            }
            3 => {
                let changes = vec![Change::DeleteAll { prefix: prefix.to_owned() }];
                store.apply(&Batch { changes, ..Batch::default() }).unwrap();
                model.retain(|key, _| !key.starts_with(prefix));
            }
            4 => {
                let want: Vec<_> = model
                    .iter()
                    .filter(|(key, _)| key.starts_with(prefix))
                    .map(|(key, record)| (key.clone(), record.clone()))
                    .collect();
                assert_eq!(store.scan(prefix).unwrap(), want);
            }
            5 => {
                let current = store.get("shared").unwrap();
                let count: u64 = current.as_ref().map_or(0, |record| record.value.parse().unwrap());
                let revision = current.map_or(0, |record| record.revision);
                let next = vec![change("shared", &(count + 1).to_string())];
                wins +=
                    u64::from(store.apply(&expecting("shared", revision, next)).unwrap() == Applied::Done);
            }
            _ => assert_eq!(store.get(&key).unwrap().as_ref(), model.get(&key)),
        }
    }
    wins
}
