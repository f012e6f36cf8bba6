//! Redirects are followed without credentials, to safe places, and not for ever.

use http::header;
use lugger_core::error::Kind;
use lugger_tests::{
    script::Script,
    sim::{Access, Scenario, registry::Answer},
};

const ROOT: &str = "https://registry.example/v2/team/app";

fn scenario() -> Scenario {
    let mut scenario = Scenario::plain(vec![vec![7; 3000]]);
    scenario.access = Access::Bearer { life: Some(300), elsewhere: false, login: true };
    scenario.redirects = true;
    scenario
}

/// A pull that has its manifest and is at its one large layer.
fn at_the_layer() -> (Script<lugger_core::verb::Pulled>, String) {
    let scenario = scenario();
    let layer = scenario.image.blobs.iter().find(|(_, bytes)| bytes.len() == 3000);
    let layer = layer.expect("the scenario has it").0.to_string();
    let mut script = Script::pull(scenario);
    script.expect(&format!("GET {ROOT}/manifests/1.0")).serve();
    script.expect("GET https://registry.example/token?service=registry.example&scope=repository:team/app:pull&account=*** (authorized)").serve();
    script.expect(&format!("GET {ROOT}/manifests/1.0 (authorized)")).serve();
    (script, layer)
}

#[test]
fn the_authorization_stays_behind() {
    let (mut script, layer) = at_the_layer();
    script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).serve();
    let content = script.expect(&format!("GET https://cdn.example/data/{layer}?sig=***"));
    assert!(!content.headers().contains_key(header::AUTHORIZATION));
    content.serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn a_chain_that_comes_home_goes_on_without_authorization() {
    let (mut script, layer) = at_the_layer();
    let to = |url: &str| Answer::new(307, Vec::new()).header(header::LOCATION, url);
    script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).answer(to("https://cdn.example/x"));
    script.expect("GET https://cdn.example/x").answer(to("https://registry.example/y"));
    script.expect("GET https://registry.example/y").answer(Answer::error(404, "GONE"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn a_redirect_within_the_origin_keeps_it() {
    let (mut script, layer) = at_the_layer();
    let answer = Answer::new(302, Vec::new()).header(header::LOCATION, "../elsewhere");
    script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).answer(answer);
    script
        .expect("GET https://registry.example/v2/team/app/elsewhere (authorized)")
        .answer(Answer::error(404, "GONE"));
    assert_eq!(script.finish().unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn unsafe_and_unreadable_targets_are_refused_at_once() {
    for location in ["http://cdn.example/x", "file:///etc/passwd", "data:,x", "http://[", ""] {
        let (mut script, layer) = at_the_layer();
        let answer = Answer::new(307, Vec::new());
        let answer = if location.is_empty() { answer } else { answer.header(header::LOCATION, location) };
        script.expect(&format!("GET {ROOT}/blobs/{layer} (authorized)")).answer(answer);
        let error = script.finish().unwrap_err();
        assert_eq!(error.kind(), Kind::Network, "{location}: {error}");
        assert!(script.slept.is_empty(), "{location}");
    }
}

#[test]
fn a_loop_ends() {
    let (mut script, layer) = at_the_layer();
    let line = format!("GET {ROOT}/blobs/{layer} (authorized)");
    for _ in 0..=script.world.scenario.limits.redirects {
        let here = format!("{ROOT}/blobs/{layer}");
        script.expect(&line).answer(Answer::new(307, Vec::new()).header(header::LOCATION, &here));
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Network);
}
