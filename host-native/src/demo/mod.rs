//! What `lugger demo` works on: an image generated on the spot, for a registry embedded in the process.

mod document;
mod image;
mod layer;

pub use image::{Image, Layer, Platform};
