//! What one operation sees of a store that another is changing.

use std::{future::poll_fn, task::Poll};

use lugger_core::{
    error::Error,
    name::Reference,
    op::{Cx, Flow},
    store::State,
    verb::{self, Import, Look, Overview},
};
use lugger_tests::{
    archive::Sample,
    script::{Script, calm},
    sim::{Scenario, World},
};
use serde_json::json;

const NAME: &str = "registry.example/app:1";
const OTHER: &str = "registry.example/other:1";

fn world() -> World {
    calm(Scenario::plain(Vec::new()))
}

fn sample() -> Sample {
    Sample::of(&[b"one", &[2; 20_000]])
}

fn import(world: &mut World, name: &str, sample: &Sample) -> Import {
    let files = world.give(&sample.layout(&json!({})));
    Import { files, name: Some(Reference::parse(name).expect("a name")), examine: true, make_room: false }
}

/// How a flow ends that begins when another has had so many turns, and takes turns with it.
fn meanwhile<T: 'static, U: 'static>(
    world: World,
    after: usize,
    other: impl FnOnce(Cx) -> Flow<U> + 'static,
    flow: impl FnOnce(Cx) -> Flow<T> + 'static,
) -> Result<T, Error> {
    let both = async move |cx: Cx| {
        let (mut other, mut flow) = (Some(other(cx.clone())), flow(cx));
        let mut turns = 0;
        poll_fn(|task| {
            other.take_if(|other| other.as_mut().poll(task).is_ready());
            turns += 1;
            if turns > after || other.is_none() { flow.as_mut().poll(task) } else { Poll::Pending }
        })
        .await
    };
    Script::new(world, both).finish()
}

/// What is seen of an image while it is imported, by those who begin to look after more and more turns.
fn seen() -> impl Iterator<Item = Overview> {
    let sample = sample();
    (0..100).map(move |after| {
        let (documents, target) = sample.blobs();
        let mut world = world();
        let want = import(&mut world, NAME, &sample);
        let look = Look {
            target: serde_json::from_value(target).expect("a descriptor"),
            documents: documents.last().map(|(_, manifest)| manifest.clone()).into_iter().collect(),
            remote: false,
            ..Look::new(Reference::parse(NAME).expect("a name"))
        };
        meanwhile(world, after, |cx| verb::import(cx, want), |cx| verb::overview(cx, look))
            .expect("its documents are known")
    })
}

#[test]
fn what_is_shown_of_a_configuration_while_it_comes_is_here() {
    let seen: Vec<_> = seen().collect();
    assert!(seen.iter().any(|it| it.run.is_none()) && seen.iter().any(|it| it.run.is_some()));
    for (after, overview) in seen.iter().enumerate() {
        if overview.run.is_some() {
            assert_eq!(overview.config_state, State::Stored, "after {after} turns");
        }
    }
}

#[test]
fn a_layer_that_is_committed_meanwhile_was_never_absent() {
    let mut last = [false; 2];
    for (after, overview) in seen().enumerate() {
        for (layer, here) in overview.layers.iter().zip(&mut last) {
            assert!(!*here || layer.state != State::Absent, "after {after} turns");
            *here |= layer.state != State::Absent;
        }
    }
    assert_eq!(last, [true; 2]);
}

#[test]
fn an_image_that_goes_meanwhile_does_not_keep_others_from_being_listed() {
    for after in 0..100 {
        let mut world = world();
        for (name, sample) in [(NAME, sample()), (OTHER, Sample::of(&[b"other"]))] {
            let want = import(&mut world, name, &sample);
            let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
            script.finish().expect("as it was made here");
            world = script.world;
        }
        let remove = |cx| verb::remove(cx, NAME.to_owned());
        let listed = meanwhile(world, after, remove, verb::list).expect("what is left");
        assert!(listed.iter().any(|image| image.name == OTHER && image.size > 0), "after {after} turns");
    }
}
