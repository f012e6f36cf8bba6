//! Removals beside operations that bring something, interleaved at every turn: no name leads to less than everything, and
//! nothing stays that no name leads to.

use std::{cell::RefCell, collections::BTreeSet, future::poll_fn, pin::Pin, rc::Rc, task::Poll};

use lugger_core::{
    effect::store::{Batch, Change},
    error::{Error, Kind},
    model::Document,
    name::Digest,
    op::{Cx, Flow},
    store::ImageRecord,
    verb::{self, Import, Imported, Removed},
};
use lugger_tests::{
    archive::{Files, Sample, index, tar},
    script::{Script, calm},
    sim::{Scenario, World},
};

const ONE: &str = "r.example/one:1";

fn world() -> World {
    calm(Scenario::plain(Vec::new()))
}

/// Archives with an image each, called so.
fn archives(images: &[(&str, &Sample)]) -> Files {
    let archive = |(name, sample): &(&str, &Sample)| {
        let (mut files, mut entry) = sample.blobs();
        entry["annotations"] = serde_json::json!({"io.containerd.image.name": name});
        files.extend(index(&[entry]));
        (format!("{}.tar", name.replace(['/', ':'], "-")), tar(&files))
    };
    images.iter().map(archive).collect()
}

fn import(world: &mut World, images: &[(&str, &Sample)]) -> Import {
    Import { files: world.give(&archives(images)), name: None, examine: false, make_room: false }
}

fn imported(mut world: World, images: &[(&str, &Sample)]) -> World {
    let want = import(&mut world, images);
    let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
    script.finish().expect("as it was made here");
    script.world
}

/// Two operations in one world: the second begins when the first has had so many turns, and the first goes on when the second
/// has ended.
fn between<A: 'static, B: 'static>(
    world: World,
    turns: usize,
    first: impl FnOnce(Cx) -> Flow<A> + 'static,
    second: impl FnOnce(Cx) -> Flow<B> + 'static,
) -> (World, Result<A, Error>, Option<Result<B, Error>>) {
    let other = Rc::new(RefCell::new(None));
    let kept = Rc::clone(&other);
    let mut script = Script::new(world, async move |cx: Cx| {
        let (mut first, mut second) = (first(cx.clone()), second(cx));
        let mut turn = 0;
        poll_fn(|task| {
            turn += 1;
            if turn > turns && kept.borrow().is_none() {
                match second.as_mut().poll(task) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(ended) => *kept.borrow_mut() = Some(ended),
                }
            }
            Pin::as_mut(&mut first).poll(task)
        })
        .await
    });
    let first = script.finish();
    let second = other.borrow_mut().take();
    (script.world, first, second)
}

/// Runs it with the second operation after each number of turns of the first, until that is too late.
fn everywhere<A: 'static, B: 'static>(
    mut run: impl FnMut(usize) -> (World, Result<A, Error>, Option<Result<B, Error>>),
    check: impl Fn(&World, Result<A, Error>, Result<B, Error>),
) {
    for turns in 0.. {
        let (world, first, second) = run(turns);
        let Some(second) = second else {
            assert!(turns > 10, "it was over at once");
            break;
        };
        check(&world, first, second);
    }
}

fn names(world: &World) -> Vec<String> {
    world.store.scan("image/").into_iter().map(|(key, _)| key.replace("image/", "")).collect()
}

/// All that names lead to; each of it must be there.
fn reached(world: &World) -> BTreeSet<Digest> {
    let mut reached = BTreeSet::new();
    for (key, record) in world.store.scan("image/") {
        let mut waiting = vec![record.read::<ImageRecord>().expect("a record").target];
        while let Some(node) = waiting.pop() {
            let bytes = world.store.disk.blobs.get(&node.digest);
            let bytes = bytes.unwrap_or_else(|| panic!("{key} leads to {}, which is not there", node.digest));
            if node.media_type.is_document() {
                waiting.extend(Document::verified(bytes.to_vec(), &node).expect("a document").children());
            }
            reached.insert(node.digest);
        }
    }
    reached
}

fn sample(text: &[u8]) -> Sample {
    Sample::of(&[b"base", text])
}

#[test]
fn what_an_import_found_is_not_taken_from_it() {
    let (one, two) = (sample(b"one"), sample(b"two"));
    everywhere(
        |turns| {
            let mut world = imported(world(), &[(ONE, &one)]);
            let want = import(&mut world, &[(ONE, &one), ("r.example/two:1", &two)]);
            between::<Imported, Removed>(
                world,
                turns,
                |cx| verb::import(cx, want),
                |cx| verb::remove(cx, ONE.to_owned()),
            )
        },
        |world, imported, removed| {
            removed.unwrap();
            imported.unwrap();
            reached(world);
            assert!(names(world).contains(&"r.example/two:1".to_owned()));
        },
    );
}

#[test]
fn what_is_named_anew_while_it_is_removed_goes_whole_or_stays_whole() {
    let (old, new) = (sample(b"old"), sample(b"new"));
    everywhere(
        |turns| {
            let mut world = imported(world(), &[(ONE, &old)]);
            let want = import(&mut world, &[(ONE, &new), ("r.example/again:1", &old)]);
            between::<Removed, Imported>(
                world,
                turns,
                |cx| verb::remove(cx, ONE.to_owned()),
                |cx| verb::import(cx, want),
            )
        },
        |world, removed, imported| {
            removed.unwrap();
            imported.unwrap();
            let reached = reached(world);
            assert!(names(world).contains(&"r.example/again:1".to_owned()));
            assert_eq!(reached, world.store.disk.blobs.keys().cloned().collect(), "nothing else is left");
        },
    );
}

#[test]
fn nothing_is_named_once_all_was_deleted() {
    let one = sample(b"one");
    let clear = |cx: Cx| -> Flow<Vec<Digest>> {
        Box::pin(async move {
            let prefix = String::new();
            cx.apply(Batch { changes: vec![Change::DeleteAll { prefix }], ..Batch::default() }).await?;
            Ok(Vec::new())
        })
    };
    let mut failed = 0;
    for turns in 0..200 {
        let mut world = imported(world(), &[("r.example/before:1", &one)]);
        let want = import(&mut world, &[(ONE, &one)]);
        let (world, imported, cleared) =
            between::<Imported, _>(world, turns, |cx| verb::import(cx, want), clear);
        if cleared.is_none() {
            break;
        }
        match imported {
            Ok(_) => assert!(world.store.scan("").is_empty() || names(&world) == [ONE]),
            Err(error) => {
                failed += 1;
                assert_eq!((error.kind(), names(&world).len()), (Kind::NotFound, 0));
            }
        }
    }
    assert!(failed > 0);
}
