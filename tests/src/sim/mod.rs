//! The deterministic simulator: whole operations in a world that one seed decides.
//!
//! A [`World`] is a registry with one image, a store, a network and a clock. [`World::run`] drives an operation in it:
//! at every wait the seed picks what happens next (an outstanding request is answered or goes wrong, a chunk moves,
//! time goes on), and everything is written down, so that the same [`Plan`] gives the same [`Transcript`], byte for
//! byte. At every step and at the end the world checks what must always hold; the first violation ends the run.
//!
//! ```
//! use lugger_tests::sim::{Faults, Plan, Stop};
//!
//! let plan = Plan { seed: 7, faults: Faults::none(), stop: Stop::Never };
//! let story = plan.run();
//! assert!(story.first.is_ok() && story.violation.is_none());
//! ```

mod batch;
mod check;
mod clock;
mod faults;
pub mod image;
pub mod mirror;
mod moving;
mod net;
mod perform;
mod plan;
pub mod registry;
mod scenario;
mod sched;
mod stop;
pub mod store;
pub mod transcript;
mod world;

pub use self::{
    batch::Summary,
    clock::Clock,
    faults::{Fault, Faults, Group, Hits},
    net::{Arrival, Body, End, Net, Sent, broken, refused, timed_out},
    plan::{Difference, Ending, Plan, Story},
    scenario::{Access, Scenario, limits},
    stop::{Ended, Stop},
    transcript::{Mark, Show, Transcript, event},
    world::{Tally, World},
};
