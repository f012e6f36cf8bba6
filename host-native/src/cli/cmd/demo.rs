//! `lugger demo`: the whole job, with a registry and an image of its own.

use std::{fs, path::Path};

use lugger::{
    Host,
    core::{
        event::Event,
        name::{Digest, Matcher, Platform, Reference},
        op::Limits,
        verb::{self, Inspect, Inspected, Look, Overview, Pull, Pulled, Wanted},
    },
    demo::Image,
    host_platform,
    registry::{Answered, Memory, Registry},
    store::{Options, Store},
};
use serde::Serialize;

use super::{inspect, pull::summary};
use crate::cli::{
    exit::Failure,
    human::{bytes, count, kind, short},
    output::{Output, Table},
    session::Session,
};

const REPOSITORY: &str = "lugger/demo";
const TAG: &str = "latest";

/// Everything that happened.
struct Story {
    image: Image,
    origin: String,
    first: Round,
    verified: Vec<(Digest, u64)>,
    inspected: Inspected,
    overview: Overview,
    second: Round,
}

/// A pull, and what the registry saw of it.
struct Round {
    pulled: Pulled,
    events: Vec<Event>,
    requests: Vec<Answered>,
}

pub(super) fn run(session: &mut Session, keep: Option<&Path>) -> Result<(), Failure> {
    let temporary = tempfile::Builder::new().prefix("lugger-demo-").tempdir();
    let temporary = temporary.map_err(|cause| Failure::system("cannot make a temporary directory", cause))?;
    let dir = keep.map_or_else(|| temporary.path().join("store"), Path::to_owned);
    let store = Store::open(&dir, &Options { durable: keep.is_some() })?;
    let dir = store.path().to_owned();
    let story = play(session, Host::with(store, Limits::default()), &dir)?;
    let output = &mut session.output;
    if output.is_json {
        return output.json(&Told::of(&story, &dir, keep.is_some()));
    }
    tell(output, &story, &dir)?;
    tell_what_next(output, &story, keep.is_some().then_some(&*dir))
}

/// Does all of it.
fn play(session: &mut Session, mut host: Host, dir: &Path) -> Result<Story, Failure> {
    let image = Image::generate();
    let mut memory = Memory::new();
    image.publish(&mut memory, REPOSITORY, TAG);
    let registry =
        Registry::start(memory).map_err(|cause| Failure::system("cannot serve on this machine", cause))?;
    let reference = Reference::parse(&format!("{}/{REPOSITORY}:{TAG}", registry.address()))?;
    session.about_image(&reference);
    let platform = platform(&image);
    let mut pull = |host: &mut Host| -> Result<Round, Failure> {
        let want = Pull::new(reference.clone(), Wanted::Only(platform.clone()));
        let (pulled, events) = session.record(host, async |cx| verb::pull(cx, want).await)?;
        Ok(Round { pulled, events, requests: registry.take_log() })
    };
    let first = pull(&mut host)?;
    let verified = verify(dir)?;
    let want =
        Inspect { reference: reference.clone(), platform: platform.clone(), registries: Default::default() };
    let second = pull(&mut host)?;
    let (inspected, _) = session.record(&mut host, async |cx| verb::inspect(cx, want).await)?;
    let look = Look { platform: Some(platform), remote: false, ..Look::new(reference) };
    let (overview, _) = session.record(&mut host, async |cx| verb::overview(cx, look).await)?;
    let origin = format!("http://{}", registry.address());
    Ok(Story { image, origin, first, verified, inspected, overview, second })
}

/// This machine's platform, if the image has it.
fn platform(image: &Image) -> Platform {
    let host = host_platform();
    let has = |it: &lugger::demo::Platform| {
        Platform::parse(&it.name, &host).is_ok_and(|platform| Matcher::only(&host).matches(&platform))
    };
    if image.platforms.iter().any(has) { host } else { Platform::new("linux", "amd64") }
}

/// Hashes every file of the store again: what it is called must be what it is.
fn verify(dir: &Path) -> Result<Vec<(Digest, u64)>, Failure> {
    let blobs = dir.join("blobs/sha256");
    let failed =
        |cause: &dyn std::fmt::Display| Failure::system(format!("cannot read {}", blobs.display()), cause);
    let mut verified = Vec::new();
    for entry in fs::read_dir(&blobs).map_err(|cause| failed(&cause))? {
        let entry = entry.map_err(|cause| failed(&cause))?;
        let content = fs::read(entry.path()).map_err(|cause| failed(&cause))?;
        let digest = Digest::sha256(&content);
        if entry.file_name() != *digest.encoded() {
            return Err(failed(&format!("{} is {digest}", entry.path().display())));
        }
        verified.push((digest, content.len() as u64));
    }
    verified.sort();
    Ok(verified)
}

fn tell(output: &mut Output, story: &Story, dir: &Path) -> Result<(), Failure> {
    let Story { image, origin, first, verified, inspected, second, .. } = story;
    output.heading("1. Serve: an image made just now, from a registry in this process")?;
    output.line(&format!("   {origin}  {REPOSITORY}:{TAG}"))?;
    let mut table = Table::indented(3).right(&[2]);
    for platform in &image.platforms {
        let size = platform.layers.iter().map(|layer| layer.size).sum();
        table.row([platform.name.clone(), count(platform.layers.len(), "layer"), bytes(size)]);
    }
    output.table(&table)?;

    output.heading("\n2. Pull: over HTTP, for this machine, into a store")?;
    output.line(&format!("   {}", dir.display()))?;
    let mut table = Table::indented(3).right(&[2]);
    for event in &first.events {
        match event {
            Event::Committed(it) => table.row(["fetched", kind(it), &bytes(it.size), &it.digest.to_string()]),
            Event::Skipped(it) => table.row(["present", kind(it), &bytes(it.size), &it.digest.to_string()]),
            _ => {}
        }
    }
    output.table(&table)?;
    output.line(&format!("   The registry answered {}:", count(first.requests.len(), "request")))?;
    output.table(&requests(&first.requests))?;

    output.heading("\n3. Verify: every file of the store, hashed once more")?;
    let (files, size) = (count(verified.len(), "file"), bytes(verified.iter().map(|(_, size)| size).sum()));
    output.line(&format!("   {files}, {size}: each is what its name says"))?;

    output.heading("\n4. Pull again: what is here is not fetched")?;
    output.line(&format!("   {}", summary(&second.pulled)))?;
    output.line(&format!("   The registry answered {}:", count(second.requests.len(), "request")))?;
    output.table(&requests(&second.requests))?;

    output.heading("\n5. Inspect: what the image says of itself")?;
    inspect::show(output, inspected)
}

fn tell_what_next(output: &mut Output, story: &Story, kept: Option<&Path>) -> Result<(), Failure> {
    let name = &story.first.pulled.name;
    output.heading("Next")?;
    match kept {
        None => {
            output.aside("  Nothing was kept. `lugger demo --keep DIR` keeps the store, to look further.")
        }
        Some(dir) => {
            let dir = dir.display();
            output.heading(&format!("The store is in {dir}. Look further:"))?;
            output.line(&format!("  lugger --store {dir} images"))?;
            output.line(&format!("  lugger --store {dir} inspect {name}"))?;
            output.line(&format!("  skopeo inspect oci:{dir}:{name}"))
        }
    }
}

/// What a registry answered, digests shortened.
fn requests(answered: &[Answered]) -> Table {
    let mut table = Table::indented(5).right(&[3]);
    for it in answered {
        let (before, digest) = it.path.rsplit_once('/').unwrap_or_default();
        let path =
            digest.parse().map_or_else(|_| it.path.clone(), |digest| format!("{before}/{}…", short(&digest)));
        table.row([it.method.clone(), path, it.status.to_string(), bytes(it.bytes)]);
    }
    table
}

/// `lugger demo --json`.
#[derive(Serialize)]
struct Told<'a> {
    served: Served<'a>,
    pulled: &'a Pulled,
    requests: Vec<Request<'a>>,
    verified: Vec<Verified<'a>>,
    pulled_again: &'a Pulled,
    requests_again: Vec<Request<'a>>,
    inspected: &'a Overview,
    store: String,
    kept: bool,
}

#[derive(Serialize)]
struct Served<'a> {
    registry: &'a str,
    name: &'a str,
    digest: &'a str,
    platforms: Vec<&'a str>,
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    status: u16,
    bytes: u64,
}

#[derive(Serialize)]
struct Verified<'a> {
    digest: &'a Digest,
    size: u64,
}

impl<'a> Told<'a> {
    fn of(story: &'a Story, dir: &Path, kept: bool) -> Self {
        let Story { image, origin, first, verified, inspected: _, overview, second } = story;
        let requests = |round: &'a Round| {
            let each = |it: &'a Answered| Request {
                method: &it.method,
                path: &it.path,
                status: it.status,
                bytes: it.bytes,
            };
            round.requests.iter().map(each).collect()
        };
        Self {
            served: Served {
                registry: origin,
                name: &first.pulled.name,
                digest: &image.digest,
                platforms: image.platforms.iter().map(|platform| platform.name.as_str()).collect(),
            },
            pulled: &first.pulled,
            requests: requests(first),
            verified: verified.iter().map(|(digest, size)| Verified { digest, size: *size }).collect(),
            pulled_again: &second.pulled,
            requests_again: requests(second),
            inspected: overview,
            store: dir.display().to_string(),
            kept,
        }
    }
}
