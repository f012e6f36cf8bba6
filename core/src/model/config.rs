use oci_spec::image::{self as oci, History, ImageConfiguration};

use super::{
    DocumentError, chain_ids,
    field::{Field, Object},
    limits, strict,
};
use crate::name::{Digest, Platform};

/// An image configuration: its exact bytes, the typed view, and what else is checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    bytes: Vec<u8>,
    platform: Platform,
    diff_ids: Vec<Digest>,
    view: ImageConfiguration,
}

/// A step of a build, as the configuration tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step<'a> {
    /// What was done, if the history says.
    pub history: Option<&'a History>,
    /// The layer it made: its position in the manifest, and its diff id.
    pub layer: Option<(usize, &'a Digest)>,
}

const MEMBERS: [&str; 10] = [
    "created",
    "author",
    "architecture",
    "os",
    "os.version",
    "os.features",
    "variant",
    "config",
    "rootfs",
    "history",
];
const RUN_MEMBERS: [&str; 10] = [
    "User",
    "ExposedPorts",
    "Env",
    "Entrypoint",
    "Cmd",
    "Volumes",
    "WorkingDir",
    "Labels",
    "StopSignal",
    "ArgsEscaped",
];
const HISTORY_MEMBERS: [&str; 5] = ["created", "author", "created_by", "comment", "empty_layer"];

impl Config {
    /// Reads a Docker or OCI image configuration; the two differ in members that stay in the bytes.
    pub fn parse(bytes: Vec<u8>) -> Result<Config, DocumentError> {
        let value = strict::parse(&bytes, limits::CONFIG_BYTES)?;
        let object = Field::root(&value).object(&MEMBERS)?;
        let text = |name| optional(&object, name, |it| it.text().map(str::to_owned));
        let platform = Platform {
            architecture: object.require("architecture")?.text()?.to_owned(),
            os: object.require("os")?.text()?.to_owned(),
            os_version: text("os.version")?.unwrap_or_default(),
            os_features: optional(&object, "os.features", |it| it.texts())?.unwrap_or_default(),
            variant: text("variant")?.unwrap_or_default(),
        };
        let diff_ids = read_rootfs(object.require("rootfs")?)?;
        let mut view = ImageConfiguration::default();
        view.set_created(text("created")?)
            .set_author(text("author")?)
            .set_architecture(platform.architecture.as_str().into())
            .set_os(platform.os.as_str().into())
            .set_os_version(text("os.version")?)
            .set_os_features((!platform.os_features.is_empty()).then(|| platform.os_features.clone()))
            .set_variant(text("variant")?)
            .set_config(optional(&object, "config", read_run)?)
            .set_history(optional(&object, "history", |it| it.items(usize::MAX, read_history))?);
        view.rootfs_mut().set_diff_ids(diff_ids.iter().map(Digest::to_string).collect());
        Ok(Config { bytes, platform, diff_ids, view })
    }

    /// The bytes as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Everything that image-spec knows: environment, entry point, labels and so on.
    pub fn view(&self) -> &ImageConfiguration {
        &self.view
    }

    /// What the image runs on. Very old images leave the operating system empty ([`Platform::or_os_of`]).
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// When the image was made, as RFC 3339 text.
    pub fn created(&self) -> Option<&str> {
        self.view.created().as_deref()
    }

    /// The digests of the uncompressed layers, lowest first.
    pub fn diff_ids(&self) -> &[Digest] {
        &self.diff_ids
    }

    /// The chain ids of the layers, lowest first.
    pub fn chain_ids(&self) -> Vec<Digest> {
        chain_ids(&self.diff_ids)
    }

    /// The history, each step with the layer it made. Layers that the history leaves out come last, and a step that
    /// should have made one when none is left has none.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let mut layers = self.diff_ids.iter().enumerate();
        let history = self.view.history().as_deref().unwrap_or_default();
        let mut steps = history
            .iter()
            .map(|step| {
                let layer = if step.empty_layer() == Some(true) { None } else { layers.next() };
                Step { history: Some(step), layer }
            })
            .collect::<Vec<_>>();
        steps.extend(layers.map(|layer| Step { history: None, layer: Some(layer) }));
        steps
    }
}

/// Reads a member that may be missing or null, as Go writes empty ones.
fn optional<T>(
    object: &Object<'_>,
    name: &str,
    read: impl FnOnce(Field<'_>) -> Result<T, DocumentError>,
) -> Result<Option<T>, DocumentError> {
    object.get(name).filter(|field| !field.value.is_null()).map(read).transpose()
}

fn read_rootfs(field: Field<'_>) -> Result<Vec<Digest>, DocumentError> {
    let rootfs = field.object(&["type", "diff_ids"])?;
    let kind = rootfs.require("type")?;
    if kind.text()? != "layers" {
        return Err(kind.wrong("`layers`"));
    }
    rootfs.require("diff_ids")?.items(limits::LAYERS, |it| it.digest())
}

/// Reads what a container of this image runs.
fn read_run(field: Field<'_>) -> Result<oci::Config, DocumentError> {
    let object = field.object(&RUN_MEMBERS)?;
    let text = |name| optional(&object, name, |it| it.text().map(str::to_owned));
    let texts = |name| optional(&object, name, |it| it.texts());
    let names = |name| optional(&object, name, |it| it.names());
    let labels = optional(&object, "Labels", |it| it.text_map())?;
    let mut run = oci::Config::default();
    run.set_user(text("User")?)
        .set_exposed_ports(names("ExposedPorts")?)
        .set_env(optional(&object, "Env", |env| env.items(usize::MAX, read_variable))?)
        .set_entrypoint(texts("Entrypoint")?)
        .set_cmd(texts("Cmd")?)
        .set_volumes(names("Volumes")?)
        .set_working_dir(text("WorkingDir")?)
        .set_labels(labels.map(|labels| labels.into_iter().collect()))
        .set_stop_signal(text("StopSignal")?);
    Ok(run)
}

fn read_variable(field: Field<'_>) -> Result<String, DocumentError> {
    let text = field.text()?;
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() => Ok(text.to_owned()),
        _ => Err(field.wrong("of the form NAME=value")),
    }
}

fn read_history(field: Field<'_>) -> Result<History, DocumentError> {
    let object = field.object(&HISTORY_MEMBERS)?;
    let text = |name| optional(&object, name, |it| it.text().map(str::to_owned));
    let mut step = History::default();
    step.set_created(text("created")?)
        .set_author(text("author")?)
        .set_created_by(text("created_by")?)
        .set_comment(text("comment")?)
        .set_empty_layer(optional(&object, "empty_layer", |it| it.flag())?);
    Ok(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIFF_ID: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn read(more: &str) -> Result<Config, DocumentError> {
        let rootfs = format!(r#""rootfs":{{"type":"layers","diff_ids":["{DIFF_ID}","{DIFF_ID}"]}}"#);
        Config::parse(format!(r#"{{"architecture":"arm","os":"linux",{rootfs}{more}}}"#).into_bytes())
    }

    #[test]
    fn joins_the_history_to_the_layers() {
        let layers = |more: &str| {
            let config = read(more).unwrap();
            let steps = config.steps();
            let of = |step: &Step<'_>| (step.history.is_some(), step.layer.map(|(at, _)| at));
            steps.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(layers(""), [(false, Some(0)), (false, Some(1))]);
        assert_eq!(layers(r#","history":null"#), [(false, Some(0)), (false, Some(1))]);
        assert_eq!(
            layers(r#","history":[{},{"empty_layer":true},{"empty_layer":false},{}]"#),
            [(true, Some(0)), (true, None), (true, Some(1)), (true, None)]
        );
    }

    #[test]
    fn reads_what_go_writes() {
        let config = read(
            r#","created":"2020-01-01T00:00:00Z","variant":"v7","config":{"Volumes":null,"Env":null,"OnBuild":[],
            "ExposedPorts":{"b":{},"a":{},"c":{}},"Labels":{"containerd.io/gc.root":"x"}},"container_config":{"env":1}"#,
        );
        let config = config.unwrap();
        assert_eq!(config.platform().format(), "linux/arm/v7");
        assert_eq!(config.created(), Some("2020-01-01T00:00:00Z"));
        let run = config.view().config().as_ref().unwrap();
        assert_eq!(run.exposed_ports().as_ref().unwrap(), &["a", "b", "c"]);
        assert_eq!(config.chain_ids().len(), 2);
    }

    #[test]
    fn errors_name_the_member() {
        let error = |more: &str| read(more).unwrap_err().to_string();
        assert_eq!(
            error(r#","config":{"Env":["a=b","foo"]}"#),
            "config.Env[1] must be of the form NAME=value"
        );
        assert_eq!(error(r#","config":{"env":[]}"#), "config.env is `Env` in another letter case");
        assert_eq!(error(r#","history":[{},{"created":1}]"#), "history[1].created must be a string");
        assert_eq!(error(r#","os.version":1"#), "os.version must be a string");
        assert_eq!(error(r#","Rootfs":{}"#), "Rootfs is `rootfs` in another letter case");
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail(bytes: Vec<u8>) {
            let _ = Config::parse(bytes);
        }
    }
}
