//! Recognises what people hand over in place of a property list. Only names it.

/// What a binary file is, by its first bytes.
pub(super) fn magic(bytes: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 12] = [
        (b"\x7fELF", "a Linux program (ELF)"),
        (b"MZ", "a Windows program"),
        (b"\xcf\xfa\xed\xfe", "a macOS program (Mach-O)"),
        (b"\xce\xfa\xed\xfe", "a macOS program (Mach-O)"),
        (b"\xca\xfe\xba\xbe", "a macOS program (Mach-O)"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x1f\x8b", "a gzip file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a picture"),
        (b"SQLite format 3", "a database"),
        (b"#!", "a script (it begins with #!)"),
    ];
    known.into_iter().find_map(|(magic, what)| bytes.starts_with(magic).then_some(what))
}

/// What a text is, by how it begins.
pub(super) fn beginning(text: &str) -> Option<&'static str> {
    let head: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    if head.starts_with("<!doctype html") || head.starts_with("<html") {
        return Some("a web page (HTML)");
    }
    if head.starts_with("<svg") {
        return Some("a picture (SVG)");
    }
    if ["[unit]", "[service]", "[timer]", "[socket]"].iter().any(|it| head.starts_with(it)) {
        return Some("a systemd unit");
    }
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || " -_.:".contains(c))
    };
    let first = head.lines().next().unwrap_or_default().trim();
    let section = first.trim_start_matches('[').trim_end_matches(']');
    let is_section = first.starts_with('[') && first.ends_with(']') && is_name(section);
    if is_section {
        return Some("an INI or TOML file (it begins with a [section])");
    }
    if head.starts_with("---") {
        return Some("a YAML file");
    }
    if head.starts_with("version https://git-lfs") {
        return Some("a Git LFS pointer, with the file itself not fetched");
    }
    head.starts_with("<<<<<<<").then_some("a file with unresolved merge conflicts")
}
