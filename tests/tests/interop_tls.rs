//! A registry behind TLS: whom `lugger` trusts, what it shows, and what it says when it does neither.

use std::path::Path;

use lugger_tests::interop::{Authority, DockerRegistry, Nginx, Pair, Sample, Site, User, have};

const PROGRAMS: [&str; 2] = ["docker-registry", "nginx"];

struct Behind {
    _registry: DockerRegistry,
    nginx: Nginx,
    site: Site,
    sample: Sample,
    image: String,
}

/// A registry behind a server that is like this.
fn behind(site: impl FnOnce(Site) -> Site) -> Behind {
    let (registry, sample) = (DockerRegistry::start(), Sample::new("team/app", &[3000, 70_000]));
    sample.publish(&registry);
    let site = site(Site::before(&registry));
    let nginx = Nginx::start(&[&site]);
    let image = sample.at(&site.host());
    Behind { _registry: registry, nginx, site, sample, image }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

/// Says in hosts.toml that the registry speaks TLS, which of an address of this machine nobody assumes.
fn wants_tls(user: &User, site: &Site, more: &str) {
    let path = format!(".config/lugger/certs.d/{}/hosts.toml", site.host());
    user.write(&path, &format!("server = \"https://{}\"\n{more}", site.host()));
}

#[test]
fn a_private_authority_is_trusted_when_it_is_named() {
    if !have(&PROGRAMS) {
        return;
    }
    let authority = Authority::new("private");
    let there = behind(|site| site.tls(&authority.server(&["127.0.0.1"])));
    let ca = authority.ca();

    let user = User::new();
    user.pull(&there.image, &["--ca", text(&ca)]).succeeded().silent_about(&["warning:"]);
    user.has(&there.image, &there.sample);

    let user = User::new();
    wants_tls(&user, &there.site, &format!("ca = \"{}\"\n", text(&ca)));
    user.pull(&there.image, &[]).succeeded();

    let user = User::new();
    let pem = std::fs::read_to_string(&ca).unwrap();
    user.write(&format!(".config/containers/certs.d/{}/ca.crt", there.site.host()), &pem);
    user.pull(&there.image, &[]).succeeded();

    let user = User::new().with("SSL_CERT_FILE", &ca);
    wants_tls(&user, &there.site, "");
    user.pull(&there.image, &[]).succeeded();
}

#[test]
fn an_unknown_authority_is_refused_with_a_hint() {
    if !have(&PROGRAMS) {
        return;
    }
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let there = behind(|site| site.tls(&theirs.server(&["127.0.0.1"])));
    let user = User::new();
    wants_tls(&user, &there.site, "");
    user.pull(&there.image, &[]).failed(6, &["authority that is not trusted", "hint:", "--ca FILE"]);
    let ca = ours.ca();
    user.pull(&there.image, &["--ca", text(&ca)]).failed(6, &["authority that is not trusted", "--ca FILE"]);
    user.has_nothing();
    assert_eq!(there.nginx.served(), []);
}

#[test]
fn certificates_of_others_and_of_the_past_are_refused() {
    if !have(&PROGRAMS) {
        return;
    }
    let authority = Authority::new("private");
    let (ca, user) = (authority.ca(), User::new());
    let there = behind(|site| site.tls(&authority.server(&["other.example"])));
    user.pull(&there.image, &["--ca", text(&ca)]).failed(6, &["for other names", "other.example"]);
    let there = behind(|site| site.tls(&authority.expired()));
    user.pull(&there.image, &["--ca", text(&ca)]).failed(6, &["expired"]);
}

#[test]
fn insecure_takes_any_certificate_and_warns_once() {
    if !have(&PROGRAMS) {
        return;
    }
    let authority = Authority::new("nobody's");
    let there = behind(|site| site.tls(&authority.expired()));
    let user = User::new();
    let ended = user.pull(&there.image, &["--insecure"]).succeeded();
    let warning = format!("warning: {} is not verified", there.site.origin());
    assert_eq!(ended.stderr.matches(&warning).count(), 1, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("warning:").count(), 1, "{}", ended.stderr);
    user.has(&there.image, &there.sample);

    let user = User::new();
    wants_tls(&user, &there.site, "skip_verify = true\n");
    user.pull(&there.image, &["-q"]).succeeded().said(&[&warning]);
    user.lugger(&["digest", &there.image]).succeeded().said(&[&warning]);
}

#[test]
fn plain_http_is_told_from_broken_tls() {
    if !have(&PROGRAMS) {
        return;
    }
    let there = behind(|site| site);
    let user = User::new();
    wants_tls(&user, &there.site, "");
    user.pull(&there.image, &[]).failed(6, &["plain http", "--plain-http"]);
    let user = User::new();
    let warning = format!("warning: http://{} is not verified", there.site.host());
    user.pull(&there.image, &["--insecure"]).succeeded().said(&[&warning]);
    user.has(&there.image, &there.sample);
}

#[test]
fn a_local_registry_that_speaks_tls_is_told_from_a_broken_one() {
    if !have(&PROGRAMS) {
        return;
    }
    let authority = Authority::new("private");
    let there = behind(|site| site.tls(&authority.server(&["127.0.0.1"])));
    let user = User::new();
    user.pull(&there.image, &[]).failed(6, &["speaks TLS", "hint:", "--ca FILE"]);
    let registry = DockerRegistry::wanting(
        lugger_tests::interop::Wants::Nothing,
        Some(&authority.server(&["127.0.0.1"])),
    );
    let image = there.sample.publish(&registry);
    user.pull(&image, &[]).failed(6, &["speaks TLS", "hint:", "--ca FILE"]);
    let ca = authority.ca();
    user.pull(&image, &["--ca", text(&ca)]).succeeded();
}

#[test]
fn a_client_certificate_is_shown_when_it_is_asked_for() {
    if !have(&PROGRAMS) {
        return;
    }
    let authority = Authority::new("private");
    let there = behind(|site| site.tls(&authority.server(&["127.0.0.1"])).clients_of(&authority.ca()));
    let (ca, client) = (authority.ca(), authority.client());
    let Pair { certificate, key } = &client;
    let user = User::new();
    user.pull(&there.image, &["--ca", text(&ca)]).failed(6, &["400", "certificate"]);

    let options = ["--ca", text(&ca), "--cert", text(certificate), "--key", text(key)];
    user.pull(&there.image, &options).succeeded();
    user.has(&there.image, &there.sample);

    let user = User::new();
    let client = format!("client = [[\"{}\", \"{}\"]]\n", text(certificate), text(key));
    wants_tls(&user, &there.site, &format!("ca = \"{}\"\n{client}", text(&ca)));
    user.pull(&there.image, &[]).succeeded();

    let stranger = Authority::new("strangers").client();
    let options = ["--ca", text(&ca), "--cert", text(&stranger.certificate), "--key", text(&stranger.key)];
    User::new().pull(&there.image, &options).failed(6, &["certificate"]);
}

#[test]
fn a_client_certificate_is_not_shown_to_whom_the_registry_leads() {
    if !have(&PROGRAMS) {
        return;
    }
    let authority = Authority::new("private");
    let (ca, server, client) = (authority.ca(), authority.server(&["127.0.0.1"]), authority.client());
    let (registry, sample) = (DockerRegistry::start(), Sample::new("team/app", &[3000, 70_000]));
    sample.publish(&registry);
    let other = Site::content_of(&registry).tls(&server).looking_for_clients_of(&ca);
    let site = Site::before(&registry).tls(&server).clients_of(&ca).blobs_at(&other.origin());
    let nginx = Nginx::start(&[&site, &other]);
    let (user, image) = (User::new(), sample.at(&site.host()));
    let options = ["--ca", text(&ca), "--cert", text(&client.certificate), "--key", text(&client.key)];
    user.pull(&image, &options).succeeded();
    user.has(&image, &sample);
    let (here, there) = (nginx.served_by(&site), nginx.served_by(&other));
    assert!(here.iter().all(|it| it.identified), "{here:?}");
    assert!(there.len() == 3 && there.iter().all(|it| it.status == 200 && !it.identified), "{there:?}");
}
