//! Answers as text: pure, so that every line a person sees is tested by its exact letters.
//!
//! Nothing here reads a clock, a file or the connection.

mod check;
mod command;
mod duration;
mod event;
mod list;
mod logs;
mod outcome;
mod plan;
mod span;
mod status;
mod story;
mod waiting;
mod why;

pub(crate) use check::{Checked, Tally, checked, checked_json};
pub(crate) use command::command;
pub(crate) use event::{Event, event};
pub(crate) use list::{BRIEF_HEADER, Brief, Page, Row, WIDE_HEADER, Wide};
pub(crate) use logs::{Form, Log};
pub(crate) use outcome::{Did, outcome};
pub(crate) use plan::step;
pub(crate) use status::status;
pub(crate) use story::Story;
pub(crate) use waiting::waiting;
pub(crate) use why::why;
