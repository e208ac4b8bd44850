//! The XML format, each value with its line. Stricter than the plist crate where that loses
//! something silently (entities, CDATA), as lenient as macOS where blogs and templates need it.

use super::digits::{base64, integer};
use super::{Broken, Budget, Cause, line_of};
use crate::definition::node::{Entry, Node, Value};
use quick_xml::Reader as XmlReader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

pub(super) fn read(text: &str) -> Result<Node, Broken> {
    let mut events = XmlReader::from_str(text);
    events.config_mut().expand_empty_elements = true;
    let mut reader = Reader {
        text: text.as_bytes(),
        events,
        counted: 0,
        line: 1,
        open: Vec::new(),
        budget: Budget::new(),
        key: Vec::new(),
    };
    reader.document().map_err(|mut broken| {
        if broken.key.is_empty() {
            broken.key = reader.key.join(".");
        }
        broken
    })
}

/// What a reader meets next.
enum Token {
    Open(String),
    Close,
    Text(String),
    End,
}

struct Reader<'a> {
    text: &'a [u8],
    events: XmlReader<&'a [u8]>,
    counted: usize,
    line: u32,
    open: Vec<(String, u32)>,
    budget: Budget,
    key: Vec<String>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, Broken> {
        let first = self.element()?.ok_or_else(|| self.broken(Cause::NoValue))?;
        if first != "plist" {
            let root = self.value(&first)?;
            return match self.element()? {
                None => Ok(root),
                Some(_) => Err(self.broken(Cause::Trailing)),
            };
        }
        let inner = self.element()?.ok_or_else(|| self.broken(Cause::NoValue))?;
        let root = self.value(&inner)?;
        match (self.element()?, self.element()?) {
            (None, None) => Ok(root),
            (Some(_), _) | (_, Some(_)) => Err(self.broken(Cause::Trailing)),
        }
    }

    /// The name of the element that opens next; `None` when the one around it, or the file, ends.
    fn element(&mut self) -> Result<Option<String>, Broken> {
        loop {
            match self.token()? {
                Token::Open(name) => return Ok(Some(name)),
                Token::Close | Token::End => return Ok(None),
                Token::Text(text) => match text.trim() {
                    "" => {}
                    stray => {
                        let beginning = stray.chars().take(30).collect();
                        let white = text.len() - text.trim_start().len();
                        return Err(self.within(&text[..white], Cause::StrayText(beginning)));
                    }
                },
            }
        }
    }

    /// The value of an element just opened, up to where it closes.
    fn value(&mut self, name: &str) -> Result<Node, Broken> {
        let line = self.line;
        self.budget.node().map_err(|cause| self.broken(cause))?;
        let value = match name {
            "dict" => self.nested(Self::dictionary)?,
            "array" => self.nested(Self::array)?,
            "true" | "false" => {
                self.scalar("empty", |text| text.trim().is_empty().then_some(()))?;
                Value::Boolean(name == "true")
            }
            "string" => Value::Text(self.content()?),
            "integer" => Value::Integer(self.scalar("an integer", integer)?),
            "real" => Value::Real(self.scalar("a number", |text| text.trim().parse().ok())?),
            "date" => Value::Date(self.scalar("a date as 2030-01-31T12:00:00Z", |text| {
                plist::Date::from_xml_format(text.trim()).ok()
            })?),
            "data" => Value::Data(self.scalar("data in base 64", base64)?),
            other => return Err(self.broken(Cause::Element(other.to_owned()))),
        };
        Ok(Node { line: Some(line), value })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Broken>) -> Result<Value, Broken> {
        self.budget.enter().map_err(|cause| self.broken(cause))?;
        let value = read(self)?;
        self.budget.leave();
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, Broken> {
        let mut nodes = Vec::new();
        while let Some(name) = self.element()? {
            nodes.push(self.value(&name)?);
        }
        Ok(Value::Array(nodes))
    }

    fn dictionary(&mut self) -> Result<Value, Broken> {
        let mut entries = Vec::new();
        while let Some(element) = self.element()? {
            let line = self.line;
            if element != "key" {
                let known = matches!(
                    element.as_str(),
                    "dict"
                        | "array"
                        | "true"
                        | "false"
                        | "string"
                        | "integer"
                        | "real"
                        | "date"
                        | "data"
                );
                let cause = if known { Cause::NoKey } else { Cause::Element(element) };
                return Err(self.broken(cause));
            }
            self.budget.node().map_err(|cause| self.broken(cause))?;
            let name = self.content()?;
            self.key.push(name.clone());
            let node = match self.element()? {
                Some(next) if next != "key" => self.value(&next)?,
                Some(_) | None => {
                    return Err(Broken { line: Some(line), ..Cause::KeyAlone.into() });
                }
            };
            self.key.pop();
            entries.push(Entry { name, line: Some(line), node });
        }
        Ok(Value::Dictionary(entries))
    }

    /// The text up to where the element closes.
    fn content(&mut self) -> Result<String, Broken> {
        let mut content = String::new();
        loop {
            match self.token()? {
                Token::Text(text) => content.push_str(&text),
                Token::Close => return Ok(content),
                Token::Open(name) => return Err(self.misplaced(&name)),
                Token::End => return Err(self.truncated()),
            }
        }
    }

    /// An element inside a text: most often the text was not closed.
    fn misplaced(&mut self, name: &str) -> Broken {
        self.open.pop();
        let (around, opened) = self.open.last().cloned().unwrap_or_default();
        let (found, expected) = (format!("<{name}>"), format!("</{around}>"));
        self.broken(Cause::Mismatched { found, expected, opened })
    }

    fn scalar<T>(
        &mut self,
        what: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Broken> {
        let line = self.line;
        let text = self.content()?;
        parse(&text).ok_or_else(|| {
            let text = text.trim().chars().take(40).collect();
            Cause::Scalar { text, what }.at(line)
        })
    }

    fn token(&mut self) -> Result<Token, Broken> {
        loop {
            let before = self.events.buffer_position();
            let event = self.events.read_event();
            self.count(before);
            let event = match event {
                Ok(event) => event,
                Err(error) => return Err(self.malformed(&error)),
            };
            let token = match event {
                Event::Start(tag) | Event::Empty(tag) => {
                    self.plain_quotes(tag.attributes_raw())?;
                    let name = tag.name().as_ref().to_owned();
                    self.open.push((name.clone(), self.line));
                    Token::Open(name)
                }
                Event::End(_) => {
                    self.open.pop();
                    Token::Close
                }
                Event::Text(text) => Token::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Token::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => Token::Text(self.entity(&reference)?),
                Event::Decl(declaration) => {
                    self.plain_quotes(&declaration)?;
                    continue;
                }
                Event::DocType(doctype) => {
                    self.plain_quotes(&doctype)?;
                    if let Some(at) = doctype.find("<!ENTITY") {
                        return Err(self.within(&doctype[..at], Cause::EntityDefined));
                    }
                    continue;
                }
                Event::Comment(_) | Event::PI(_) => continue,
                Event::Eof if self.open.is_empty() => Token::End,
                Event::Eof => return Err(self.truncated()),
            };
            return Ok(token);
        }
    }

    /// Counts lines up to where the event just read began.
    fn count(&mut self, to: u64) {
        let to = usize::try_from(to).unwrap_or(self.text.len()).min(self.text.len());
        let passed = &self.text[self.counted.min(to)..to];
        let newlines = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line += u32::try_from(newlines).unwrap_or(u32::MAX);
        self.counted = to;
    }

    fn plain_quotes(&self, markup: &str) -> Result<(), Broken> {
        let curly = |c: char| matches!(c, '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}');
        match markup.find(curly) {
            Some(at) => Err(self.within(&markup[..at], Cause::CurlyQuotes)),
            None => Ok(()),
        }
    }

    fn entity(&self, reference: &quick_xml::events::BytesRef<'_>) -> Result<String, Broken> {
        if reference.is_char_ref() {
            let character = reference.resolve_char_ref().ok().flatten();
            if let Some(character) = character {
                return Ok(character.to_string());
            }
        }
        resolve_xml_entity(reference)
            .map(str::to_owned)
            .ok_or_else(|| self.broken(Cause::EntityUnknown(reference.to_string())))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the errors are quick-xml's to add to")]
    fn malformed(&mut self, error: &Error) -> Broken {
        let position = self.events.error_position();
        self.count(position);
        match error {
            Error::Syntax(SyntaxError::UnclosedTag | SyntaxError::InvalidBangMarkup) => {
                self.torn("a tag")
            }
            Error::Syntax(SyntaxError::UnclosedComment) => self.torn("a comment"),
            Error::Syntax(SyntaxError::UnclosedCData) => self.torn("<![CDATA["),
            Error::Syntax(SyntaxError::UnclosedDoctype) => self.torn("<!DOCTYPE"),
            Error::Syntax(
                SyntaxError::UnclosedDoubleQuotedAttributeValue
                | SyntaxError::UnclosedSingleQuotedAttributeValue,
            ) => self.torn("a quote"),
            Error::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => {
                self.torn("<?")
            }
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                let opened = self.open.last().map_or(1, |(_, line)| *line);
                let (found, expected) = (format!("</{found}>"), format!("</{expected}>"));
                self.broken(Cause::Mismatched { found, expected, opened })
            }
            Error::IllFormed(IllFormedError::UnclosedReference) => self.broken(Cause::Ampersand),
            other => self.broken(Cause::Xml(other.to_string())),
        }
    }

    fn torn(&self, what: &str) -> Broken {
        let what = what.to_owned();
        self.broken(Cause::Truncated { what, opened: self.line })
    }

    fn truncated(&self) -> Broken {
        let (name, opened) = self.open.last().cloned().unwrap_or_default();
        self.broken(Cause::Truncated { what: format!("<{name}>"), opened })
    }

    fn broken(&self, cause: Cause) -> Broken {
        cause.at(self.line)
    }

    /// The same, behind some of the text that was met last.
    fn within(&self, before: &str, cause: Cause) -> Broken {
        cause.at(self.line + line_of(before.as_bytes()) - 1)
    }
}
