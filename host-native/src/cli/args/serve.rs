//! What can be typed of `lugger serve`.

use std::net::SocketAddr;

use clap::Args as ClapArgs;

use super::RemoteArgs;

/// Show images in a browser, with this machine's network and credentials
///
/// Serves the page on this machine and prints its URL. The page asks this process for what it shows, so that it can open
/// every registry that this machine reaches; credentials stay here. Content is verified in the page. Runs until Ctrl-C.
///
/// Registries named here, and those that credentials are kept for, are asked at once; every other one that the page wants has
/// to be confirmed there first, and must have a public address. The options below hold for registries named here alone.
///
/// The URL has a token in it, without which nothing is answered: whoever has it reads what you can read.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  lugger serve alpine
  lugger serve --open registry.example/team/app:v1
  lugger serve --registry registry.example --listen 127.0.0.1:7777     always the same port: the page keeps what it stored

With --json: {url, token, port}, on one line, before it serves.")]
pub(crate) struct ServeArgs {
    /// Open the page with these images, and allow their registries
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<String>,
    /// Allow this registry, too: host[:port]; can be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) registry: Vec<String>,
    /// Listen here [default: 127.0.0.1 on a free port]
    ///
    /// On another address than this machine's loopback the page, its token and everything shown go over the network in plain
    /// text, and browsers switch off what they keep for safe places.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Open the page in the browser
    ///
    /// Other users of this machine may see the URL in the list of processes while the browser starts: on a machine that you
    /// share, copy the URL yourself.
    #[arg(long)]
    pub(crate) open: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}
