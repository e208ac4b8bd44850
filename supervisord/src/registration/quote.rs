//! Words as the files of service managers want them. Each function is the inverse of a reader
//! that is not ours.

/// A word of a shell's.
pub(super) fn shell(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "@%+=:,./_-".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A word of a unit's command line: `%` and `$` would be expanded (systemd.service(5)).
pub(super) fn unit_word(word: &str) -> String {
    let word = unit_text(word).replace('$', "$$");
    let is_plain = |letter: char| !letter.is_whitespace() && !"\"'\\;".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""))
}

/// Text of a unit: `%` would be expanded (systemd.unit(5)).
pub(super) fn unit_text(text: &str) -> String {
    text.replace('%', "%%")
}

/// Text of a property list.
pub(super) fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_words_stay_one_word() {
        assert_eq!(shell("/usr/bin/supervisord"), "/usr/bin/supervisord");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
        assert_eq!(unit_word("/srv/a b"), "\"/srv/a b\"");
        assert_eq!(unit_word(r#"a"b\c"#), r#""a\"b\\c""#);
        assert_eq!(unit_word("50%$HOME"), "50%%$$HOME");
        assert_eq!(unit_word(""), "\"\"");
        assert_eq!(xml("<a & b>"), "&lt;a &amp; b&gt;");
    }
}
