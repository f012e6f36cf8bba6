//! Which part of an image is wanted, and bounds on what an image may be.

use lugger_core::{
    error::{ContentError, Error, Kind},
    event::{Event, Warning},
    name::Platform,
    verb::{Pulled, Wanted},
};
use lugger_tests::{
    script::Script,
    sim::{
        Scenario,
        image::Image,
        registry::{Answer, Asked},
    },
};

fn plain() -> Scenario {
    Scenario::plain(vec![b"one layer".to_vec()])
}

fn under(levels: usize, platform: Option<(&str, &str)>) -> Scenario {
    let mut scenario = plain();
    for level in 0..levels {
        scenario.image = scenario.image.under_index(if level == 0 { platform } else { None });
    }
    scenario
}

fn run(scenario: Scenario) -> (Script<Pulled>, Vec<Asked>) {
    let mut script = Script::pull(scenario);
    let asked = script.serve_rest();
    (script, asked)
}

#[test]
fn an_index_without_the_platform_says_what_it_has() {
    let mut scenario = under(1, Some(("linux", "s390x")));
    scenario.wanted = Wanted::Only(Platform::new("linux", "amd64"));
    let (mut script, asked) = run(scenario);
    let error = script.finish().unwrap_err();
    assert_eq!((error.kind(), asked), (Kind::NotFound, vec![Asked::Manifest]));
    assert!(error.to_string().contains("linux/s390x"), "{error}");
}

#[test]
fn a_single_image_for_another_platform_is_an_error_when_asked_for_and_else_a_warning() {
    let mut scenario = plain();
    scenario.wanted = Wanted::Only(Platform::new("linux", "arm64"));
    let (mut script, _) = run(scenario.clone());
    let error = script.finish().unwrap_err();
    assert!(
        matches!(&error, Error::Content { why, .. } if matches!(**why, ContentError::OtherPlatform { .. })),
        "{error}"
    );
    assert!(script.world.store.scan("image/").is_empty());
    scenario.wanted = Wanted::Host(Platform::new("linux", "arm64"));
    let (mut script, _) = run(scenario);
    assert!(script.finish().is_ok());
    let warned = |event: &Event| matches!(event, Event::Warned(Warning::OtherPlatform { .. }));
    assert!(script.events.iter().any(warned));
}

#[test]
fn nested_indexes_are_followed_to_a_depth() {
    let depth = plain().limits.depth;
    let (mut script, asked) = run(under(depth, None));
    assert!(script.finish().is_ok());
    assert_eq!(asked.iter().filter(|asked| **asked == Asked::Manifest).count(), depth + 1);
    let (mut script, _) = run(under(depth + 1, None));
    let error = script.finish().unwrap_err();
    assert!(
        matches!(&error, Error::Content { why, .. } if matches!(**why, ContentError::TooDeep { .. })),
        "{error}"
    );
    assert!(script.world.store.disk.blobs.is_empty());
}

#[test]
fn too_many_pieces_and_too_many_bytes_of_documents_are_errors() {
    let mut scenario = plain();
    scenario.limits.nodes = 2;
    let (mut script, _) = run(scenario);
    let error = script.finish().unwrap_err();
    assert!(
        matches!(&error, Error::Content { why, .. } if matches!(**why, ContentError::TooMany { .. })),
        "{error}"
    );
    let mut scenario = under(1, None);
    scenario.limits.documents_max = 500;
    let (mut script, _) = run(scenario);
    let error = script.finish().unwrap_err();
    assert!(
        matches!(&error, Error::Content { why, .. } if matches!(**why, ContentError::TooLarge { .. })),
        "{error}"
    );
}

#[test]
fn a_size_that_lies_is_found_out() {
    for (from, to) in [("\"size\":9", "\"size\":8"), ("\"size\":9", "\"size\":10")] {
        let mut script = Script::pull(plain());
        let mut get = script.expect("GET https://registry.example/v2/team/app/manifests/1.0");
        let mut answer = get.usual();
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(text.contains(from));
        answer.body = text.replace(from, to).into_bytes().into();
        answer.headers.remove("docker-content-digest");
        get.answer(answer);
        script.serve_rest();
        assert!(script.finish().is_err());
        let layer = lugger_core::name::Digest::sha256(b"one layer");
        assert!(!script.world.store.disk.blobs.contains_key(&layer), "{to}");
    }
}

#[test]
fn documents_that_are_none_are_refused_before_anything_is_stored() {
    for (body, media_type) in [
        ("<html>Please log in</html>", "text/html"),
        ("{\"schemaVersion\":2", "application/vnd.oci.image.manifest.v1+json"),
        ("{\"schemaVersion\":2,\"manifests\":[]}", "application/vnd.oci.image.manifest.v1+json"),
        ("", "application/vnd.oci.image.manifest.v1+json"),
    ] {
        let mut script = Script::pull(plain());
        let answer = Answer::new(200, body.as_bytes()).header("content-type", media_type);
        script.expect("GET https://registry.example/v2/team/app/manifests/1.0").answer(answer);
        let error = script.finish().unwrap_err();
        assert_eq!(error.kind(), Kind::Content, "{body}: {error}");
        assert!(script.world.store.disk.blobs.is_empty() && script.world.store.disk.records.is_empty());
    }
}

#[test]
fn an_image_with_the_same_layer_twice_fetches_it_once() {
    let mut scenario = plain();
    scenario.image = Image::plain(vec![b"a".to_vec(), b"b".to_vec(), b"a".to_vec()]);
    let (mut script, asked) = run(scenario);
    assert_eq!(script.finish().unwrap().fetched, 3);
    assert_eq!(asked.iter().filter(|asked| **asked == Asked::Blob).count(), 3, "config, a, b");
}
