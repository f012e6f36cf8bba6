//! The contract of the executor, line by line.
