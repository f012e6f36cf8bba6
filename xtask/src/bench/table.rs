//! Medians, and the table they are shown in.

use serde::Serialize;

use super::measure::Cost;

/// One tool on one image at one distance.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) image: String,
    pub(crate) rtt_ms: u64,
    pub(crate) tool: &'static str,
    /// HTTP requests of one pull.
    pub(crate) requests: Option<usize>,
    /// Every timed round.
    pub(crate) runs: Vec<Cost>,
}

impl Row {
    fn wall(&self) -> f64 {
        median(self.runs.iter().map(|run| run.wall))
    }

    fn cpu(&self) -> f64 {
        median(self.runs.iter().map(|run| run.cpu))
    }

    fn peak(&self) -> f64 {
        median(self.runs.iter().map(|run| run.peak as f64))
    }

    fn requests(&self) -> f64 {
        self.requests.map_or(f64::NAN, |n| n as f64)
    }
}

/// Prints the rows of one image at one distance.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "  {:<17}{:>9}{:>17}{:>9}{:>9}{:>10}",
        "tool", "wall ms", "min-max", "CPU ms", "peak MB", "requests"
    );
    for row in rows {
        let walls = || row.runs.iter().map(|run| run.wall * 1e3);
        let (min, max) = (walls().fold(f64::MAX, f64::min), walls().fold(0.0, f64::max));
        let requests = row.requests.map_or_else(|| "-".to_owned(), |n| n.to_string());
        println!(
            "  {:<17}{:>9.0}{:>17}{:>9.0}{:>9.1}{:>10}",
            row.tool,
            row.wall() * 1e3,
            format!("{min:.0}-{max:.0}"),
            row.cpu() * 1e3,
            row.peak() / 1e6,
            requests
        );
    }
    print_ratios(rows);
}

fn print_ratios(rows: &[Row]) {
    let of = |tool: &str| rows.iter().find(|row| row.tool == tool);
    let ours = ["lugger", "lugger --no-sync"].map(of);
    for peer in ["skopeo", "ctr"].into_iter().filter_map(of) {
        for our in ours.into_iter().flatten() {
            println!(
                "  {:<26}wall {:.2}  CPU {:.2}  peak {:.2}  requests {:.2}",
                format!("{} / {}", our.tool, peer.tool),
                our.wall() / peer.wall(),
                our.cpu() / peer.cpu(),
                our.peak() / peer.peak(),
                our.requests() / peer.requests()
            );
        }
    }
    if let [Some(durable), Some(quick)] = ours {
        println!("  {:<26}wall {:.2}", "lugger / lugger --no-sync", durable.wall() / quick.wall());
    }
    if let Some(openssl) = of("openssl sha256") {
        for row in rows.iter().filter(|row| row.tool != openssl.tool) {
            println!("  {:<26}CPU {:.2}", format!("{} / openssl", row.tool), row.cpu() / openssl.cpu());
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = values.collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median([].into_iter()).is_nan());
    }
}
