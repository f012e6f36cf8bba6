//! From a tag to a digest, with as few requests as the registry allows.

use lugger_core::error::{ContentError, Error, Kind, Refusal};
use lugger_tests::{
    script::{Script, calm},
    sim::{
        Ended, Scenario, Stop, World,
        registry::{Answer, Asked},
    },
};

const TAGGED: &str = "https://registry.example/v2/team/app/manifests/1.0";

fn scenario() -> Scenario {
    Scenario::plain(vec![b"one layer".to_vec()])
}

/// A world in which the image was pulled.
fn pulled(scenario: Scenario) -> World {
    let mut world = calm(scenario);
    assert!(matches!(world.pull_until(Stop::Never).0, Ended::Done(Ok(_))), "{}", world.transcript);
    world
}

#[test]
fn an_unknown_tag_is_one_get() {
    let mut script = Script::pull(scenario());
    script.expect(&format!("GET {TAGGED}")).serve();
    assert_eq!(script.serve_rest(), [Asked::Blob; 2], "config and layer");
    assert_eq!(script.finish().unwrap().fetched, 2);
}

#[test]
fn a_known_tag_is_one_head() {
    let mut script = Script::pull_in(pulled(scenario()), |_| {});
    script.expect(&format!("HEAD {TAGGED}")).serve();
    let pulled = script.finish().unwrap();
    assert_eq!((pulled.fetched, pulled.present, pulled.before), (0, 2, Some(pulled.target.digest)));
}

#[test]
fn a_head_that_is_refused_or_says_nothing_becomes_a_get() {
    for status in [405, 403] {
        let mut script = Script::pull_in(pulled(scenario()), |_| {});
        script.expect(&format!("HEAD {TAGGED}")).answer(Answer::error(status, "UNSUPPORTED"));
        script.expect(&format!("GET {TAGGED}")).serve();
        assert_eq!(script.finish().unwrap().fetched, 0);
    }
    let mut script = Script::pull_in(pulled(scenario()), |_| {});
    script.expect(&format!("HEAD {TAGGED}")).answer(Answer::new(200, Vec::new()));
    script.expect(&format!("GET {TAGGED}")).serve();
    assert_eq!(script.finish().unwrap().fetched, 0);
}

#[test]
fn a_tag_that_moved_is_fetched_by_its_new_digest() {
    let old = pulled(scenario());
    let before = old.scenario.image.root.clone();
    let mut world = calm(Scenario::plain(vec![b"another layer".to_vec()]));
    world.store = old.store;
    let root = world.scenario.image.root.clone();
    let mut script = Script::pull_in(world, |_| {});
    script.expect(&format!("HEAD {TAGGED}")).serve();
    script.expect(&format!("GET https://registry.example/v2/team/app/manifests/{root}")).serve();
    assert_eq!(script.serve_rest(), [Asked::Blob; 2]);
    let pulled = script.finish().unwrap();
    assert_eq!((pulled.target.digest, pulled.before), (root, Some(before)));
}

#[test]
fn a_header_that_names_another_digest_than_the_body_has_is_an_error() {
    let mut script = Script::pull(scenario());
    for cached in [true, false] {
        let mut get = script.expect(&format!("GET {TAGGED}"));
        assert_eq!(get.headers().contains_key("cache-control"), !cached, "the second time past every cache");
        let mut answer = get.usual();
        let lie = format!("sha256:{}", "0".repeat(64));
        answer.headers.insert("docker-content-digest", lie.parse().unwrap());
        get.answer(answer);
    }
    let error = script.finish().unwrap_err();
    let Error::Registry(refused) = &error else { panic!("{error}") };
    let Refusal::Content(why) = &refused.first.why else { panic!("{error}") };
    assert!(matches!(**why, ContentError::HeaderDigest { .. }), "{error}");
    assert!(script.world.store.disk.blobs.is_empty());
}

#[test]
fn a_header_that_is_no_digest_is_an_error() {
    let mut script = Script::pull(scenario());
    let mut get = script.expect(&format!("GET {TAGGED}"));
    let mut answer = get.usual();
    answer.headers.insert("docker-content-digest", "latest".parse().unwrap());
    get.answer(answer);
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Network);
}

#[test]
fn a_manifest_by_digest_that_has_another_is_never_committed() {
    let mut scenario = scenario();
    scenario.pinned = true;
    let root = scenario.image.root.clone();
    let mut script = Script::pull(scenario);
    for _ in 0..2 {
        let mut get = script.expect(&format!("GET https://registry.example/v2/team/app/manifests/{root}"));
        let mut answer = get.usual();
        answer.body = [&answer.body[..], b" "].concat().into();
        get.answer(answer);
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Content);
    assert!(script.world.store.disk.blobs.is_empty());
}
