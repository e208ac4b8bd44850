//! Every sentence that reading a definition can say, in one place; severities are set elsewhere.
//!
//! A cause that has a key reads as the rest of a sentence beginning with it.

use super::check::FAULTS_MAX;
use super::label::LabelError;
use super::source::{DEPTH_MAX, Format, NODES_MAX, SIZE_MAX};
use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Error)]
pub(super) enum Cause {
    // The file as a whole.
    #[error("the file is empty")]
    Empty,
    #[error("the file is larger than {SIZE_MAX} bytes")]
    TooLarge,
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("more than {NODES_MAX} values")]
    TooMany,
    #[error("not a property list: it looks like {0}")]
    Mistaken(&'static str),
    #[error("not a property list")]
    NotPropertyList,
    #[error("the text is not valid {0}")]
    Encoding(&'static str),
    #[error("the outermost value is {0}, must be a dictionary")]
    NotDictionary(&'static str),
    #[error("more than {FAULTS_MAX} findings; the rest is left out")]
    TooManyFaults,
    #[error("the binary property list is damaged: {0}")]
    Binary(String),
    #[error("the JSON is malformed: {0}")]
    Json(String),

    // Syntax.
    #[error("typographic quotes where XML needs plain ones")]
    CurlyQuotes,
    #[error("an entity is defined, which property lists do not need and we do not expand")]
    EntityDefined,
    #[error("the entity &{0}; is unknown")]
    EntityUnknown(String),
    #[error("a bare &")]
    Ampersand,
    #[error("the file ends too early: {what}, opened on line {opened}, is not closed")]
    Truncated { what: String, opened: u32 },
    #[error("the file ends before there is any value")]
    NoValue,
    #[error("{found} where {expected} was expected to close line {opened}")]
    Mismatched { found: String, expected: String, opened: u32 },
    #[error("<{0}> is no element of a property list")]
    Element(String),
    #[error("{0:?} stands where only elements may")]
    StrayText(String),
    #[error("there is something behind the end")]
    Trailing,
    #[error("a value without a <key> before it")]
    NoKey,
    #[error("has no value")]
    KeyAlone,
    #[error("the XML is malformed: {0}")]
    Xml(String),
    #[error("is {text:?}, which is not {what}")]
    Scalar { text: String, what: &'static str },
    #[error("found {found}, expected {expected}")]
    Unexpected { found: String, expected: &'static str },

    // One key.
    #[error("is not a known key and has no effect")]
    Unknown { near: Option<String> },
    #[error("is spelled {written:?}")]
    Case { written: String, meant: &'static str },
    #[error("is given twice; this one counts, not the one before{}", on_line(.first))]
    Twice { first: Option<u32> },
    #[error("is {found}, must be {allowed}{}", so(.ignored))]
    Type { found: &'static str, allowed: String, write: Option<String>, ignored: bool },
    #[error("is {found}, must be {allowed}{}", so(.ignored))]
    Range { found: String, allowed: String, ignored: bool },
    #[error("contains a NUL character{}", so(.ignored))]
    Nul { ignored: bool },
    #[error("{0}")]
    Label(#[from] LabelError),
    #[error("is {0:?}, which is taken as written: `~` and variables are not expanded")]
    NotExpanded(String),
    #[error("is {0:?}, which is not an absolute path")]
    Relative(String),
    #[error("can't name a variable; ignored")]
    VariableName,

    // The definition as a whole.
    #[error("is missing")]
    NoLabel { stem: Option<String>, format: Format },
    #[error("is missing, and so is Program: there is nothing to run")]
    NoProgram,
    #[error("names the program inside an app bundle, which only macOS can find")]
    OnlyBundleProgram,
    #[error("is empty")]
    NoArguments,
    #[error("is an empty string, which names no program")]
    EmptyProgram,
    #[error("is given beside {0}, which wins")]
    Outdone(&'static str),
    #[error("has no effect beside {0}, which restarts the service at once")]
    KeptAliveAnyway(&'static str),
    #[error("is {soft}, above the hard limit {hard}; it can't be set")]
    SoftAboveHard { soft: u64, hard: u64 },
    #[error("has no effect without Sockets")]
    NoSockets,
    #[error("is the only reason to start it, and needs macOS's own launchd")]
    OnlyLaunchdStarts,
    #[error("does not confine the service: only macOS's own launchd can")]
    NotConfined,
    #[error("names the service itself")]
    Itself,
    #[error("is missing, which Kind {0} needs")]
    Needed(&'static str),
    #[error("has no effect with Mode File")]
    NeedsPipe,

    // What a system does with a key.
    #[error("is not yet honoured on {0}")]
    NotYet(super::os::Os),
    #[error("is not available on {0}: {1}")]
    NotAvailable(super::os::Os, &'static str),
    #[error("can't be honoured on {0}: {1}")]
    Refused(super::os::Os, &'static str),
    #[error("is approximated on {0}: {1}")]
    Approximated(super::os::Os, &'static str),
}

fn so(ignored: &bool) -> &'static str {
    if *ignored { "; ignored" } else { "" }
}

fn on_line(line: &Option<u32>) -> String {
    line.map(|line| format!(" on line {line}")).unwrap_or_default()
}

impl Cause {
    /// True when it goes on from a key; false when it is a sentence of its own.
    pub(super) const fn is_predicate(&self) -> bool {
        !matches!(
            self,
            Self::CurlyQuotes
                | Self::EntityDefined
                | Self::EntityUnknown(_)
                | Self::Ampersand
                | Self::Truncated { .. }
                | Self::NoValue
                | Self::Mismatched { .. }
                | Self::Element(_)
                | Self::StrayText(_)
                | Self::Trailing
                | Self::NoKey
                | Self::Xml(_)
                | Self::TooDeep
                | Self::TooMany
        )
    }

    /// What to do about it, where that is not plain from the cause.
    pub(super) fn help(&self) -> Option<String> {
        let fixed = match self {
            Self::Encoding(_) => "save the file as UTF-8",
            Self::Mistaken(_) | Self::NotPropertyList | Self::Empty => {
                "give a launchd property list: XML, binary, OpenStep or JSON"
            }
            Self::CurlyQuotes => "replace every \u{201c} and \u{201d} inside < > by \"",
            Self::Ampersand => "write &amp; for it",
            Self::EntityDefined | Self::EntityUnknown(_) => "write the text itself",
            Self::StrayText(_) => "put it inside <key> or <string>",
            Self::NoKey => "each value in a <dict> follows a <key>",
            Self::KeyAlone => "write its value behind it",
            Self::NotExpanded(_) | Self::Relative(_) => "write the full path",
            Self::NoProgram | Self::OnlyBundleProgram | Self::NoArguments => {
                "give ProgramArguments: the program, then each argument, each a string of its own"
            }
            Self::Truncated { .. } | Self::NoValue => "is the file complete?",
            Self::NeedsPipe => "set Mode to Pipe",
            Self::Element(name) => return element_help(name),
            Self::Unknown { near } => return near.clone(),
            Self::Case { meant, .. } => return Some(format!("write {meant}")),
            Self::Type { write, .. } => return write.as_ref().map(|text| format!("write {text}")),
            Self::NoLabel { stem, format } => return Some(label_help(stem.as_deref(), *format)),
            Self::TooLarge
            | Self::TooDeep
            | Self::TooMany
            | Self::TooManyFaults
            | Self::NotDictionary(_)
            | Self::Binary(_)
            | Self::Json(_)
            | Self::Mismatched { .. }
            | Self::Trailing
            | Self::Xml(_)
            | Self::Scalar { .. }
            | Self::Unexpected { .. }
            | Self::Twice { .. }
            | Self::Range { .. }
            | Self::Nul { .. }
            | Self::Label(_)
            | Self::VariableName
            | Self::EmptyProgram
            | Self::Outdone(_)
            | Self::KeptAliveAnyway(_)
            | Self::SoftAboveHard { .. }
            | Self::NoSockets
            | Self::OnlyLaunchdStarts
            | Self::NotConfined
            | Self::Itself
            | Self::Needed(_)
            | Self::NotYet(_)
            | Self::NotAvailable(..)
            | Self::Refused(..)
            | Self::Approximated(..) => return None,
        };
        Some(fixed.to_owned())
    }
}

fn element_help(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    Some(match lower.as_str() {
        "bool" | "boolean" | "yes" | "no" => "write <true/> or <false/>".to_owned(),
        "int" | "number" => "write <integer>".to_owned(),
        "float" | "double" => "write <real>".to_owned(),
        "str" | "text" => "write <string>".to_owned(),
        "list" => "write <array>".to_owned(),
        "dictionary" | "map" => "write <dict>".to_owned(),
        "true" | "false" => format!("write <{lower}/>, in lower case"),
        "key" | "string" | "integer" | "real" | "array" | "dict" | "data" | "date" | "plist" => {
            format!("write <{lower}>, in lower case")
        }
        _ => return None,
    })
}

fn label_help(stem: Option<&str>, format: Format) -> String {
    let label = stem.unwrap_or("NAME");
    match format {
        Format::Xml | Format::Binary => {
            format!("add <key>Label</key><string>{label}</string>")
        }
        Format::Json => format!("add \"Label\": \"{label}\""),
        Format::OpenStep => format!("add Label = \"{label}\";"),
    }
}
