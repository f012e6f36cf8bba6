//! Mirrors that are dead, empty or wrong before a registry that is right, as the files of other programs name them.

use std::fs;

use lugger_tests::interop::{Asked, DockerRegistry, Sample, User, free_port, have};

const PROGRAMS: [&str; 1] = ["docker-registry"];

fn sample() -> Sample {
    Sample::new("team/app", &[3000, 70_000])
}

fn asked(registry: &DockerRegistry) -> Vec<Asked> {
    registry.mark();
    registry.asked(0)
}

/// The hosts.toml of a registry, below a tree that is to be named.
fn hosts(user: &User, registry: &str, text: &str) -> String {
    user.write(&format!("hosts/{registry}/hosts.toml"), text);
    user.path("hosts").display().to_string()
}

#[test]
fn dead_empty_and_wrong_mirrors_cost_only_what_they_do_not_have() {
    if !have(&PROGRAMS) {
        return;
    }
    let (empty, wrong, upstream) =
        (DockerRegistry::start(), DockerRegistry::start(), DockerRegistry::start());
    let (sample, user) = (sample(), User::new());
    sample.publish(&wrong);
    let image = sample.publish(&upstream);
    let (spoiled, bytes) = &sample.blobs[1];
    let hex = spoiled.encoded();
    let data = format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]);
    fs::write(wrong.storage().join(data), vec![0x55; bytes.len()]).unwrap();
    let dead = format!("127.0.0.1:{}", free_port());
    let mirrors = [&dead, &empty.host(), &wrong.host()].map(|host| format!("[host.\"http://{host}\"]\n"));
    let text = format!("server = \"http://{}\"\n{}", upstream.host(), mirrors.concat());
    let tree = hosts(&user, &upstream.host(), &text);

    user.pull(&image, &["--hosts-dir", &tree]).succeeded().said(&[
        &format!("from http://{dead}: no connection"),
        &format!("from http://{}: not found", empty.host()),
        &format!("from http://{}: ", wrong.host()),
    ]);
    user.has(&image, &sample);
    let blob = format!("/v2/team/app/blobs/{spoiled}");
    assert_eq!(asked(&upstream), [Asked { method: "GET".to_owned(), path: blob }]);
    let namespace = format!("ns={}", upstream.host().replace(':', "%3A"));
    let mirrored = [asked(&empty), asked(&wrong)].concat();
    assert!(mirrored.iter().all(|it| it.path.ends_with(&namespace)), "{mirrored:?}");
}

#[test]
fn wrong_bytes_everywhere_are_never_stored() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, sample, user) = (DockerRegistry::start(), sample(), User::new());
    let image = sample.publish(&registry);
    let (digest, bytes) = &sample.blobs[2];
    let hex = digest.encoded();
    let data = registry.storage().join(format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]));
    fs::write(&data, vec![0x55; bytes.len()]).unwrap();
    user.pull(&image, &[]).failed(5, &[hex, "hint:"]);
    user.has_nothing();
    assert!(!user.store().join("blobs/sha256").join(hex).exists());
    fs::write(&data, bytes).unwrap();
    user.pull(&image, &[]).succeeded();
    user.has(&image, &sample);
}

#[test]
fn a_server_alone_stands_for_the_registry() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, sample, user) = (DockerRegistry::start(), sample(), User::new());
    sample.publish(&registry);
    let tree = hosts(&user, "registry.example", &format!("server = \"http://{}\"\n", registry.host()));
    user.pull("registry.example/team/app:v1", &["--hosts-dir", &tree]).succeeded();
    user.has("registry.example/team/app:v1", &sample);
}

#[test]
fn registries_conf_rewrites_and_mirrors() {
    if !have(&PROGRAMS) {
        return;
    }
    let (empty, registry, sample) = (DockerRegistry::start(), DockerRegistry::start(), sample());
    sample.publish(&registry);
    let user = User::new();
    let text = format!(
        "[[registry]]\nprefix = \"registry.example/old\"\nlocation = \"{}/team\"\n[[registry.mirror]]\nlocation = \"{}/copies\"\n",
        registry.host(),
        empty.host()
    );
    let path = user.write("registries.conf", &text).display().to_string();
    let user = user.with("CONTAINERS_REGISTRIES_CONF", &path);
    let image = "registry.example/old/app:v1";
    user.pull(image, &[]).succeeded();
    user.has(image, &sample);
    assert!(asked(&empty).iter().all(|it| it.path.starts_with("/v2/copies/app/")), "{:?}", asked(&empty));

    let explained = user.lugger(&["explain", image]).succeeded().stdout;
    for line in [format!("http://{}/v2/copies/app", empty.host()), format!("{path}:5"), format!("{path}:3")] {
        assert!(explained.contains(&line), "{line} is missing:\n{explained}");
    }
}

#[test]
fn explain_names_the_file_and_line_of_each_place() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, user) = (DockerRegistry::start(), User::new());
    let text = format!(
        "server = \"http://{}\"\n\n[host.\"https://mirror.example\"]\n  capabilities = [\"pull\"]\n  skip_verify = true\n",
        registry.host()
    );
    let tree = hosts(&user, "registry.example", &text);
    let file = format!("{tree}/registry.example/hosts.toml");
    let explained = user.lugger(&["explain", "--hosts-dir", &tree, "registry.example/team/app"]).succeeded();
    for line in [1, 3, 4, 5].map(|line| format!("{file}:{line}")) {
        assert!(explained.stdout.contains(&line), "{line} is missing:\n{}", explained.stdout);
    }
    assert_eq!(asked(&registry), []);
}

#[test]
fn a_broken_hosts_toml_stops_everything_before_the_first_request() {
    if !have(&PROGRAMS) {
        return;
    }
    let (registry, sample, user) = (DockerRegistry::start(), sample(), User::new());
    let image = sample.publish(&registry);
    for (text, line) in [("server = \"http://x\"\n[host.\"http://y\"\n", 2), ("\n\nca = 7\n", 3)] {
        let tree = hosts(&user, &registry.host(), text);
        let place = format!("{tree}/{}/hosts.toml:{line}", registry.host());
        user.pull(&image, &["--hosts-dir", &tree]).failed(2, &[&place]);
    }
    assert_eq!(asked(&registry), []);
}
