//! What flows do with a store: fetch content into it, lease it, label it, name it.
//!
//! Records and their keys:
//!
//! | key | value |
//! |---|---|
//! | `image/<name>` | [`ImageRecord`]: what a name leads to |
//! | `label/<digest>/<key>` | a JSON string: one label of one piece of content, with containerd's keys |
//! | `source/<digest>/<registry>/<repository>` | `""`: content that was seen there, so that a push can mount it |
//! | `lease/<id>` | [`LeaseRecord`]: until when its content is kept though no name leads to it |
//! | `lease/<id>/content/<digest>` | `""`: that content |
//! | `leases` | `""`: its revision says when anything was leased last |
//! | `used/<name>` | a JSON string: when the name was last used, RFC 3339, if anybody noted it |

mod blob;
mod copy;
mod download;
mod image;
mod labels;
mod lease;
mod looked;
mod ranges;

pub(crate) use self::{
    blob::swapped,
    image::{image_records, named},
};
pub use self::{
    blob::{Outcome, fetch_blob},
    copy::copy_blob,
    image::{ImageRecord, image_key, images, lookup, publish},
    labels::Labels,
    lease::{Lease, LeaseRecord, leased},
    looked::{Looked, State, here},
};
