//! `lugger` between a real registry and a real client: what it stores is what skopeo reads.

use std::path::Path;

use lugger::{demo::Image, registry::Memory};
use lugger_tests::interop::{Asked, DockerRegistry, have, json, lugger, run};
use tempfile::TempDir;

const PROGRAMS: [&str; 3] = ["docker-registry", "skopeo", "umoci"];

/// An image of real files of this machine, made by umoci and pushed by skopeo.
fn push_real_image(registry: &DockerRegistry, dir: &Path) -> String {
    let layout = dir.join("layout");
    let layout = layout.to_str().expect("temporary paths are text");
    let image = format!("{layout}:real");
    run("umoci", &["init", "--layout", layout]);
    run("umoci", &["new", "--image", &image]);
    for (from, to) in [
        ("/usr/share/common-licenses", "/licenses"),
        ("/usr/bin/env", "/usr/bin/env"),
        ("/etc/alternatives", "/alternatives"),
    ] {
        run("umoci", &["insert", "--image", &image, from, to]);
    }
    let target = format!("{}/team/real:v1", registry.host());
    push(&format!("oci:{image}"), &target, &[]);
    target
}

/// The generated image of three platforms, pushed whole by skopeo.
fn push_index(registry: &DockerRegistry) -> String {
    let image = Image::generate();
    let mut memory = Memory::new();
    image.publish(&mut memory, "demo", "v1");
    let source = lugger::registry::Registry::start(memory).expect("the embedded registry starts");
    let target = format!("{}/team/multi:v1", registry.host());
    push(&format!("docker://{}/demo:v1", source.address()), &target, &["--all", "--src-tls-verify=false"]);
    target
}

fn push(from: &str, target: &str, more: &[&str]) {
    let docker = format!("docker://{target}");
    let fixed = ["copy", "-q", "--insecure-policy", "--dest-tls-verify=false"];
    run("skopeo", &[&fixed, more, &[from, &docker]].concat());
}

fn pull(store: &str, image: &str, more: &[&str]) -> String {
    run(lugger(), &[&["--store", store, "--progress", "none", "pull", image], more].concat())
        .trim()
        .to_owned()
}

fn remote(image: &str, more: &[&str]) -> serde_json::Value {
    json("skopeo", &[&["inspect", "--tls-verify=false", &format!("docker://{image}")], more].concat())
}

#[test]
fn a_pulled_image_is_what_skopeo_reads() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, dir) = (DockerRegistry::start(), TempDir::new().unwrap());
    let image = push_real_image(&registry, dir.path());
    let store = dir.path().join("store");
    let store = store.to_str().unwrap();

    let printed = pull(store, &image, &[]);
    let theirs = remote(&image, &[]);
    assert_eq!(printed, format!("{image}@{}", theirs["Digest"].as_str().unwrap()));

    let oci = format!("oci:{store}:{image}");
    let ours = json("skopeo", &["inspect", &oci]);
    assert_eq!(ours["Digest"], theirs["Digest"]);
    assert_eq!(ours["Layers"], theirs["Layers"]);
    assert_eq!(theirs["Layers"].as_array().unwrap().len(), 3);

    // Every digest agrees: the copies that skopeo makes of the store and of the registry are the same files.
    let (from_store, from_registry) = (dir.path().join("a"), dir.path().join("b"));
    run("skopeo", &["copy", "-q", "--insecure-policy", &oci, &format!("dir:{}", from_store.display())]);
    let docker = format!("docker://{image}");
    let copy = ["copy", "-q", "--insecure-policy", "--src-tls-verify=false"];
    run("skopeo", &[&copy[..], &[&docker, &format!("dir:{}", from_registry.display())]].concat());
    assert_eq!(run("diff", &["-r", from_store.to_str().unwrap(), from_registry.to_str().unwrap()]), "");

    let inspected = json(lugger(), &["--store", store, "--json", "inspect", &image]);
    assert!(inspected.to_string().contains(theirs["Digest"].as_str().unwrap()));
}

#[test]
fn the_first_pull_asks_for_what_it_needs_and_the_second_asks_once() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, dir) = (DockerRegistry::start(), TempDir::new().unwrap());
    let image = push_real_image(&registry, dir.path());
    let store = dir.path().join("store");
    let store = store.to_str().unwrap();

    let mark = registry.mark();
    let printed = pull(store, &image, &[]);
    registry.mark();
    let asked = registry.asked(mark);
    let of = |kind: &str| asked.iter().filter(|it| it.path.contains(kind)).count();
    assert_eq!(
        (of("/manifests/"), of("/blobs/"), asked.len()),
        (1, 4, 5),
        "one manifest, one config, three layers: {asked:?}"
    );
    assert!(asked.iter().all(|it| it.method == "GET"));

    let mark = registry.mark();
    assert_eq!(pull(store, &image, &[]), printed);
    registry.mark();
    let head = Asked { method: "HEAD".to_owned(), path: "/v2/team/real/manifests/v1".to_owned() };
    assert_eq!(registry.asked(mark), [head]);

    let (name, digest) = printed.split_once('@').unwrap();
    let pinned = format!("{}@{digest}", name.strip_suffix(":v1").unwrap());
    let mark = registry.mark();
    pull(store, &pinned, &[]);
    registry.mark();
    assert_eq!(registry.asked(mark), [], "by digest, with all of it here");
}

#[test]
fn one_platform_and_then_all_of_them() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, dir) = (DockerRegistry::start(), TempDir::new().unwrap());
    let image = push_index(&registry);
    let store = dir.path().join("store");
    let store = store.to_str().unwrap();
    let oci = format!("oci:{store}:{image}");
    let index = run("skopeo", &["inspect", "--raw", "--tls-verify=false", &format!("docker://{image}")]);

    pull(store, &image, &["--platform", "linux/arm64"]);
    assert_eq!(run("skopeo", &["inspect", "--raw", &oci]), index, "the name leads to the index itself");
    let arm = ["--override-arch", "arm64"];
    let ours = json("skopeo", &[&arm[..], &["inspect", &oci]].concat());
    let docker = format!("docker://{image}");
    let theirs = json("skopeo", &[&arm[..], &["inspect", "--tls-verify=false", &docker]].concat());
    assert_eq!((&ours["Digest"], &ours["Layers"]), (&theirs["Digest"], &theirs["Layers"]));
    assert_eq!(ours["Architecture"], "arm64");
    run(
        "skopeo",
        &[
            &arm[..],
            &["copy", "-q", "--insecure-policy", &oci, &format!("dir:{}", dir.path().join("arm").display())],
        ]
        .concat(),
    );

    pull(store, &image, &["--all-platforms"]);
    let all = dir.path().join("all");
    run("skopeo", &["copy", "-q", "--insecure-policy", "--all", &oci, &format!("dir:{}", all.display())]);
    let manifests = std::fs::read_dir(&all)
        .unwrap()
        .filter(|it| it.as_ref().unwrap().file_name().to_string_lossy().ends_with(".manifest.json"));
    assert_eq!(manifests.count(), 3, "one for each platform");
    assert_eq!(run("skopeo", &["inspect", "--raw", &oci]), index);
}
