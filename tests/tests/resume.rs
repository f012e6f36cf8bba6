//! A blob comes in pieces: continued where it broke off, never pieced together wrongly, never committed unverified.

use lugger_core::{error::Kind, event::Event, name::Digest, verb::Pulled};
use lugger_tests::{
    script::{Script, calm},
    sim::{End, Scenario, World, image::random_bytes, registry::Answer, store::Partial},
};

const N: usize = 50_000;

fn layer() -> Vec<u8> {
    random_bytes(&mut lugger_core::rng::Rng::new(3), N)
}

fn scenario() -> Scenario {
    Scenario::plain(vec![layer()])
}

/// A pull that has its manifest, and the line of its layer.
fn at_the_layer(world: World) -> (Script<Pulled>, String) {
    let mut script = Script::pull_in(world, |_| {});
    script.expect("GET https://registry.example/v2/team/app/manifests/1.0").serve();
    (script, format!("GET https://registry.example/v2/team/app/blobs/{}", Digest::sha256(&layer())))
}

/// A world whose store has a part of the layer.
fn with_partial(data: Vec<u8>) -> World {
    let mut world = calm(scenario());
    let partial = Partial { data, ..Partial::default() };
    world.store.disk.ingests.insert(Digest::sha256(&layer()), partial);
    world
}

fn discarded(script: &Script<Pulled>) -> usize {
    script.events.iter().filter(|event| matches!(event, Event::Discarded { .. })).count()
}

fn committed(script: &Script<Pulled>) -> bool {
    script.world.store.disk.blobs.contains_key(&Digest::sha256(&layer()))
}

#[test]
fn what_breaks_off_is_continued() {
    for end in [End::Broken, End::Stalled, End::Complete] {
        let (mut script, line) = at_the_layer(calm(scenario()));
        let mut get = script.expect(&line);
        let answer = get.usual();
        get.cut(answer, 20_000, end);
        script.expect(&format!("{line} bytes=20000-")).serve();
        script.serve_rest();
        assert_eq!(script.finish().unwrap().fetched_bytes as usize, N + config(), "{end:?}");
        assert_eq!((script.slept.len(), discarded(&script)), (1, 0), "one pause, {end:?}");
    }
}

/// The size of the one config.
fn config() -> usize {
    scenario().image.blobs.values().map(Vec::len).find(|len| *len != N).expect("one blob is no layer")
}

#[test]
fn another_range_than_the_asked_one_is_refused() {
    for (range, at) in
        [("bytes 19999-49999/50000", 19_999), ("bytes 20000-49999/50001", 20_000), ("none", 20_000)]
    {
        let (mut script, line) = at_the_layer(calm(scenario()));
        let mut get = script.expect(&line);
        let answer = get.usual();
        get.cut(answer, 20_000, End::Broken);
        for _ in 1..script.world.scenario.limits.attempts {
            let wrong = Answer::new(206, &layer()[at..]).header("content-range", range);
            script.expect(&format!("{line} bytes=20000-")).answer(wrong);
        }
        let error = script.finish().unwrap_err();
        assert_eq!((error.kind(), committed(&script)), (Kind::Network, false), "{range}: {error}");
        let kept = &script.world.store.disk.ingests[&Digest::sha256(&layer())];
        assert_eq!(kept.data, &layer()[..20_000], "what is right is kept");
    }
}

#[test]
fn all_instead_of_a_range_starts_over() {
    let (mut script, line) = at_the_layer(calm(scenario()));
    let mut get = script.expect(&line);
    let answer = get.usual();
    get.cut(answer.clone(), 20_000, End::Broken);
    script.expect(&format!("{line} bytes=20000-")).answer(answer);
    script.serve_rest();
    assert_eq!(script.finish().unwrap().fetched_bytes as usize, 20_000 + N + config());
}

#[test]
fn a_range_that_cannot_be_served_starts_over() {
    let (mut script, line) = at_the_layer(calm(scenario()));
    let mut get = script.expect(&line);
    let answer = get.usual();
    get.cut(answer, 20_000, End::Broken);
    script.expect(&format!("{line} bytes=20000-")).answer(Answer::error(416, "SIZE_INVALID"));
    script.expect(&line).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn wrong_bytes_are_deleted_asked_for_once_more_and_never_committed() {
    let (mut script, line) = at_the_layer(calm(scenario()));
    let mut wrong = layer();
    wrong[123] ^= 1;
    for cached in [true, false] {
        let get = script.expect(&line);
        assert_eq!(get.headers().contains_key("cache-control"), !cached, "the second time past every cache");
        get.answer(Answer::new(200, wrong.clone()));
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Content);
    assert_eq!(
        (committed(&script), discarded(&script), script.world.store.disk.ingests.len()),
        (false, 2, 0)
    );
    // A cache that had gone bad.
    let (mut script, line) = at_the_layer(calm(scenario()));
    script.expect(&line).answer(Answer::new(200, wrong));
    script.serve_rest();
    assert!(script.finish().is_ok() && committed(&script));
}

#[test]
fn too_many_bytes_are_wrong_bytes() {
    let (mut script, line) = at_the_layer(calm(scenario()));
    for _ in 0..2 {
        script.expect(&line).answer(Answer::new(200, [layer(), vec![0]].concat()));
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Content);
    assert_eq!((committed(&script), script.world.store.disk.ingests.len()), (false, 0));
}

#[test]
fn pieces_that_do_not_fit_are_fetched_once_more_from_the_first_byte() {
    // What an earlier run left is damaged …
    let (mut script, line) = at_the_layer(with_partial(vec![0; 1000]));
    script.expect(&format!("{line} bytes=1000-")).serve();
    script.expect(&line).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
    assert_eq!(discarded(&script), 1);
    // … or an earlier body was something else …
    let (mut script, line) = at_the_layer(calm(scenario()));
    script.expect(&line).answer(Answer::new(200, &b"<html>"[..]));
    script.expect(&format!("{line} bytes=6-")).serve();
    script.expect(&line).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
    // … but a second time is once too often.
    let (mut script, line) = at_the_layer(with_partial(vec![0; 1000]));
    script.expect(&format!("{line} bytes=1000-")).serve();
    script.expect(&line).cut(Answer::new(200, vec![1; N]), 10, End::Broken);
    script.expect(&format!("{line} bytes=10-")).serve();
    script.expect(&line).cut(Answer::new(200, vec![1; N]), 10, End::Broken);
    script.expect(&format!("{line} bytes=10-")).serve();
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Content);
    assert_eq!((committed(&script), script.world.store.disk.ingests.len()), (false, 0));
}

#[test]
fn an_earlier_run_is_continued_without_fetching_again() {
    for have in [1, 4096, N - 1] {
        let (mut script, line) = at_the_layer(with_partial(layer()[..have].to_vec()));
        script.expect(&format!("{line} bytes={have}-")).serve();
        script.serve_rest();
        assert_eq!(script.finish().unwrap().fetched_bytes as usize, N - have + config(), "{have}");
    }
    // All of it is there: only the commit is missing.
    let (mut script, _) = at_the_layer(with_partial(layer()));
    script.serve_rest();
    assert_eq!(script.finish().unwrap().fetched_bytes as usize, config());
    // More than all of it cannot be right.
    let (mut script, line) = at_the_layer(with_partial([layer(), vec![0]].concat()));
    script.expect(&line).serve();
    script.serve_rest();
    assert!(script.finish().is_ok());
}

#[test]
fn bodies_without_progress_are_bounded() {
    let (mut script, line) = at_the_layer(calm(scenario()));
    for _ in 0..script.world.scenario.limits.attempts {
        script.expect(&line).answer(Answer::new(200, Vec::new()));
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Network);
    // Progress is a new beginning.
    let (mut script, line) = at_the_layer(calm(scenario()));
    for at in 0..9 {
        cut_after(&mut script, &line, at * 5000, 5000);
    }
    script.serve_rest();
    assert!(script.finish().is_ok());
    // A drop at a time is not: a body may not be fetched in fifty thousand requests.
    let (mut script, line) = at_the_layer(calm(scenario()));
    for at in 0..script.world.scenario.limits.attempts {
        cut_after(&mut script, &line, u64::from(at) * 100, 100);
    }
    assert_eq!(script.finish().unwrap_err().kind(), Kind::Network);
}

/// Expects the layer from a byte on, and lets the connection break some bytes later.
fn cut_after(script: &mut Script<Pulled>, line: &str, from: u64, bytes: usize) {
    let range = if from == 0 { String::new() } else { format!(" bytes={from}-") };
    let mut get = script.expect(&format!("{line}{range}"));
    let answer = get.usual();
    get.cut(answer, bytes, End::Broken);
}
