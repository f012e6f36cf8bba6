//! What can be typed of images.

use clap::Args as ClapArgs;

use super::RemoteArgs;

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
