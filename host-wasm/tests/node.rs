//! What needs no browser, in node: that this module's core decides as the native one does, to the byte.
#![cfg(target_arch = "wasm32")]

use lugger_core::{
    name::{Digest, Platform, Reference},
    op::{Op, Output, Setup},
    time::Instant,
    verb::{self, Pull, Wanted},
};
use lugger_tests::{
    script::Script,
    sim::{Plan, Scenario},
};
use wasm_bindgen_test::wasm_bindgen_test;

/// A snapshot of the native tests without its header.
fn golden(snapshot: &str) -> &str {
    let (_, rest) = snapshot.split_once("\n---\n").expect("a header ends so");
    rest.trim_end()
}

/// The stories of `tests/tests/golden.rs`.
#[wasm_bindgen_test]
fn a_story_is_the_same_as_natively() {
    let snapshot = include_str!("../../tests/tests/snapshots/golden__a_pull_that_is_killed_and_resumed.snap");
    assert_eq!(Plan::killed().run().transcript.to_string().trim_end(), golden(snapshot));
    let snapshot = include_str!("../../tests/tests/snapshots/golden__a_pull_that_is_cancelled.snap");
    assert_eq!(Plan::cancelled().run().transcript.to_string().trim_end(), golden(snapshot));
}

/// And what `tests/tests/transcript.rs` finds the native host's to be over a real network and disk.
#[wasm_bindgen_test]
fn the_same_is_said_to_every_host() {
    let mut script = Script::pull(Scenario::plain(vec![vec![7; 60_000], vec![8; 10]]));
    script.serve_rest();
    script.finish().expect("a pull");
    let snapshot =
        include_str!("../../tests/tests/snapshots/transcript__the_same_is_said_to_every_host.snap");
    assert_eq!(script.world.transcript.said().join("\n"), golden(snapshot));
}

#[wasm_bindgen_test]
fn stories_with_faults_end_well() {
    for seed in 0..20 {
        let story = Plan::mixed(seed, 10).run();
        assert_eq!(story.violation, None, "seed {seed}");
    }
}

#[wasm_bindgen_test]
fn names_and_digests() {
    let reference = Reference::parse("alpine:3.20").expect("a name");
    assert_eq!(reference.to_string(), "docker.io/library/alpine:3.20");
    assert!(Reference::parse("Not A Name").is_err());
    let digest = Digest::sha256(b"hello");
    let known = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert_eq!(digest.to_string(), known);
}

#[wasm_bindgen_test]
fn an_operation_asks_first_for_what_the_store_knows() {
    let reference = Reference::parse("alpine:3.20").expect("a name");
    let want = Pull::new(reference, Wanted::Only(Platform::new("linux", "amd64")));
    let mut op = Op::new(Setup::default(), async |cx| verb::pull(cx, want).await);
    let Output::Request(request) = op.poll(Instant(0)) else { panic!("it asks for something") };
    assert_eq!(request.to_string(), "get image/docker.io/library/alpine:3.20");
}

/// Flags of the environment replace those of the project in silence, and digests would be slow.
#[wasm_bindgen_test]
fn digests_use_vectors() {
    assert!(cfg!(target_feature = "simd128"));
}
