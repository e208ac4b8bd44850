//! schema and completions: what is printed for other programs.

use serde_json::Value;

use crate::folder::Folder;

#[test]
fn schemas_are_json_that_names_its_draft() {
    let folder = Folder::with(&[]);
    for (what, known) in
        [("definition", "/properties/KeepAlive/anyOf"), ("protocol", "/x-methods/stop/result")]
    {
        let schema: Value = serde_json::from_str(&folder.said(&["schema", what])).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema.pointer(known).is_some(), "{what} has no {known}");
    }
    assert!(folder.said(&["schema", "keys"]).starts_with("# Keys of a definition\n"));
    assert_eq!(folder.svcctl(&["schema", "weather"]).code, Some(2));
}

#[test]
fn every_shell_gets_completions_of_every_verb() {
    let folder = Folder::with(&[]);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let text = folder.said(&["completions", shell]);
        for verb in ["list", "check", "simulate", "kickstart"] {
            assert!(text.contains(verb), "{shell} does not know {verb}");
        }
    }
}
