//! Blobs that a descriptor says to fetch elsewhere: only if the user allows it, last of all, and as nobody.

use http::header;
use lugger_core::{
    error::Kind,
    event::{Event, Warning},
    name::Digest,
    verb::Pulled,
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Access, Scenario, registry::Answer},
};
use serde_json::json;

const ROOT: &str = "https://registry.example/v2/team/app";
const LAYER: &[u8] = b"a base layer that may not be given on";

/// A pull that is at its foreign layer, which its registry does not have.
fn at_the_layer(url: &str, allowed: bool) -> Script<Pulled> {
    let mut scenario = Scenario::plain(vec![LAYER.to_vec()]);
    scenario.access = Access::Bearer { life: Some(300), elsewhere: false, login: true };
    let mut script = Script::pull_in(calm(scenario), |want| want.registries.foreign_urls = allowed);
    script.expect(&format!("GET {ROOT}/manifests/1.0")).serve();
    script.serve_one(); // a token
    let mut get = script.expect(&format!("GET {ROOT}/manifests/1.0 (authorized)"));
    let usual = get.usual();
    let mut manifest: serde_json::Value = serde_json::from_slice(&usual.body).expect("a manifest");
    manifest["layers"][0]["mediaType"] =
        json!("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
    manifest["layers"][0]["urls"] = json!([url]);
    get.answer(Answer::new(200, manifest.to_string().into_bytes()).header(
        header::CONTENT_TYPE,
        manifest["mediaType"].as_str().unwrap_or("application/vnd.oci.image.manifest.v1+json"),
    ));
    let layer = Digest::sha256(LAYER);
    while !script.next_line().contains(&layer.to_string()) {
        script.serve_one();
    }
    script
        .expect(&format!("GET {ROOT}/blobs/{layer} (authorized)"))
        .answer(Answer::error(404, "BLOB_UNKNOWN"));
    script
}

#[test]
fn its_urls_are_asked_last_and_without_credentials() {
    let mut script = at_the_layer("https://layers.example/base?sig=1", true);
    let get = script.expect("GET https://layers.example/base?sig=***");
    assert!(!get.headers().contains_key(header::AUTHORIZATION));
    get.answer(Answer::new(200, LAYER));
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn a_challenge_there_is_not_met() {
    let mut script = at_the_layer("https://layers.example/base", true);
    let challenge = Answer::error(401, "UNAUTHORIZED").header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
    script.expect("GET https://layers.example/base").answer(challenge);
    let error = script.finish().unwrap_err();
    assert!(error.to_string().contains("https://layers.example: access denied (401"), "{error}");
}

#[test]
fn other_bytes_are_not_taken() {
    let mut script = at_the_layer("https://layers.example/base", true);
    for _ in 0..2 {
        script.expect("GET https://layers.example/base").answer(Answer::new(200, vec![1; LAYER.len()]));
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound, "what the registry says comes first");
    assert!(!script.world.store.disk.blobs.contains_key(&Digest::sha256(LAYER)));
}

#[test]
fn nobody_else_is_asked_unless_the_user_says_so() {
    let mut script = at_the_layer("https://layers.example/base", false);
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
    let told = |event: &&Event| matches!(event, Event::Warned(Warning::ForeignUrls { .. }));
    assert_eq!(script.events.iter().filter(told).count(), 1);
}

#[test]
fn a_public_registry_does_not_lead_into_this_machine() {
    for url in ["http://127.0.0.1/", "https://10.0.0.1/x", "http://localhost:8080/", "file:///etc/passwd"] {
        let mut script = at_the_layer(url, true);
        assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound, "{url}");
    }
}
