//! The same plan makes the same transcript, and a stored one can be compared.

use lugger_tests::sim::{Difference, Plan, Stop};

#[test]
fn the_same_plan_makes_the_same_transcript() {
    for seed in 0..200 {
        let plan = Plan::mixed(seed, 10);
        let (first, second) = (plan.run(), plan.run());
        assert!(first.transcript == second.transcript, "seed {seed}");
        assert!(first.transcript.lines().len() > 3);
    }
    assert!(Plan::mixed(1, 10).run().transcript != Plan::mixed(2, 10).run().transcript);
}

#[test]
fn a_stored_transcript_is_run_again() {
    for stop in [Stop::Never, Stop::Cancel { at: 9, late: true }, Stop::Kill { at: 12, power: true }] {
        let plan = Plan { stop, ..Plan::mixed(3, 5) };
        let stored = plan.run().to_file(&plan);
        assert_eq!(Plan::replay(&stored), Ok(None));
        let changed = stored.replacen("find", "lose", 1);
        let Ok(Some(Difference { line, stored, now })) = Plan::replay(&changed) else {
            panic!("no difference")
        };
        assert!(line > 1 && stored.contains("lose") && now.contains("find"), "{line}: {stored} / {now}");
    }
    assert!(Plan::replay("something else").is_err());
}
