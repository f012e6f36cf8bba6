//! What can be typed beside images.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::Shell;

/// Parse names, one a line on stdin, into JSON, one a line on stdout
///
/// Each answer is {"input":…,"ok":{…}} or {"input":…,"error":"…"}, in the order of the lines. A line is taken as it
/// stands, without its newline; empty lines are answered too, and a wrong one stops nothing.
#[derive(ClapArgs)]
#[command(after_help = "\
reference   {domain, path, tag, digest, familiar, canonical, with_default_tag}; what is absent is null
platform    {os, architecture, variant, os_version, os_features, formatted}; what a single word leaves open is this
            machine's. A line {\"match\":PLATFORM,\"candidates\":[…]} asks which one to choose, and is answered with
            {chosen, order}: positions, best first. \"strict\":true allows no fallback; \"mode\" is one of only,
            only_strict, only_os, ordered and any, where the last two take an array as \"match\".
digest      {algorithm, encoded}
challenge   A line {\"headers\":[…]} holds values of WWW-Authenticate, and is answered with {challenges:[{scheme,
            params}], selected, realm, service, scope}; `selected` is the scheme that would be met, or null.
hosts       A line {\"host\":…,\"toml\":…} holds a registry and its hosts.toml, and is answered with {hosts:[{url,
            capabilities, ca, client, skip_verify, header, override_path, dial_timeout_ns}]} in the order in which they
            are asked; what is not set is left out. \"dir\" is the directory that paths in the file are relative to.

Examples:
  echo alpine | lugger parse reference
  echo '{\"match\":\"linux/arm/v7\",\"candidates\":[\"linux/arm/v6\",\"linux/amd64\"]}' | lugger parse platform")]
pub(crate) struct ParseArgs {
    /// What the lines are
    #[arg(value_enum)]
    pub(crate) kind: ParseKind,
}

/// What can be parsed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ParseKind {
    /// References: [registry/]repository[:tag][@digest]
    Reference,
    /// Platforms: os/architecture[/variant], and which of several to choose
    Platform,
    /// Digests: algorithm:hex
    Digest,
    /// Challenges: what a registry says in WWW-Authenticate
    Challenge,
    /// Hosts: what a hosts.toml says of a registry
    Hosts,
}

/// Show the whole job on this machine: no network, no set-up
///
/// Makes a small image for several platforms, serves it from a registry inside this process over real HTTP, pulls it
/// into a temporary store, verifies and inspects it, and pulls it again.
#[derive(ClapArgs)]
pub(crate) struct DemoArgs {
    /// Keep the store in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

/// Print a completion script for a shell
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  lugger completions bash > ~/.local/share/bash-completion/completions/lugger
  lugger completions fish > ~/.config/fish/completions/lugger.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}
