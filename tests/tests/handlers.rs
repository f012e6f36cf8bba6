//! One's own handlers: a link of the chain, or something around all of it.

use std::{cell::RefCell, rc::Rc};

use lugger_core::{
    graph::{Handler, Handling, Step},
    model::Descriptor,
    op::Cx,
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Scenario, registry::Asked},
};

fn scenario() -> Scenario {
    Scenario::plain(vec![b"first".to_vec(), b"second layer".to_vec()])
}

#[test]
fn a_handler_of_ones_own_can_skip() {
    let mut script = Script::pull_in(calm(scenario()), |want| {
        let skip_layers = async |_: &Cx, node: &Descriptor| {
            Ok(if node.media_type.is_layer() { Step::Skip } else { Step::On(Vec::new()) })
        };
        want.handlers.push(Box::new(skip_layers));
    });
    // Such a name leads to content that is not all there: the caller wanted it so.
    script.world.scenario.image.documents.clear();
    assert_eq!(script.serve_rest(), [Asked::Manifest, Asked::Blob], "the config only");
    assert_eq!(script.finish().unwrap().fetched, 1);
}

#[test]
fn a_wrapper_sees_everything_once() {
    struct Watch<'h>(Box<dyn Handler + 'h>, Rc<RefCell<Vec<String>>>);
    impl Handler for Watch<'_> {
        fn handle<'a>(&'a self, cx: &'a Cx, node: &'a Descriptor) -> Handling<'a> {
            Box::pin(async move {
                let step = self.0.handle(cx, node).await?;
                let found = match &step {
                    Step::On(found) => found.len().to_string(),
                    other => format!("{other:?}"),
                };
                self.1.borrow_mut().push(format!("{} {found}", node.size));
                Ok(step)
            })
        }
    }
    let seen = Rc::new(RefCell::new(Vec::new()));
    let into = Rc::clone(&seen);
    let mut script = Script::pull_in(calm(scenario()), |want| {
        want.wrap = Some(Box::new(move |inner| Box::new(Watch(inner, into))));
    });
    script.serve_rest();
    let pulled = script.finish().unwrap();
    let seen = seen.borrow();
    let config = pulled.fetched_bytes - "firstsecond layer".len() as u64;
    assert_eq!(
        *seen,
        [format!("{} 3", pulled.target.size), format!("{config} 0"), "12 0".into(), "5 0".into()]
    );
}
