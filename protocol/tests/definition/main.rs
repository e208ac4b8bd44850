//! Definitions from outside: each mistake, each format, hostile files, real ones, and back again.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod corpus;
mod formats;
mod hostile;
mod meaning;
mod mistakes;
mod round_trip;
mod samples;
mod support;
mod table;
