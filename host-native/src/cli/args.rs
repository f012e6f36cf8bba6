//! What can be typed.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::remote;

const EXAMPLES: &str = "\
Examples:
  lugger demo                          the whole job on this machine, without a network
  lugger pull alpine:3.20              fetch, verify, store; prints name@digest
  lugger inspect alpine:3.20           layers, configuration, history
  lugger digest alpine:3.20            what the tag means now, without storing anything
  lugger images --json                 what the store has, for scripts

Results go to stdout, everything else to stderr.

Exit codes: 0 done · 1 failed · 2 wrong usage · 3 not found · 4 not allowed · 5 content does not
verify · 6 network · 7 too many requests · 130 interrupted (what was fetched is kept)";

/// Moves container images: pulls, verifies, stores and shows them
#[derive(Parser)]
#[command(name = "lugger", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What holds for every verb.
#[derive(ClapArgs)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Directory of the store [default: $LUGGER_STORE, else ~/.local/share/lugger]
    ///
    /// It is an OCI image layout, which other tools read as it stands. Without this option: $LUGGER_STORE, then
    /// $XDG_DATA_HOME/lugger, then ~/.local/share/lugger.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Print results as JSON
    ///
    /// One JSON value on stdout. Descriptors have OCI's members (mediaType, digest, size, …), everything else is named
    /// in snake_case.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How progress is shown on stderr
    #[arg(long, global = true, value_name = "HOW", value_enum, default_value_t = Progress::Auto)]
    pub(crate) progress: Progress,
    /// Do not wait until the disk has it: for benchmarks and throw-away stores
    #[arg(long, global = true)]
    pub(crate) no_sync: bool,
    /// Say more of what is done; twice: every HTTP exchange
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// Bars on a terminal, lines elsewhere
    Auto,
    /// Bars
    Tty,
    /// A line for each event
    Plain,
    /// A JSON object for each event, and for an error
    Json,
    /// Nothing but warnings and errors
    None,
}

/// What is to be done.
#[derive(Subcommand)]
pub(crate) enum Verb {
    Pull(PullArgs),
    Images(ImagesArgs),
    Inspect(InspectArgs),
    Digest(QueryArgs),
    Manifest(ManifestArgs),
    Tags(TagsArgs),
    Plan(PlanArgs),
    Explain(ExplainArgs),
    Login(LoginArgs),
    Logout(LogoutArgs),
    Parse(ParseArgs),
    Demo(DemoArgs),
    Completions(CompletionsArgs),
}

impl Verb {
    /// Whether nothing but the result is wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        match self {
            Self::Pull(args) => args.quiet,
            Self::Images(args) => args.quiet,
            _ => false,
        }
    }
}

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

/// Show what a pull would fetch, before it does
///
/// Reads the manifests; stores nothing. What the store has is not fetched again, and what a pull that was interrupted left
/// is gone on with.
#[derive(ClapArgs)]
#[command(after_help = "\
With --json: {name, target, bytes, present_bytes, requests: {auth, head, manifest, blob}, quota: {remaining, limit,
window} or null, content: [{descriptor, needed, from, bytes}]}; `needed` is present, embedded, resume or fetch.")]
pub(crate) struct PlanArgs {
    /// The image: [registry/]repository[:tag][@digest]; without tag and digest, `latest`
    pub(crate) image: String,
    /// For this platform: os/architecture[/variant] [default: this machine's]
    #[arg(long, value_name = "PLATFORM", conflicts_with = "all_platforms")]
    pub(crate) platform: Vec<String>,
    /// For all platforms
    #[arg(long)]
    pub(crate) all_platforms: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Show where a pull would go, in which order, as whom, and who decided that
///
/// Reads the same options, files and variables as a pull does, and says of each value where it comes from. Asks no registry
/// without --probe.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  lugger explain alpine
  lugger explain --probe registry.example/team/app:v1

With --json: {name, endpoints: [{url, repository, from, mirror, plain_twin, capabilities, settings: [{name, value,
from}], credentials: {kind, from} or null, proxy: {url, from} or null, roots, unverified, probe}]}; `probe` is null,
{digest} or {error}.")]
pub(crate) struct ExplainArgs {
    /// The image: [registry/]repository[:tag][@digest]; without tag and digest, `latest`
    pub(crate) image: String,
    /// Ask each endpoint, and show what it answers
    #[arg(long)]
    pub(crate) probe: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Fetch an image into the store
///
/// Prints one line: the name and the digest that it leads to now. What the store has is not fetched again, and a pull
/// that was interrupted goes on where it was.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  lugger pull alpine:3.20
  lugger pull --platform linux/arm64 ghcr.io/owner/app:v1
  lugger pull --creds me --password-stdin registry.example/team/app < password
  lugger inspect $(lugger pull -q alpine)

With --json: {name, target, before, fetched, fetched_bytes, present}; `target` is a descriptor, `before` the digest
that the name led to before, or null.")]
pub(crate) struct PullArgs {
    /// The image: [registry/]repository[:tag][@digest]; without tag and digest, `latest`
    pub(crate) image: String,
    /// Take the image for this platform: os/architecture[/variant] [default: this machine's]
    #[arg(long, value_name = "PLATFORM", conflicts_with = "all_platforms")]
    pub(crate) platform: Vec<String>,
    /// Take the images for all platforms
    #[arg(long)]
    pub(crate) all_platforms: bool,
    /// Fetch so many layers at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) concurrency: u16,
    /// Print only the name@digest
    #[arg(long, short)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// List the images in the store
#[derive(ClapArgs)]
#[command(after_help = "\
With --json: an array of {name, target, platforms, size, created_at, updated_at, labels}. The size is that of the
content that is here: documents, configurations and layers, compressed, each counted once.")]
pub(crate) struct ImagesArgs {
    /// Print only name@digest, one a line
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Show what an image says of itself: layers, configuration, history
///
/// Looks in the store; asks the registry if the store does not have the image. Stores nothing.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  lugger inspect alpine:3.20
  lugger inspect --config alpine:3.20 | jq .config.Env
  lugger inspect --raw --platform linux/arm64 alpine:3.20

With --json: {name, stored, target, platforms, manifest, config, platform, created, author, run, layers, history};
target, manifest and config are descriptors, and so are the layers, with their diff_id; `run` is the configuration's
`config` member as it stands there.")]
pub(crate) struct InspectArgs {
    /// The image: [registry/]repository[:tag][@digest]
    pub(crate) image: String,
    /// Print the exact bytes of the index or manifest (of the manifest, with --platform)
    #[arg(long, conflicts_with_all = ["config", "json"])]
    pub(crate) raw: bool,
    /// Print the exact bytes of the configuration
    #[arg(long, conflicts_with = "json")]
    pub(crate) config: bool,
    /// Look into the image for this platform [default: this machine's]
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Vec<String>,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Ask a registry which digest a name means now
///
/// One HEAD request, which costs no pull quota. Neither reads nor writes the store.
#[derive(ClapArgs)]
#[command(after_help = "With --json: {name, digest}.")]
pub(crate) struct QueryArgs {
    /// The image: [registry/]repository[:tag][@digest]
    pub(crate) image: String,
    /// Of an index, the manifest for this platform
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Vec<String>,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Print the manifest or index of a name, byte for byte
///
/// It comes from the registry, verified. Neither reads nor writes the store. --json changes nothing: it is JSON.
#[derive(ClapArgs)]
pub(crate) struct ManifestArgs {
    #[command(flatten)]
    pub(crate) query: QueryArgs,
}

/// List the tags of a repository, one a line
#[derive(ClapArgs)]
#[command(after_help = "With --json: {name, tags}.")]
pub(crate) struct TagsArgs {
    /// The repository: [registry/]repository
    #[arg(value_name = "REPO")]
    pub(crate) repository: String,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

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
