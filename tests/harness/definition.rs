//! Definitions as scenarios write them: one puppet with a few keys, saved as a property list.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::{BINARIES, Daemon, Output};

/// A puppet's definition in the making.
#[derive(Debug, Clone)]
#[must_use]
pub struct Service<'a> {
    daemon: &'a Daemon,
    label: String,
    keys: Map<String, Value>,
}

impl<'a> Service<'a> {
    /// A service that stays until told to end, and is started when added.
    pub(crate) fn new(daemon: &'a Daemon, label: &str) -> Self {
        let mut keys = Map::new();
        keys.insert("Label".to_owned(), json!(label));
        let journal = daemon.journal_path(label);
        keys.insert(
            "ProgramArguments".to_owned(),
            json!([BINARIES.puppet, "--log", journal.to_str().expect("a base is UTF-8")]),
        );
        keys.insert("RunAtLoad".to_owned(), json!(true));
        Self { daemon, label: label.to_owned(), keys }
    }

    /// What the puppet does.
    pub fn does(mut self, arguments: &[&str]) -> Self {
        let words = self.keys["ProgramArguments"].as_array_mut().expect("it was made an array");
        words.extend(arguments.iter().map(|word| json!(word)));
        self
    }

    /// Sets a key of the definition.
    pub fn key(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.keys.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a key out again.
    pub fn without(mut self, name: &str) -> Self {
        self.keys.remove(name);
        self
    }

    /// The definition as a property list.
    #[must_use]
    pub fn text(&self) -> String {
        property_list(&Value::Object(self.keys.clone()))
    }

    /// The definition as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        Value::Object(self.keys.clone())
    }

    /// Saved outside the services folder, for `add`.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.save(self.daemon.base().join("definitions"))
    }

    /// Saved in the services folder, as a person with an editor would.
    pub fn place(&self) -> PathBuf {
        self.save(self.daemon.base().join("services"))
    }

    /// Added with `svcctl add`, which must succeed.
    #[track_caller]
    pub fn add(&self) -> String {
        let file = self.file();
        self.daemon.done(&["add", file.to_str().expect("a base is UTF-8")])
    }

    /// Added although it may not stay up; how `add` ended.
    pub fn add_in_any_case(&self) -> Output {
        let file = self.file();
        self.daemon.ctl(&["add", "--no-wait", file.to_str().expect("a base is UTF-8")])
    }

    fn save(&self, folder: PathBuf) -> PathBuf {
        std::fs::create_dir_all(&folder).expect("the base is ours to write");
        let path = folder.join(format!("{}.plist", self.label.replace([' ', '%'], "_")));
        std::fs::write(&path, self.text()).expect("the base is ours to write");
        path
    }
}

/// A JSON value as an XML property list.
#[must_use]
pub fn property_list(value: &Value) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n",
    );
    element(value, &mut text);
    text.push_str("</plist>\n");
    text
}

fn element(value: &Value, text: &mut String) {
    match value {
        Value::Null => panic!("a property list knows no null"),
        Value::Bool(true) => text.push_str("<true/>\n"),
        Value::Bool(false) => text.push_str("<false/>\n"),
        Value::Number(number) if number.is_f64() => *text += &format!("<real>{number}</real>\n"),
        Value::Number(number) => *text += &format!("<integer>{number}</integer>\n"),
        Value::String(words) => *text += &format!("<string>{}</string>\n", escaped(words)),
        Value::Array(items) => {
            text.push_str("<array>\n");
            items.iter().for_each(|item| element(item, text));
            text.push_str("</array>\n");
        }
        Value::Object(keys) => {
            text.push_str("<dict>\n");
            for (key, value) in keys {
                *text += &format!("<key>{}</key>\n", escaped(key));
                element(value, text);
            }
            text.push_str("</dict>\n");
        }
    }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
