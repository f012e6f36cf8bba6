//! `lugger demo`.

use super::{Lugger, exists};

#[test]
fn tells_the_whole_job_and_keeps_nothing() {
    let lugger = Lugger::new();
    let temporary = lugger.home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = lugger.command(&["demo"]).env("TMPDIR", &temporary).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "1. Serve",
        "2. Pull",
        "3. Verify",
        "4. Pull again",
        "5. Inspect",
        "answered 6 requests",
        "answered 1 request:",
        "HEAD ",
        "up to date",
        "--keep",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    super::assert_inert(&text);
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(!exists(lugger.home.path().join(".local")));
}

#[test]
fn as_json_and_kept() {
    let lugger = Lugger::new();
    let kept = lugger.home.path().join("kept");
    let kept = kept.to_str().unwrap();
    let told = lugger.json(&["--json", "demo", "--keep", kept]);
    assert_eq!(told["requests"].as_array().unwrap().len(), 6);
    assert_eq!(told["requests_again"].as_array().unwrap().len(), 1);
    assert_eq!(
        (told["pulled"]["fetched"].as_u64(), told["pulled_again"]["fetched"].as_u64()),
        (Some(4), Some(0))
    );
    assert_eq!(told["verified"].as_array().unwrap().len(), 6);
    assert_eq!((told["kept"].as_bool(), told["store"].as_str()), (Some(true), Some(kept)));
    assert_eq!(lugger.json(&["--store", kept, "images", "--json"])[0]["name"], told["served"]["name"]);
}
