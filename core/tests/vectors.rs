//! The public vectors of `shared/spec/vectors`, each judged by its rule; where they contradict security.md, that wins.

#![expect(clippy::unwrap_used, reason = "a case that is not as its header says should stop the test")]

use std::{collections::BTreeMap, path::PathBuf};

use lugger_core::{
    model::{self, Config, Descriptor, Document},
    name::{Digest, Matcher, MediaType, Platform, Reference},
};
use serde_json::{Value, json};

/// The folder with the vectors: `$LUGGER_VECTORS`, else beside the workspace.
fn folder() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/spec/vectors");
    std::env::var_os("LUGGER_VECTORS").map_or_else(|| beside.into(), PathBuf::from)
}

fn read(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    #[expect(clippy::disallowed_methods, reason = "a test reads its cases; the core does not")]
    let bytes = std::fs::read(&path);
    bytes.unwrap_or_else(|error| {
        panic!("no vectors at {}: {error}; point LUGGER_VECTORS at them", path.display())
    })
}

/// The cases of a file, without its header; their number must be the one that the header tells, if it tells one.
fn cases(name: &str) -> Vec<Value> {
    let text = String::from_utf8(read(name)).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let header = lines.next().unwrap();
    assert_eq!(header["_header"], true, "{name}");
    let cases = lines.collect::<Vec<_>>();
    assert!(
        !cases.is_empty() && header["cases"].as_u64().is_none_or(|count| count == cases.len() as u64),
        "{name}"
    );
    cases
}

/// Judges every case, and fails with all that differ.
fn judge(cases: &[Value], verdict: impl Fn(&Value) -> Result<(), String>) {
    let failed = cases
        .iter()
        .filter_map(|case| verdict(case).err().map(|why| format!("{}: {why}\n", text(case, "id"))))
        .collect::<String>();
    assert!(failed.is_empty(), "{failed}");
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether both are the same; else both.
fn same<T: PartialEq + std::fmt::Debug>(got: &T, want: &T) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("got {got:?}, want {want:?}")) }
}

#[test]
fn references() {
    let cases = cases("references.jsonl");
    judge(&cases, |case| match (Reference::parse(text(case, "input")), case["valid"] == true) {
        (Err(_), false) => Ok(()),
        (Ok(reference), true) => {
            let got = json!({
                "domain": reference.domain(),
                "path": reference.path(),
                "tag": reference.tag().unwrap_or_default(),
                "digest": reference.digest().map(Digest::to_string).unwrap_or_default(),
                "familiar": reference.familiar(),
                "canonical": reference.canonical(),
                "with_default_tag": reference.with_default_tag().to_string(),
            });
            let members = got.as_object().unwrap().keys();
            same(&got, &members.map(|name| (name.clone(), case[name].clone())).collect())
        }
        (got, _) => Err(format!("{got:?}")),
    });
}

fn host() -> Platform {
    Platform::new("linux", "amd64")
}

fn platform(value: &Value) -> Platform {
    serde_json::from_value(value.clone()).unwrap()
}

fn parse_platform(case: &Value) -> Result<(), String> {
    let expect = &case["expect"];
    match (Platform::parse(text(case, "input"), &host()), expect["valid"] == true) {
        (Err(_), false) => Ok(()),
        (Ok(got), true) => {
            same(&got, &platform(&expect["platform"]))?;
            same(&got.format().as_str(), &text(expect, "format"))?;
            same(&got.format_all().as_str(), &text(expect, "format_all"))?;
            same(&got.normalize(), &platform(&expect["normalized"]))?;
            same(&got.normalize().format_all().as_str(), &text(expect, "normalized_format"))
        }
        (got, _) => Err(format!("{got:?}")),
    }
}

fn select_platform(case: &Value) -> Result<(), String> {
    let parse = |text: &str| Platform::parse(text, &host()).unwrap();
    let wants = texts(&case["wants"]).into_iter().map(parse).collect::<Vec<_>>();
    let want = || parse(text(case, "want"));
    let matcher = match text(case, "mode") {
        "only" => Matcher::only(&want()),
        "only_strict" => Matcher::only_strict(&want()),
        "only_os" => Matcher::only_os(&want()),
        "ordered" => Matcher::ordered(&wants),
        "any" => Matcher::any(&wants),
        mode => return Err(format!("unknown mode {mode}")),
    };
    let names = texts(&case["candidates"]);
    let candidates = names.iter().map(|name| parse(name)).collect::<Vec<_>>();
    let matches = candidates.iter().map(|candidate| matcher.matches(candidate)).collect::<Vec<_>>();
    let order = matcher.order(&candidates).into_iter().map(|at| names[at]).collect::<Vec<_>>();
    same(&json!(matches), &case["expect"]["matches"])?;
    same(&json!(order.first()), &case["expect"]["chosen"])?;
    same(&json!(order), &case["expect"]["matching_order"])
}

#[test]
fn platforms() {
    judge(&cases("platforms.jsonl"), |case| match text(case, "kind") {
        "parse" => parse_platform(case),
        "normalize" => {
            same(&platform(&case["platform"]).or_os_of(&host()).normalize(), &platform(&case["expect"]))
        }
        "select" => select_platform(case),
        kind => Err(format!("unknown kind {kind}")),
    });
}

#[test]
fn chain_ids() {
    judge(&cases("chainids.jsonl"), |case| {
        let (diff_ids, want) = (texts(&case["diff_ids"]), texts(&case["chain_ids"]));
        // Upstream's own cases have shortened digests, so the last step is judged below their validation too.
        if let ([.., parent, last], [.., diff_id]) = (want.as_slice(), diff_ids.as_slice()) {
            same(&model::chain_id(parent, diff_id).to_string().as_str(), last)?;
        }
        match diff_ids.iter().map(|text| text.parse()).collect::<Result<Vec<Digest>, _>>() {
            Ok(digests) => {
                same(&model::chain_ids(&digests), &want.iter().map(|text| text.parse().unwrap()).collect())
            }
            Err(_) if case["note"].as_str().is_some_and(|note| note.contains("shortened")) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    });
}

/// Valid by image-spec's schema, but with digests that nothing can verify: refused (security.md M3, M4).
const UNVERIFIABLE: [&str; 8] = [
    "man-spec-manifest-07",
    "man-spec-descriptor-22",
    "man-spec-descriptor-23",
    "man-spec-descriptor-24",
    "man-spec-descriptor-25",
    "man-spec-descriptor-26",
    "man-spec-descriptor-28",
    "man-spec-descriptor-29",
];

/// Kinds that are judged where the code for them is.
const ELSEWHERE: [(&str, &str); 3] = [
    ("convert_layers", "recompression belongs to convert"),
    ("convert_format", "so does the change of format"),
    ("layout", "`oci-layout` belongs to the transport of that name"),
];

/// The bytes of a document: inline, run-length coded, or in a file.
fn document(case: &Value) -> Vec<u8> {
    if let Some(file) = case["file"].as_str() {
        return read(&format!("manifests/{file}"));
    }
    let repeat =
        |part: &Value| part[0].as_str().unwrap().repeat(usize::try_from(part[1].as_u64().unwrap()).unwrap());
    match case["parts"].as_array() {
        Some(parts) => parts.iter().map(repeat).collect::<String>().into_bytes(),
        None => text(case, "text").as_bytes().to_vec(),
    }
}

/// The digests that a reader without any rules would follow: config and layers, or manifests.
fn children(bytes: &[u8]) -> Vec<String> {
    let value = serde_json::from_slice::<Value>(bytes).unwrap();
    let lists = ["layers", "manifests"].into_iter().filter_map(|name| value[name].as_array()).flatten();
    value.get("config").into_iter().chain(lists).map(|child| text(child, "digest").to_owned()).collect()
}

/// Whether a document is read or refused as its case says; one that is read keeps its bytes and children.
fn read_document(case: &Value) -> Result<(), String> {
    let bytes = document(case);
    let got = match text(case, "kind") {
        "descriptor" => Descriptor::parse(&bytes).map(drop),
        "config" => Config::parse(bytes.clone()).map(|config| assert_eq!(config.bytes(), bytes)),
        _ => Document::parse(bytes.clone(), &text(case, "media_type").parse().unwrap()).map(|document| {
            let digests =
                document.children().iter().map(|child| child.digest.to_string()).collect::<Vec<_>>();
            assert_eq!(digests, children(&bytes));
            assert_eq!((document.bytes(), document.digest()), (bytes.as_slice(), &Digest::sha256(&bytes)));
        }),
    };
    let want = text(case, "verdict") == "valid" && !UNVERIFIABLE.contains(&text(case, "id"));
    match (got, want) {
        (Ok(()), true) => Ok(()),
        (Err(error), false) if !error.to_string().contains('\n') => Ok(()),
        (got, _) => Err(format!("{got:?}")),
    }
}

fn detect(case: &Value) -> Result<(), String> {
    let got = model::detect(&document(case)).ok();
    same(&got.as_ref().map(MediaType::as_str), &case["detected"].as_str())
}

/// `digest` tells the digest of a document; `digest_match` tells one that is not.
fn digest(case: &Value) -> Result<(), String> {
    let got = model::digest_of(&document(case)).map_err(|error| error.to_string())?;
    same(&(text(case, "digest").parse() == Ok(got)), &(text(case, "verdict") == "valid"))
}

fn select(case: &Value) -> Result<(), String> {
    let bytes = document(case);
    let media_type = model::detect(&bytes).map_err(|error| error.to_string())?;
    let document = Document::parse(bytes, &media_type).map_err(|error| error.to_string())?;
    let chosen = document.as_index().unwrap().choose(&platform(&case["platform"]));
    same(&chosen.map(|entry| entry.digest.to_string()).as_deref(), &case["chosen"].as_str())
}

#[test]
fn documents() {
    let (elsewhere, here): (Vec<_>, Vec<_>) = cases("manifests/cases.jsonl")
        .into_iter()
        .partition(|case| ELSEWHERE.iter().any(|(kind, _)| text(case, "kind") == *kind));
    judge(&here, |case| match text(case, "kind") {
        "manifest" | "index" | "config" | "descriptor" => read_document(case),
        "detect" => detect(case),
        "digest" | "digest_match" => digest(case),
        "select" => select(case),
        kind => Err(format!("unknown kind {kind}")),
    });
    let mut judged = BTreeMap::<&str, usize>::new();
    for case in &here {
        *judged.entry(text(case, "kind")).or_default() += 1;
    }
    for (kind, count) in [
        ("manifest", 45),
        ("index", 37),
        ("config", 13),
        ("descriptor", 31),
        ("detect", 14),
        ("digest", 3),
        ("digest_match", 6),
        ("select", 13),
    ] {
        assert!(judged[kind] >= count, "{kind}: {judged:?}");
    }
    assert!(elsewhere.len() * 2 < here.len(), "most cases were skipped");
}
