//! What JavaScript sees: one class, which takes and gives JSON in the words of the core. The typed side of it is the package.

mod ask;
mod documents;
mod failure;

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Uint8Array};
use lugger_core::{
    effect::store::StoreError,
    error::Error,
    event::Event,
    op::Cx,
    registry::{
        Registries,
        bridge::{self, Bridge},
    },
    small::SmallMap,
    verb::{self, Examine, Import, Look, Pull},
};
use serde::Serialize;
use serde_json::Value;
use url::Url;
use wasm_bindgen::prelude::*;
use web_sys::File;

use self::{
    ask::Ask,
    documents::Documents,
    failure::{failure, usage},
};
use crate::{
    gate::Gate,
    host::{Cancel, Host, limits},
    store::{Bytes, Options},
};

/// The store of this origin, and what fills it.
#[wasm_bindgen(js_name = Host)]
pub struct Session {
    host: Host,
    registries: Registries,
    running: RefCell<SmallMap<u32, Cancel>>,
    at_work: Gate,
    /// What is asked for meanwhile begins afterwards.
    clearing: Gate,
    documents: Rc<RefCell<Documents>>,
}

#[wasm_bindgen(js_class = Host)]
impl Session {
    /// Opens it. `options` is JSON: `{"bridge":{"url","token"}}`, or empty.
    pub async fn open(options: String) -> Result<Session, JsValue> {
        let bridge = bridge_of(&options).map_err(usage)?;
        let store = Options { name: "lugger".to_owned(), bytes: Bytes::Auto };
        let host = Host::open(&store, limits(), bridge.is_some()).await;
        let host = host.map_err(|error| failure(&error.into()))?;
        Ok(Self {
            host,
            registries: Registries { bridge: bridge.map(Box::new), ..Registries::default() },
            running: RefCell::default(),
            at_work: Gate::default(),
            clearing: Gate::default(),
            documents: Rc::default(),
        })
    }

    /// Does what `ask` says, a JSON object with the member `op`; yields its result as JSON, or rejects with a failure as JSON.
    /// `id` is for [`cancel`](Self::cancel).
    pub async fn run(
        &self,
        id: u32,
        ask: String,
        files: Vec<File>,
        on_event: Function,
    ) -> Result<String, JsValue> {
        let ask = Ask::parse(&ask, &files).map_err(usage)?;
        if let Ask::Clear = ask {
            return self.clear().await.map(|()| "null".to_owned()).map_err(|error| failure(&error.into()));
        }
        let cancel = Cancel::default();
        self.running.borrow_mut().insert(id, cancel.clone());
        self.clearing.idle().await;
        self.at_work.enter();
        let documents = Rc::clone(&self.documents);
        let mut tell = |event: &Event| {
            match event {
                Event::Loaded(document) => documents.borrow_mut().keep(document.digest(), document.bytes()),
                Event::Configured { config, bytes } => documents.borrow_mut().keep(&config.digest, bytes),
                _ => {}
            }
            // A listener that throws is its own affair.
            let _ = on_event.call1(&JsValue::NULL, &json(event).into());
        };
        let flow = flow(ask, self.registries.clone(), self.documents.borrow().bytes());
        let result = self.host.run(flow, files, &cancel, &mut tell).await;
        self.running.borrow_mut().remove(&id);
        self.at_work.leave();
        result.map_err(|error| failure(&error))
    }

    /// Stops an operation. What it has fetched is kept.
    pub fn cancel(&self, id: u32) {
        if let Some(cancel) = self.running.borrow().get(&id) {
            cancel.cancel();
        }
    }

    /// Bytes of stored content: `length` of them from `from` on, or all that follow.
    pub async fn read(&self, digest: String, from: f64, length: Option<f64>) -> Result<Uint8Array, JsValue> {
        let digest = digest.parse().map_err(|error| usage(format!("{error}")))?;
        let read = async {
            let blob = self.host.store().blob(&digest).await?;
            blob.read_at(from as u64, length.map_or(usize::MAX, |length| length as usize)).await
        };
        read.await.map(|bytes| Uint8Array::from(&bytes[..])).map_err(|error| failure(&error.into()))
    }
}

impl Session {
    /// Deletes everything, once whatever is at work has stopped: what it has found or fetched would be gone, and the name that it
    /// publishes would lead to nothing.
    async fn clear(&self) -> Result<(), StoreError> {
        self.clearing.idle().await;
        self.clearing.enter();
        self.running.borrow().values().for_each(Cancel::cancel);
        self.at_work.idle().await;
        let cleared = self.host.store().clear().await;
        self.clearing.leave();
        cleared
    }
}

/// The operation that does what is asked.
fn flow(
    ask: Ask,
    registries: Registries,
    documents: Vec<Vec<u8>>,
) -> impl AsyncFnOnce(Cx) -> Result<String, Error> {
    async move |cx| match ask {
        Ask::Pull { reference, wanted } => {
            let mut pull = Pull::new(reference, wanted);
            (pull.registries, pull.make_room) = (registries, true);
            Ok(json(&verb::pull(cx, pull).await?))
        }
        Ask::Open { files } => {
            let import = Import { files, name: None, examine: true, make_room: true };
            Ok(json(&verb::import(cx, import).await?))
        }
        Ask::Examine { reference, platform } => {
            let examine = Examine { reference: reference.clone(), target: None, platform: platform.clone() };
            verb::examine(cx.clone(), examine).await?;
            let look = Look { platform, remote: false, ..Look::new(reference) };
            Ok(json(&verb::overview(cx, look).await?))
        }
        Ask::Inspect { reference, platform, target } => {
            let target = target.map(|target| *target);
            let look = Look { target, platform, documents, registries, ..Look::new(reference) };
            let overview = verb::overview(cx.clone(), look).await?;
            if overview.stored {
                // What is looked at goes last when room has to be made.
                verb::touch(cx, overview.name.clone()).await?;
            }
            Ok(json(&overview))
        }
        Ask::Images => Ok(json(&verb::list(cx).await?)),
        Ask::Remove { name } => verb::remove(cx, name).await.map(|_| "null".to_owned()),
        Ask::Allow { registry } => match registries.bridge {
            Some(bridge) => bridge::allow(cx, *bridge, registry).await.map(|()| "null".to_owned()),
            None => Ok("null".to_owned()),
        },
        Ask::Clear => Ok("null".to_owned()),
    }
}

fn bridge_of(options: &str) -> Result<Option<Bridge>, String> {
    let options: Value = match options {
        "" => return Ok(None),
        some => value(some)?,
    };
    let Some(bridge) = options.get("bridge").filter(|bridge| !bridge.is_null()) else { return Ok(None) };
    let text = |name| bridge.get(name).and_then(Value::as_str).unwrap_or_default();
    let url = Url::parse(text("url")).map_err(|error| format!("bridge.url: {error}"))?;
    Ok(Some(Bridge { url, token: text("token").to_owned() }))
}

/// Reads JSON, as bytes like all that the core reads: for text, the reader would be there a second time.
fn value(json: &str) -> Result<Value, String> {
    serde_json::from_slice(json.as_bytes()).map_err(|error| error.to_string())
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("results are JSON")
}
