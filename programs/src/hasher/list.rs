// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The lines of a list, as coreutils, hmaccalc, fipscheck, openssl-dgst(1) and this program write
//! them, in both forms and with coreutils' escapes in names.
//!
//! A list may come from anybody, so any bytes are a line or no line, and no bytes do any harm.

use crate::sys::{Errno, Fd, Result};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The longest line. It is longer than any path with all its characters escaped.
const LONGEST: usize = 1 << 20;
/// The length after which a line is no line of a list, but a device that never ends.
const ENDLESS: usize = 256 << 20;

/// A line with a digest.
#[derive(PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// The name of the digest, in a BSD list.
    pub label: Option<&'a [u8]>,
    /// The digest, in hexadecimal digits of either case.
    pub digest: &'a [u8],
    /// The file's name; none where there is only a digest. In a BSD list it may be empty, which is
    /// that of no file.
    pub name: Option<Cow<'a, [u8]>>,
}

/// The meaning of a line.
#[derive(PartialEq, Eq, Debug)]
pub enum Parsed<'a> {
    /// A digest that a file must have.
    Line(Line<'a>),
    /// A comment.
    Comment,
    /// Nothing at all.
    Empty,
    /// Anything else.
    Bad,
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let first = text.iter().position(|&byte| !is_blank(byte)).unwrap_or(text.len());
    text.get(first..).unwrap_or_default()
}

/// Hexadecimal digits, whole bytes of them.
fn is_digest(text: &[u8]) -> bool {
    !text.is_empty() && text.len().is_multiple_of(2) && text.iter().all(u8::is_ascii_hexdigit)
}

/// Reads a line, without its end. `raw`: lines end with NUL, and names have no escapes.
pub fn parse(line: &[u8], raw: bool) -> Parsed<'_> {
    // Lists from elsewhere end lines with CR LF. A name that ends with CR is written with an
    // escape.
    let line = if raw { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
    if line.contains(&0) {
        return Parsed::Bad;
    }
    if line.first() == Some(&b'#') {
        return Parsed::Comment;
    }
    if line.is_empty() {
        return Parsed::Empty;
    }
    let text = skip_blanks(line);
    let (text, escaped) = match text.strip_prefix(b"\\") {
        Some(text) if !raw => (text, true),
        _ => (text, false),
    };
    match plain(text).or_else(|| bsd(text)) {
        Some((label, digest, None)) if !escaped => Parsed::Line(Line { label, digest, name: None }),
        Some((label, digest, Some(name))) if label.is_some() || !name.is_empty() => {
            let name =
                if escaped { unescape(name).map(Cow::Owned) } else { Some(Cow::Borrowed(name)) };
            name.map_or(Parsed::Bad, |name| Parsed::Line(Line { label, digest, name: Some(name) }))
        }
        _ => Parsed::Bad,
    }
}

type Parts<'a> = (Option<&'a [u8]>, &'a [u8], Option<&'a [u8]>);

/// `HEX`, `HEX  NAME`, `HEX *NAME`, and with one blank only.
fn plain(text: &[u8]) -> Option<Parts<'_>> {
    let end = text.iter().position(|&byte| is_blank(byte)).unwrap_or(text.len());
    let (digest, rest) = text.split_at(end);
    if !is_digest(digest) {
        return None;
    }
    let name = rest.get(1..).map(|rest| match rest {
        [b' ' | b'*', name @ ..] => name,
        name => name,
    });
    Some((None, digest, name))
}

/// `LABEL (NAME) = HEX`, and openssl's `LABEL(NAME)= HEX`.
fn bsd(text: &[u8]) -> Option<Parts<'_>> {
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let digest = skip_blanks(text.get(end + 1..)?).strip_prefix(b"=").map(skip_blanks)?;
    let head = text.get(..end)?;
    // A label may have parentheses of its own: HMAC(SHA512).
    let inner = if text.starts_with(b"HMAC(") {
        head.iter().position(|&byte| byte == b')')? + 1
    } else {
        0
    };
    let start = inner + head.get(inner..)?.iter().position(|&byte| byte == b'(')?;
    let label = head.get(..start)?;
    let label = label.strip_suffix(b" ").unwrap_or(label);
    let name = head.get(start + 1..)?;
    is_digest(digest).then_some((Some(label), digest, Some(name)))
}

/// The name that a name with escapes means. None: something in it is no valid escape.
fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                _ => return None,
            },
            byte => byte,
        });
    }
    Some(plain)
}

/// A name with escapes, where it needs them.
pub fn escape(name: &[u8]) -> Option<Vec<u8>> {
    if !name.iter().any(|byte| b"\\\n\r".contains(byte)) {
        return None;
    }
    let mut escaped = Vec::with_capacity(name.len() + 8);
    for &byte in name {
        match byte {
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            byte => escaped.push(byte),
        }
    }
    Some(escaped)
}

/// Reads a list line by line.
pub struct Lines {
    fd: Fd,
    end: u8,
    buffer: Vec<u8>,
    /// The beginning, in the buffer, of the bytes that were read and not given yet.
    start: usize,
    at_end: bool,
}

impl Lines {
    /// The lines that are read from `fd`. Each ends with `end`.
    pub fn new(fd: Fd, end: u8) -> Self {
        Self { fd, end, buffer: Vec::new(), start: 0, at_end: false }
    }

    /// The next line, without its end. `None` stands for one that is too long.
    pub fn read(&mut self) -> Result<Option<Option<&[u8]>>> {
        let mut looked = 0;
        // Bytes of a line that is too long, which are skipped.
        let mut skipped = 0;
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            let found = rest.iter().skip(looked).position(|&byte| byte == self.end);
            let length = match found {
                Some(at) => looked + at,
                None if self.at_end && (!rest.is_empty() || skipped > 0) => rest.len(),
                None if self.at_end => return Ok(None),
                None => {
                    looked = rest.len();
                    if looked > LONGEST {
                        skipped += looked;
                        looked = 0;
                        self.start = self.buffer.len();
                    }
                    if skipped > ENDLESS {
                        return Err(Errno(libc::EFBIG));
                    }
                    self.fill()?;
                    continue;
                }
            };
            let start = self.start;
            self.start = (start + length + 1).min(self.buffer.len());
            let line = self.buffer.get(start..start + length).unwrap_or_default();
            return Ok(Some((skipped == 0 && line.len() <= LONGEST).then_some(line)));
        }
    }

    fn fill(&mut self) -> Result<()> {
        const PIECE: usize = 16 << 10;
        self.buffer.drain(..self.start);
        self.start = 0;
        let filled = self.buffer.len();
        self.buffer.resize(filled + PIECE, 0);
        let count = self.fd.read(self.buffer.get_mut(filled..).unwrap_or_default());
        self.buffer.truncate(filled + count.unwrap_or(0));
        self.at_end = count? == 0;
        Ok(())
    }
}

/// Panics if something does not hold that must, for any bytes as a line. For the fuzz target, and
/// for the test that replays its corpus.
pub fn holds_for(data: &[u8]) {
    for raw in [false, true] {
        if let Parsed::Line(line) = parse(data, raw) {
            assert!(is_digest(line.digest));
            if let Some(name) = line.name {
                assert!(!name.contains(&0));
                if name.is_empty() {
                    assert!(line.label.is_some());
                    continue;
                }
                // The line's meaning, written as a line again, has the same meaning.
                let escaped = if raw { None } else { escape(&name) };
                let mark: &[u8] = if escaped.is_some() { b"\\" } else { b"" };
                let shown = escaped.as_deref().unwrap_or(&name);
                let again = [mark, line.digest, b"  ", shown].concat();
                let expected =
                    Line { label: None, digest: line.digest, name: Some(Cow::Borrowed(&name)) };
                assert_eq!(parse(&again, raw), Parsed::Line(expected));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &[u8]) -> (Option<&[u8]>, &[u8], Option<Vec<u8>>) {
        match parse(text, false) {
            Parsed::Line(line) => (line.label, line.digest, line.name.map(Cow::into_owned)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_forms() {
        let name = Some(b"a b".to_vec());
        for text in ["00aB  a b", "00aB *a b", "00aB a b", "  00aB  a b", "00aB  a b\r"] {
            assert_eq!(line(text.as_bytes()), (None, &b"00aB"[..], name.clone()), "{text}");
        }
        for text in ["SHA1 (a b) = 00aB", "SHA1(a b)= 00aB"] {
            assert_eq!(line(text.as_bytes()), (Some(&b"SHA1"[..]), &b"00aB"[..], name.clone()));
        }
        assert_eq!(line(b"HMAC(SHA1) (a) = 00").0, Some(&b"HMAC(SHA1)"[..]));
        assert_eq!(line(b"HMAC-SHA1(a)= 00").0, Some(&b"HMAC-SHA1"[..]));
        assert_eq!(line(b"SHA1 (a) = b) = 00").2, Some(b"a) = b".to_vec()));
        assert_eq!(line(b"SHA1 () = 00").2, Some(Vec::new()));
        assert_eq!(line(b"00").2, None);
    }

    #[test]
    fn names_are_bytes() {
        assert_eq!(line(b"00  \xc3\xa4\xff").2, Some(b"\xc3\xa4\xff".to_vec()));
        assert_eq!(line(b"00   a ").2, Some(b" a ".to_vec()));
        assert_eq!(line(b"\\00  a\\nb\\\\\\r").2, Some(b"a\nb\\\r".to_vec()));
        assert_eq!(line(b"00  a\\nb").2, Some(b"a\\nb".to_vec()));
        assert_eq!(parse(b"\\00  a\\x", false), Parsed::Bad);
        assert_eq!(parse(b"\\00  a\\", false), Parsed::Bad);
    }

    #[test]
    fn the_rest_is_none() {
        for text in [
            "junk",
            " \t",
            "0g  a",
            "000  a",
            "00 ",
            "00  ",
            "SHA1 (a) 00",
            "SHA1 (a) = ",
            "\0",
            "00  a\0",
        ] {
            assert_eq!(parse(text.as_bytes(), false), Parsed::Bad, "{text:?}");
        }
        assert_eq!(parse(b"# 00  a", false), Parsed::Comment);
        assert_eq!(parse(b"", false), Parsed::Empty);
        assert_eq!(parse(b"\r", false), Parsed::Empty);
    }

    /// Replays the fuzz target's corpus, and inputs that a few changes make of it.
    #[test]
    fn any_bytes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/lists");
        let mut count = 0;
        for file in std::fs::read_dir(folder).expect("the corpus") {
            let seed = std::fs::read(file.expect("a file").path()).expect("a file");
            holds_for(&seed);
            for at in 0..seed.len() {
                for byte in [0, b' ', b'(', b')', b'=', b'\\', b'\n', b'*', b'#', b'0', 0xff] {
                    let mut changed = seed.clone();
                    changed[at] = byte;
                    holds_for(&changed);
                    changed.truncate(at);
                    holds_for(&changed);
                    count += 2;
                }
            }
        }
        assert!(count > 1000);
    }

    #[test]
    fn long_lines_are_none_and_the_next_one_is_read() {
        let path = std::env::temp_dir().join(std::format!("kcapi-lines-{}", std::process::id()));
        let long = alloc::vec![b'x'; LONGEST + 100_000];
        std::fs::write(&path, [&b"a\n"[..], &long, b"\n\nb"].concat()).expect("a file");
        let name = alloc::ffi::CString::new(path.as_os_str().as_encoded_bytes()).expect("a name");
        let file = crate::sys::File::read_only(&name).expect("a file");
        std::fs::remove_file(&path).expect("a file");
        let mut lines = Lines::new(*file, b'\n');
        assert_eq!(lines.read(), Ok(Some(Some(&b"a"[..]))));
        assert_eq!(lines.read(), Ok(Some(None)));
        assert_eq!(lines.read(), Ok(Some(Some(&b""[..]))));
        assert_eq!(lines.read(), Ok(Some(Some(&b"b"[..]))));
        assert_eq!(lines.read(), Ok(None));
    }
}
