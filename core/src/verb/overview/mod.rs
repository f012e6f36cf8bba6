//! Overview: what an image says of itself, and how much of it is here.

mod parts;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

pub use self::parts::{BuildStep, LayerOverview, PlatformEntry};
use super::{
    pull::record_name,
    shelf::{Shelf, attests, missing, stored_target},
};
use crate::{
    error::Error,
    graph::no_platform,
    model::{Config, Descriptor, Document},
    name::{Platform, Reference},
    op::{Cx, Flow, map_limit},
    registry::{Registries, Repository},
    store::{State, here, images},
};

/// What to look at.
#[derive(Clone, Debug)]
pub struct Look {
    /// The image.
    pub reference: Reference,
    /// Which of its platforms; `None`: the first that is here.
    pub platform: Option<Platform>,
    /// What the reference leads to, if that is known: then no registry is asked, and what is not here is not said.
    pub target: Option<Descriptor>,
    /// Manifests, indexes and configs in memory, such as those of a pull that runs: they need not be in the store.
    pub documents: Vec<Vec<u8>>,
    /// How the registry is spoken to, if it must be.
    pub registries: Registries,
    /// Whether a registry may be asked for an image that the store does not know.
    pub remote: bool,
}

impl Look {
    /// A look at what is here, and at the registry if nothing is.
    pub fn new(reference: Reference) -> Self {
        let (documents, registries) = (Vec::new(), Registries::default());
        Self { reference, platform: None, target: None, documents, registries, remote: true }
    }
}

/// What an image says of itself, and how much of it is here. Members are null or empty as long as they are not known.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// The name of its record.
    pub name: String,
    /// Every name in the store that leads to the same content.
    pub names: Vec<String>,
    /// Whether the store has it under this name, or by this digest.
    pub stored: bool,
    /// What the name leads to.
    pub target: Descriptor,
    /// The entries of the index, those of nested ones in their place; a single manifest is one, too.
    pub platforms: Vec<PlatformEntry>,
    /// Position in `platforms` of what follows.
    pub selected: Option<usize>,
    /// The manifest.
    pub manifest: Option<Descriptor>,
    /// Its configuration, or what stands in its place.
    pub config: Option<Descriptor>,
    /// How much of that is here, in the store or in memory.
    pub config_state: State,
    /// Of the index, and over them those of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// What the configuration says it runs on.
    pub platform: Option<String>,
    /// RFC 3339.
    pub created: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// The member `config` of the configuration as it stands, with what image-spec does not know.
    pub run: Option<Value>,
    /// Lowest first.
    pub layers: Vec<LayerOverview>,
    /// Oldest first.
    pub history: Vec<BuildStep>,
}

impl Overview {
    /// Why there is no manifest, for those who cannot do without.
    pub fn without_manifest(&self, want: &Platform) -> Error {
        match self.selected.and_then(|at| self.platforms.get(at)) {
            Some(entry) => missing(&entry.manifest.digest, "pull the image again, for this platform"),
            None => {
                let entries: Vec<_> = self.platforms.iter().map(|it| it.manifest.clone()).collect();
                no_platform(&self.target.digest, &entries, want)
            }
        }
    }
}

/// Looks. Nothing is stored. Documents come from memory, else from the store; from the registry only if the store does not
/// know the image, `remote` says so, and no target is given.
pub fn overview(cx: Cx, want: Look) -> Flow<Overview> {
    Box::pin(run(cx, want))
}

async fn run(cx: Cx, want: Look) -> Result<Overview, Error> {
    let Look { reference, platform, target, documents, registries, remote } = want;
    let name = record_name(&reference);
    let cx = cx.scope(format_args!("overview {name}"));
    let mut shelf = Shelf::new(documents);
    let here = stored_target(&cx, &reference).await?;
    let repository;
    let target = match (target, &here) {
        (Some(target), _) => target,
        (None, Some(here)) => here.clone(),
        (None, None) if !remote => return Err(missing(&name, "there is no image of this name")),
        (None, None) => {
            repository = Repository::open(&cx, &reference, &registries).await?;
            let root = match reference.digest() {
                Some(digest) => repository.pinned(&cx, digest).await?,
                None => repository.tagged(&cx, reference.tag().unwrap_or("latest")).await?,
            };
            shelf.hold(&root);
            shelf.repository = Some(&repository);
            root.descriptor()
        }
    };
    let stored = here.is_some_and(|here| here.digest == target.digest);
    let others = images(&cx).await?.into_iter().filter(|(_, image)| image.target.digest == target.digest);
    let mut it = Overview::new(name, others.map(|(name, _)| name).collect(), stored, target);
    it.fill(&cx, &shelf, platform.as_ref()).await?;
    Ok(it)
}

impl Overview {
    fn new(name: String, names: Vec<String>, stored: bool, target: Descriptor) -> Self {
        Self {
            name,
            names,
            stored,
            target,
            platforms: Vec::new(),
            selected: None,
            manifest: None,
            config: None,
            config_state: State::Absent,
            annotations: BTreeMap::new(),
            platform: None,
            created: None,
            author: None,
            run: None,
            layers: Vec::new(),
            history: Vec::new(),
        }
    }

    async fn fill(&mut self, cx: &Cx, shelf: &Shelf<'_>, platform: Option<&Platform>) -> Result<(), Error> {
        let root = shelf.document(cx, &self.target).await?;
        let entries = match &root {
            Some(root) => shelf.entries(cx, root).await?,
            None if self.target.media_type.is_manifest() => vec![self.target.clone()],
            None => return Ok(()),
        };
        self.annotations =
            root.as_ref().and_then(Document::as_index).map(|it| it.annotations.clone()).unwrap_or_default();
        self.selected = shelf.choose(cx, &entries, platform).await?;
        let at_once = cx.limits().concurrency;
        let entry = async |entry: &Descriptor| {
            let here = shelf.has(cx, &entry.digest).await?;
            Ok::<_, Error>(PlatformEntry::new(entry, here))
        };
        self.platforms = map_limit(at_once, &entries, entry).await?;
        let Some(chosen) = self.selected.and_then(|at| entries.get(at)) else { return Ok(()) };
        let Some(manifest) = shelf.document(cx, chosen).await? else { return Ok(()) };
        if let Some(entry) = self.selected.and_then(|at| self.platforms.get_mut(at)) {
            // What had to be asked for is not here for that.
            entry.here |= shelf.has(cx, &chosen.digest).await?;
        }
        self.read_manifest(cx, shelf, &manifest).await
    }

    async fn read_manifest(&mut self, cx: &Cx, shelf: &Shelf<'_>, manifest: &Document) -> Result<(), Error> {
        self.manifest = Some(manifest.descriptor());
        self.annotations.extend(manifest.as_manifest().map(|it| it.annotations.clone()).unwrap_or_default());
        let Some(view) = manifest.as_manifest() else { return Ok(()) };
        self.config = Some(view.config.clone());
        // Of an artifact, this is something else.
        let config = match view.config.media_type.is_config() {
            true => shelf.config(cx, &view.config).await?,
            false => None,
        };
        // Afterwards, as content may come meanwhile: what is shown of a configuration that was here is verified.
        self.config_state = match shelf.has(cx, &view.config.digest).await? {
            true => State::Stored,
            false => here(cx, &view.config.digest).await?.0,
        };
        if let Some(config) = &config {
            self.read_config(config);
        }
        let diff_ids = config.as_ref().map(Config::diff_ids).unwrap_or_default();
        let layers = view.layers.iter().enumerate().map(|(at, layer)| (layer, diff_ids.get(at)));
        let look = async |(layer, diff_id)| LayerOverview::look(cx, layer, diff_id).await;
        self.layers = map_limit(cx.limits().concurrency, layers, look).await?;
        Ok(())
    }

    fn read_config(&mut self, config: &Config) {
        let platform = config.platform().to_string();
        // A single manifest does not say what it is for, its configuration does.
        if let [only] = &mut *self.platforms
            && attests(&only.manifest).is_none()
        {
            only.platform.get_or_insert_with(|| platform.clone());
        }
        self.platform = Some(platform);
        self.created = config.created().map(str::to_owned);
        self.author.clone_from(config.view().author());
        let value = serde_json::from_slice::<Value>(config.bytes()).ok();
        let run = value.and_then(|mut value| value.get_mut("config").map(Value::take));
        self.run = run.filter(|run| !run.is_null());
        self.history = config.steps().iter().map(BuildStep::new).collect();
    }
}
