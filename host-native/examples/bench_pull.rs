//! temp
use lugger::{
    Host,
    core::{
        name::Reference,
        op::Limits,
        verb::{self, Pull, Wanted},
    },
    store::{Options, Store},
};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let store = Store::open(a[2].as_ref(), &Options { durable: a.len() > 3 }).unwrap();
    let mut host = Host::with(store, Limits::default());
    let want = Pull::new(Reference::parse(&a[1]).unwrap(), Wanted::All);
    let t = std::time::Instant::now();
    let p = host.run(async |cx| verb::pull(cx, want).await);
    match p {
        Ok(p) => println!("{} {} {:?}", p.name, p.fetched, t.elapsed()),
        Err(e) => println!("{e}"),
    }
}
