//! `lugger inspect`: what an image says of itself.
