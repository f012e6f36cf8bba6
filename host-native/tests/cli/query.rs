//! `lugger digest`, `manifest` and `tags`: questions that leave nothing behind.

use super::{Lugger, PLATFORM, exists, index, platform, serve};

#[test]
fn digest_manifest_and_tags() {
    let ((image, registry, name), lugger) = (serve(), Lugger::new());
    let (repository, own) = (name.strip_suffix(":v1").unwrap(), ["--platform", PLATFORM]);
    assert_eq!(lugger.stdout(&["digest", &name]), format!("{}\n", image.digest));
    assert_eq!(registry.take_log().iter().map(|it| &*it.method).collect::<Vec<_>>(), ["HEAD"]);
    assert_eq!(lugger.json(&["digest", "--json", &name])["digest"], *image.digest);
    let wanted = platform(&image);
    assert_eq!(lugger.stdout(&[&["digest", &name], &own[..]].concat()), format!("{}\n", wanted.manifest));

    assert_eq!(lugger.stdout(&["manifest", &name]), index(&image));
    let manifest = image.manifests().iter().find(|it| it.digest == wanted.manifest).unwrap();
    assert_eq!(lugger.stdout(&[&["manifest", &name], &own[..]].concat()).as_bytes(), &*manifest.bytes);
    assert_eq!(
        lugger.stdout(&["manifest", &format!("{repository}@{}", wanted.manifest)]).as_bytes(),
        &*manifest.bytes
    );

    assert_eq!(lugger.stdout(&["tags", repository]), "v1\n");
    let tags = lugger.json(&["tags", "--json", repository]);
    assert_eq!((&tags["name"], &tags["tags"]), (&repository.into(), &serde_json::json!(["v1"])));
    assert_eq!(lugger.run(&["tags", &name]).code, 2);
    assert!(!exists(lugger.home.path().join(".local")));
}
