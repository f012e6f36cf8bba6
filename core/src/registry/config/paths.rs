//! Where the user's files are.

use crate::registry::registries::Environment;

/// `$XDG_CONFIG_HOME`, else `~/.config`; `None` for a user without a home.
pub(super) fn user(environment: &Environment) -> Option<String> {
    let home = || environment.get("HOME").map(|home| format!("{home}/.config"));
    environment.get("XDG_CONFIG_HOME").map(str::to_owned).or_else(home)
}

/// Trees of hosts.toml files: `certs.d` in `$LUGGER_CONFIG`, else in the user's `lugger` directory; then containerd's.
pub(super) fn hosts_roots(environment: &Environment, given: &[String]) -> Vec<String> {
    if !given.is_empty() {
        return given.to_vec();
    }
    let own = environment.get("LUGGER_CONFIG").map(str::to_owned);
    let own = own.or_else(|| user(environment).map(|dir| format!("{dir}/lugger")));
    own.map(|dir| format!("{dir}/certs.d"))
        .into_iter()
        .chain(["/etc/containerd/certs.d".to_owned()])
        .collect()
}

/// Trees of certificates, the user's before the system's.
pub(super) fn certificate_roots(environment: &Environment) -> Vec<String> {
    let own = user(environment);
    let own =
        own.iter().flat_map(|dir| [format!("{dir}/containers/certs.d"), format!("{dir}/docker/certs.d")]);
    own.chain(["/etc/containers/certs.d".to_owned(), "/etc/docker/certs.d".to_owned()]).collect()
}

/// Files of the docker daemon's settings, the user's before the system's.
pub(super) fn daemon_files(environment: &Environment) -> Vec<String> {
    let own = user(environment).map(|dir| format!("{dir}/docker/daemon.json"));
    own.into_iter().chain(["/etc/docker/daemon.json".to_owned()]).collect()
}
