//! An inspected image for people.

use std::collections::BTreeMap;

use lugger::core::{
    model::{Config, Descriptor},
    verb::Inspected,
};

use super::described;
use crate::cli::{
    exit::Failure,
    human::{bytes, count, kind},
    output::{Output, Table},
};

/// Characters of a build step; `--json` and `--config` have all of it.
const STEP: usize = 100;

/// Prints it.
pub(in crate::cli) fn show(output: &mut Output, inspected: &Inspected) -> Result<(), Failure> {
    output.heading(&inspected.name)?;
    let mut facts = Table::indented(2);
    about(&mut facts, inspected);
    if let Some(config) = &inspected.config {
        runs(&mut facts, config);
    }
    output.table(&facts)?;
    output.heading("Layers")?;
    output.table(&layers(&inspected.manifest.children()))?;
    if let Some(config) = inspected.config.as_ref().filter(|config| !config.steps().is_empty()) {
        output.heading("History")?;
        output.table(&history(config))?;
    }
    Ok(())
}

fn about(facts: &mut Table, inspected: &Inspected) {
    let (root, manifest) = (inspected.root.descriptor(), inspected.manifest.descriptor());
    facts.row(["found", if inspected.stored { "in the store" } else { "in its registry; not stored" }]);
    facts.row(["digest", &format!("{} ({})", root.digest, kind(&root))]);
    if inspected.root.as_index().is_some() {
        let platforms: Vec<_> = described(inspected)
            .iter()
            .filter_map(|it| it.platform.as_ref())
            .map(ToString::to_string)
            .collect();
        facts.row(["platforms", &platforms.join(", ")]);
        facts.row(["manifest", &manifest.digest.to_string()]);
    }
    let children = inspected.manifest.children();
    if let Some(config) = children.first() {
        facts.row(["config", &config.digest.to_string()]);
    }
    let layers = children.get(1..).unwrap_or_default();
    let size = layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.size));
    facts.row(["size", &format!("{}, {}", count(layers.len(), "layer"), bytes(size))]);
    if let Some(artifact) = inspected.manifest.as_manifest().and_then(|it| it.artifact_type.as_ref()) {
        facts.row(["artifact", &artifact.to_string()]);
    }
}

fn runs(facts: &mut Table, config: &Config) {
    let mut fact = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.row([name, value]);
        }
    };
    fact("platform", Some(&config.platform().to_string()));
    fact("created", config.created());
    fact("author", config.view().author().as_deref());
    let Some(run) = config.view().config() else { return };
    let words = |words: &Option<Vec<String>>| words.as_ref().map(|words| format!("{words:?}"));
    fact("entrypoint", words(run.entrypoint()).as_deref());
    fact("command", words(run.cmd()).as_deref());
    fact("user", run.user().as_deref());
    fact("directory", run.working_dir().as_deref());
    fact("stop signal", run.stop_signal().as_deref());
    let mut each = |name: &str, values: &[String]| {
        for (at, value) in values.iter().enumerate() {
            fact(if at == 0 { name } else { "" }, Some(value));
        }
    };
    each("environment", run.env().as_deref().unwrap_or_default());
    each("ports", run.exposed_ports().as_deref().unwrap_or_default());
    each("volumes", run.volumes().as_deref().unwrap_or_default());
    let labels: BTreeMap<_, _> = run.labels().iter().flatten().collect();
    each("labels", &labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>());
}

fn layers(children: &[Descriptor]) -> Table {
    let mut table = Table::indented(2).right(&[0, 1]);
    table.row(["#", "SIZE", "DIGEST", "TYPE"]);
    for (at, layer) in children.iter().skip(1).enumerate() {
        let (digest, media_type) = (layer.digest.to_string(), layer.media_type.to_string());
        let short = media_type.strip_prefix("application/vnd.").unwrap_or(&media_type);
        table.row([(at + 1).to_string(), bytes(layer.size), digest, short.to_owned()]);
    }
    table
}

fn history(config: &Config) -> Table {
    let mut table = Table::indented(2).right(&[0]);
    table.row(["#", "CREATED", "BY"]);
    for step in config.steps() {
        let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "-".to_owned());
        let layer = step.layer.map_or_else(|| "-".to_owned(), |(at, _)| (at + 1).to_string());
        let created = text(step.history.and_then(|it| it.created().as_ref()));
        let by = text(step.history.and_then(|it| it.created_by().as_ref()));
        table.row([layer, created, shortened(&by)]);
    }
    table
}

/// On one line, and not longer than fits beside a date.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(STEP) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
