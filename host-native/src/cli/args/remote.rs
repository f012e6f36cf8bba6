//! How registries are reached: what all verbs that ask one share.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args as ClapArgs};

use crate::cli::remote;

/// How a registry is spoken to, and as whom.
#[derive(ClapArgs)]
#[command(next_help_heading = "Registry options")]
pub(crate) struct RemoteArgs {
    /// Speak plain http to this registry (registries on this machine need no flag)
    #[arg(long)]
    pub(crate) plain_http: bool,
    /// Take any certificate of this registry, and plain http if it speaks no TLS
    #[arg(long, conflicts_with = "plain_http")]
    pub(crate) insecure: bool,
    /// As skopeo and podman spell it: --tls-verify=false is --insecure
    #[arg(long, hide = true, value_name = "BOOL", default_value_t = true, num_args = 0..=1, default_missing_value = "true", action = ArgAction::Set)]
    pub(crate) tls_verify: bool,
    /// Trust the authorities in this PEM file, too, for this registry
    #[arg(long, visible_alias = "ca-file", value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// Show this client certificate (PEM) to this registry
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// The key of --cert, if it is in another file
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Ask this mirror first; can be repeated
    #[arg(long, value_name = "URL")]
    pub(crate) mirror: Vec<String>,
    /// Read hosts.toml files below this directory, as containerd does [default: ~/.config/lugger/certs.d, /etc/containerd/certs.d]
    #[arg(long, value_name = "DIR")]
    pub(crate) hosts_dir: Vec<PathBuf>,
    /// Fetch layers also from the URLs that the image itself names, when the registry does not have them
    #[arg(long)]
    pub(crate) foreign_urls: bool,
    /// Log in as this user; only the registry of IMAGE ever gets to see it
    ///
    /// Other users of this machine can read a password that stands here: give only USER, and the password with
    /// --password-stdin.
    #[arg(long, value_name = "USER[:PASSWORD]")]
    pub(crate) creds: Option<String>,
    /// Read the password from stdin
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Take credentials from this file and no other [default: those that podman and docker use]
    ///
    /// Without this option: $REGISTRY_AUTH_FILE alone; else, the first that has something for the registry,
    /// $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, ~/.docker/config.json (or that in
    /// $DOCKER_CONFIG), ~/.dockercfg, and the text in $DOCKER_AUTH_CONFIG. Credential helpers that a file names are asked.
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
    /// Try again so many times what may pass [default: 4]
    #[arg(long, visible_alias = "retry-times", value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retries: Option<u32>,
    /// Wait so long for a connection [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = remote::time)]
    pub(crate) connect_timeout: Option<Duration>,
    /// Wait so long for an answer [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = remote::time)]
    pub(crate) response_timeout: Option<Duration>,
    /// Give a body up when nothing of it comes for so long [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = remote::time)]
    pub(crate) stall_timeout: Option<Duration>,
}
