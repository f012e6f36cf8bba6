//! What the media type of a layer says of it.

const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
const DOCKER_FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.";

/// What a layer's media type says of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Layer {
    /// What it holds once it is decompressed.
    pub format: Format,
    /// How it is compressed.
    pub compression: Compression,
    /// It may not be pushed elsewhere (`foreign`, `nondistributable`).
    pub foreign: bool,
    /// It cannot be read without a key.
    pub encrypted: bool,
}

/// What a layer holds once it is decompressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// A tar archive.
    Tar,
    /// An EROFS image.
    Erofs,
    /// Something that has no name here.
    Other,
}

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compression {
    /// Its first bytes tell: Docker's plain layer type was used for compressed layers too.
    Sniffed,
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// By a suffix that has no name here.
    Other,
}

impl Layer {
    /// Reads a layer's type: a base, then `.gzip` or `+suffix`es. `None`: it is no layer.
    pub(super) fn of(essence: &str) -> Option<Layer> {
        if essence == "application/vnd.erofs.layer.v1" {
            let format = Format::Erofs;
            return Some(Layer { format, compression: Compression::None, foreign: false, encrypted: false });
        }
        let (base, suffixes) = essence.split_once('+').unwrap_or((essence, ""));
        let (format, foreign, mut compression) = match base.strip_prefix(OCI_LAYER) {
            Some("v1.tar") => (Format::Tar, false, Compression::None),
            Some("nondistributable.v1.tar") => (Format::Tar, true, Compression::None),
            Some(other) => (Format::Other, other.starts_with("nondistributable."), Compression::None),
            None => docker_layer(base)?,
        };
        let mut encrypted = false;
        for suffix in suffixes.split('+').filter(|suffix| !suffix.is_empty()) {
            match (suffix, compression) {
                ("encrypted", _) => encrypted = true,
                ("gzip", Compression::None) => compression = Compression::Gzip,
                ("zstd", Compression::None) => compression = Compression::Zstd,
                _ => compression = Compression::Other,
            }
        }
        Some(Layer { format, compression, foreign, encrypted })
    }
}

fn docker_layer(base: &str) -> Option<(Format, bool, Compression)> {
    let (foreign, compression) = match (base.strip_prefix(DOCKER_LAYER), base.strip_prefix(DOCKER_FOREIGN)) {
        (Some(compression), _) => (false, compression),
        (_, Some(compression)) => (true, compression),
        _ => return None,
    };
    let compression = match compression {
        "" => Compression::Sniffed,
        ".gzip" => Compression::Gzip,
        ".zstd" => Compression::Zstd,
        _ => return None,
    };
    Some((Format::Tar, foreign, compression))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::MediaType;

    #[test]
    fn layers_of_every_sort() {
        use Compression::{Gzip, None as Plain, Other, Sniffed, Zstd};
        let rows = [
            ("application/vnd.docker.image.rootfs.diff.tar", Sniffed, false, false),
            ("application/vnd.docker.image.rootfs.diff.tar.gzip", Gzip, false, false),
            ("application/vnd.docker.image.rootfs.diff.tar.zstd", Zstd, false, false),
            ("application/vnd.docker.image.rootfs.diff.tar.gzip+encrypted", Gzip, false, true),
            ("application/vnd.docker.image.rootfs.diff.tar+lz4", Other, false, false),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar", Sniffed, true, false),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Gzip, true, false),
            ("application/vnd.oci.image.layer.v1.tar", Plain, false, false),
            ("application/vnd.oci.image.layer.v1.tar+gzip", Gzip, false, false),
            ("application/vnd.oci.image.layer.v1.tar+zstd", Zstd, false, false),
            ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", Gzip, false, true),
            ("application/vnd.oci.image.layer.v1.tar+bz2", Other, false, false),
            ("application/vnd.oci.image.layer.v1.tar+gzip+zstd", Other, false, false),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Zstd, true, false),
        ];
        for (text, compression, foreign, encrypted) in rows {
            let layer = Layer { format: Format::Tar, compression, foreign, encrypted };
            assert_eq!(Layer::of(text), Some(layer), "{text}");
            let examinable = !encrypted && matches!(compression, Sniffed | Plain | Gzip);
            assert_eq!(MediaType::parse(text).unwrap().is_examinable(), examinable, "{text}");
        }
        assert!(matches!(
            Layer::of("application/vnd.erofs.layer.v1"),
            Some(Layer { format: Format::Erofs, .. })
        ));
        assert!(matches!(
            Layer::of("application/vnd.oci.image.layer.v2"),
            Some(Layer { format: Format::Other, .. })
        ));
        assert_eq!(Layer::of("application/vnd.docker.image.rootfs.diff.tar.xz"), None);
        assert!(!MediaType::parse("application/vnd.erofs.layer.v1").unwrap().is_examinable());
    }
}
