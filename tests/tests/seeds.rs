//! Whole pulls in ten thousand worlds, with everything going wrong at once.

use lugger_tests::sim::{Fault, Plan, Summary};

/// `LUGGER_SEEDS=1000000 cargo test …` looks further.
fn count() -> u64 {
    std::env::var("LUGGER_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000)
}

fn run(from: u64, count: u64, percent: u32) -> Summary {
    let summary = Summary::of(from, count, |seed| Plan::mixed(seed, percent));
    println!("{percent} %: {summary}");
    assert!(summary.violations.is_empty(), "{}", summary.complaint());
    summary
}

#[test]
fn every_fault_happens_and_nothing_breaks() {
    // Few faults reach deep into a pull, many end it early: both are wanted.
    let (mut hits, mut succeeded, mut killed) = (lugger_tests::sim::Hits::default(), 0, 0);
    for (part, percent) in [2, 10, 40].into_iter().enumerate() {
        let summary = run(part as u64 * count(), count() / 3, percent);
        hits.add(&summary.hits);
        succeeded += summary.succeeded;
        killed += summary.killed;
    }
    for fault in Fault::ALL {
        assert!(hits.of(*fault) > 50, "{}: {hits}", fault.name());
    }
    assert!(succeeded > count() / 10 && killed > 50, "{succeeded} succeeded, {killed} killed");
}

#[test]
fn nothing_fails_when_nothing_goes_wrong() {
    let summary = run(1 << 32, count() / 10, 0);
    assert_eq!((summary.succeeded, summary.hits.total()), (count() / 10, 0));
}

#[test]
fn what_may_pass_does_not_end_a_pull() {
    use lugger_tests::sim::{Faults, Stop};
    for fault in
        [Fault::Refused, Fault::Silent, Fault::Throttled, Fault::ServerError, Fault::Reset, Fault::Stall]
    {
        let faults = Faults::none().with(fault, 10);
        let summary = Summary::of(0, 1000, |seed| Plan { seed, faults: faults.clone(), stop: Stop::Never });
        assert!(summary.violations.is_empty(), "{}", summary.complaint());
        let (well, hits) = (summary.succeeded, summary.hits.of(fault));
        assert!(well >= 990 && hits > 300, "{}: {well} of 1000, {hits} hits", fault.name());
    }
}
