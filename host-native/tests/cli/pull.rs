//! `lugger pull`.

use serde_json::{Value, json};

use super::{Lugger, PLATFORM, exists, platform, serve};

#[test]
fn prints_one_useful_value_and_tells_the_rest_on_stderr() {
    let ((image, registry, name), lugger) = (serve(), Lugger::new());
    let ran = lugger.run(&["pull", "--platform", PLATFORM, &name]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout, format!("{name}@{}\n", image.digest));
    assert!(ran.stderr.contains("fetching sha256:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("4 blobs fetched"), "{}", ran.stderr);
    assert!(ran.stderr.contains("one platform of 3"), "{}", ran.stderr);

    registry.take_log();
    let again = lugger.run(&["pull", "--platform", PLATFORM, &format!("docker://{name}")]);
    assert_eq!((again.code, again.stdout), (0, ran.stdout));
    assert!(again.stderr.contains("up to date"), "{}", again.stderr);
    assert_eq!(registry.take_log().len(), 1);
    assert!(exists(lugger.store().join("oci-layout")));
}

#[test]
fn quiet_says_nothing_else() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    for arguments in
        [["pull", "-q", "--all-platforms", &name], ["--progress=none", "pull", "--all-platforms", &name]]
    {
        let ran = lugger.run(&arguments);
        assert_eq!(
            (ran.code, ran.stdout.trim(), &*ran.stderr),
            (0, &*format!("{name}@{}", image.digest), "")
        );
    }
}

#[test]
fn json_is_one_object() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    let pull = || {
        lugger.json(
            &["--json", "-q", "pull", "--platform", PLATFORM, &name]
                .map(|it| if it == "-q" { "--no-sync" } else { it }),
        )
    };
    let first = pull();
    assert_eq!(first["name"], *name);
    assert_eq!(first["target"]["digest"], *image.digest);
    assert_eq!(first["target"]["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(
        (&first["before"], &first["fetched"], &first["present"]),
        (&Value::Null, &json!(4), &json!(0))
    );
    let layers: u64 = platform(&image).layers.iter().map(|it| it.size).sum();
    assert!(first["fetched_bytes"].as_u64().unwrap() > layers);
    let second = pull();
    assert_eq!((&second["before"], &second["fetched"]), (&json!(image.digest), &json!(0)));
}

#[test]
fn progress_as_json_lines() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    let ran = lugger.run(&["--progress", "json", "pull", "--all-platforms", &name]);
    let events: Vec<Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| events.iter().filter(|it| it["event"] == kind).count();
    assert_eq!((of("resolved"), of("named")), (1, 1));
    let resolved = events.iter().find(|it| it["event"] == "resolved").unwrap();
    assert_eq!(resolved["target"]["digest"], *image.digest);
    // Three manifests and the index are committed too.
    assert_eq!(of("committed"), of("began") + 4);
}

#[test]
fn several_stores() {
    let ((_image, _registry, name), lugger) = (serve(), Lugger::new());
    let [flag, variable, data] = ["flag", "variable", "data"].map(|it| lugger.home.path().join(it));
    let pull = |arguments: &[&str]| {
        lugger.command(&[arguments, &["pull", "-q", "--platform", PLATFORM, &name]].concat())
    };
    let mut command = pull(&["--store", flag.to_str().unwrap()]);
    assert!(command.env("LUGGER_STORE", &variable).output().unwrap().status.success());
    assert!(exists(flag.join("oci-layout")) && !exists(variable.clone()));
    let mut command = pull(&[]);
    assert!(
        command.env("LUGGER_STORE", &variable).env("XDG_DATA_HOME", &data).output().unwrap().status.success()
    );
    assert!(exists(variable.join("oci-layout")) && !exists(data.clone()));
    let mut command = pull(&[]);
    assert!(command.env("LUGGER_STORE", "").env("XDG_DATA_HOME", &data).output().unwrap().status.success());
    assert!(exists(data.join("lugger/oci-layout")) && !exists(lugger.store()));
}
