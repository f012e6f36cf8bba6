//! An inspected image as JSON.

use lugger::core::{
    model::{Config, Descriptor},
    name::Digest,
    verb::Inspected,
};
use serde::Serialize;
use serde_json::Value;

use super::described;

/// `lugger inspect --json`.
#[derive(Serialize)]
pub(in crate::cli) struct View {
    name: String,
    stored: bool,
    target: Descriptor,
    platforms: Vec<Descriptor>,
    manifest: Descriptor,
    config: Option<Descriptor>,
    platform: Option<String>,
    created: Option<String>,
    author: Option<String>,
    run: Option<Value>,
    layers: Vec<Layer>,
    history: Vec<Step>,
}

#[derive(Serialize)]
struct Layer {
    #[serde(flatten)]
    descriptor: Descriptor,
    diff_id: Option<Digest>,
}

#[derive(Serialize)]
struct Step {
    created: Option<String>,
    created_by: Option<String>,
    comment: Option<String>,
    /// Which of the layers it made.
    layer: Option<usize>,
}

impl View {
    /// All of it.
    pub(in crate::cli) fn of(inspected: &Inspected) -> Self {
        let config = inspected.config.as_ref();
        let children = inspected.manifest.children();
        let diff_ids = config.map(Config::diff_ids).unwrap_or_default();
        let layers = children.iter().skip(1).enumerate();
        Self {
            name: inspected.name.clone(),
            stored: inspected.stored,
            target: inspected.root.descriptor(),
            platforms: described(inspected),
            manifest: inspected.manifest.descriptor(),
            config: children.first().cloned(),
            platform: config.map(|config| config.platform().to_string()),
            created: config.and_then(|config| config.created().map(str::to_owned)),
            author: config.and_then(|config| config.view().author().clone()),
            run: config.and_then(run),
            layers: layers
                .map(|(at, layer)| Layer { descriptor: layer.clone(), diff_id: diff_ids.get(at).cloned() })
                .collect(),
            history: config.map(history).unwrap_or_default(),
        }
    }
}

/// The member as it stands, with what image-spec does not know.
fn run(config: &Config) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(config.bytes()).ok()?;
    value.get_mut("config").map(Value::take).filter(|run| !run.is_null())
}

fn history(config: &Config) -> Vec<Step> {
    let step = |step: &lugger::core::model::Step<'_>| Step {
        created: step.history.and_then(|it| it.created().clone()),
        created_by: step.history.and_then(|it| it.created_by().clone()),
        comment: step.history.and_then(|it| it.comment().clone()),
        layer: step.layer.map(|(at, _)| at),
    };
    config.steps().iter().map(step).collect()
}
