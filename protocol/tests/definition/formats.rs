//! One definition in each format a home of it may have.

use crate::support::{findings, xml};
use protocol::definition::{Definition, KeepAlive, from_json, read};

/// What every sample below says.
fn expected() -> Definition {
    let arguments = ["/bin/web", "-p", "80", "größe \u{1f600}"];
    let mut expected = Definition::simple("web", arguments.map(str::to_owned).to_vec());
    expected.nice = Some(5);
    expected.environment = vec![("A".to_owned(), "1".to_owned())];
    expected
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
    <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/x.dtd\">\r\n\
    <plist version=\"1.0\">\r\n<dict>\r\n<key>Label</key><string>web</string>\r\n\
    <key>ProgramArguments</key><array><string>/bin/web</string><string>-p</string>\r\n\
    <string>80</string><string>größe &#x1F600;</string></array>\r\n\
    <key>KeepAlive</key><true/><key>Nice</key><integer> +0x5 </integer>\r\n\
    <key>EnvironmentVariables</key><dict><key>A</key><string>1</string></dict>\r\n\
    </dict>\r\n</plist>\r\n";

fn assert_read(bytes: &[u8]) {
    let outcome = read(bytes);
    assert_eq!(findings(&outcome), Vec::<String>::new());
    assert_eq!(outcome.definition, Some(expected()));
}

#[test]
fn xml_in_every_encoding() {
    assert_read(XML.as_bytes());
    assert_read(&[b"\xef\xbb\xbf", XML.as_bytes()].concat());
    let little = |unit: u16| unit.to_le_bytes();
    let wide: Vec<u8> =
        std::iter::once(0xfeff).chain(XML.encode_utf16()).flat_map(little).collect();
    assert_read(&wide);
    let big = |unit: u16| unit.to_be_bytes();
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(XML.encode_utf16()).flat_map(big).collect();
    assert_read(&wide);
}

#[test]
fn binary_as_plutil_writes_it() {
    let mut bytes = Vec::new();
    plist::to_writer_binary(&mut bytes, &expected().to_dictionary()).unwrap();
    assert_read(&bytes);
}

#[test]
fn json_as_text_and_parsed() {
    let json = "{\"Label\": \"web\", \"ProgramArguments\": [\"/bin/web\", \"-p\", \"80\", \
        \"größe \\ud83d\\ude00\"], \"KeepAlive\": true, \"Nice\": 5, \
        \"EnvironmentVariables\": {\"A\": \"1\"}}";
    assert_read(json.as_bytes());
    let outcome = from_json(&serde_json::from_str(json).unwrap());
    assert_eq!(outcome.definition, Some(expected()));
}

#[test]
fn openstep_where_words_become_what_their_key_wants() {
    let text = "// by hand\n{\n  Label = web;\n  ProgramArguments = (/bin/web, -p, 80,\n\
        \"größe \\Ud83d\\Ude00\");\n  KeepAlive = YES; /* always */ \"Nice\" = 5;\n\
        EnvironmentVariables = { A = 1; };\n}\n";
    assert_read(text.as_bytes());
}

#[test]
fn openstep_mistakes_name_the_line() {
    for (text, finding) in [
        ("{\n  Label = web\n  Nice = 1;\n}", "line 3: found 'N', expected ; behind the value"),
        ("{\n  Label web;\n}", "line 2: found 'w', expected = behind the key"),
        ("{ Label = \"web;\n}", "line 2: the file ends too early: a string, opened on line 1"),
        ("{ Label = web; } x", "line 1: there is something behind the end"),
        ("{ Label = web; /* ", "the file ends too early: a comment"),
        ("{ A = <zz>; }", "line 1: is \"zz\", which is not data"),
        ("{ Label = ; }", "line 1: found ';', expected a value"),
        ("{ Label = web;", "line 1: found the end of the file, expected a value"),
        ("(web)", "the outermost value is an array"),
        (
            "{\n  Label = web;\n  Program = /bin/web;\n  RunAtLoad = maybe;\n}",
            "line 4: RunAtLoad is a string, must be a boolean",
        ),
    ] {
        let found = findings(&read(text.as_bytes()));
        assert!(found.len() == 1 && found[0].contains(finding), "{text}: {found:?}");
    }
}

#[test]
fn json_mistakes_name_the_line() {
    for (text, finding) in [
        ("{\n\"Label\": \"web\",\n}", "line 3: the JSON is malformed: trailing comma"),
        ("{\"Label\": \"web\"", "line 1: the JSON is malformed: EOF while parsing"),
        ("{\"Label\": \"web\"} x", "line 1: the JSON is malformed: trailing characters"),
        ("{Label: \"web\"}", "line 1: the JSON is malformed: key must be a string"),
        ("{\"Label\": \"a\", \"Label\": \"b\", \"Program\": \"/b\"}", "Label is given twice"),
        (
            "{\"Label\": \"a\", \"Program\": \"/b\", \"KeepAlive\": null}",
            "KeepAlive is null, must be a boolean or a dictionary; ignored",
        ),
        ("{\"Label\": \"a\", \"Program\": \"/b\", \"KeepAlive\": 1}", "write true"),
        ("{\"Label\": \"a\", \"Program\": \"/b\\u0000\"}", "Program contains a NUL character"),
        ("{\"Program\": \"/b\"}", "add \"Label\": \"NAME\""),
    ] {
        let found = findings(&read(text.as_bytes()));
        assert!(found.len() == 1 && found[0].contains(finding), "{text}: {found:?}");
    }
}

#[test]
fn cdata_comments_and_entities_in_text() {
    let body = "<key>WorkingDirectory</key>\
        <string>/a<!-- not <this> -->b<![CDATA[<&>]]>&lt;&#65;&amp;</string>";
    let definition = read(xml(body).as_bytes()).definition.unwrap();
    assert_eq!(definition.working_directory.as_deref(), Some("/ab<&><A&"));
}

#[test]
fn what_macos_reads_though_xml_forbids_it() {
    let text = "<!DOCTYPE plist PUBLIC -//Apple//DTD PLIST 1.0//EN http://x>\n<plist><dict>\
        <!-- a -- b --><key>Label</key><string>web</string>\
        <key>Program</key><string>/bin/web</string></dict></plist>";
    assert!(read(text.as_bytes()).definition.is_some());
    let bare = "<dict><key>Label</key><string>web</string>\
        <key>Program</key><string>/bin/web</string></dict>";
    assert_eq!(read(bare.as_bytes()).definition.unwrap().keep_alive, KeepAlive::Never);
}
