//! What the choices cost. Run by hand: `cargo test -p lugger --release -- --ignored --nocapture measure`.

use std::time::{Duration, Instant};

use super::*;

fn print(what: &str, times: &mut [Duration]) {
    times.sort();
    eprintln!("{what}: median {:?}, {:?} to {:?}", times[times.len() / 2], times[0], times[times.len() - 1]);
}

fn time(runs: usize, mut run: impl FnMut() -> Duration) -> Vec<Duration> {
    (0..runs).map(|_| run()).collect()
}

#[test]
#[ignore = "a measurement, not a test"]
fn measure_commits_and_publications() {
    let dir = scratch();
    let clock = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    print(
        "open a new store",
        &mut time(20, || {
            let dir = scratch();
            clock(&mut || drop(open(&dir.path().join("s"))))
        }),
    );
    let store = open(dir.path());
    print("open an old store", &mut time(50, || clock(&mut || drop(open(dir.path())))));
    store.get("x").unwrap();
    print(
        "first record of an old store",
        &mut time(50, || {
            let store = open(dir.path());
            clock(&mut || drop(store.get("x").unwrap()))
        }),
    );
    let mut n = 0_u64;
    let mut fresh = || {
        n += 1;
        let mut bytes = vec![0; 4096];
        bytes[..8].copy_from_slice(&n.to_le_bytes());
        bytes
    };
    print(
        "begin, write 4 KiB, commit",
        &mut time(500, || {
            let bytes = fresh();
            clock(&mut || drop(fetch(&store, &bytes)))
        }),
    );
    print(
        "commit 4 KiB of bytes",
        &mut time(500, || {
            let bytes = fresh();
            clock(&mut || drop(put(&store, &bytes)))
        }),
    );
    let bytes = vec![1; 1 << 20];
    let (ingest, ..) = begin(&store, &bytes);
    let mut writer = store.writer(ingest, 0).unwrap();
    print(
        "checkpoint",
        &mut time(200, || {
            writer.write(&[1; 4096]).unwrap();
            clock(&mut || writer.checkpoint(&[7; 120]).unwrap())
        }),
    );
    let digest = put(&store, b"x");
    publish(&store, "x", &digest, 1);
    print("publish, nothing staged", &mut time(50, || clock(&mut || publish(&store, "x", &digest, 1))));
    print(
        "publish, 1 staged",
        &mut time(50, || {
            fetch(&store, &fresh());
            clock(&mut || publish(&store, "x", &digest, 1))
        }),
    );
    print(
        "publish, 30 staged",
        &mut time(50, || {
            (0..30).for_each(|_| drop(fetch(&store, &fresh())));
            clock(&mut || publish(&store, "x", &digest, 1))
        }),
    );
    let mut i = 0;
    print(
        "a lease record",
        &mut time(500, || {
            i += 1;
            let changes = vec![Change::Put { key: format!("lease/{i}"), value: "\"\"".into() }];
            let batch = Batch { changes, ..Batch::default() };
            clock(&mut || drop(store.apply(&batch).unwrap()))
        }),
    );
    print("get", &mut time(500, || clock(&mut || drop(store.get("lease/7").unwrap()))));
    print("find", &mut time(500, || clock(&mut || drop(store.find(&digest).unwrap()))));
    let mut store = Some(store);
    print("close", &mut time(1, || clock(&mut || drop(store.take()))));
}

/// 1 GiB at full speed, and at the pace of a network; with and without early writeback.
#[test]
#[ignore = "a measurement, not a test"]
fn measure_writeback() {
    let size = 1_u64 << 30;
    for pace in [None, Some(400_u64 << 20)] {
        for round in 0..6 {
            let early = round % 2 == 0;
            let dir = scratch();
            let store = open(dir.path());
            rustix::fs::syncfs(&store.layout.root.fd).unwrap();
            let begin = Begin { digest: Digest::sha256(b"big"), size };
            let Begun::Open { ingest, .. } = store.begin(&begin).unwrap() else { panic!() };
            let mut writer = store.writer(ingest, 0).unwrap();
            let chunk = vec![round; 1 << 20];
            let start = Instant::now();
            while writer.at() < size {
                writer.write(&chunk).unwrap();
                if !early {
                    writer.forget_writeback();
                }
                if let Some(pace) = pace {
                    let due = Duration::from_secs_f64(writer.at() as f64 / pace as f64);
                    std::thread::sleep(due.saturating_sub(start.elapsed()));
                }
            }
            let written = start.elapsed();
            rustix::fs::syncfs(&store.layout.root.fd).unwrap();
            let all = start.elapsed();
            eprintln!(
                "pace {pace:?}, early {early}: written {written:?}, sync {:?}, all {all:?}",
                all - written
            );
        }
    }
}
