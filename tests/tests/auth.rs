//! Getting in: challenges, tokens, their end, and where no credential may go.

use std::time::Duration;

use http::header;
use lugger_core::{
    error::{Kind, Refusal},
    event::{Event, Warning},
};
use lugger_tests::{
    script::Script,
    sim::{
        Access, End, Scenario,
        registry::{Answer, Asked},
    },
};

const TAGGED: &str = "https://registry.example/v2/team/app/manifests/1.0";
const ASK: &str = "service=registry.example&scope=repository:team/app:pull";

fn scenario(life: Option<u64>, elsewhere: bool, login: bool) -> Scenario {
    let mut scenario = Scenario::plain(vec![b"one layer".to_vec()]);
    scenario.access = Access::Bearer { life, elsewhere, login };
    scenario
}

#[test]
fn a_challenge_is_met_once_and_shared() {
    let mut script = Script::pull(scenario(Some(300), false, true));
    script.expect(&format!("GET {TAGGED}")).serve();
    script.expect(&format!("GET https://registry.example/token?{ASK}&account=*** (authorized)")).serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    assert_eq!(script.serve_rest(), [Asked::Blob; 2]);
    assert!(script.finish().is_ok());
}

#[test]
fn a_token_that_ran_out_is_replaced_without_another_challenge() {
    let mut script = Script::pull(scenario(Some(60), false, false));
    script.expect(&format!("GET {TAGGED}")).serve();
    script.expect(&format!("GET https://registry.example/token?{ASK}")).serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    script.world.clock.spend(Duration::from_secs(61));
    assert_eq!(script.serve_rest(), [Asked::Token, Asked::Blob, Asked::Blob], "no request with the old one");
    assert!(script.finish().is_ok());
}

#[test]
fn credentials_do_not_go_to_a_token_server_of_another_origin() {
    let mut script = Script::pull(scenario(None, true, true));
    script.expect(&format!("GET {TAGGED}")).serve();
    let ask = script.expect(&format!("GET https://auth.example/token?{ASK}"));
    assert!(!ask.headers().contains_key(header::AUTHORIZATION));
    ask.serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
    let asking = Event::Authenticating { realm: "https://auth.example".to_owned(), account: None };
    assert_eq!(script.events.iter().filter(|event| **event == asking).count(), 1);
    let warned = |event: &&Event| matches!(event, Event::Warned(Warning::UntrustedRealm { .. }));
    assert_eq!(script.events.iter().filter(warned).count(), 1);
}

#[test]
fn realms_that_are_not_safe_are_refused() {
    for realm in
        ["http://registry.example/token", "https://user@registry.example/token", "ftp://x/", "no url", ""]
    {
        let mut script = Script::pull(scenario(None, false, true));
        let challenge = format!("Bearer realm=\"{realm}\"");
        let answer = Answer::error(401, "UNAUTHORIZED").header(header::WWW_AUTHENTICATE, &challenge);
        script.expect(&format!("GET {TAGGED}")).answer(answer);
        let error = script.finish().unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{realm}: {error}");
    }
}

#[test]
fn a_second_refusal_of_a_fresh_token_is_final() {
    let mut script = Script::pull(scenario(None, false, false));
    let refuse = |line: &str, script: &mut Script<_>| {
        let mut exchange = script.expect(line);
        let mut answer = exchange.usual();
        answer.status = 401;
        let challenge = "Bearer realm=\"https://registry.example/token\",service=\"registry.example\"";
        answer.headers.insert(header::WWW_AUTHENTICATE, challenge.parse().unwrap());
        exchange.answer(answer);
    };
    refuse(&format!("GET {TAGGED}"), &mut script);
    for _ in 0..2 {
        script.expect(&format!("GET https://registry.example/token?{ASK}")).serve();
        refuse(&format!("GET {TAGGED} (authorized)"), &mut script);
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Denied);
    assert!(script.slept.is_empty(), "a refusal is not waited for");
}

#[test]
fn a_token_server_that_fails_is_asked_again() {
    let mut script = Script::pull(scenario(None, false, false));
    script.expect(&format!("GET {TAGGED}")).serve();
    script.expect(&format!("GET https://registry.example/token?{ASK}")).answer(Answer::error(503, "BUSY"));
    script.expect(&format!("GET https://registry.example/token?{ASK}")).serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn a_token_answer_without_a_token_is_malformed() {
    for body in ["{}", "<html>", r#"{"token":""}"#, r#"{"token":"a\nb"}"#] {
        let mut script = Script::pull(scenario(None, false, false));
        script.expect(&format!("GET {TAGGED}")).serve();
        let ask = script.expect(&format!("GET https://registry.example/token?{ASK}"));
        ask.answer(Answer::new(200, body.as_bytes()));
        let error = script.finish().unwrap_err();
        assert_eq!(error.kind(), Kind::Network, "{body}: {error}");
    }
}

#[test]
fn basic_credentials_are_sent_once_asked_for() {
    let mut scenario = Scenario::plain(vec![b"one layer".to_vec()]);
    scenario.access = Access::Basic;
    let mut script = Script::pull(scenario);
    script.expect(&format!("GET {TAGGED}")).serve();
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn without_credentials_a_basic_challenge_cannot_be_met() {
    let mut script = Script::pull(Scenario::plain(Vec::new()));
    let answer = Answer::error(401, "UNAUTHORIZED").header(header::WWW_AUTHENTICATE, "Basic realm=\"x\"");
    script.expect(&format!("GET {TAGGED}")).answer(answer);
    let error = script.finish().unwrap_err();
    let lugger_core::error::Error::Registry(error) = error else { panic!("{error}") };
    assert!(matches!(error.first.why, Refusal::Challenge(_)), "{error}");
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_blob_is_replaced_and_the_blob_goes_on() {
    let layer = vec![7; 30_000];
    let mut scenario = Scenario::plain(vec![layer.clone()]);
    scenario.access = Access::Bearer { life: Some(300), elsewhere: false, login: false };
    let mut script = Script::pull(scenario);
    script.expect(&format!("GET {TAGGED}")).serve();
    script.serve_one(); // a token
    script.expect(&format!("GET {TAGGED} (authorized)")).serve();
    let blob = format!(
        "GET https://registry.example/v2/team/app/blobs/{}",
        lugger_core::name::Digest::sha256(&layer)
    );
    while !script.next_line().starts_with(&blob) {
        script.serve_one();
    }
    let mut get = script.expect(&format!("{blob} (authorized)"));
    let usual = get.usual();
    get.cut(usual, 20_000, End::Broken);
    script.next_line();
    script.world.registry.revoke();
    script.expect(&format!("{blob} bytes=20000- (authorized)")).serve();
    script.expect(&format!("GET https://registry.example/token?{ASK}")).serve();
    script.expect(&format!("{blob} bytes=20000- (authorized)")).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}
