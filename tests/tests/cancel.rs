//! A pull is cancelled at every step, while it waits and between an answer and the next poll: nothing stays open, and
//! the next pull on the same disk works.

use lugger_core::error::Error;
use lugger_tests::sim::{Ending, Faults, Plan, Stop};

#[test]
fn cancelled_anywhere_it_leaves_nothing_open() {
    let mut points = 0;
    for seed in 0..40 {
        for percent in [0, 5] {
            for late in [false, true] {
                for at in 1.. {
                    let plan = Plan { seed, faults: Faults::mixed(percent), stop: Stop::Cancel { at, late } };
                    let story = plan.run();
                    assert_eq!(story.violation, None, "story '{plan}'\n{}", story.transcript);
                    if !matches!(story.first, Err(Ending::Failed(Error::Cancelled))) {
                        break;
                    }
                    points += 1;
                }
            }
        }
    }
    println!("{points} points");
    assert!(points > 5_000, "only {points} points");
}
