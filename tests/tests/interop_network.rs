//! What a network does to a pull: redirects to another origin, limits, and wires that give way.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use lugger_tests::interop::{
    DockerRegistry, Fate, Nginx, PASSWORD, Sample, Site, USER, User, Wants, Wire, have,
};

const PROGRAMS: [&str; 2] = ["docker-registry", "nginx"];

#[test]
fn credentials_stay_with_the_registry_and_ranges_go_where_it_leads() {
    if !have(&PROGRAMS) {
        return;
    }
    const LAYER: usize = 3 << 20;
    let registry = DockerRegistry::wanting(Wants::Password, None);
    let sample = Sample::new("team/app", &[LAYER, 3000]);
    sample.publish(&registry);
    let content = Site::content_of(&registry);
    let wire = Wire::to(&content.host(), |connection| Fate {
        cut: (connection == 0).then_some(2 << 20),
        pause: Duration::ZERO,
    });
    let site = Site::before(&registry).blobs_at(&format!("http://{}", wire.host()));
    let nginx = Nginx::start(&[&site, &content]);
    let (user, image) = (User::new(), sample.at(&site.host()));
    let entry = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let auth = format!("{{\"auths\":{{\"{}\":{{\"auth\":\"{entry}\"}}}}}}", site.host());
    user.write(".docker/config.json", &auth);

    user.pull(&image, &["--concurrency", "1"]).succeeded();
    user.has(&image, &sample);
    let (here, there) = (nginx.served_by(&site), nginx.served_by(&content));
    assert!(here.iter().any(|it| it.authorized), "{here:?}");
    assert!(there.iter().all(|it| !it.authorized && [200, 206].contains(&it.status)), "{there:?}");
    let ranges: Vec<_> = there.iter().filter(|it| it.range.is_some()).collect();
    assert!(wire.cuts() == 1 && ranges.iter().all(|it| it.status == 206) && ranges.len() == 1, "{there:?}");
    assert!(wire.bytes() < sample.size() + wire.connections() * 1024, "nothing came twice");
}

/// An image of many layers behind a server that answers ten requests a second.
fn limited() -> (DockerRegistry, Sample, Site, Nginx) {
    let (registry, sample) = (DockerRegistry::start(), Sample::new("team/app", &[2000; 30]));
    sample.publish(&registry);
    let site = Site::before(&registry).limit("10r/s", 3, Some(1));
    let nginx = Nginx::start(&[&site]);
    (registry, sample, site, nginx)
}

#[test]
fn a_limit_is_kept_to_without_a_storm() {
    if !have(&PROGRAMS) {
        return;
    }
    let (_registry, sample, site, nginx) = limited();
    let (user, image) = (User::new(), sample.at(&site.host()));
    let ended = user.lugger(&["--progress", "json", "pull", &image]).succeeded();
    user.has(&image, &sample);
    let events = ended.stderr.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let pauses = events.filter(|it| it["event"] == "retrying").map(|it| it["after_ms"].as_u64().unwrap());
    let longest = pauses.max();
    assert!(longest.is_some_and(|pause| pause >= 900), "Retry-After says a second: {longest:?}");
    let served = nginx.served();
    let (refused, wanted) = (served.iter().filter(|it| it.status == 429).count(), sample.blobs.len() + 1);
    assert_eq!(served.len() - refused, wanted, "everything is given once");
    println!("{} requests for {wanted} documents and blobs, {refused} refused", served.len());
    assert!(refused > 0 && served.len() <= 4 * wanted, "{} requests, {refused} refused", served.len());
}

#[test]
fn a_limit_without_a_further_try_is_an_error_of_its_own() {
    if !have(&PROGRAMS) {
        return;
    }
    let (_registry, sample, site, nginx) = limited();
    let (user, image) = (User::new(), sample.at(&site.host()));
    user.pull(&image, &["--retries", "0"]).failed(7, &["too many requests", "hint:"]);
    user.has_nothing();
    let served = nginx.served();
    assert!(served.len() <= sample.blobs.len() + 1, "{} requests", served.len());
    // What came is kept.
    user.pull(&image, &[]).succeeded();
    user.has(&image, &sample);
}

#[test]
fn cuts_at_random_bytes_cost_no_byte_of_a_layer_twice() {
    if !have(&["docker-registry"]) {
        return;
    }
    let (registry, sample) = (DockerRegistry::start(), Sample::new("team/app", &[2 << 20, 300_000, 5000, 1]));
    sample.publish(&registry);
    let mut cuts = 0;
    for seed in 0..20 {
        let wire = Wire::cutting(&registry.host(), seed, 700_000);
        let (user, image) = (User::new(), sample.at(&wire.host()));
        let ended = user.pull(&image, &[]);
        assert_eq!(ended.code, Some(0), "seed {seed}: {}", ended.stderr);
        user.has(&image, &sample);
        // Each connection may have cost the head of an answer, and a document that cannot be resumed.
        let most = sample.size() + wire.connections() * 2048;
        assert!(wire.bytes() <= most, "seed {seed}: {} of at most {most}\n{}", wire.bytes(), ended.stderr);
        cuts += wire.cuts();
    }
    assert!(cuts > 20, "only {cuts} cuts");
}
