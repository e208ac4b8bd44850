//! The old format of NeXT: `{ Label = web; ProgramArguments = ("/bin/web", "-v"); }`.
//!
//! It has text only: what is a boolean or a number is decided by the key. Read here because the
//! reader of the plist crate loses the first letter of an unquoted path.

use super::{Broken, Budget, Cause, line_of};
use crate::definition::node::{Entry, Node, Value};

/// Stands for an escape that is no character.
const REPLACEMENT: u16 = 0xfffd;

/// Tells the format from JSON by what follows the first key: `=` here, `:` there.
pub(super) fn is_it(text: &str) -> bool {
    let mut reader = Reader { at: 1, ..Reader::new(text) };
    if reader.skip().is_err() {
        return true;
    }
    match reader.peek() {
        Some(b'"') => reader.word().is_ok() && reader.skip().is_ok() && reader.peek() == Some(b'='),
        Some(b'}' | b':') | None => false,
        Some(_) => {
            let rest = &text[reader.at..];
            let before_colon = &rest[..rest.find(':').unwrap_or(rest.len())];
            before_colon.len() == rest.len() || before_colon.contains('=')
        }
    }
}

pub(super) fn read(text: &str) -> Result<Node, Broken> {
    let mut reader = Reader::new(text);
    reader.skip()?;
    let root = reader.value()?;
    reader.skip()?;
    match reader.peek() {
        Some(_) => Err(reader.broken(Cause::Trailing)),
        None => Ok(root),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    counted: usize,
    line: u32,
    budget: Budget,
}

impl<'a> Reader<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0, counted: 0, line: 1, budget: Budget::new() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The line we are on, counted on from where it was last asked for.
    fn line(&mut self) -> u32 {
        self.line += line_of(&self.text.as_bytes()[self.counted..self.at]) - 1;
        self.counted = self.at;
        self.line
    }

    fn broken(&self, cause: Cause) -> Broken {
        cause.at(line_of(&self.text.as_bytes()[..self.at]))
    }

    fn unexpected(&self, expected: &'static str) -> Broken {
        let found = match self.text[self.at..].chars().next() {
            Some(character) => format!("{character:?}"),
            None => "the end of the file".to_owned(),
        };
        self.broken(Cause::Unexpected { found, expected })
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Broken> {
        self.skip()?;
        if self.peek() != Some(byte) {
            return Err(self.unexpected(what));
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over white space and comments.
    fn skip(&mut self) -> Result<(), Broken> {
        loop {
            let rest = &self.text[self.at..];
            let white = rest.len() - rest.trim_start().len();
            let behind = &rest[white..];
            if white > 0 {
                self.at += white;
            } else if behind.starts_with("//") {
                self.at += behind.find('\n').unwrap_or(behind.len());
            } else if behind.starts_with("/*") {
                let end = behind.find("*/").ok_or_else(|| self.unclosed("a comment"))?;
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn unclosed(&self, what: &str) -> Broken {
        let opened = line_of(&self.text.as_bytes()[..self.at]);
        Cause::Truncated { what: what.to_owned(), opened }.at(line_of(self.text.as_bytes()))
    }

    fn value(&mut self) -> Result<Node, Broken> {
        let line = self.line();
        self.budget.node().map_err(|cause| self.broken(cause))?;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::dictionary)?,
            Some(b'(') => self.nested(Self::array)?,
            Some(b'<') => Value::Data(self.data()?),
            Some(_) | None => Value::Word(self.word()?),
        };
        Ok(Node { line: Some(line), value })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Broken>) -> Result<Value, Broken> {
        self.budget.enter().map_err(|cause| self.broken(cause))?;
        self.at += 1;
        let value = read(self)?;
        self.budget.leave();
        Ok(value)
    }

    fn dictionary(&mut self) -> Result<Value, Broken> {
        let mut entries = Vec::new();
        loop {
            self.skip()?;
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Value::Dictionary(entries));
            }
            let line = Some(self.line());
            let name = self.word()?;
            self.expect(b'=', "= behind the key")?;
            self.skip()?;
            let node = self.value()?;
            entries.push(Entry { name, line, node });
            self.skip()?;
            if self.peek() != Some(b'}') {
                self.expect(b';', "; behind the value")?;
            }
        }
    }

    fn array(&mut self) -> Result<Value, Broken> {
        let mut nodes = Vec::new();
        loop {
            self.skip()?;
            if self.peek() == Some(b')') {
                self.at += 1;
                return Ok(Value::Array(nodes));
            }
            nodes.push(self.value()?);
            self.skip()?;
            if self.peek() != Some(b')') {
                self.expect(b',', ", or ) behind an element")?;
            }
        }
    }

    fn data(&mut self) -> Result<Vec<u8>, Broken> {
        let opened = &self.text[self.at + 1..];
        let end = opened.find('>').ok_or_else(|| self.unclosed("data"))?;
        let digits: Vec<char> = opened[..end].chars().filter(|c| !c.is_whitespace()).collect();
        let nibbles: Option<Vec<u8>> =
            digits.iter().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
        let nibbles = nibbles.filter(|nibbles| nibbles.len().is_multiple_of(2));
        let nibbles = nibbles.ok_or_else(|| {
            let text = opened[..end].to_owned();
            self.broken(Cause::Scalar { text, what: "data in hexadecimal digits" })
        })?;
        self.at += end + 2;
        Ok(nibbles.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
    }

    /// A quoted or an unquoted text.
    fn word(&mut self) -> Result<String, Broken> {
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote.into()),
            Some(_) | None => {
                let rest = &self.text[self.at..];
                let is_plain = |c: char| c.is_alphanumeric() || "_$/:.-+@%".contains(c);
                let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
                if end == 0 {
                    return Err(self.unexpected("a value"));
                }
                self.at += end;
                Ok(rest[..end].to_owned())
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, Broken> {
        let start = self.at + 1;
        let mut units: Vec<u16> = Vec::new();
        let mut characters = self.text[start..].char_indices();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.at = start + at + 1;
                return Ok(String::from_utf16_lossy(&units));
            }
            let meant = match character {
                '\\' => match characters.next().map(|(_, escaped)| escaped) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some('a') => '\u{7}',
                    Some('U') => {
                        let digits: String = characters.by_ref().take(4).map(|(_, c)| c).collect();
                        units.push(u16::from_str_radix(&digits, 16).unwrap_or(REPLACEMENT));
                        continue;
                    }
                    Some(other) => other,
                    None => break,
                },
                plain => plain,
            };
            units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
        }
        Err(self.unclosed("a string"))
    }
}
