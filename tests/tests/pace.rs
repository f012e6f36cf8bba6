//! What requests to one registry share: its wish to be left alone, the tries that it is still given, what it says of its limits.

use std::time::Duration;

use lugger_core::{
    effect::http::NetErrorKind,
    error::{Error, Kind},
    event::Event,
    name::Reference,
    registry::{Registries, Repository},
    verb,
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Scenario, registry::Answer},
};

const HOME: &str = "https://registry.example/v2/team/app";

/// Asks so often, one after the other, what a tag means; counts the failures.
fn asking(times: usize) -> Script<usize> {
    Script::new(calm(Scenario::plain(Vec::new())), async move |cx| {
        let reference = Reference::parse("registry.example/team/app").expect("a name");
        let repository = Repository::open(&cx, &reference, &Registries::default()).await?;
        let mut failed = 0;
        for _ in 0..times {
            failed += usize::from(repository.head(&cx, "1.0").await.is_err());
        }
        Ok::<_, Error>(failed)
    })
}

/// Answers all that is asked in this way; how much that was.
fn answer_all(script: &mut Script<usize>, answer: impl Fn() -> Option<Answer>) -> usize {
    let mut asked = 0;
    while let Some(line) = script.peek_line() {
        asked += 1;
        match answer() {
            Some(answer) => script.expect(&line).answer(answer),
            None => script.expect(&line).fails(NetErrorKind::Connect),
        }
    }
    asked
}

#[test]
fn a_registry_that_is_down_is_not_tried_for_ever() {
    for answer in [|| None, || Some(Answer::error(503, "BUSY"))] {
        let mut script = asking(20);
        let asked = answer_all(&mut script, answer);
        assert_eq!(asked, 20 + 32, "once for each question, and what all of them share");
        assert_eq!(script.finish(), Ok(20));
    }
}

#[test]
fn answers_earn_tries_back() {
    let mut script = asking(100);
    let turn = std::cell::Cell::new(0);
    let asked = answer_all(&mut script, || {
        turn.set(turn.get() + 1);
        if turn.get() % 2 == 0 { Some(Answer::error(405, "UNSUPPORTED")) } else { None }
    });
    assert_eq!((asked, script.finish()), (200, Ok(0)));
}

#[test]
fn a_wish_to_be_left_alone_holds_for_every_request() {
    let mut world = calm(Scenario::plain(vec![b"one".to_vec(), b"another".to_vec()]));
    world.scenario.limits.concurrency = 2;
    let want = world.pull();
    let mut script = Script::new(world, async |cx| verb::pull(cx, want).await);
    script.expect(&format!("GET {HOME}/manifests/1.0")).serve();
    let first = script.next_line();
    script.expect(&first).answer(Answer::error(429, "TOOMANYREQUESTS").header("retry-after", "30"));
    let asked_at = script.world.clock.now();
    script.serve_one();
    script.next_line();
    let waited = script.world.clock.now().since(asked_at);
    assert!(waited >= Duration::from_secs(29), "{waited:?}");
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn a_date_is_waited_for_by_the_servers_own_clock() {
    let mut script = asking(1);
    let busy = Answer::error(503, "BUSY")
        .header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .header("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT");
    script.expect(&format!("HEAD {HOME}/manifests/1.0")).answer(busy);
    script.expect(&format!("HEAD {HOME}/manifests/1.0")).serve();
    assert_eq!(script.finish(), Ok(0));
    let (_, pause) = script.slept[0];
    assert!((60_000..=60_200).contains(&pause.as_millis()), "{pause:?}");
}

#[test]
fn limits_are_told_when_they_change() {
    let mut script = asking(3);
    for remaining in ["7", "7", "6"] {
        let mut head = script.expect(&format!("HEAD {HOME}/manifests/1.0"));
        let answer = head.usual().header("ratelimit-remaining", &format!("{remaining};w=21600"));
        head.answer(answer);
    }
    assert_eq!(script.finish(), Ok(0));
    let told = script.events.iter().filter_map(|event| match event {
        Event::Limited { quota, .. } => Some((quota.remaining, quota.window)),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(7, Some(21_600)), (6, Some(21_600))]);
}

#[test]
fn too_many_requests_are_an_end_of_their_own() {
    let mut script = Script::pull(Scenario::plain(Vec::new()));
    let busy = Answer::error(429, "TOOMANYREQUESTS").header("retry-after", "3600");
    script.expect(&format!("GET {HOME}/manifests/1.0")).answer(busy.header("ratelimit-remaining", "0"));
    let error = script.finish().unwrap_err();
    assert_eq!((error.kind(), script.slept.len()), (Kind::Throttled, 0), "{error}");
    assert!(script.events.iter().any(|event| matches!(event, Event::Limited { .. })));
}
