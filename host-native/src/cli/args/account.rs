//! What can be typed of credentials.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::RemoteArgs;

/// Log in to a registry, and keep the credentials
///
/// Shows the user name and password to the registry, and keeps them if it takes them: in the file of --authfile or
/// $REGISTRY_AUTH_FILE, else in ~/.docker/config.json (or that in $DOCKER_CONFIG), which survives a restart of the
/// machine; where that file names a credential helper for the registry, by that helper. Nothing else of the file changes.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  lugger login -u me registry.example                         asks for the password
  lugger login -u me --password-stdin registry.example < password

With --json: {registry, username, path, helper, checked, token, hidden_by}. `checked` is false when the registry lets
everybody in; `token` is true when a token of the registry is kept instead of the password.")]
pub(crate) struct LoginArgs {
    /// The registry: host[:port] [default: docker.io]
    pub(crate) registry: Option<String>,
    /// The user name
    #[arg(long, short, value_name = "USER")]
    pub(crate) username: Option<String>,
    /// Refused: others can read what stands here.
    #[arg(long, short, value_name = "PASSWORD", num_args = 0..=1, hide = true)]
    pub(crate) password: Option<Option<String>>,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Forget the credentials of a registry
///
/// In the file that `lugger login` writes, and in the credential helper that it names.
#[derive(ClapArgs)]
#[command(
    after_help = "With --json: {path, registries, left}; `left` says where there still are credentials."
)]
pub(crate) struct LogoutArgs {
    /// The registry: host[:port] [default: docker.io]
    #[arg(conflicts_with = "all")]
    pub(crate) registry: Option<String>,
    /// Forget the credentials of all registries in the file
    #[arg(long)]
    pub(crate) all: bool,
    /// Change this file [default: $REGISTRY_AUTH_FILE, else ~/.docker/config.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}
