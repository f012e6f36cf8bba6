//! One operation, the same answers, two worlds: what the core says over the real network and disk is what it says in the simulator.
//! `host-wasm/tests/node.rs` says it a third time.

use lugger::{
    Cancel, Host, Seen, Store,
    core::verb,
    registry::{Manifest, Memory, Registry},
    store::Options,
};
use lugger_tests::{
    script::{Script, calm},
    sim::{
        Scenario, World,
        registry::{HOST, REPOSITORY, TAG},
        transcript,
    },
};
use tempfile::TempDir;

fn scenario() -> Scenario {
    Scenario::plain(vec![vec![7; 60_000], vec![8; 10]])
}

/// In the simulator.
fn simulated() -> Vec<String> {
    let mut script = Script::pull(scenario());
    script.serve_rest();
    script.finish().expect("as it was made here");
    script.world.transcript.said()
}

/// The same image from a registry on a socket, into a store on the disk.
fn real() -> Vec<String> {
    let mut world: World = calm(scenario());
    let image = &world.scenario.image;
    let mut memory = Memory::new();
    for (digest, bytes) in &image.blobs {
        memory.put_blob(REPOSITORY, &digest.to_string(), bytes.clone());
    }
    for (digest, document) in &image.documents {
        let (media_type, digest) = (document.media_type.to_string(), digest.to_string());
        memory.put_manifest(REPOSITORY, Manifest { media_type, digest, bytes: document.bytes[..].into() });
    }
    memory.put_tag(REPOSITORY, TAG, &image.root.to_string());
    let registry = Registry::start(memory).expect("as it was made here");
    let address = registry.address().to_string();
    let dir = TempDir::new().expect("as it was made here");
    let store =
        Store::open(&dir.path().join("store"), &Options { durable: false }).expect("as it was made here");
    let setup = world.setup();
    let mut want = world.pull();
    want.reference = format!("{address}/{REPOSITORY}:{TAG}").parse().expect("as it was made here");
    let mut said = Vec::new();
    let mut host = Host::with(store, setup.limits);
    let pull = async |cx| verb::pull(cx, want).await;
    host.run_watched(setup, pull, &Cancel::default(), |seen| {
        said.push(match seen {
            Seen::Request(request) => format!("> #{} {request}", request.id()),
            Seen::Notice(notice) => format!("- {notice}"),
            Seen::Event(event) => format!("! {}", transcript::event(event)),
        });
    })
    .expect("as it was made here");
    let home = |line: String| {
        line.replace(&format!("http://{address}"), &format!("https://{HOST}")).replace(&address, HOST)
    };
    said.into_iter().map(home).filter_map(|line| transcript::said(&line)).collect()
}

#[test]
fn the_same_is_said_to_every_host() {
    let simulated = simulated();
    assert_eq!(real(), simulated);
    insta::assert_snapshot!(simulated.join("\n"));
}
