//! `lugger images`: what is in the store.

use lugger::core::{
    op::Limits,
    verb::{self, Image},
};

use super::pull::pinned;
use crate::cli::{
    args::ImagesArgs,
    exit::Failure,
    human::{ago, bytes, short},
    output::Table,
    session::Session,
};

pub(super) fn run(session: &mut Session, args: &ImagesArgs) -> Result<(), Failure> {
    let mut host = session.reading_host(Limits::default())?;
    let images = session.run(&mut host, verb::list)?;
    if args.quiet {
        return images
            .iter()
            .try_for_each(|it| session.output.line(&pinned(&it.name, &it.record.target.digest)));
    }
    if session.output.is_json {
        return session.output.json_array(&images);
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
