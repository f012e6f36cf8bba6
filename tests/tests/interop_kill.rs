//! `kill -9` in the middle of a large pull, again and again, between real servers: nothing comes twice, and next to nothing is looked at twice.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
};

use lugger::{
    core::{
        effect::{
            store::{Begin, Begun},
            verifier::Verifier,
        },
        name::Digest,
    },
    store::{Options, Store},
};
use lugger_tests::interop::{DockerRegistry, Nginx, Sample, Site, User, have};

const SIZE: usize = 500_000_000;
const KILLS: u64 = 10;
/// The state of the digest is saved so often; one read more may have been written. Ranges that came at once are looked at in
/// order when they are all there, so that as many of them may not have been looked at yet.
const CHECKPOINT: u64 = (9 << 20) + 4 * (16 << 20);

/// Runs a pull until it says that it has so many bytes of the layer, and kills it then. Yields how many it had.
fn kill_at(user: &User, image: &str, layer: &Digest, bytes: u64) -> u64 {
    let mut child = user.command(&["--progress", "json", "pull", image]).spawn().expect("lugger starts");
    let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut done = 0;
    for line in stderr.lines().map_while(Result::ok) {
        let event: serde_json::Value = serde_json::from_str(&line).expect("events are JSON");
        assert!(event["event"] != "failed", "{event}");
        if event["event"] == "moved" && event["digest"] == layer.to_string() {
            done = event["done"].as_u64().expect("it is a number of bytes");
        }
        if done >= bytes {
            break;
        }
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(done >= bytes, "it ended at {done} before it had {bytes}");
    done
}

/// How many bytes of the layer are there, and how many of those before the first gap the next run must look at (again).
fn partial(store: &Path, layer: &Digest) -> (u64, u64) {
    let store = Store::open(store, &Options::default()).expect("the store outlives a kill");
    let size = SIZE as u64;
    let begun = store.begin(&Begin { digest: layer.clone(), size }).expect("nobody else has it open");
    let Begun::Open { len, checkpoint, islands, .. } = begun else { panic!("{begun:?}") };
    let verifier = checkpoint.and_then(|saved| Verifier::resume(layer, size, &saved, len));
    let beyond: u64 = islands.iter().map(|island| island.end - island.start).sum();
    (len + beyond, len - verifier.map_or(0, |verifier| verifier.len()))
}

#[test]
fn ten_kills_in_a_row_cost_next_to_nothing() {
    if !have(&["docker-registry", "nginx"]) {
        return;
    }
    let (registry, sample) = (DockerRegistry::start(), Sample::new("team/big", &[SIZE]));
    sample.publish(&registry);
    let site = Site::before(&registry).rate("20m");
    let nginx = Nginx::start(&[&site]);
    let (user, image, layer) = (User::new(), sample.at(&site.host()), &sample.blobs[1].0);
    let step = SIZE as u64 / (KILLS + 1);
    // Between what it says and the kill it may have gone on.
    let least = 4 << 20;
    let (mut had, mut again) = (0, 0);
    for kill in 1..=KILLS {
        had = kill_at(&user, &image, layer, (kill * step).max(had + least));
        let (there, unseen) = partial(&user.store(), layer);
        assert!(there + (1 << 20) >= had && unseen <= CHECKPOINT, "kill {kill}: {unseen} of {there}, {had}");
        again += unseen;
        user.has_nothing();
    }
    user.pull(&image, &[]).succeeded();
    user.has(&image, &sample);
    let served: u64 = nginx.served().iter().map(|it| it.bytes).sum();
    let ratio = served as f64 / sample.size() as f64;
    println!("{KILLS} kills: {ratio:.4} of the image served, {again} bytes looked at again");
    assert!(ratio <= 1.05, "{served} bytes served of {}", sample.size());
}
