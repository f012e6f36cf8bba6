//! `lugger inspect`.

use super::{Lugger, PLATFORM, exists, index, platform, serve};

#[test]
fn what_a_registry_has_without_storing_it() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    let text = lugger.stdout(&["inspect", "--platform", PLATFORM, &name]);
    let wanted = platform(&image);
    for part in [
        &*name,
        "not stored",
        "linux/arm/v7",
        &image.digest,
        &wanted.config,
        &wanted.layers[2].digest,
        "/srv",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("Layers") && text.contains("History") && text.contains("ENTRYPOINT"), "{text}");
    assert!(!exists(lugger.home.path().join(".local")));
}

#[test]
fn exact_bytes() {
    let ((image, registry, name), lugger) = (serve(), Lugger::new());
    let (wanted, own) = (platform(&image), ["--platform", PLATFORM]);
    let config = String::from_utf8(image.blob(&wanted.config).unwrap().to_vec()).unwrap();
    let bytes = |more: &[&str]| lugger.stdout(&[&["inspect", &*name], more].concat());
    let manifest = image.manifests().iter().find(|it| it.digest == wanted.manifest).unwrap();
    let check = || {
        assert_eq!(bytes(&["--raw"]), index(&image));
        assert_eq!(bytes(&[&["--raw"], &own[..]].concat()).as_bytes(), &*manifest.bytes);
        assert_eq!(bytes(&[&["--config"], &own[..]].concat()), config);
    };
    check();
    lugger.stdout(&["pull", "-q", "--platform", PLATFORM, &name]);
    registry.take_log();
    check();
    assert_eq!(registry.take_log(), [], "the store has it");
}

#[test]
fn what_pull_prints_is_found_in_the_store() {
    let ((image, registry, name), lugger) = (serve(), Lugger::new());
    let pulled = lugger.stdout(&["pull", "-q", "--platform", PLATFORM, &name]);
    registry.take_log();
    let view = lugger.json(&["--json", "inspect", "--platform", PLATFORM, pulled.trim()]);
    assert_eq!(registry.take_log(), []);
    let wanted = platform(&image);
    assert_eq!((view["stored"].as_bool(), view["platform"].as_str()), (Some(true), Some(PLATFORM)));
    assert_eq!(view["target"]["digest"], *image.digest);
    assert_eq!(view["manifest"]["digest"], *wanted.manifest);
    assert_eq!(view["config"]["digest"], *wanted.config);
    for (at, layer) in wanted.layers.iter().enumerate() {
        assert_eq!(view["layers"][at]["digest"], *layer.digest);
        assert_eq!(view["layers"][at]["diff_id"], *layer.diff_id);
        assert_eq!(view["history"][at]["layer"], at);
    }
    assert_eq!(view["platforms"].as_array().unwrap().len(), 3);
    assert_eq!(view["run"]["WorkingDir"], "/srv");
    assert!(view["history"][3]["layer"].is_null());
}
