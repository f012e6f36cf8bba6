//! What one operation was granted, the next one need not ask for again; and nobody else has it.

use std::time::Duration;

use lugger_core::{
    effect::secret::Secret,
    name::{Digest, Reference},
    registry::Registries,
    verb::{self, Query},
};
use lugger_tests::{
    script::{Script, calm},
    sim::{
        Access, Scenario, World,
        registry::{Answer, Registry},
    },
};

const TAGGED: &str = "https://registry.example/v2/team/app/manifests/1.0";
const TOKEN: &str = "https://registry.example/token?service=registry.example&scope=repository:team/app:pull";

fn world(access: Access) -> World {
    calm(Scenario { access, ..Scenario::plain(Vec::new()) })
}

fn bearer(life: u64) -> World {
    world(Access::Bearer { life: Some(life), elsewhere: false, login: false })
}

/// Asks what the tag means.
fn ask(world: World, registries: Registries) -> Script<Digest> {
    let reference = Reference::parse("registry.example/team/app:1.0").expect("a name");
    let query = Query { reference, registries, platform: None };
    Script::new(world, async |cx| verb::digest(cx, query).await)
}

/// The same, and that it is asked with exactly these exchanges. Gives the world for the next operation.
#[track_caller]
fn asks(world: World, lines: &[&str]) -> World {
    let mut script = ask(world, Registries::default());
    for line in lines {
        script.expect(line).serve();
    }
    assert!(script.finish().is_ok());
    script.world
}

#[test]
fn a_token_is_shown_by_the_next_operation_until_it_ends() {
    let (head, token) = (format!("HEAD {TAGGED}"), format!("GET {TOKEN}"));
    let authorized = format!("HEAD {TAGGED} (authorized)");
    let mut world = asks(bearer(60), &[&head, &token, &authorized]);
    world.clock.spend(Duration::from_secs(40));
    world = asks(world, &[&authorized]);
    world.clock.spend(Duration::from_secs(16));
    // Known to be needed, and known to be too old: nobody has to refuse it first.
    world = asks(world, &[&token, &authorized]);
    world = asks(world, &[&authorized]);
    // A process that begins knows nothing.
    world.kill();
    asks(world, &[&head, &token, &authorized]);
}

#[test]
fn one_that_was_taken_back_is_replaced() {
    let (head, token) = (format!("HEAD {TAGGED}"), format!("GET {TOKEN}"));
    let authorized = format!("HEAD {TAGGED} (authorized)");
    let mut world = asks(bearer(300), &[&head, &token, &authorized]);
    world.registry.revoke();
    world = asks(world, &[&authorized, &token, &authorized]);
    asks(world, &[&authorized]);
}

#[test]
fn a_token_server_that_fails_meanwhile_is_not_the_last_word() {
    let (head, token) = (format!("HEAD {TAGGED}"), format!("GET {TOKEN}"));
    let authorized = format!("HEAD {TAGGED} (authorized)");
    let mut world = asks(bearer(60), &[&head, &token, &authorized]);
    world.clock.spend(Duration::from_secs(61));
    let mut script = ask(world, Registries::default());
    script.expect(&token).answer(Answer::error(503, "BUSY"));
    for line in [&head, &token, &authorized] {
        script.expect(line).serve();
    }
    assert!(script.finish().is_ok());
}

#[test]
fn a_password_is_sent_at_once_but_not_kept() {
    let (head, authorized) = (format!("HEAD {TAGGED}"), format!("HEAD {TAGGED} (authorized)"));
    let mut world = asks(world(Access::Basic), &[&head, &authorized]);
    world = asks(world, &[&authorized]);
    // Who has logged out is asked for again.
    let open = Scenario { access: Access::Open, ..world.scenario.clone() };
    world.registry = Registry::new(&open);
    asks(world, &[&head]);
}

#[test]
fn other_credentials_are_another_matter() {
    let (head, token) = (format!("HEAD {TAGGED}"), format!("GET {TOKEN}"));
    let authorized = format!("HEAD {TAGGED} (authorized)");
    let world = asks(bearer(300), &[&head, &token, &authorized]);
    let login = Some(Secret::new("sim", "canary-password"));
    let mut script = ask(world, Registries { login, ..Registries::default() });
    assert_eq!(script.next_line(), head);
}
