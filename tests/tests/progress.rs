//! What a user is told while a pull runs.

use std::collections::BTreeMap;

use lugger_core::event::Event;
use lugger_tests::sim::{Fault, Faults, Plan, Stop};
use lugger_tests::{script::Script, sim::Scenario};

#[test]
fn events_tell_the_story_in_order() {
    let mut script = Script::pull(Scenario::plain(vec![b"one layer".to_vec()]));
    script.serve_rest();
    let name = script.finish().unwrap().name;
    let told =
        script.events.iter().filter(|event| !matches!(event, Event::Exchanged { .. } | Event::Loaded(_)));
    let short = |event: &Event| match event {
        Event::Resolved { .. } => "resolved",
        Event::Planned(_) => "planned",
        Event::Began { from: 0, .. } => "began",
        Event::Committed(_) => "committed",
        Event::Named { name: n, before: None, .. } if *n == name => "named",
        other => panic!("{other:?}"),
    };
    let told: Vec<&str> = told.map(short).collect();
    let blob = ["planned", "began", "committed"];
    assert_eq!(told, [&["resolved"][..], &blob, &blob, &["committed", "named"]].concat());
}

#[test]
fn progress_never_goes_beyond_the_size_and_goes_back_only_when_a_download_starts_over() {
    let (mut moved, mut began_later) = (0, 0);
    for seed in 0..300 {
        let faults = Faults::none().with(Fault::Reset, 30).with(Fault::RangeIgnored, 20);
        let story = Plan { seed, faults, stop: Stop::Never }.run();
        let mut at: BTreeMap<String, u64> = BTreeMap::new();
        for line in story.transcript.lines() {
            let Some((_, event)) = line.split_once(" ! ") else { continue };
            let words: Vec<&str> = event.split(' ').collect();
            match words[..] {
                ["began", digest, "from", from] => {
                    let from = from.parse().unwrap();
                    began_later += u64::from(from > 0);
                    at.insert(digest.to_owned(), from);
                }
                ["moved", digest, "to", to] => {
                    let (to, before) = (to.parse().unwrap(), at[digest]);
                    assert!(to >= before, "seed {seed}: {line}, before {before}");
                    at.insert(digest.to_owned(), to);
                    moved += 1;
                }
                _ => {}
            }
        }
    }
    assert!(moved > 300 && began_later > 50, "{moved} moves, {began_later} resumed");
}
