//! The real program, killed without warning, sharing its store, and finding rubbish in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::Ordering::Relaxed,
    thread,
    time::{Duration, Instant},
};

use lugger::{
    core::effect::{
        store::{Begin, Begun},
        verifier::Verifier,
    },
    registry::{Answered, Registry},
    store::{Options, Store},
};
use lugger_tests::{interop::lugger, slow::Slow};
use tempfile::TempDir;

const SIZE: usize = 40 << 20;

fn start(registry: &Registry, store: &Path) -> Child {
    Command::new(lugger())
        .args(["--progress", "none", "--store"])
        .arg(store)
        .args(["pull", &format!("{}/big:v1", registry.address())])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lugger starts")
}

fn finish(child: Child) {
    let output = child.wait_with_output().expect("lugger ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Waits until the ingest of the layer has so many bytes.
fn wait_for(store: &Path, slow: &Slow, bytes: u64) {
    let data = ingest(store, slow);
    let until = Instant::now() + Duration::from_secs(30);
    while fs::metadata(&data).map_or(0, |it| it.len()) < bytes {
        assert!(Instant::now() < until, "{} does not grow", data.display());
        thread::sleep(Duration::from_millis(5));
    }
}

fn ingest(store: &Path, slow: &Slow) -> PathBuf {
    store.join(format!("ingest/sha256-{}.data", slow.layer.encoded()))
}

/// The bytes of the layer that the registry was asked for, request by request.
fn layer_bytes(log: &[Answered], slow: &Slow) -> Vec<u64> {
    let layer = slow.layer.to_string();
    log.iter().filter(|it| it.path.ends_with(&layer)).map(|it| it.bytes).collect()
}

#[test]
fn what_was_there_before_the_kill_is_neither_fetched_nor_hashed_again() {
    let (twin, dir) = (Slow::new(SIZE, Duration::ZERO), TempDir::new().unwrap());
    let registry = Registry::start(Slow::new(SIZE, Duration::from_millis(5))).unwrap();
    let store = dir.path().join("store");
    let mut child = start(&registry, &store);
    wait_for(&store, &twin, 20 << 20);
    child.kill().unwrap();
    child.wait().unwrap();

    let have = fs::metadata(ingest(&store, &twin)).unwrap().len();
    let opened = Store::open(&store, &Options::default()).unwrap();
    let begun = opened.begin(&Begin { digest: twin.layer.clone(), size: twin.size }).unwrap();
    let Begun::Open { len, checkpoint: Some(checkpoint), .. } = begun else { panic!("{begun:?}") };
    let hashed = Verifier::resume(&twin.layer, twin.size, &checkpoint, len).unwrap().len();
    assert!(len == have && hashed + (9 << 20) > len, "{hashed} of {len} bytes need no second look");
    drop(opened);

    registry.take_log();
    finish(start(&registry, &store));
    assert_eq!(layer_bytes(&registry.take_log(), &twin), [twin.size - have], "only the rest is fetched");
    let blob = fs::read(store.join(format!("blobs/sha256/{}", twin.layer.encoded()))).unwrap();
    assert_eq!(lugger::core::name::Digest::sha256(&blob), twin.layer);
}

#[test]
fn ranges_that_were_killed_again_and_again_are_not_fetched_again() {
    const LARGE: usize = 128 << 20;
    let slow = Slow::new(LARGE, Duration::from_millis(10));
    let (layer, sent) = (slow.layer.clone(), std::sync::Arc::clone(&slow.sent));
    let (registry, dir) = (Registry::start(slow).unwrap(), TempDir::new().unwrap());
    let store = dir.path().join("store");
    // The first is killed in its ranges: the first 16 MiB come in one.
    for until in [40, 70, 95].map(|mib: u64| mib << 20) {
        let mut child = start(&registry, &store);
        while sent.bytes.load(Relaxed) < until {
            assert_eq!(child.try_wait().unwrap(), None, "it has not ended yet");
            thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    finish(start(&registry, &store));
    let (came, most) = (sent.bytes.load(Relaxed), sent.most.load(Relaxed));
    assert!(most > 1, "never more than one connection");
    assert!(came <= LARGE as u64 / 20 * 21, "{came} bytes of {LARGE} in four runs");
    let blob = fs::read(store.join(format!("blobs/sha256/{}", layer.encoded()))).unwrap();
    assert_eq!(lugger::core::name::Digest::sha256(&blob), layer);
    assert_eq!(fs::read_dir(store.join("ingest")).unwrap().count(), 0, "nothing is left beside it");
}

#[test]
fn two_processes_share_one_download() {
    let (twin, dir) = (Slow::new(SIZE, Duration::ZERO), TempDir::new().unwrap());
    let registry = Registry::start(Slow::new(SIZE, Duration::from_millis(3))).unwrap();
    let store = dir.path().join("store");
    let children = [start(&registry, &store), start(&registry, &store), start(&registry, &store)];
    children.into_iter().for_each(finish);
    assert_eq!(layer_bytes(&registry.take_log(), &twin), [twin.size], "fetched once");
}

#[test]
fn a_poisoned_partial_costs_a_second_fetch_and_nothing_more() {
    let (twin, dir) = (Slow::new(SIZE, Duration::ZERO), TempDir::new().unwrap());
    let registry = Registry::start(Slow::new(SIZE, Duration::ZERO)).unwrap();
    let store = dir.path().join("store");
    drop(Store::open(&store, &Options::default()).unwrap());
    fs::write(ingest(&store, &twin), vec![0x55; 10 << 20]).unwrap();
    finish(start(&registry, &store));
    assert_eq!(layer_bytes(&registry.take_log(), &twin), [twin.size - (10 << 20), twin.size]);
    let blob = fs::read(store.join(format!("blobs/sha256/{}", twin.layer.encoded()))).unwrap();
    assert_eq!(lugger::core::name::Digest::sha256(&blob), twin.layer);
    assert!(!ingest(&store, &twin).exists());
}
