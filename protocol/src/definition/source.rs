//! From bytes to values: tells the format and reads it, within bounds set before any value exists.
//!
//! Knows syntax only; what a key means is judged by [`super::check`].

mod binary;
mod budget;
mod digits;
mod json;
mod mistaken;
mod openstep;
mod xml;

pub(super) use json::from_json;

use super::cause::Cause;
use super::node::Node;
use budget::Budget;
use std::borrow::Cow;

/// The largest definition that is read, in bytes.
pub const SIZE_MAX: usize = 1 << 20;

/// How deep values may be nested.
pub const DEPTH_MAX: usize = 64;

/// How many values a definition may have, at all depths.
pub const NODES_MAX: usize = 100_000;

/// How a definition is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Xml,
    Binary,
    Json,
    OpenStep,
}

/// Why reading ended early, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Broken {
    pub(super) cause: Cause,
    pub(super) line: Option<u32>,
    pub(super) key: String,
}

impl From<Cause> for Broken {
    fn from(cause: Cause) -> Self {
        Self { cause, line: None, key: String::new() }
    }
}

impl Cause {
    /// The same, with the line it was met on.
    fn at(self, line: u32) -> Broken {
        Broken { cause: self, line: Some(line), key: String::new() }
    }
}

/// The outermost value, and the format it was in.
pub(super) fn parse(bytes: &[u8]) -> Result<(Node, Format), Broken> {
    if SIZE_MAX < bytes.len() {
        return Err(Cause::TooLarge.into());
    }
    if bytes.starts_with(b"bplist") {
        return Ok((binary::read(bytes)?, Format::Binary));
    }
    if let Some(what) = mistaken::magic(bytes) {
        return Err(Cause::Mistaken(what).into());
    }
    let text = decode(bytes)?;
    let format = sniff(&text)?;
    let root = match format {
        Format::Xml => xml::read(&text)?,
        Format::Json => json::read(&text)?,
        Format::OpenStep => openstep::read(&text)?,
        Format::Binary => return Err(Cause::NotPropertyList.into()),
    };
    Ok((root, format))
}

/// The text, from UTF-8, or from UTF-16 where a mark says so.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Broken> {
    let order: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            return match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(error) => {
                    Err(Cause::Encoding("UTF-8").at(line_of(&bytes[..error.valid_up_to()])))
                }
            };
        }
    };
    let (pairs, rest) = bytes[2..].as_chunks::<2>();
    let units = pairs.iter().map(|pair| order(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(Cow::Owned(text)),
        Ok(_) | Err(_) => Err(Cause::Encoding("UTF-16").into()),
    }
}

fn sniff(text: &str) -> Result<Format, Broken> {
    let start = text.trim_start();
    if let Some(what) = mistaken::beginning(start) {
        return Err(Cause::Mistaken(what).into());
    }
    match start.as_bytes() {
        [] => Err(Cause::Empty.into()),
        [b'<', ..] => Ok(Format::Xml),
        [b'[', ..] => Ok(Format::Json),
        [b'(' | b'/', ..] => Ok(Format::OpenStep),
        [b'{', ..] if openstep::is_it(start) => Ok(Format::OpenStep),
        [b'{', ..] => Ok(Format::Json),
        [_, ..] => Err(Cause::NotPropertyList.at(1)),
    }
}

/// The number of the line that the byte behind these is on.
fn line_of(before: &[u8]) -> u32 {
    let newlines = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1)
}
