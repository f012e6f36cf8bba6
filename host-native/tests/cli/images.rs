//! `lugger images`.

use super::{Lugger, PLATFORM, exists, serve};

#[test]
fn a_table_json_and_names() {
    let ((image, _registry, name), lugger) = (serve(), Lugger::new());
    lugger.stdout(&["pull", "-q", "--platform", PLATFORM, &name]);
    let table = lugger.stdout(&["images"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("NAME "), "{table}");
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["NAME", "DIGEST", "PLATFORMS", "SIZE", "UPDATED"]
    );
    assert!(
        lines[1].starts_with(&name) && lines[1].contains(PLATFORM) && lines[1].ends_with("just now"),
        "{table}"
    );
    assert_eq!(lines.len(), 2);

    let images = lugger.json(&["images", "--json"]);
    assert_eq!(images.as_array().unwrap().len(), 1);
    assert_eq!(images[0]["name"], *name);
    assert_eq!(images[0]["target"]["digest"], *image.digest);
    assert_eq!(images[0]["platforms"][0], PLATFORM);
    assert_eq!(lugger.stdout(&["images", "-q"]), format!("{name}@{}\n", image.digest));
}

#[test]
fn without_a_store_there_is_nothing_and_none_is_made() {
    let lugger = Lugger::new();
    assert_eq!(lugger.stdout(&["images"]), "");
    assert_eq!(lugger.stdout(&["images", "--json"]), "[]\n");
    assert!(!exists(lugger.home.path().join(".local")));
}
