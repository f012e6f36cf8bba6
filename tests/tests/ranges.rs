//! One slow blob over several connections: in any order, tried again piece by piece, given up by itself, never unverified.

use std::{ops::Range as Bytes, time::Duration};

use lugger_core::{error::Kind, event::Event, name::Digest, op::Ranges, rng::Rng, verb::Pulled};
use lugger_tests::{
    script::{Script, calm},
    sim::{End, Scenario, World, image::random_bytes, registry::Answer, store::Partial},
};

const N: usize = 50_000;
/// The first bytes of it: what shows how fast it comes.
const FIRST: &str = "bytes=0-9999";

fn layer() -> Vec<u8> {
    random_bytes(&mut Rng::new(3), N)
}

fn digest() -> Digest {
    Digest::sha256(&layer())
}

/// A world in which a layer of five ranges is slow, or is not.
fn world(slow: bool) -> World {
    let mut scenario = Scenario::plain(vec![layer()]);
    scenario.limits.concurrency = 4;
    let slow = if slow { Duration::ZERO } else { Duration::from_secs(1) };
    scenario.limits.ranges = Ranges { at_once: 4, from: 20_000, segment: 10_000, slow, fast: u64::MAX };
    calm(scenario)
}

/// A pull that has its manifest and its config, and the line of its layer.
fn at_the_layer(world: World) -> (Script<Pulled>, String) {
    let mut script = Script::pull_at_once(world, |_| {});
    script.expect("GET https://registry.example/v2/team/app/manifests/1.0").serve();
    let config =
        script.world.scenario.image.blobs.keys().find(|it| **it != digest()).expect("the config").clone();
    let line = |digest| format!("GET https://registry.example/v2/team/app/blobs/{digest}");
    script.expect_any(&line(config)).serve();
    (script, line(digest()))
}

/// The four ranges after the first.
fn rest(line: &str) -> [String; 4] {
    [1, 2, 3, 4].map(|at| match at {
        4 => format!("{line} bytes=40000-"),
        at => format!("{line} bytes={at}0000-{at}9999"),
    })
}

/// A single island.
fn one(part: Bytes<u64>) -> Vec<Bytes<u64>> {
    std::iter::once(part).collect()
}

fn is_whole(script: &Script<Pulled>) -> bool {
    script.world.store.disk.blobs.get(&digest()).is_some_and(|bytes| **bytes == layer())
}

fn came(script: &Script<Pulled>) -> u64 {
    script.world.tally.bytes.get(&digest()).copied().unwrap_or(0)
}

#[test]
fn a_fast_one_comes_in_one_stream() {
    let (mut script, line) = at_the_layer(world(false));
    script.expect(&format!("{line} {FIRST}")).serve();
    script.expect(&format!("{line} bytes=10000-")).serve();
    script.finish().unwrap();
    assert_eq!((is_whole(&script), came(&script)), (true, N as u64));
}

#[test]
fn a_small_one_comes_in_one_request() {
    let mut world = world(true);
    world.scenario.limits.ranges.from = N as u64 + 1;
    let (mut script, line) = at_the_layer(world);
    script.expect(&line).serve();
    script.finish().unwrap();
}

#[test]
fn a_slow_one_comes_in_ranges_at_once_in_any_order() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let (mut script, line) = at_the_layer(world(true));
        script.expect(&format!("{line} {FIRST}")).serve();
        assert_eq!(script.waiting(), 4);
        for at in order {
            script.expect_any(&rest(&line)[at]).serve();
        }
        let pulled = script.finish().unwrap();
        assert_eq!((is_whole(&script), came(&script)), (true, N as u64), "{order:?}");
        assert!(pulled.fetched_bytes > N as u64, "all of it, and the config");
        let begun = script.events.iter().filter(|event| matches!(event, Event::Began { .. })).count();
        assert_eq!((begun, script.slept.len()), (2, 0), "the layer and the config, each once");
    }
}

#[test]
fn no_more_at_once_than_permitted() {
    for (at_once, concurrency, most) in [(4, 2, 2), (2, 4, 2), (1, 4, 1)] {
        let mut world = world(true);
        world.scenario.limits.ranges.at_once = at_once;
        world.scenario.limits.concurrency = concurrency;
        let (mut script, line) = at_the_layer(world);
        if at_once > 1 {
            script.expect(&format!("{line} {FIRST}")).serve();
        }
        assert_eq!(script.waiting(), most, "{at_once} at once, {concurrency} permits");
        script.serve_rest();
        script.finish().unwrap();
        assert!(is_whole(&script));
    }
}

#[test]
fn a_server_that_ignores_ranges_serves_one_stream() {
    // The first range: what comes instead is the stream.
    let (mut script, line) = at_the_layer(world(true));
    let whole = Answer::new(200, layer());
    script.expect(&format!("{line} {FIRST}")).answer(whole.clone());
    script.finish().unwrap();
    assert_eq!((is_whole(&script), came(&script)), (true, N as u64));
    // A later one: what is under way ends, and one stream goes on where that led to.
    let (mut script, line) = at_the_layer(world(true));
    script.expect(&format!("{line} {FIRST}")).serve();
    let [first, second, third, fourth] = rest(&line);
    script.expect_any(&second).answer(whole);
    for line in [first, third, fourth] {
        script.expect_any(&line).serve();
    }
    script.expect(&format!("{line} bytes=20000-")).serve();
    script.finish().unwrap();
    assert_eq!((is_whole(&script), came(&script)), (true, N as u64 + 20_000), "the last two came twice");
}

#[test]
fn a_first_range_that_cannot_be_served_is_not_asked_for_again() {
    let wrong = Answer::new(206, &layer()[..10_000]).header("content-range", "bytes 0-8999/50000");
    let more = Answer::new(206, &layer()[..10_001]).header("content-range", "bytes 0-9999/50000");
    for answer in [Answer::error(416, "SIZE_INVALID"), wrong, more] {
        let (mut script, line) = at_the_layer(world(true));
        script.expect(&format!("{line} {FIRST}")).answer(answer);
        let asked = script.serve_rest();
        script.finish().unwrap();
        assert_eq!((is_whole(&script), asked.len()), (true, 1));
    }
}

#[test]
fn a_wrong_range_is_tried_again_once() {
    let wrong =
        || Answer::new(206, &layer()[20_000..30_000]).header("content-range", "bytes 20000-29998/50000");
    for times in [1, 2] {
        let (mut script, line) = at_the_layer(world(true));
        script.expect(&format!("{line} {FIRST}")).serve();
        for (at, line) in rest(&line).iter().enumerate() {
            match at {
                1 => script.expect_any(line).answer(wrong()),
                _ => script.expect_any(line).serve(),
            }
        }
        if times == 2 {
            script.expect(&rest(&line)[1]).answer(wrong());
            script.expect(&format!("{line} bytes=20000-")).serve();
        } else {
            script.expect(&rest(&line)[1]).serve();
        }
        script.finish().unwrap();
        assert!(is_whole(&script), "{times}");
    }
}

#[test]
fn what_breaks_off_goes_on_inside_its_range() {
    for end in [End::Broken, End::Stalled, End::Complete] {
        let (mut script, line) = at_the_layer(world(true));
        script.expect(&format!("{line} {FIRST}")).serve();
        for (at, line) in rest(&line).iter().enumerate() {
            let mut get = script.expect_any(line);
            if at == 2 {
                let answer = get.usual();
                get.cut(answer, 1_234, end);
            } else {
                get.serve();
            }
        }
        script.expect(&format!("{line} bytes=31234-39999")).serve();
        script.finish().unwrap();
        assert_eq!((is_whole(&script), came(&script)), (true, N as u64), "{end:?}");
    }
}

#[test]
fn the_version_of_the_first_range_is_asked_for() {
    let (mut script, line) = at_the_layer(world(true));
    let mut get = script.expect(&format!("{line} {FIRST}"));
    let first = get.usual().header("etag", "\"v1\"");
    get.answer(first);
    for line in rest(&line) {
        let get = script.expect_any(&line);
        assert_eq!(get.headers()["if-range"], "\"v1\"");
        get.serve();
    }
    script.finish().unwrap();
}

#[test]
fn wrong_bytes_in_a_range_cost_one_stream_and_are_never_committed() {
    let (mut script, line) = at_the_layer(world(true));
    script.expect(&format!("{line} {FIRST}")).serve();
    for (at, line) in rest(&line).iter().enumerate() {
        let mut get = script.expect_any(line);
        let mut answer = get.usual();
        if at == 1 {
            let mut bytes = answer.body.to_vec();
            bytes[7] ^= 1;
            answer.body = bytes.into();
        }
        get.answer(answer);
    }
    script.expect(&line).serve();
    script.finish().unwrap();
    assert!(is_whole(&script));
    assert!(script.events.iter().any(|event| matches!(event, Event::Discarded { .. })));
}

#[test]
fn an_earlier_run_is_continued_range_by_range() {
    for at_once in [1, 4] {
        let mut world = world(false);
        world.scenario.limits.ranges.at_once = at_once;
        let islands = [(20_000, layer()[20_000..24_000].to_vec()), (40_000, layer()[40_000..].to_vec())];
        let partial =
            Partial { data: layer()[..9_000].to_vec(), islands: islands.into(), ..Partial::default() };
        world.store.disk.ingests.insert(digest(), partial);
        let (mut script, line) = at_the_layer(world);
        for range in ["9000-18999", "19000-19999", "24000-33999", "34000-39999"] {
            script.expect_any(&format!("{line} bytes={range}")).serve();
        }
        script.finish().unwrap();
        assert_eq!((is_whole(&script), came(&script)), (true, 27_000), "{at_once} at once");
    }
}

#[test]
fn islands_beyond_the_content_are_not_believed() {
    let mut world = world(false);
    let islands = [(N as u64 - 5, vec![0; 10])].into();
    world.store.disk.ingests.insert(digest(), Partial { islands, ..Partial::default() });
    let (mut script, line) = at_the_layer(world);
    script.expect(&format!("{line} {FIRST}")).serve();
    script.serve_rest();
    script.finish().unwrap();
    assert!(is_whole(&script));
}

#[test]
fn nobody_there_ends_the_pull_and_keeps_what_came() {
    let (mut script, line) = at_the_layer(world(true));
    script.expect(&format!("{line} {FIRST}")).serve();
    let [first, second, third, fourth] = rest(&line);
    for line in [third, fourth, first] {
        script.expect_any(&line).serve();
    }
    for _ in 0..script.world.scenario.limits.attempts {
        script.expect(&second).answer(Answer::error(503, "BUSY"));
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Network);
    let kept = &script.world.store.disk.ingests[&digest()];
    assert_eq!((kept.extents().prefix(), kept.extents().islands()), (20_000, one(30_000..50_000)));
    // The next pull fetches what is missing and nothing else.
    let Script { world, .. } = script;
    let mut script = Script::pull_at_once(world, |_| {});
    script.expect("GET https://registry.example/v2/team/app/manifests/1.0").serve();
    script.expect(&format!("{line} bytes=20000-29999")).serve();
    script.finish().unwrap();
    assert_eq!((is_whole(&script), came(&script)), (true, N as u64));
}
