//! A pull with the real flow over real HTTP into a real store, as a program that embeds the library does it.

use lugger::{
    Host,
    core::{
        name::{Platform, Reference},
        verb::{self, Pull, Wanted},
    },
    demo::Image,
    registry::{Memory, Registry},
};
use tempfile::TempDir;

fn serve() -> (Image, Registry) {
    let image = Image::generate();
    let mut memory = Memory::new();
    image.publish(&mut memory, "demo", "v1");
    (image, Registry::start(memory).expect("a loopback port"))
}

#[test]
fn every_platform_once_and_then_nothing() {
    let ((image, registry), dir) = (serve(), TempDir::new().unwrap());
    let mut host = Host::open(&dir.path().join("store")).unwrap();
    let name = format!("{}/demo:v1", registry.address());
    let mut pull = |wanted| {
        let want = Pull::new(Reference::parse(&name).unwrap(), wanted);
        host.run(async |cx| verb::pull(cx, want).await).unwrap()
    };

    let first = pull(Wanted::All);
    assert_eq!((first.name.as_str(), first.target.digest.to_string()), (name.as_str(), image.digest.clone()));
    let asked = registry.take_log();
    let documents = image.manifests().len();
    let blobs: std::collections::BTreeSet<_> = image
        .platforms
        .iter()
        .flat_map(|p| p.layers.iter().map(|l| l.digest.as_str()).chain([p.config.as_str()]))
        .collect();
    assert_eq!(asked.len(), documents + blobs.len(), "{asked:?}");
    assert_eq!(first.fetched, blobs.len() as u64);

    let second = pull(Wanted::Only(Platform::new("linux", "arm64")));
    assert_eq!((second.fetched, second.before), (0, Some(second.target.digest.clone())));
    let asked: Vec<_> = registry.take_log().into_iter().map(|it| (it.method, it.path)).collect();
    assert_eq!(asked, [("HEAD".to_owned(), "/v2/demo/manifests/v1".to_owned())]);
}
