// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The usage.

use crate::message::Name;
use alloc::format;
use alloc::string::String;

/// The usage in two lines, for a command line that is wrong.
pub fn usage(program: &[u8]) -> String {
    let name = Name(program);
    format!("usage: {name} [-n NAME] [OPTION...] [FILE...]\n{name} --help tells more\n")
}

/// `--help`.
pub fn help(program: &[u8]) -> String {
    let name = Name(program);
    format!(
        "usage: {name} [-n NAME] [OPTION...] [FILE...]
       {name} [-n NAME] -c [OPTION...] [LIST...]
Prints message digests or HMACs of files, or verifies those of lists, by libkcapi.
Without FILE or LIST, or where it is -, reads standard input.

  -n, --name NAME        do what the program NAME does; must be the first option
  -c, --check[=LIST]     verify the files that the lists name
  -T, --target FILE      with -c: verify this file in place of those in the lists
  -h, --hash DIGEST      sha1, sha224, sha256, sha384, sha512, sm3, sha3-224, sha3-256, sha3-384, sha3-512
  -t, --truncate BITS    the first BITS of the digest only
  -u, --unkeyed          no HMAC
  -k, --key-file FILE    HMAC with the content of FILE as key
      --key-fd FD        with what can be read from this descriptor
  -K, --key TEXT         with this text
      --tag              lines in BSD's form
  -z, --zero             lines end with NUL
  -d DIRECTORY           fipshmac, fipscheck: where the HMAC files are
  -q, --status           with -c: no verdicts
      --quiet            with -c: no verdict on what is OK
  -w, --warn             with -c: say which lines say nothing
      --strict           with -c: such a line is a failure, as it always is but for names that end in sum
      --ignore-missing   with -c: files that are not there do not count
  -S, --self-sum         print the HMAC of this program, -L, --self-sum-lib of libkcapi.so.1
      --self-test        whether both are what their HMAC files say
  -v, --version          print the version, and who makes the digests
      --help             print this
  -b, -P, --binary, --text   change nothing

Exit status: 0; 1 if something failed, did not match or was not there to verify.
"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_fit() {
        let help = super::help(b"kcapi-hasher");
        assert!(help.lines().all(|line| line.len() <= 110));
    }
}
