// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Message digests, keyed or not: the table of names, and HMAC.
//!
//! An algorithm is the state with which a message begins; keys give another one to begin
//! with. Block and digest sizes are those that /proc/crypto shows. Of several messages
//! `side_by_side` computes the digests together, where that is faster.
//!
//! The digests are RustCrypto's, but for SHA-1, SHA-2 and SHA-3. Not here: their self tests in FIPS mode, and the length
//! limit that the kernel's socket memory sets to a key.
//!
//! References: Linux `crypto/hmac.c`; RFC 2104.

#![allow(
    clippy::indexing_slicing,
    reason = "digests and blocks have the sizes of their algorithms"
)]

mod checksum;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod mac;
#[cfg(feature = "legacy")]
mod michael;
#[cfg(target_arch = "x86_64")]
mod rounds;
mod sha;
#[cfg(target_arch = "x86_64")]
mod sha1;
#[cfg(target_arch = "x86_64")]
mod sha256;
mod sha3;
#[cfg(target_arch = "x86_64")]
mod sha512;
pub mod side_by_side;
#[cfg(test)]
mod wycheproof;

use self::sha3::Sha3;
use super::names::Name;
use crate::engine::{DIGEST_MAX, Grouping};
use crate::errno::{Errno, Result};
use crate::wipe::{Depth, wipe_bytes};
use digest::common::KeySizeUser;
use digest::typenum::Unsigned;
use digest::{Digest, FixedOutput, FixedOutputReset, Update, block_api::BlockSizeUser};
#[cfg(target_arch = "x86_64")]
use lanes::{grouping_of_32, grouping_of_64};
#[cfg(target_arch = "x86_64")]
use sha::Sha2;
pub use sha::Sha512;
use sha::{Sha1, Sha256};

#[cfg(not(target_arch = "x86_64"))]
use {no_grouping as grouping_of_32, no_grouping as grouping_of_64};

/// The state of a message that is being hashed.
pub trait Hasher: Send + Sync {
    /// The same state again: the beginning of another message.
    fn fork(&self) -> Box<dyn Hasher>;

    /// Adds to the message.
    fn update(&mut self, data: &[u8]);

    /// The digest of this state and the pieces of `message`; the state stays as it is. `digest` has the
    /// algorithm's digest size.
    fn digest(&self, message: &[&[u8]], digest: &mut [u8]);

    /// Computes digests of messages that begin with this state, side by side, as far as that is faster.
    /// ENOMEM: none.
    fn digest_each(&self, _: &mut [DigestMessage<'_>]) -> Result<()> {
        Ok(())
    }

    /// The state, if messages that begin with another one of its kind may be hashed beside those that
    /// begin with it.
    #[cfg(target_arch = "x86_64")]
    fn sha2(&self) -> Option<Sha2<'_>> {
        None
    }
}

impl dyn Hasher {
    /// Ends the message. What is in the box wipes itself there: it must not be moved out, which would
    /// leave it in freed memory.
    pub fn finish(self: Box<Self>, digest: &mut [u8]) {
        self.digest(&[], digest);
    }
}

/// A compression function of SHA: adds blocks to a state.
type Compress<W, const WORDS: usize, const BLOCK: usize> = fn(&mut [W; WORDS], &[[u8; BLOCK]]);

/// A whole message whose digest may be computed beside others'.
pub struct DigestMessage<'a> {
    /// The state with which it begins.
    beginning: &'a dyn Hasher,
    data: &'a [u8],
    /// The place of the digest.
    digest: &'a mut [u8],
    /// The digest is there.
    done: bool,
}

impl<'a> DigestMessage<'a> {
    /// A message that begins with the state of `beginning` and goes on with `data`.
    pub fn new(beginning: &'a dyn Hasher, data: &'a [u8], digest: &'a mut [u8]) -> Self {
        Self { beginning, data, digest, done: false }
    }

    /// Bytes in the digest. None: it was not computed.
    pub fn result(&self) -> Option<usize> {
        self.done.then_some(self.digest.len())
    }
}

/// The state of a digest before its first byte.
pub type Plain = fn() -> Box<dyn Hasher>;

/// The state of a keyed digest before its first byte; EINVAL for a key that it does not take.
pub type Key = fn(&[u8]) -> Result<Box<dyn Hasher>>;

/// The same with the size of HMAC's digest.
type HmacKey = fn(&[u8], usize) -> Box<dyn Hasher>;

/// [`Key`] with the values that it has captured.
pub type BoxedKey = Box<dyn Fn(&[u8]) -> Result<Box<dyn Hasher>> + Send + Sync>;

/// A digest.
pub struct HashAlgorithm {
    /// Bytes in a block.
    pub block_size: u32,
    /// Bytes in a digest.
    pub digest_size: u32,
    /// The state with which a message begins without a key; None: there must be one.
    pub plain: Option<Plain>,
    /// The state with which it begins with a key; None: it takes no key.
    pub keyed: Option<BoxedKey>,
    /// The depth of the stack that it takes.
    pub depth: Depth,
    /// The messages whose digests are faster side by side.
    pub grouping: Option<Grouping>,
}

impl HashAlgorithm {
    /// The state with which a message begins with that key; ENOSYS if it takes no key, EINVAL if not this
    /// one.
    pub fn with_key(&self, key: &[u8]) -> Result<Box<dyn Hasher>> {
        self.keyed.as_ref().ok_or(Errno::NOSYS)?(key)
    }
}

/// The algorithm of that name.
pub fn find(name: &Name<'_>) -> Option<HashAlgorithm> {
    let entry = |name: &Name<'_>| DIGESTS.iter().find(|entry| name.is(entry.name));
    if let Some(digest) = name.within(&["hmac"]).and_then(entry) {
        return Some(HashAlgorithm {
            block_size: digest.block_size,
            digest_size: digest.digest_size,
            plain: None,
            keyed: Some(Box::new(|key| Ok((digest.hmac)(key, digest.digest_size as usize)))),
            depth: digest.depth,
            grouping: (digest.grouping)(),
        });
    }
    if let Some(digest) = entry(name) {
        return Some(HashAlgorithm {
            block_size: digest.block_size,
            digest_size: digest.digest_size,
            plain: Some(digest.plain),
            keyed: digest.keyed.map(|key| Box::new(key) as _),
            depth: digest.depth,
            grouping: (digest.grouping)(),
        });
    }
    #[cfg(feature = "legacy")]
    if name.is("michael_mic") {
        return Some(michael::algorithm());
    }
    mac::find(name).or_else(|| checksum::find(name))
}

/// A digest that HMAC can be made of.
struct Entry {
    name: &'static str,
    block_size: u32,
    digest_size: u32,
    plain: Plain,
    hmac: HmacKey,
    keyed: Option<Key>,
    depth: Depth,
    grouping: fn() -> Option<Grouping>,
}

const fn entry<D: Base>(name: &'static str) -> Entry {
    Entry {
        name,
        block_size: <D::BlockSize as Unsigned>::U32,
        digest_size: <D::OutputSize as Unsigned>::U32,
        plain: || Box::new(State(D::default())),
        hmac: |key, size| Hmac::with_key(State(D::default()), D::BlockSize::USIZE, key, size),
        keyed: None,
        depth: if <D::BlockSize as Unsigned>::USIZE <= 64 { Depth::Shallow } else { Depth::Spills },
        grouping: no_grouping,
    }
}

/// No messages are faster side by side.
fn no_grouping() -> Option<Grouping> {
    None
}

/// SHA-1, SHA-2 or SHA-3.
macro_rules! sha {
    ($name:literal, $block_size:literal, $digest_size:literal, $beginning:path, $grouping:path) => {
        Entry {
            name: $name,
            block_size: $block_size,
            digest_size: $digest_size,
            plain: || Box::new($beginning()),
            hmac: |key, size| Hmac::with_key($beginning(), $block_size, key, size),
            keyed: None,
            depth: if $block_size <= 64 { Depth::Shallow } else { Depth::Spills },
            grouping: $grouping,
        }
    };
}

/// A digest that spills more registers than others with blocks of that size.
#[cfg(feature = "legacy")]
const fn deep<D: Base>(name: &'static str) -> Entry {
    Entry { depth: Depth::Spills, ..entry::<D>(name) }
}

/// A digest that is the beginning of another one's.
#[cfg(feature = "legacy")]
const fn cut<D: Base>(name: &'static str, digest_size: u32) -> Entry {
    Entry { digest_size, ..deep::<D>(name) }
}

/// BLAKE2, which takes a key itself, of up to half a block.
macro_rules! blake2 {
    ($name:literal, $digest:ident, $mac:ident, $size:ident) => {
        Entry {
            keyed: Some(|key| {
                type Mac = blake2::$mac<digest::consts::$size>;
                if key.len() > <Mac as KeySizeUser>::key_size() {
                    return Err(Errno::INVAL);
                }
                let key = Some(key).filter(|key| !key.is_empty());
                let mac = Mac::new_with_salt_and_personal(key, &[], &[]);
                Ok(Box::new(WithMac(mac.map_err(|_| Errno::INVAL)?)))
            }),
            ..entry::<blake2::$digest<digest::consts::$size>>($name)
        }
    };
}

const DIGESTS: &[Entry] = &[
    entry::<md5::Md5>("md5"),
    sha!("sha1", 64, 20, Sha1::sha1, no_grouping),
    sha!("sha224", 64, 28, Sha256::sha224, grouping_of_32),
    sha!("sha256", 64, 32, Sha256::sha256, grouping_of_32),
    sha!("sha384", 128, 48, Sha512::sha384, grouping_of_64),
    sha!("sha512", 128, 64, Sha512::sha512, grouping_of_64),
    sha!("sha3-224", 144, 28, Sha3::<144>::new, no_grouping),
    sha!("sha3-256", 136, 32, Sha3::<136>::new, no_grouping),
    sha!("sha3-384", 104, 48, Sha3::<104>::new, no_grouping),
    sha!("sha3-512", 72, 64, Sha3::<72>::new, no_grouping),
    entry::<sm3::Sm3>("sm3"),
    blake2!("blake2b-160", Blake2b, Blake2bMac, U20),
    blake2!("blake2b-256", Blake2b, Blake2bMac, U32),
    blake2!("blake2b-384", Blake2b, Blake2bMac, U48),
    blake2!("blake2b-512", Blake2b, Blake2bMac, U64),
    blake2!("blake2s-128", Blake2s, Blake2sMac, U16),
    blake2!("blake2s-160", Blake2s, Blake2sMac, U20),
    blake2!("blake2s-224", Blake2s, Blake2sMac, U28),
    blake2!("blake2s-256", Blake2s, Blake2sMac, U32),
    #[cfg(feature = "legacy")]
    entry::<md4::Md4>("md4"),
    #[cfg(feature = "legacy")]
    entry::<ripemd::Ripemd160>("rmd160"),
    #[cfg(feature = "legacy")]
    deep::<streebog::Streebog256>("streebog256"),
    #[cfg(feature = "legacy")]
    deep::<streebog::Streebog512>("streebog512"),
    #[cfg(feature = "legacy")]
    deep::<whirlpool::Whirlpool>("wp512"),
    #[cfg(feature = "legacy")]
    cut::<whirlpool::Whirlpool>("wp384", 48),
    #[cfg(feature = "legacy")]
    cut::<whirlpool::Whirlpool>("wp256", 32),
];

/// The traits that a digest of the table must have.
trait Base:
    Digest + FixedOutputReset + Update + Default + BlockSizeUser + Clone + Send + Sync + 'static
{
}

impl<D> Base for D where
    D: Digest + FixedOutputReset + Update + Default + BlockSizeUser + Clone + Send + Sync + 'static
{
}

/// A digest's state.
#[derive(Clone)]
struct State<T>(T);

impl<T: Update + FixedOutputReset + Clone + Send + Sync + 'static> Hasher for State<T> {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    /// Not inlined into the next one, which would have it a second time for each digest.
    #[inline(never)]
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let mut state = self.clone();
        message.iter().for_each(|piece| state.update(piece));
        output(&mut state.0, digest);
    }
}

/// The state of a digest that has absorbed a key. To begin anew it would need the key, which it does not keep: so each
/// digest is computed by a copy of it, and not in place as [`output`] does.
#[derive(Clone)]
struct WithMac<T>(T);

impl<T: Update + FixedOutput + Clone + Send + Sync + 'static> Hasher for WithMac<T> {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    /// As above.
    #[inline(never)]
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let mut state = self.clone();
        message.iter().for_each(|piece| state.update(piece));
        let mut whole = state.0.finalize_fixed();
        digest.copy_from_slice(&whole[..digest.len()]);
        wipe_bytes(&mut whole);
    }
}

/// Writes as much of the digest as `digest` has room for. The state is used where it is, since a copy
/// takes time, and is to begin with after that.
fn output<T: FixedOutputReset>(state: &mut T, digest: &mut [u8]) {
    if let Ok(whole) = digest.try_into() {
        state.finalize_into_reset(whole);
        return;
    }
    let mut whole = state.finalize_fixed_reset();
    digest.copy_from_slice(&whole[..digest.len()]);
    wipe_bytes(&mut whole);
}

/// HMAC with its key absorbed into both digests.
#[derive(Clone)]
struct Hmac<H> {
    inner: H,
    outer: H,
}

impl<H: Hasher + Clone + 'static> Hmac<H> {
    /// `beginning` is the state of the digest, before its first byte. It is in a box before the key comes, of which
    /// no copy is left behind.
    fn with_key(
        beginning: H,
        block_size: usize,
        key: &[u8],
        digest_size: usize,
    ) -> Box<dyn Hasher> {
        let mut hmac = Box::new(Self { inner: beginning.clone(), outer: beginning });
        let Self { inner, outer } = &mut *hmac;
        absorb_key([inner, outer], block_size, key, digest_size);
        hmac
    }
}

/// Makes two states before their first byte HMAC's inner and outer one: each takes up a block that is made of the key.
/// Not a part of the above, which is compiled for each digest.
#[inline(never)]
fn absorb_key(states: [&mut dyn Hasher; 2], block_size: usize, key: &[u8], digest_size: usize) {
    // The longest block, SHA3-224's, has 144 bytes.
    let mut block = [0u8; 256];
    let block = &mut block[..block_size];
    if key.len() > block_size {
        states[0].digest(&[key], &mut block[..digest_size]);
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    for (state, pad) in states.into_iter().zip([0x36, 0x5c]) {
        block.iter_mut().for_each(|byte| *byte ^= pad);
        state.update(block);
        block.iter_mut().for_each(|byte| *byte ^= pad);
    }
    wipe_bytes(block);
}

impl<H: Hasher + Clone + 'static> Hasher for Hmac<H> {
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }

    fn update(&mut self, data: &[u8]) {
        self.inner.update(data);
    }

    fn digest(&self, message: &[&[u8]], digest: &mut [u8]) {
        let mut inner = [0; DIGEST_MAX];
        let inner = &mut inner[..digest.len()];
        self.inner.digest(message, inner);
        self.outer.digest(&[inner], digest);
        wipe_bytes(inner);
    }

    #[cfg(target_arch = "x86_64")]
    fn sha2(&self) -> Option<Sha2<'_>> {
        Sha2::of(&self.inner, Some(&self.outer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::user::algorithm::names;

    /// The algorithm of that name.
    pub(super) fn find(name: &str) -> Option<HashAlgorithm> {
        super::find(&names::parse(name)?)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The digest of `data`, in two pieces, with `key` if the algorithm takes one.
    fn digest(name: &str, key: &[u8], data: &[u8]) -> String {
        let algorithm = find(name).unwrap();
        let mut state = match algorithm.plain {
            Some(plain) if key.is_empty() => plain(),
            _ => algorithm.keyed.unwrap()(key).unwrap().fork(),
        };
        let (first, second) = data.split_at(data.len() / 3);
        state.update(first);
        state.update(second);
        let mut digest = vec![0; algorithm.digest_size as usize];
        state.finish(&mut digest);
        hex(&digest)
    }

    #[test]
    fn digests_of_abc() {
        // FIPS 180-4 and 202 examples; RFC 1321; GB/T 32905 A.1; RFC 7693 appendix B.
        for (name, wanted) in [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            ("sm3", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
            ("blake2s-256", "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"),
        ] {
            assert_eq!(digest(name, &[], b"abc"), wanted, "{name}");
        }
    }

    #[cfg(feature = "legacy")]
    #[test]
    fn rarer_digests_of_abc() {
        // RFC 1320; the RIPEMD-160 and Whirlpool (ISO/IEC 10118-3) authors' own test vectors.
        for (name, wanted) in [
            ("md4", "a448017aaf21d8525fc10ae87aa6729d"),
            ("rmd160", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
            ("wp256", "4e2448a4c6f486bb16b6562c73b4020bf3043e3a731bce721ae1b303d97e6d4c"),
        ] {
            assert_eq!(digest(name, &[], b"abc"), wanted, "{name}");
        }
    }

    #[test]
    fn hmac_of_rfc_4231() {
        let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(digest("hmac(sha256)", b"Jefe", b"what do ya want for nothing?"), wanted);
        // Test case 6: a key longer than the block.
        let wanted = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
        let data = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(digest("hmac(sha256)", &[0xaa; 131], data), wanted);
    }

    #[test]
    fn every_digest_has_the_size_that_it_names() {
        for entry in DIGESTS {
            assert_eq!(digest(entry.name, &[], b"").len(), 2 * entry.digest_size as usize);
            assert_eq!(
                digest(&format!("hmac({})", entry.name), b"key", b"").len(),
                2 * entry.digest_size as usize
            );
        }
    }

    #[cfg(feature = "legacy")]
    #[test]
    fn c_tests_know_every_algorithm() {
        use crate::engine::user::algorithm::skcipher::{format, listed};
        let macs = mac::TEMPLATES.iter().map(|known| format(&[known.name]));
        assert!(DIGESTS.iter().map(|known| known.name).eq(listed("digests")));
        assert!(macs.eq(listed("macs")));
        assert!(checksum::CHECKSUMS.iter().map(|known| known.0).eq(listed("checksums")));
    }

    #[test]
    fn what_looks_up_tables_is_legacy() {
        for name in ["wp256", "wp512", "streebog256", "hmac(streebog512)", "cmac(des3_ede)"] {
            assert_eq!(find(name).is_some(), cfg!(feature = "legacy"), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_not_found() {
        for name in ["", "sha257", "hmac()", "hmac(sha256", "hmac(hmac(sha1))", "hmac(crc32c)"] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
