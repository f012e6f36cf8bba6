//! `lugger plan`: what a pull would do, and then does.

use serde_json::Value;

use super::{Lugger, PLATFORM, exists, platform, serve};

fn needed(plan: &Value, digest: &str) -> (String, u64) {
    let content = plan["content"].as_array().unwrap();
    let found = content.iter().find(|it| it["descriptor"]["digest"] == *digest).unwrap();
    (found["needed"].as_str().unwrap().to_owned(), found["bytes"].as_u64().unwrap())
}

/// The bytes that a blob costs; documents are not among what a pull counts as fetched.
fn blob_bytes(content: &Value) -> u64 {
    let media_type = content["descriptor"]["mediaType"].as_str().unwrap();
    let is_document = media_type.contains("manifest") || media_type.contains("index");
    if is_document { 0 } else { content["bytes"].as_u64().unwrap() }
}

#[test]
fn a_plan_is_what_the_pull_costs() {
    let ((image, registry, name), lugger) = (serve(), Lugger::new());
    let arguments = ["plan", "--json", "--platform", PLATFORM, &name];
    let plan = lugger.json(&arguments);
    assert!(!exists(lugger.home.path().join(".local")), "nothing is stored");
    let wanted = platform(&image);
    for layer in &wanted.layers {
        assert_eq!(needed(&plan, &layer.digest), ("fetch".to_owned(), layer.size));
    }
    registry.take_log();
    let pulled = lugger.json(&["pull", "--json", "--platform", PLATFORM, &name]);
    let log = registry.take_log();
    let asked = |part: &str| log.iter().filter(|it| it.path.contains(part)).count();
    assert_eq!(plan["requests"]["manifest"], asked("/manifests/"));
    assert_eq!(plan["requests"]["blob"], asked("/blobs/"));
    assert_eq!((&plan["requests"]["auth"], &plan["requests"]["head"]), (&0.into(), &0.into()));
    assert_eq!(plan["target"], pulled["target"]);
    assert_eq!(
        pulled["fetched_bytes"],
        plan["content"].as_array().unwrap().iter().map(blob_bytes).sum::<u64>()
    );

    let again = lugger.json(&arguments);
    assert_eq!((&again["bytes"], &again["requests"]["head"]), (&0.into(), &1.into()), "all of it is here");
    assert_eq!(again["requests"]["blob"], 0);
    assert_eq!(needed(&again, &wanted.layers[0].digest).0, "present");
}

#[test]
fn people_read_sizes_and_requests() {
    let ((_image, _registry, name), lugger) = (serve(), Lugger::new());
    let text = lugger.stdout(&["plan", "--all-platforms", &name]);
    for part in ["to fetch:", "present: 0 B", "for manifests", "for blobs", "layer", "fetch"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(lugger.run(&["plan", &name, "--platform", "plan9/386"]).code, 3);
}

#[test]
fn what_an_earlier_pull_left_is_gone_on_with() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    lugger.stdout(&["pull", "-q", "--platform", "linux/amd64", &name]);
    let other = image.platforms.iter().find(|it| it.name == "linux/amd64").unwrap();
    let shared = |digest: &str| other.layers.iter().any(|it| it.digest == digest);
    let layer = platform(&image).layers.iter().find(|it| !shared(&it.digest)).unwrap();
    let left = lugger.store().join("ingest").join(format!("{}.data", layer.digest.replace(':', "-")));
    std::fs::write(left, &image.blob(&layer.digest).unwrap()[..10]).unwrap();
    let plan = lugger.json(&["plan", "--json", "--platform", PLATFORM, &name]);
    assert_eq!(needed(&plan, &layer.digest), ("resume".to_owned(), layer.size - 10));
    let pulled = lugger.json(&["pull", "--json", "--platform", PLATFORM, &name]);
    assert_eq!(
        pulled["fetched_bytes"],
        plan["content"].as_array().unwrap().iter().map(blob_bytes).sum::<u64>()
    );
}
