//! What JavaScript asks for, as JSON.

use lugger_core::{
    model::Descriptor,
    name::{Platform, Reference},
    verb::{GivenFile, Wanted},
};
use serde_json::Value;

/// What is to be done.
pub(super) enum Ask {
    Pull { reference: Reference, wanted: Wanted },
    Open { files: Vec<GivenFile> },
    Examine { reference: Reference, platform: Option<Platform> },
    Inspect { reference: Reference, platform: Option<Platform>, target: Option<Box<Descriptor>> },
    Images,
    Remove { name: String },
    Clear,
}

impl Ask {
    /// Reads it; what is wrong with it otherwise.
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        Ok(match text(&value, "op")? {
            "pull" => {
                let wanted = match value.get("platform").and_then(Value::as_str) {
                    Some("all") => Wanted::All,
                    _ => platform(&value)?.map_or_else(|| Wanted::Host(usual()), Wanted::Only),
                };
                Self::Pull { reference: reference(&value, "reference")?, wanted }
            }
            "open" => Self::Open { files: files(&value)? },
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
        Some(_) => Platform::parse(text(value, "platform")?).map(Some).map_err(|error| error.to_string()),
    }
}

fn descriptor(value: &Value) -> Result<Descriptor, String> {
    serde_json::from_value(value.clone()).map_err(|error| format!("target: {error}"))
}

fn files(value: &Value) -> Result<Vec<GivenFile>, String> {
    let files = value.get("files").and_then(Value::as_array).ok_or("`files` must be a list")?;
    let file = |file: &Value| {
        let size = file.get("size").and_then(Value::as_u64).ok_or("`size` must be a number of bytes")?;
        Ok(GivenFile { path: text(file, "path")?.to_owned(), size })
    };
    files.iter().map(file).collect()
}
