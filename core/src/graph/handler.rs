//! What a handler is, and a chain of them.

use std::pin::Pin;

use crate::{error::Error, model::Descriptor, op::Cx};

/// What a handler says of a descriptor.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// These are below it; the next handler of the chain has its turn.
    On(Vec<Descriptor>),
    /// The rest of the chain is not for this descriptor; what the handlers before found still counts.
    Stop,
    /// Nothing below this descriptor is wanted, whatever the others found.
    Skip,
}

/// A handler at work.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<Step, Error>> + 'a>>;

/// Looks at one descriptor. Any `async |cx, descriptor| -> Result<Step>` is one.
pub trait Handler {
    /// What is below this descriptor. Runs for several descriptors at once, each at most once in an operation.
    fn handle<'a>(&'a self, cx: &'a Cx, node: &'a Descriptor) -> Handling<'a>;
}

impl<F: AsyncFn(&Cx, &Descriptor) -> Result<Step, Error>> Handler for F {
    fn handle<'a>(&'a self, cx: &'a Cx, node: &'a Descriptor) -> Handling<'a> {
        Box::pin(async move { self(cx, node).await })
    }
}

/// A handler that somebody else owns.
pub(crate) struct Lent<'h>(pub(crate) &'h dyn Handler);

impl Handler for Lent<'_> {
    fn handle<'a>(&'a self, cx: &'a Cx, node: &'a Descriptor) -> Handling<'a> {
        self.0.handle(cx, node)
    }
}

/// Runs handlers in order and puts together what they find (containerd.md §5.1).
pub fn chain<'h>(handlers: Vec<Box<dyn Handler + 'h>>) -> impl Handler + 'h {
    Chain(handlers)
}

struct Chain<'h>(Vec<Box<dyn Handler + 'h>>);

impl Handler for Chain<'_> {
    fn handle<'a>(&'a self, cx: &'a Cx, node: &'a Descriptor) -> Handling<'a> {
        Box::pin(async move {
            let mut found = Vec::new();
            for handler in &self.0 {
                match handler.handle(cx, node).await? {
                    Step::On(more) => found.extend(more),
                    Step::Stop => break,
                    Step::Skip => return Ok(Step::Skip),
                }
            }
            Ok(Step::On(found))
        })
    }
}

/// A handler that changes what another one found.
pub(super) struct Map<H, F> {
    pub(super) inner: H,
    pub(super) change: F,
}

impl<H: Handler, F: Fn(&Descriptor, Vec<Descriptor>) -> Result<Vec<Descriptor>, Error>> Handler
    for Map<H, F>
{
    fn handle<'a>(&'a self, cx: &'a Cx, node: &'a Descriptor) -> Handling<'a> {
        Box::pin(async move {
            match self.inner.handle(cx, node).await? {
                Step::On(found) => (self.change)(node, found).map(Step::On),
                other => Ok(other),
            }
        })
    }
}
