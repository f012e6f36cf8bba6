//! `lugger images`: what is in the store.

use std::collections::BTreeMap;

use lugger::core::{
    model::Descriptor,
    op::Limits,
    verb::{self, Image},
};
use serde::Serialize;

use super::pull::pinned;
use crate::cli::{
    args::ImagesArgs,
    exit::Failure,
    human::{ago, bytes, short},
    output::Table,
    session::Session,
};

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    target: &'a Descriptor,
    platforms: Vec<String>,
    size: u64,
    created_at: &'a str,
    updated_at: &'a str,
    labels: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a Image> for Listed<'a> {
    fn from(image: &'a Image) -> Self {
        let Image { name, record, size, .. } = image;
        Self {
            name,
            target: &record.target,
            platforms: platforms(image),
            size: *size,
            created_at: &record.created_at,
            updated_at: &record.updated_at,
            labels: &record.labels,
        }
    }
}

pub(super) fn run(session: &mut Session, args: &ImagesArgs) -> Result<(), Failure> {
    let mut host = session.reading_host(Limits::default())?;
    let images = session.run(&mut host, verb::list)?;
    if args.quiet {
        return images
            .iter()
            .try_for_each(|it| session.output.line(&pinned(&it.name, &it.record.target.digest)));
    }
    if session.output.is_json {
        return session.output.json_array(&images.iter().map(Listed::from).collect::<Vec<_>>());
    }
    if images.is_empty() {
        session.report.note("no images yet: `lugger pull IMAGE` fetches one");
        return Ok(());
    }
    let mut table = Table::headed(&["NAME", "DIGEST", "PLATFORMS", "SIZE", "UPDATED"]).right(&[3]);
    for image in &images {
        let platforms = match platforms(image).join(", ") {
            none if none.is_empty() => "-".to_owned(),
            some => some,
        };
        let (digest, updated) = (short(&image.record.target.digest), ago(&image.record.updated_at));
        table.row([image.name.clone(), digest, platforms, bytes(image.size), updated]);
    }
    session.output.table(&table)
}

fn platforms(image: &Image) -> Vec<String> {
    image.platforms.iter().map(ToString::to_string).collect()
}
