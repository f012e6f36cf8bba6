//! What is tried again, how often, after what pause; and what is not.

use std::time::Duration;

use lugger_core::{effect::http::NetErrorKind, error::Kind, op::Why};
use lugger_tests::{
    script::Script,
    sim::{Scenario, registry::Answer},
};

const TAGGED: &str = "GET https://registry.example/v2/team/app/manifests/1.0";

fn script() -> Script<lugger_core::verb::Pulled> {
    Script::pull(Scenario::plain(vec![b"one layer".to_vec()]))
}

#[test]
fn some_answers_are_final() {
    for (status, kind) in
        [(404, Kind::NotFound), (403, Kind::Denied), (400, Kind::Network), (451, Kind::Network)]
    {
        let mut script = script();
        script.expect(TAGGED).answer(Answer::error(status, "NO"));
        let error = script.finish().unwrap_err();
        assert_eq!((error.kind(), script.slept.len()), (kind, 0), "{error}");
        assert!(error.to_string().contains("as the simulator wills"), "what the registry said: {error}");
    }
}

#[test]
fn some_pass_and_the_tries_are_bounded() {
    for status in [500, 502, 503, 504, 408, 429] {
        let mut script = script();
        for _ in 0..script.world.scenario.limits.attempts {
            script.expect(TAGGED).answer(Answer::error(status, "BUSY"));
        }
        let error = script.finish().unwrap_err();
        let kind = if status == 429 { Kind::Throttled } else { Kind::Network };
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(script.slept.len() as u32, script.world.scenario.limits.attempts - 1);
        for (i, (why, pause)) in script.slept.iter().enumerate() {
            assert_eq!(*why, Why::Backoff);
            assert!(*pause <= Duration::from_millis(200 << i), "pause {i}: {pause:?}");
        }
    }
}

#[test]
fn a_lost_connection_is_tried_again_and_a_bad_certificate_is_not() {
    for kind in [NetErrorKind::Connect, NetErrorKind::Timeout, NetErrorKind::Broken, NetErrorKind::Resolve] {
        let mut script = script();
        script.expect(TAGGED).fails(kind);
        script.expect(TAGGED).serve();
        script.serve_rest();
        assert!(script.finish().is_ok(), "{kind}");
    }
    for kind in [NetErrorKind::Tls, NetErrorKind::PlainHttp] {
        let mut script = script();
        script.expect(TAGGED).fails(kind);
        assert_eq!(script.finish().unwrap_err().kind(), Kind::Network, "{kind}");
    }
}

#[test]
fn retry_after_is_waited_for() {
    let mut script = script();
    script.expect(TAGGED).answer(Answer::error(429, "TOOMANYREQUESTS").header("retry-after", "30"));
    script.expect(TAGGED).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
    let (why, pause) = script.slept[0];
    assert_eq!(why, Why::Backoff);
    assert!((30_000..=30_200).contains(&pause.as_millis()), "{pause:?}");
}

#[test]
fn a_retry_after_beyond_patience_is_final() {
    let mut script = script();
    script.expect(TAGGED).answer(Answer::error(503, "BUSY").header("retry-after", "121"));
    assert!(script.finish().is_err());
    assert!(script.slept.is_empty());
}
