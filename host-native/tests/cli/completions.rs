//! `lugger completions`.

use std::process::Command;

use super::Lugger;

#[test]
fn bash_can_read_its_own() {
    let lugger = Lugger::new();
    let script = lugger.stdout(&["completions", "bash"]);
    assert!(script.contains("_lugger()") && script.contains("--all-platforms"));
    let checked = Command::new("bash").args(["-n", "-c", &script]).status();
    assert!(checked.is_err() || checked.is_ok_and(|status| status.success()), "bash does not like it");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(lugger.stdout(&["completions", shell]).contains("inspect"));
    }
    assert_eq!(lugger.run(&["completions", "csh"]).code, 2);
}
