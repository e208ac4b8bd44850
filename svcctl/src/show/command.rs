//! A program with its arguments, as one could type it into a shell.

use std::borrow::Cow;

/// The words in one line, quoted where a shell would need it.
pub(crate) fn command(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> Cow<'_, str> {
    let plain = |letter: char| letter.is_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into();
    }
    if word.chars().any(char::is_control) {
        return format!("$'{}'", word.escape_default()).into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn words_are_quoted_where_needed() {
        let words = ["/bin/sh", "-c", "echo it's $X", "", "a=b", "two\nlines"];
        assert_eq!(
            command(&words.map(str::to_owned)),
            r"/bin/sh -c 'echo it'\''s $X' '' a=b $'two\nlines'"
        );
    }
}
