//! The simulator's own store and net pass the suite that they stand in for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lugger_core::op::Op;
use lugger_tests::{
    contract::cases,
    sim::{Ended, Faults, Scenario, Stop, World},
};
use url::Url;

#[test]
fn the_fakes_keep_the_contract() {
    let base = Url::parse("http://fixture.test/").unwrap();
    let mut failed = Vec::new();
    let count = cases(&base).len();
    for (at, case) in cases(&base).into_iter().enumerate() {
        let name = case.name;
        let run = AssertUnwindSafe(|| {
            let mut world = World::new(Scenario::plain(Vec::new()), at as u64, Faults::none());
            world.fixture = Some(base.clone());
            let op = Op::new(world.setup(), async |cx| (case.flow)(cx).await);
            match world.run(op, Stop::Never).0 {
                Ended::Done(result) => result.unwrap(),
                Ended::Killed => panic!("{:?}\n{}", world.violation, world.transcript),
            }
            assert_eq!(world.violation, None, "{}", world.transcript);
        });
        if catch_unwind(run).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty() && count > 25, "of {count} cases failed: {failed:#?}");
}
