//! From options to what operations are given: how registries are reached, as whom, with which bounds.

use std::{
    env,
    io::{BufRead as _, Read as _},
    path::Path,
    time::Duration,
};

use lugger::core::{
    effect::secret::Secret,
    name::Reference,
    op::Limits,
    registry::{Environment, Registries, config},
};

use super::{args::RemoteArgs, exit::Failure};

/// An image, and how its registry is reached.
pub(crate) struct Asked {
    pub(crate) reference: Reference,
    pub(crate) registries: Registries,
    pub(crate) limits: Limits,
}

/// What decides how registries are reached.
pub(crate) fn registries(remote: &RemoteArgs) -> Result<Registries, Failure> {
    let identity = match (&remote.cert, &remote.key) {
        (Some(cert), key) => Some((absolute(cert), absolute(key.as_ref().unwrap_or(cert)))),
        (None, _) => None,
    };
    Ok(Registries {
        plain_http: remote.plain_http,
        insecure: remote.insecure || !remote.tls_verify,
        mirrors: remote.mirror.clone(),
        roots: remote.ca.iter().map(|path| absolute(path)).collect(),
        identity,
        hosts_dirs: remote.hosts_dir.iter().map(|path| absolute(path)).collect(),
        foreign_urls: remote.foreign_urls,
        auth_file: remote.authfile.as_deref().map(absolute),
        login: login(remote)?,
        bridge: None,
        untrusted: false,
        environment: Some(environment()),
    })
}

/// The bounds of an operation.
pub(crate) fn limits(remote: &RemoteArgs) -> Limits {
    let mut limits = Limits::default();
    limits.attempts = remote.retries.map_or(limits.attempts, |retries| retries + 1);
    let timeouts = &mut limits.timeouts;
    for (given, timeout) in [
        (remote.connect_timeout, &mut timeouts.connect),
        (remote.response_timeout, &mut timeouts.response),
        (remote.stall_timeout, &mut timeouts.stall),
    ] {
        *timeout = given.unwrap_or(*timeout);
    }
    limits
}

/// A time as people type it: `30s`, `1m30s`, or a number of seconds.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let seconds = || text.parse().ok().map(Duration::from_secs);
    let time = config::duration::parse(text).or_else(seconds).filter(|time| !time.is_zero());
    time.ok_or_else(|| "this is no time: 30s and 1m30s are".to_owned())
}

/// The variables that matter.
pub(crate) fn environment() -> Environment {
    Environment::of(
        env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}

/// A path that does not depend on where we are.
pub(crate) fn absolute(path: &Path) -> String {
    std::path::absolute(path).as_deref().unwrap_or(path).to_string_lossy().into_owned()
}

/// Whom the registry of the image is to take us for.
fn login(remote: &RemoteArgs) -> Result<Option<Secret>, Failure> {
    let usage = |why: &str| Err(Failure::Usage(why.to_owned()));
    let Some(creds) = &remote.creds else { return Ok(None) };
    let (user, password) =
        creds.split_once(':').map_or((creds.as_str(), None), |(user, password)| (user, Some(password)));
    match (password, remote.password_stdin) {
        (Some(password), false) => Ok(Some(Secret::new(user, password))),
        (None, true) => Ok(Some(Secret::new(user, password_from_stdin()?))),
        (Some(_), true) => usage("the password is given twice: in --creds and by --password-stdin"),
        (None, false) => usage("--creds USER needs a password: pipe it in with --password-stdin"),
    }
}

/// The first line of stdin.
pub(crate) fn password_from_stdin() -> Result<String, Failure> {
    /// Tokens are passwords too, but not longer than this.
    const MOST: u64 = 64 << 10;
    let mut line = String::new();
    let mut input = std::io::stdin().lock().take(MOST);
    input
        .read_line(&mut line)
        .map_err(|cause| Failure::system("cannot read the password from stdin", cause))?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::Usage("there is no password on stdin".to_owned())),
        password => Ok(password.to_owned()),
    }
}
