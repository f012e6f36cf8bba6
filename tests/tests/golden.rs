//! Whole conversations, read by people: `cargo insta review` after a change that is meant.

use lugger_tests::{
    script::Script,
    sim::{Access, End, Plan, Scenario, registry::Answer},
};

#[test]
fn a_first_pull_with_a_token_a_redirect_and_a_broken_body() {
    let mut scenario = Scenario::plain(vec![vec![7; 6_000]]);
    scenario.access = Access::Bearer { life: Some(300), elsewhere: true, login: false };
    scenario.redirects = true;
    let layer = scenario.image.blobs.iter().find(|(_, bytes)| bytes.len() == 6_000).unwrap().0.clone();
    let mut script = Script::pull(scenario);
    let tagged = "GET https://registry.example/v2/team/app/manifests/1.0";
    script.expect(tagged).serve();
    let ask = "GET https://auth.example/token?service=registry.example&scope=repository:team/app:pull";
    script.expect(ask).answer(Answer::error(503, "BUSY"));
    script.expect(ask).serve();
    script.expect(&format!("{tagged} (authorized)")).serve();
    script.expect(&format!("GET https://registry.example/v2/team/app/blobs/{layer} (authorized)")).serve();
    let mut content = script.expect(&format!("GET https://cdn.example/data/{layer}?sig=***"));
    let answer = content.usual();
    content.cut(answer, 4_100, End::Broken);
    script.serve_rest();
    script.finish().unwrap();
    insta::assert_snapshot!(script.world.transcript.to_string());
}

#[test]
fn a_pull_that_is_cancelled() {
    let transcript = Plan::cancelled().run().transcript.to_string();
    assert!(transcript.contains("forget request") && transcript.contains("(late)"), "{transcript}");
    insta::assert_snapshot!(transcript);
}

#[test]
fn a_pull_that_is_killed_and_resumed() {
    let transcript = Plan::killed().run().transcript.to_string();
    let resumed = |line: &str| line.contains("! began ") && !line.ends_with(" from 0");
    assert!(transcript.contains("* killed") && transcript.lines().any(resumed), "{transcript}");
    insta::assert_snapshot!(transcript);
}
