//! Which endpoints a reference has, and in which order: the command line over hosts.toml over registries.conf over daemon.json.

use super::{
    ConfigError,
    address::{Address, Scheme},
    daemon_json::Daemon,
    draft::{Draft, FETCHING},
    hosts_dir::Found,
    hosts_toml::Host,
    insecure,
    registries_conf::{RegistriesConf, Registry, Serves},
};
use crate::{
    effect::route::Identity,
    name::{Excerpt, Reference},
    registry::{
        endpoint::Capabilities,
        place::{Given, Place},
        registries::Registries,
    },
};

/// What the files say.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub(super) hosts: Found,
    pub(super) conf: RegistriesConf,
    pub(super) daemon: Daemon,
}

/// The endpoints of a reference, without what directories of certificates add. The first source that names places has the say which they
/// are; what it leaves open about one of them, the next may say. A blocked name stays blocked whoever names places for it.
pub(super) fn drafts(
    reference: &Reference,
    registries: &Registries,
    files: &Files,
) -> Result<Vec<Draft>, ConfigError> {
    let table = files.conf.registry(reference);
    if let Some(blocked) = table.and_then(|table| table.blocked.as_ref()).filter(|given| given.value) {
        return Err(ConfigError::Blocked { name: reference.to_string(), place: blocked.place.clone() });
    }
    let mut drafts = mirrors(reference, registries, &files.daemon)?;
    match (&files.hosts, table) {
        (Found::Hosts(hosts), _) => {
            drafts.extend(hosts.iter().map(|host| of_host(host, reference, table, &files.daemon)));
        }
        (_, Some(table)) if table.location.is_some() || !table.mirrors.is_empty() => {
            drafts.extend(of_table(table, reference, &files.daemon)?);
        }
        _ => {
            if reference.domain() == "docker.io" {
                drafts.extend(files.daemon.mirrors.iter().map(|it| of_daemon(it, reference, &files.daemon)));
            }
            let mut own = Draft::new(reference.domain(), reference.path(), Place::BuiltIn);
            let said = table.and_then(|table| table.insecure.as_ref());
            say_insecure(&mut own, said, &files.daemon);
            drafts.push(own);
        }
    }
    for draft in &mut drafts {
        // Other hosts than the reference's own stand in the user's settings.
        draft.stranger = registries.untrusted && draft.host == reference.domain();
        if !draft.is_mirror {
            if let Found::Certificates(found) = &files.hosts {
                draft.complete(found);
            }
            let is_option = matches!(draft.place, Place::Option(_));
            if !is_option {
                own_options(draft, registries);
            }
        }
    }
    Ok(drafts)
}

/// Those of the command line.
fn mirrors(
    reference: &Reference,
    registries: &Registries,
    daemon: &Daemon,
) -> Result<Vec<Draft>, ConfigError> {
    let place = Place::Option("--mirror");
    let one = |text: &String| {
        let shown = text.rsplit_once('@').map_or(text.as_str(), |(_, rest)| rest);
        let wrong = |why| ConfigError::Invalid {
            place: place.clone(),
            detail: format!("`{}`: {why}", Excerpt::of(shown)),
        };
        let address = Address::parse(text, false).map_err(wrong)?;
        Ok(of_daemon(&Given::new(address, place.clone()), reference, daemon))
    };
    registries.mirrors.iter().map(one).collect()
}

/// A mirror that is only a URL. TLS to it need not verify if daemon.json says so, but there must be TLS if the URL says so.
fn of_daemon(mirror: &Given<Address>, reference: &Reference, daemon: &Daemon) -> Draft {
    let mut draft = Draft::at(&mirror.value, reference, mirror.place.clone());
    draft.can = FETCHING;
    draft.set("mirror", &mirror.value, &mirror.place);
    // The daemon's mirrors serve docker.io and know it.
    if !matches!(mirror.place, Place::Option(_)) {
        draft.namespace = None;
    }
    if let Some(place) = daemon.excuses(&mirror.value) {
        draft.tls.unverified = true;
        draft.set("insecure", true, place);
    }
    draft
}

/// One of hosts.toml. Its URL says how it is spoken to; only of a registry that it gives no URL can others say that it is insecure.
fn of_host(host: &Host, reference: &Reference, table: Option<&Registry>, daemon: &Daemon) -> Draft {
    let mut draft = Draft::of(host, reference);
    if host.address.is_none() && host.skip_verify.is_none() {
        let said = table.filter(|table| table.location.is_none()).and_then(|table| table.insecure.as_ref());
        say_insecure(&mut draft, said, daemon);
    }
    draft
}

/// Those of registries.conf: mirrors, then the location.
fn of_table(table: &Registry, reference: &Reference, daemon: &Daemon) -> Result<Vec<Draft>, ConfigError> {
    let mut drafts = Vec::new();
    for mirror in table.mirrors_for(reference) {
        let wire = table.on_the_wire(Some(&mirror.location), reference)?;
        let mut draft = Draft::new(&wire.host, &wire.repository, mirror.place.clone());
        draft.is_mirror = true;
        draft.can = Capabilities { resolve: mirror.serves != Serves::Digests, ..FETCHING };
        draft.set("location", &mirror.location.value, &mirror.location.place);
        say_insecure(&mut draft, mirror.insecure.as_ref(), daemon);
        drafts.push(draft);
    }
    let wire = table.on_the_wire(table.location.as_ref(), reference)?;
    let mut own = Draft::new(&wire.host, &wire.repository, table.place.clone());
    if let Some(location) = &table.location {
        own.is_mirror = wire.host != reference.domain();
        own.set("location", &location.value, &location.place);
    }
    say_insecure(&mut own, table.insecure.as_ref(), daemon);
    drafts.push(own);
    Ok(drafts)
}

/// Whether a host is insecure: as registries.conf says, else as daemon.json does.
fn say_insecure(draft: &mut Draft, said: Option<&Given<bool>>, daemon: &Daemon) {
    match said {
        Some(Given { value: true, place }) => draft.make_insecure(place),
        Some(Given { value: false, place }) => draft.set("insecure", false, place),
        None => {
            if let Some(place) = insecure::find(&daemon.insecure, &draft.host).cloned() {
                draft.make_insecure(&place);
            }
        }
    }
}

/// What the command line says about the reference's own registry.
fn own_options(draft: &mut Draft, registries: &Registries) {
    if registries.plain_http {
        draft.scheme = Some(Scheme::Http);
        draft.set("plain_http", true, &Place::Option("--plain-http"));
    } else if registries.insecure {
        draft.make_insecure(&Place::Option("--insecure"));
    }
    if !registries.roots.is_empty() {
        let roots = registries.roots.iter().map(|root| Given::new(root.clone(), Place::Option("--ca")));
        draft.trust(&roots.collect::<Vec<_>>());
    }
    if let Some((certificate, key)) = &registries.identity {
        let identity = Identity { certificate: certificate.clone(), key: key.clone() };
        draft.identify(&[Given::new(identity, Place::Option("--cert"))]);
    }
}
