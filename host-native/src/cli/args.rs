//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

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
    /// Say more of what is done
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
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
    /// Log in as this user; only the registry of IMAGE ever gets to see it
    ///
    /// Other users of this machine can read a password that stands here: give only USER, and the password with
    /// --password-stdin.
    #[arg(long, value_name = "USER[:PASSWORD]")]
    pub(crate) creds: Option<String>,
    /// Read the password of --creds from stdin
    #[arg(long, requires = "creds")]
    pub(crate) password_stdin: bool,
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
