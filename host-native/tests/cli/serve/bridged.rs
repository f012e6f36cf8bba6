//! Both ends of the bridge: a core that asks `lugger serve`, as the page's does, and pulls through it.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use lugger::{
    Host,
    core::{
        error::{Error, Kind, Refusal},
        name::{Platform, Reference},
        registry::{Bridge, Registries},
        verb::{self, Pull, Wanted},
    },
    demo::Image,
};
use tempfile::TempDir;

use super::{Served, registry};
use crate::server::Server;

fn pull(served: &Served, name: &str) -> Result<verb::Pulled, Error> {
    let dir = TempDir::new().unwrap();
    let mut host = Host::open(dir.path()).unwrap();
    let url = format!("http://{}/api/v1/", served.address).parse().unwrap();
    let bridge = Some(Box::new(Bridge { url, token: served.token.clone() }));
    let mut want = Pull::new(Reference::parse(name).unwrap(), Wanted::Only(Platform::new("linux", "arm64")));
    want.registries = Registries { bridge, ..Registries::default() };
    host.run(async |cx| verb::pull(cx, want).await)
}

#[test]
fn a_pull_goes_through() {
    let (image, upstream, name) = registry();
    let served = Served::start(&[&name]);
    let pulled = pull(&served, &name).unwrap();
    assert_eq!(pulled.target.digest.to_string(), image.digest);
    assert!(pulled.fetched_bytes > 0 && !upstream.log().is_empty());
    let gone = pull(&served, &name.replace(":v1", ":v9")).unwrap_err();
    assert_eq!(gone.kind(), Kind::NotFound);
    assert!(gone.to_string().contains("no such manifest"), "{gone}");
    let Error::Registry(other) = pull(&served, "other.example/a").unwrap_err() else {
        panic!("no registry's")
    };
    assert_eq!(other.first.why, Refusal::Unconfirmed { registry: "other.example".to_owned() });
}

#[test]
fn a_body_that_breaks_is_gone_on_with() {
    let image = Image::generate();
    let breaks = Arc::new(AtomicU32::new(0));
    let broken = Arc::clone(&breaks);
    let upstream = Server::start(move |head, stream| {
        let name = head.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let name = if name == "v1" { image.digest.as_str() } else { name };
        let manifest = image.manifests().iter().find(|it| it.digest == name);
        let kind = manifest.map_or("application/octet-stream", |it| &*it.media_type);
        let Some(body) = manifest.map(|it| &*it.bytes).or_else(|| image.blob(name)) else { return };
        let from: Option<usize> =
            head.lines().find_map(|line| line.strip_prefix("range: bytes=")?.split('-').next()?.parse().ok());
        let (size, start) = (body.len(), from.unwrap_or(0));
        let (status, range) = match from {
            None => ("200 OK", String::new()),
            Some(from) => {
                ("206 Partial Content", format!("content-range: bytes {from}-{}/{size}\r\n", size - 1))
            }
        };
        let length = size - start;
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{range}content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        drop(stream.write_all(head.as_bytes()));
        // The first half of each layer, then nothing more.
        let is_cut = manifest.is_none() && from.is_none() && size > 1000;
        broken.fetch_add(u32::from(is_cut), Ordering::SeqCst);
        drop(stream.write_all(&body[start..if is_cut { size / 2 } else { size }]));
    });
    let name = format!("{}/demo:v1", upstream.address);
    let served = Served::start(&[&name]);
    let pulled = pull(&served, &name);
    assert!(pulled.is_ok(), "{pulled:?} {:?}", upstream.take_heads());
    assert!(breaks.load(Ordering::SeqCst) > 0);
    let heads = upstream.take_heads();
    assert!(heads.iter().any(|head| head.contains("range: bytes=")), "{heads:?}");
}

#[test]
fn one_token_is_enough() {
    let image = Image::generate();
    let (tokens, refused) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let counts = (Arc::clone(&tokens), Arc::clone(&refused));
    let upstream = Server::start(move |head, stream| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = if name == "v1" { image.digest.as_str() } else { name };
        let manifest = image.manifests().iter().find(|it| it.digest == name);
        let (status, kind, body) = if path.starts_with("/token") {
            counts.0.fetch_add(1, Ordering::SeqCst);
            ("200 OK", "application/json", &br#"{"token":"t","expires_in":300}"#[..])
        } else if !head.lines().any(|line| line == "authorization: bearer t") {
            counts.1.fetch_add(1, Ordering::SeqCst);
            ("401 Unauthorized", "application/json", &b"{}"[..])
        } else if let Some(manifest) = manifest {
            ("200 OK", &*manifest.media_type, &*manifest.bytes)
        } else {
            let Some(blob) = image.blob(name) else { return };
            ("200 OK", "application/octet-stream", blob)
        };
        let length = body.len();
        let challenge = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"\r\n");
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{challenge}content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        drop(stream.write_all(head.as_bytes()));
        drop(stream.write_all(body));
    });
    let name = format!("{}/demo:v1", upstream.address);
    let served = Served::start(&[&name]);
    let pulled = pull(&served, &name).unwrap();
    assert!(pulled.fetched_bytes > 0);
    pull(&served, &name).unwrap();
    let counted = (tokens.load(Ordering::SeqCst), refused.load(Ordering::SeqCst));
    assert_eq!(counted, (1, 1), "{:?}", upstream.take_heads());
}
