//! `lugger pull` beside its peers, from one local registry, in one run.
//!
//! The machine's speed drifts, so the tools take turns (A B C A B C …) and what counts is the ratios inside one table.
//! The first round warms the page cache, counts requests through the proxy and is not timed.

mod browser;
mod check;
mod image;
pub(crate) mod measure;
mod proxy;
mod requests;
mod server;
mod table;
mod tool;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use crate::process::{cargo, root, run as run_command, which};
use crate::{Result, debian};
use image::Image;
use proxy::Proxy;
use table::Row;
use tool::Tool;

/// Compare `lugger pull` with its peers, side by side
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Images of mkimages.py to pull
    #[arg(long, value_delimiter = ',', default_value = "small,wide,many,multi,big")]
    images: Vec<String>,
    /// Make the images of seeded files instead of Debian packages: no network
    #[arg(long)]
    synthetic: bool,
    /// Size of synthetic images, 1 being the real ones'
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    scale: f64,
    /// Timed rounds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Round trip times; 0 is the registry without the proxy
    #[arg(long, value_delimiter = ',', default_value = "0,20", value_name = "MS")]
    rtt: Vec<u64>,
    /// Peers to run beside
    #[arg(long, value_delimiter = ',', default_value = "skopeo,ctr")]
    peers: Vec<Peer>,
    /// Peers only
    #[arg(long)]
    no_lugger: bool,
    /// Where images, the registry's data and the pulled copies go; kept for the next run
    #[arg(long, visible_alias = "keep", default_value = "target/bench")]
    dir: PathBuf,
    /// The image generator
    #[arg(long, default_value = "../shared/tools/mkimages.py", value_name = "FILE")]
    mkimages: PathBuf,
    /// Write every single run to a file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only show that the delaying proxy delays, counts and does not limit
    #[arg(long)]
    self_check: bool,
    /// Compare a tab with `lugger pull` instead, and with sha256sum
    #[arg(long)]
    browser: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Peer {
    Skopeo,
    Ctr,
}

impl Options {
    fn tools(&self) -> Vec<Tool> {
        let peers = self.peers.iter().map(|peer| match peer {
            Peer::Skopeo => Tool::Skopeo,
            Peer::Ctr => Tool::Ctr,
        });
        let ours = [Tool::Lugger { sync: true }, Tool::Lugger { sync: false }];
        let ours = ours.into_iter().filter(|_| !self.no_lugger);
        peers.chain(ours).chain([Tool::Openssl]).collect()
    }
}

/// `cargo xtask bench`
pub(crate) fn run(options: &Options) -> Result {
    if options.self_check {
        return check::run();
    }
    std::env::set_current_dir(root())?;
    if options.browser {
        return browser::run(options);
    }
    let tools = options.tools();
    install(options, &tools)?;
    if !options.no_lugger {
        run_command(&mut cargo(&["build", "--release", "-p", "lugger"]))?;
    }
    fs::create_dir_all(&options.dir)?;
    let dir = options.dir.canonicalize()?;
    let (_registry, address) = server::registry(&dir)?;
    let images = image::prepare(options, &dir, address)?;

    let mut all = Vec::new();
    for &rtt_ms in &options.rtt {
        for image in &images {
            let mut rows = compare(&tools, image, address, rtt_ms, options.rounds, &dir)?;
            println!(
                "\n{} ({:.1} MB in {} blobs), {rtt_ms} ms round trip, medians of {} rounds",
                image.name,
                image.bytes() as f64 / 1e6,
                image.blob_count(),
                options.rounds
            );
            table::print(&rows);
            all.append(&mut rows);
        }
    }
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&all)?)?;
    }
    Ok(())
}

fn install(options: &Options, tools: &[Tool]) -> Result {
    let mut needed = vec![("docker-registry", "docker-registry"), ("python3", "python3"), ("zstd", "zstd")];
    needed.extend(tools.iter().flat_map(|tool| tool.needs()));
    if !options.synthetic {
        needed.push(("debootstrap", "debootstrap"));
    }
    debian::ensure(&needed)?;
    which("setpriv").map(drop).ok_or_else(|| "setpriv is missing (Debian: util-linux)".into())
}

fn compare(
    tools: &[Tool],
    image: &Image,
    registry: SocketAddr,
    rtt_ms: u64,
    rounds: u32,
    dir: &Path,
) -> Result<Vec<Row>> {
    let proxy = Proxy::start(registry, Duration::from_millis(rtt_ms))?;
    let out = dir.join("out");
    let mut rows = Vec::new();
    for &tool in tools {
        tool.run(image, proxy.address(), &out)?;
        let requests = proxy.take_requests().len();
        rows.push(Row {
            image: image.name.clone(),
            rtt_ms,
            tool: tool.name(),
            requests: tool.pulls().then_some(requests),
            runs: Vec::new(),
        });
    }
    let address = if rtt_ms == 0 { registry } else { proxy.address() };
    for _ in 0..rounds {
        for (&tool, row) in tools.iter().zip(&mut rows) {
            row.runs.push(tool.run(image, address, &out)?);
        }
    }
    Ok(rows)
}
