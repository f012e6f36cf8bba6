//! What JavaScript asks for, as JSON.

use lugger_core::{
    archive::GivenFile,
    model::Descriptor,
    name::{Platform, Reference},
    verb::Wanted,
};
use serde_json::Value;
use web_sys::File;

/// What is to be done.
pub(super) enum Ask {
    Pull { reference: Reference, wanted: Wanted },
    Open { files: Vec<GivenFile> },
    Examine { reference: Reference, platform: Option<Platform> },
    Inspect { reference: Reference, platform: Option<Platform>, target: Option<Box<Descriptor>> },
    Images,
    Remove { name: String },
    Allow { registry: String },
    Clear,
}

impl Ask {
    /// Reads it; what is wrong with it otherwise.
    pub(super) fn parse(json: &str, given: &[File]) -> Result<Self, String> {
        let value = super::value(json)?;
        Ok(match text(&value, "op")? {
            "pull" => {
                let wanted = match value.get("platform").and_then(Value::as_str) {
                    Some("all") => Wanted::All,
                    _ => platform(&value)?.map_or_else(|| Wanted::Host(usual()), Wanted::Only),
                };
                Self::Pull { reference: reference(&value, "reference")?, wanted }
            }
            "open" => Self::Open { files: files(&value, given)? },
            "examine" => Self::Examine { reference: reference(&value, "name")?, platform: platform(&value)? },
            "inspect" => {
                let target = match value.get("target") {
                    None | Some(Value::Null) => None,
                    Some(target) => Some(Box::new(descriptor(target)?)),
                };
                let (reference, platform) = (reference(&value, "reference")?, platform(&value)?);
                Self::Inspect { reference, platform, target }
            }
            "images" => Self::Images,
            "remove" => Self::Remove { name: text(&value, "name")?.to_owned() },
            "allow" => Self::Allow { registry: text(&value, "registry")?.to_owned() },
            "clear" => Self::Clear,
            other => return Err(format!("`{other}` is nothing that can be done")),
        })
    }
}

/// The platform that is shown unless another is asked for: most images are made for it.
pub(super) fn usual() -> Platform {
    Platform::new("linux", "amd64")
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` must be a text"))
}

fn reference(value: &Value, name: &str) -> Result<Reference, String> {
    Reference::parse(text(value, name)?).map_err(|error| error.to_string())
}

fn platform(value: &Value) -> Result<Option<Platform>, String> {
    match value.get("platform") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => {
            Platform::parse(text(value, "platform")?, &usual()).map(Some).map_err(|error| error.to_string())
        }
    }
}

fn descriptor(value: &Value) -> Result<Descriptor, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("target: {error}"))
}

/// The files that came beside the JSON, under the paths that stand in it.
fn files(value: &Value, given: &[File]) -> Result<Vec<GivenFile>, String> {
    let paths = value.get("paths").and_then(Value::as_array).ok_or("`paths` must be a list")?;
    if paths.len() != given.len() {
        return Err(format!("{} paths for {} files", paths.len(), given.len()));
    }
    let file = |(path, file): (&Value, &File)| {
        let path = path.as_str().ok_or("a path must be a text")?;
        Ok(GivenFile { path: path.to_owned(), size: file.size() as u64 })
    };
    paths.iter().zip(given).map(file).collect()
}
