//! Events as bars on a terminal, one for each blob.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lugger::core::{event::Event, name::Digest};

use super::human::{bytes, kind, short};

/// The bars so far.
pub(crate) struct Bars {
    all: MultiProgress,
    blobs: BTreeMap<Digest, ProgressBar>,
    moving: ProgressStyle,
    still: ProgressStyle,
}

impl Bars {
    pub(crate) fn new(colour: bool) -> Self {
        let bar = if colour { "{bar:24.cyan}" } else { "{bar:24}" };
        let style = |template: &str| {
            let style = ProgressStyle::with_template(template).expect("the templates are ours");
            style.progress_chars("━╸ ")
        };
        Self {
            all: MultiProgress::new(),
            blobs: BTreeMap::new(),
            moving: style(&format!(
                "{{prefix:19}} {bar} {{binary_bytes:>10}} of {{binary_total_bytes:>10}}  {{binary_bytes_per_sec}}"
            )),
            still: style("{prefix:19} {msg}"),
        }
    }

    /// Moves the bars; a line if there is something to say beside them.
    pub(crate) fn show(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Resolved { name, target } => {
                return Some(format!("{name} is {} ({})", target.digest, kind(target)));
            }
            Event::Planned(content) => {
                let bar = self.all.add(ProgressBar::new(content.size).with_style(self.still.clone()));
                bar.set_prefix(short(&content.digest));
                bar.set_message("…");
                self.blobs.insert(content.digest.clone(), bar);
            }
            Event::Skipped(content) => {
                self.stop(&content.digest, &format!("present, {} {}", bytes(content.size), kind(content)));
            }
            Event::Began { digest, from } => {
                if let Some(bar) = self.blobs.get(digest) {
                    bar.set_style(self.moving.clone());
                    bar.set_position(*from);
                    bar.reset_eta();
                }
            }
            Event::Moved { digest, done } => {
                if let Some(bar) = self.blobs.get(digest) {
                    bar.set_position(*done);
                }
            }
            Event::Committed(content) => {
                self.stop(&content.digest, &format!("fetched, {} {}", bytes(content.size), kind(content)));
            }
            Event::Waiting { digest } => {
                if let Some(bar) = self.blobs.get(digest) {
                    bar.set_message("another process fetches it");
                }
            }
            Event::Exchanged { line, answer } => {
                return Some(match answer {
                    Ok(status) => format!("{line}: {status}"),
                    Err(why) => format!("{line}: {why}"),
                });
            }
            Event::Retrying { doing, why, after } => {
                return Some(format!("{doing}: {why}; trying again in {:.1} s", after.as_secs_f32()));
            }
            Event::NextEndpoint { doing, from, why } => {
                return Some(format!("{doing} from {from}: {why}; asking the next endpoint"));
            }
            Event::Discarded { digest } => {
                if let Some(bar) = self.blobs.get(digest) {
                    bar.set_position(0);
                }
                return Some(format!("discarded what came of {}: it does not verify", short(digest)));
            }
            Event::Evicted { name } => return Some(format!("gave up {name}: the store was full")),
            Event::Authenticating { .. }
            | Event::Loaded(_)
            | Event::Configured { .. }
            | Event::Examining { .. }
            | Event::Examined { .. }
            | Event::Limited { .. }
            | Event::Named { .. }
            | Event::Warned(_) => {}
        }
        None
    }

    /// Runs this while the bars are out of the way.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.all.suspend(print);
    }

    /// Leaves the bars as they are.
    pub(crate) fn end(&mut self) {
        for bar in std::mem::take(&mut self.blobs).into_values() {
            bar.abandon();
        }
    }

    fn stop(&self, digest: &Digest, message: &str) {
        if let Some(bar) = self.blobs.get(digest) {
            bar.set_style(self.still.clone());
            bar.finish_with_message(message.to_owned());
        }
    }
}
