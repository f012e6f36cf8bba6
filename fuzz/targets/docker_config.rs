//! A docker config.json: a lookup ends, and what is said of a broken one does not quote it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::{
    effect::{
        Request,
        file::{Entry, Helped},
    },
    error::Error,
    op::{Op, Output, Setup},
    registry::{Credentials, Environment, Registries},
    time::Instant,
};

fuzz_target!(|file: &[u8]| {
    for account in ["docker.io", "r.example:5000"] {
        let variables = [("HOME".to_owned(), "/home/u".to_owned())];
        let registries =
            Registries { environment: Some(Environment::of(variables)), ..Registries::default() };
        let mut op = Op::new(Setup::default(), async move |cx| {
            let found = Credentials::new(&registries).kept(&cx, account, "a/b").await;
            Ok::<_, Error>(found.map(drop).map_err(|why| why.to_string()))
        });
        let said = loop {
            match op.poll(Instant(0)) {
                Output::Request(Request::File(path, ticket)) => {
                    let found = if path.ends_with("/.docker/config.json") {
                        Entry::File(file.to_vec())
                    } else {
                        Entry::Absent
                    };
                    op.reply(ticket, Ok(found)).expect("it was asked for");
                }
                Output::Request(Request::Helper(_, ticket)) => {
                    op.reply(ticket, Ok(Helped { succeeded: true, output: file.to_vec() }))
                        .expect("it was asked for");
                }
                Output::Request(other) => panic!("{other}"),
                Output::Notice(_) | Output::Event(_) => {}
                Output::Wait(wake) => panic!("{wake:?}"),
                Output::Done(said) => break said.expect("nothing else fails"),
            }
        };
        if let Err(said) = said {
            assert!(said.len() < 4096, "{said}");
        }
    }
});
