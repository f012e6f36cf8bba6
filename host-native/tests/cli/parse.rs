//! `lugger parse`, judged by the public vectors and by its own promises.

use std::{env, fs, path::PathBuf};

use serde_json::{Value, json};

use super::Lugger;

/// The cases of a file of vectors: in `$LUGGER_VECTORS`, else beside the workspace.
fn cases(name: &str) -> Vec<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/spec/vectors");
    let folder = env::var_os("LUGGER_VECTORS").map_or_else(|| beside.into(), PathBuf::from);
    let path = folder.join(name);
    let text = fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| {
        panic!("no vectors at {}: {error}; point LUGGER_VECTORS at them", path.display())
    });
    text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An answer for each line.
fn answers(kind: &str, lines: &[String]) -> Vec<Value> {
    let mut input = lines.join("\n");
    input.push('\n');
    let ran = Lugger::new().run_with(&["parse", kind], input.as_bytes());
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    let answers: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), lines.len());
    for (answer, line) in answers.iter().zip(lines) {
        assert_eq!(answer["input"], **line);
        assert_ne!(answer.get("ok").is_some(), answer.get("error").is_some_and(Value::is_string), "{answer}");
    }
    answers
}

fn text(case: &Value, member: &str) -> String {
    case[member].as_str().unwrap_or_default().to_owned()
}

#[test]
fn references() {
    let cases: Vec<_> =
        cases("references.jsonl").into_iter().filter(|it| !text(it, "input").contains('\n')).collect();
    let lines: Vec<_> = cases.iter().map(|case| text(case, "input")).collect();
    for (case, answer) in cases.iter().zip(answers("reference", &lines)) {
        if case["valid"] == true {
            let absent = |member: &str| Some(text(case, member)).filter(|it| !it.is_empty());
            let want = json!({
                "domain": case["domain"], "path": case["path"], "tag": absent("tag"), "digest": absent("digest"),
                "familiar": case["familiar"], "canonical": case["canonical"], "with_default_tag": case["with_default_tag"],
            });
            assert_eq!(answer["ok"], want, "{}", case["id"]);
        } else {
            assert!(answer["error"].is_string(), "{}: {answer}", case["id"]);
        }
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn platforms() {
    let cases: Vec<_> = cases("platforms.jsonl").into_iter().filter(|it| it["kind"] != "normalize").collect();
    let question = |case: &Value| match &case["wants"] {
        Value::Null => json!({"match": case["want"], "mode": case["mode"], "candidates": case["candidates"]}),
        wants => json!({"match": wants, "mode": case["mode"], "candidates": case["candidates"]}),
    };
    let line =
        |case: &Value| if case["kind"] == "parse" { text(case, "input") } else { question(case).to_string() };
    let lines: Vec<_> = cases.iter().map(line).collect();
    for (case, answer) in cases.iter().zip(answers("platform", &lines)) {
        let (id, expect) = (&case["id"], &case["expect"]);
        if case["kind"] == "select" {
            let candidates = case["candidates"].as_array().unwrap();
            let order = answer["ok"]["order"].as_array().unwrap();
            let named: Vec<_> =
                order.iter().map(|at| &candidates[usize::try_from(at.as_u64().unwrap()).unwrap()]).collect();
            assert_eq!(json!(named), expect["matching_order"], "{id}");
            assert_eq!(answer["ok"]["chosen"], order.first().cloned().unwrap_or_default(), "{id}");
        } else if expect["valid"] == true {
            let want = &expect["platform"];
            let member = |name: &str| want[name].as_str().unwrap_or_default();
            let want = json!({
                "os": member("os"), "architecture": member("architecture"), "variant": member("variant"),
                "os_version": member("os.version"), "os_features": want.get("os.features").cloned().unwrap_or(json!([])),
                "formatted": expect["format"],
            });
            assert_eq!(answer["ok"], want, "{id}");
        } else {
            assert!(answer["error"].is_string(), "{id}: {answer}");
        }
    }
}

#[test]
fn choosing() {
    let ask = |question: Value| answers("platform", &[question.to_string()]).remove(0);
    let ok = |question| ask(question)["ok"].clone();
    let candidates = json!(["linux/arm/v6", "linux/amd64", null]);
    assert_eq!(
        ok(json!({"match": "linux/arm/v7", "strict": false, "candidates": ["linux/arm/v6", "linux/amd64"]})),
        json!({"chosen": 0, "order": [0]})
    );
    assert_eq!(
        ok(json!({"match": "linux/arm/v7", "strict": true, "candidates": ["linux/arm/v6"]})),
        json!({"chosen": null, "order": []})
    );
    assert_eq!(
        ok(json!({"match": "linux/arm/v7", "candidates": candidates})),
        json!({"chosen": 0, "order": [0, 2]})
    );
    assert_eq!(
        ok(
            json!({"match": ["linux/amd64", "linux/arm/v6"], "mode": "ordered", "candidates": ["linux/arm/v6", "linux/amd64"]})
        ),
        json!({"chosen": 1, "order": [1, 0]})
    );
    assert!(ask(json!({"match": "linux", "nonsense": 1, "candidates": []}))["error"].is_string());
    assert!(answers("platform", &["{".to_owned()])[0]["error"].is_string());
}

#[test]
fn digests() {
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let lines = [format!("sha256:{hex}"), format!("sha256:{}", hex.to_uppercase()), "md5:0".to_owned()];
    let answers = answers("digest", &lines);
    assert_eq!(answers[0]["ok"], json!({"algorithm": "sha256", "encoded": hex}));
    assert!(answers[1..].iter().all(|it| it["error"].is_string()));
}

#[test]
fn every_line_is_answered_as_it_stands() {
    let lugger = Lugger::new();
    let parse = |input: &[u8]| {
        let ran = lugger.run_with(&["parse", "reference"], input);
        assert_eq!(ran.code, 0);
        ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(parse(b""), [] as [Value; 0]);
    assert_eq!(parse(b"\n").len(), 1);
    let answers = parse(b"a\r\n\n\xff\xfe\nb");
    let inputs: Vec<_> = answers.iter().map(|it| it["input"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["a\r", "", "\u{fffd}\u{fffd}", "b"]);
    assert!(answers[..3].iter().all(|it| it["error"].is_string()));
    assert_eq!(answers[3]["ok"]["path"], "library/b");
}

fn of_kind(name: &str, kind: &str) -> Vec<Value> {
    cases(name).into_iter().filter(|case| case["kind"] == kind).collect()
}

#[test]
fn challenges() {
    let cases = of_kind("challenges.jsonl", "parse");
    let lines: Vec<_> = cases.iter().map(|case| json!({ "headers": case["headers"] }).to_string()).collect();
    for (case, answer) in cases.iter().zip(answers("challenge", &lines)) {
        let (got, want) = (&answer["ok"], &case["expect"]);
        for member in ["selected", "realm", "service", "scope"] {
            assert_eq!(got[member], want[member], "{} {member}", case["id"]);
        }
        let pairs = got["challenges"].as_array().unwrap().iter().zip(want["challenges"].as_array().unwrap());
        for (got, want) in pairs {
            assert_eq!(
                (&got["scheme"], &got["params"]),
                (&want["scheme"], &want["params"]),
                "{}",
                case["id"]
            );
        }
    }
}

#[test]
fn a_repeated_realm_is_none_and_of_other_parameters_the_last_counts() {
    let line =
        json!({ "headers": [r#"Bearer realm="https://a", realm="https://b", scope=x, service=s, scope=y"#] });
    let answer = &answers("challenge", &[line.to_string()])[0]["ok"];
    assert_eq!(
        answer["challenges"],
        json!([{ "scheme": "bearer", "params": { "scope": "y", "service": "s" } }])
    );
    assert_eq!((&answer["selected"], &answer["realm"]), (&Value::Null, &Value::Null));
}

#[test]
fn hosts() {
    let cases = of_kind("hosts_toml.jsonl", "parse");
    let line =
        |case: &Value| json!({ "host": "docker.io", "toml": case["toml"], "dir": "/base" }).to_string();
    let lines: Vec<_> = cases.iter().map(line).collect();
    for (case, answer) in cases.iter().zip(answers("hosts", &lines)) {
        let got = answer["ok"]["hosts"].as_array().unwrap();
        let want = case["expect"]["hosts"].as_array().unwrap();
        assert_eq!(got.len(), want.len(), "{}", case["id"]);
        for (got, want) in got.iter().zip(want) {
            let url = match text(want, "host").as_str() {
                "" => "https://registry-1.docker.io/v2".to_owned(),
                host => format!("{}://{host}{}", text(want, "scheme"), text(want, "path")),
            };
            assert_eq!(got["url"], url, "{}", case["id"]);
            for member in ["capabilities", "ca", "skip_verify", "header", "dial_timeout_ns"] {
                assert_eq!(got.get(member), want.get(member), "{} {member}", case["id"]);
            }
        }
    }
}

#[test]
fn a_hosts_toml_that_is_wrong_says_where() {
    let line =
        json!({ "host": "r.example", "toml": "\ncapabilities = ['fetch']\n", "dir": "/d" }).to_string();
    let answer = &answers("hosts", &[line, "{}".to_owned()])[0];
    let error = "/d/hosts.toml:2: `fetch` is not a capability: pull, resolve, push, referrers";
    assert_eq!(answer["error"], error);
}
