//! `lugger plan`: what a pull would do, and then does.

use serde_json::Value;

use super::{Lugger, PLATFORM, exists, platform, serve};

fn needed(plan: &Value, digest: &str) -> (String, u64) {
    let content = plan["content"].as_array().unwrap();
    let found = content.iter().find(|it| it["descriptor"]["digest"] == *digest).unwrap();
    (found["needed"].as_str().unwrap().to_owned(), found["bytes"].as_u64().unwrap())
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
    let is_blob = |it: &&Value| {
        let media_type = it["descriptor"]["mediaType"].as_str().unwrap();
        !media_type.contains("manifest") && !media_type.contains("index")
    };
    let blobs = plan["content"].as_array().unwrap().iter().filter(is_blob);
    assert_eq!(pulled["fetched_bytes"], blobs.map(|it| it["bytes"].as_u64().unwrap()).sum::<u64>());

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
