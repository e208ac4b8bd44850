//! Labels that several of the files give, of which a supervisor can take only one.

use std::collections::HashMap;

use protocol::definition::{Definition, Fault, Read, Severity};

use crate::verbs::files::DefinitionFile;

/// The labels met so far, with where.
#[derive(Debug, Default)]
pub(super) struct Labels(HashMap<String, String>);

impl Labels {
    /// Takes in a file's label; says where it was met before.
    pub(super) fn meet(
        &mut self,
        file: &DefinitionFile,
        read: &Read,
        definition: &Definition,
    ) -> Option<Fault> {
        let line = read.used.iter().find(|used| used.path == "Label").and_then(|used| used.line);
        let place = match line {
            Some(line) => format!("{}:{line}", file.name),
            None => file.name.clone(),
        };
        if let Some(first) = self.0.get(&definition.label) {
            let cause = format!("is {:?}, as in {first}", definition.label);
            let help = Some("give each service a label of its own".to_owned());
            return Some(super::fault(read, Severity::Warning, "Label", cause, help));
        }
        self.0.insert(definition.label.clone(), place);
        None
    }
}
