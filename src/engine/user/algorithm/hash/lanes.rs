// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! SHA-2 of several messages side by side: each has a lane, which is the same word of every vector
//! register. A lane whose message ends takes the next one, so messages may have any lengths; HMAC's
//! outer digest goes on in the lane of the inner one. When there are too few messages left for the
//! lanes to be faster, each is finished by itself.
//!
//! Method: FIPS 180-4, 6.2 and 6.4; Gueron, Krasnov, “Simultaneous hashing of multiple messages”
//! (2012). Nothing depends on data but the results; what is left on the stack is within what is
//! wiped after requests.

#![allow(unsafe_code)]

mod x86_64;

use super::sha::{Beginning, Sha2, Word, pad, write_digest};
use super::{Compress, DigestMessage};
use crate::engine::Grouping;
use crate::errno::Result;
use crate::wipe::wipe_bytes;
use x86_64::{Advance, IMPLEMENTATIONS_32, IMPLEMENTATIONS_64};
use zeroize::Zeroize;

/// Words in a state.
const WORDS: usize = 8;

/// The messages of SHA-224 and SHA-256 that are faster side by side on this processor.
pub fn grouping_of_32() -> Option<Grouping> {
    Some(find(&IMPLEMENTATIONS_32)?.1.grouping)
}

/// The same for SHA-384 and SHA-512.
pub fn grouping_of_64() -> Option<Grouping> {
    Some(find(&IMPLEMENTATIONS_64)?.1.grouping)
}

/// The messages that are faster in lanes. Measured (docs/PERFORMANCE.md); for SHA-256 without the SHA
/// extensions the compression functions alone.
struct Gain {
    /// So many lanes at work are faster than their messages one by one.
    fewest: usize,
    /// The messages that are faster with all that comes before and behind the lanes.
    grouping: Grouping,
}

/// A compression function for `N` lanes, and what is known about it.
struct Implementation<W: 'static, const N: usize, const BLOCK: usize> {
    /// Whether the processor has the instructions.
    available: fn() -> bool,
    /// None: messages are no faster than one by one.
    gain: fn() -> Option<Gain>,
    /// May be called only if it is available.
    advance: Advance<W, N, BLOCK>,
    /// Finds the compression function for a single message.
    alone: fn() -> Compress<W, WORDS, BLOCK>,
}

/// The fastest implementation that the processor has, and what is gained by it.
fn find<W, const N: usize, const BLOCK: usize>(
    all: &'static [Implementation<W, N, BLOCK>],
) -> Option<(&'static Implementation<W, N, BLOCK>, Gain)> {
    let first = all.iter().find(|one| (one.available)())?;
    Some((first, (first.gain)()?))
}

/// Computes those digests that are faster side by side. ENOMEM.
pub fn digest_each(messages: &mut [DigestMessage<'_>]) -> Result<()> {
    if let Some((implementation, gain)) = find(&IMPLEMENTATIONS_32) {
        implementation.digest_those(messages, Sha2::of_32, gain.fewest)?;
    }
    if let Some((implementation, gain)) = find(&IMPLEMENTATIONS_64) {
        implementation.digest_those(messages, Sha2::of_64, gain.fewest)?;
    }
    Ok(())
}

impl<W: Word, const N: usize, const BLOCK: usize> Implementation<W, N, BLOCK> {
    /// Computes the digests of those messages that begin with a state `with_words` of this size, if there
    /// are so many or more. ENOMEM.
    fn digest_those<'a>(
        &self,
        messages: &mut [DigestMessage<'a>],
        with_words: fn(Sha2<'a>) -> Option<Beginning<'a, W>>,
        fewest: usize,
    ) -> Result<()> {
        let beginning = |message: &DigestMessage<'a>| with_words(message.beginning.sha2()?);
        let candidates = messages.iter().filter(|message| beginning(message).is_some());
        if candidates.take(fewest).count() < fewest {
            return Ok(());
        }
        let mut waiting =
            messages.iter_mut().filter_map(|message| Some((beginning(message)?, message)));
        let mut lanes = Lanes::new()?;
        loop {
            while lanes.count < N
                && let Some((beginning, message)) = waiting.next()
            {
                lanes.begin(beginning, message);
            }
            if lanes.count < fewest {
                lanes.finish_alone((self.alone)());
                return Ok(());
            }
            lanes.advance(self);
        }
    }
}

/// Messages at work.
struct Lanes<'m, 'a, W: Word, const N: usize, const BLOCK: usize> {
    lanes: Vec<Lane<'m, 'a, W, BLOCK>>,
    /// The first ones, so many, are at work.
    count: usize,
    /// Their states: the first words of all, then the second ones.
    states: [[W; N]; WORDS],
}

impl<'m, 'a, W: Word, const N: usize, const BLOCK: usize> Lanes<'m, 'a, W, N, BLOCK> {
    /// No messages; ENOMEM.
    fn new() -> Result<Self> {
        let mut lanes = Vec::new();
        lanes.try_reserve_exact(N)?;
        lanes.resize_with(N, Lane::idle);
        Ok(Self { lanes, count: 0, states: [[W::default(); N]; WORDS] })
    }

    fn state(&self, lane: usize) -> [W; WORDS] {
        std::array::from_fn(|i| self.states[i][lane])
    }

    fn set_state(&mut self, lane: usize, state: [W; WORDS]) {
        self.states.iter_mut().zip(state).for_each(|(words, word)| words[lane] = word);
    }

    /// Gives a message the next lane.
    fn begin(&mut self, beginning: Beginning<'a, W>, message: &'m mut DigestMessage<'a>) {
        self.set_state(self.count, *beginning.inner);
        self.lanes[self.count].begin(beginning, message);
        self.count += 1;
    }

    /// Adds as many blocks to each state as the shortest message has left, in its data or behind
    /// them.
    fn advance(&mut self, implementation: &Implementation<W, N, BLOCK>) {
        let lanes = &self.lanes[..self.count];
        let steps = lanes.iter().map(|lane| lane.next().len()).min().unwrap_or(0);
        // What idle lanes do is of no use to anyone.
        let mut blocks = [lanes[0].next(); N];
        blocks.iter_mut().zip(lanes).for_each(|(blocks, lane)| *blocks = lane.next());
        // SAFETY: the implementation was found to be available.
        unsafe { (implementation.advance)(&mut self.states, &blocks, self.count, steps) };
        for i in (0..self.count).rev() {
            if !self.lanes[i].skip(steps) {
                continue;
            }
            let state = self.state(i);
            match self.lanes[i].end(state) {
                Some(outer) => self.set_state(i, outer),
                None => {
                    self.count -= 1;
                    if i < self.count {
                        self.lanes.swap(i, self.count);
                        self.set_state(i, self.state(self.count));
                    }
                }
            }
        }
    }

    /// Finishes the messages one by one.
    fn finish_alone(&mut self, compress: Compress<W, WORDS, BLOCK>) {
        for i in 0..self.count {
            let mut next = Some(self.state(i));
            let lane = &mut self.lanes[i];
            while let Some(mut state) = next {
                let blocks = lane.next();
                let steps = blocks.len();
                compress(&mut state, blocks);
                next = if lane.skip(steps) { lane.end(state) } else { Some(state) };
            }
        }
        self.count = 0;
    }
}

impl<W: Word, const N: usize, const BLOCK: usize> Drop for Lanes<'_, '_, W, N, BLOCK> {
    fn drop(&mut self) {
        self.states.zeroize();
    }
}

/// A message at work. It has no padding, nor a variant that is shorter than others: there a move would
/// leave what was on the stack, and nothing would wipe it.
struct Lane<'m, 'a, W: Word, const BLOCK: usize> {
    message: Option<&'m mut DigestMessage<'a>>,
    /// Whole blocks of its data that are left.
    blocks: &'a [[u8; BLOCK]],
    /// The last blocks, which begin with the rest of its data.
    last: [[u8; BLOCK]; 2],
    /// Of these so many are left.
    last_left: usize,
    /// The state with which HMAC's outer digest begins.
    outer: [W; WORDS],
    /// 2: HMAC's inner digest is at work; 1: the one that is the result.
    digests_left: usize,
}

const _: () = assert!(
    size_of::<Lane<'_, '_, u32, 64>>()
        == 5 * size_of::<usize>() + 2 * 64 + size_of::<[u32; WORDS]>()
);
const _: () = assert!(
    size_of::<Lane<'_, '_, u64, 128>>()
        == 5 * size_of::<usize>() + 2 * 128 + size_of::<[u64; WORDS]>()
);

impl<'m, 'a, W: Word, const BLOCK: usize> Lane<'m, 'a, W, BLOCK> {
    fn idle() -> Self {
        Self {
            message: None,
            blocks: &[],
            last: [[0; BLOCK]; 2],
            last_left: 0,
            outer: [W::default(); WORDS],
            digests_left: 0,
        }
    }

    fn begin(&mut self, beginning: Beginning<'a, W>, message: &'m mut DigestMessage<'a>) {
        let (blocks, rest) = message.data.as_chunks();
        let mut before = 0;
        self.digests_left = 1;
        if let Some(outer) = beginning.outer {
            self.outer = *outer;
            self.digests_left = 2;
            before = BLOCK;
        }
        self.pad(rest.len(), before + message.data.len()).copy_from_slice(rest);
        self.blocks = blocks;
        self.message = Some(message);
    }

    /// Prepares the last blocks of `bytes`, of which the last `rest` go into what this returns.
    fn pad(&mut self, rest: usize, bytes: usize) -> &mut [u8] {
        self.last = [[0; BLOCK]; 2];
        let last = pad(&mut self.last, rest, bytes as u64);
        self.last_left = last.len();
        &mut last.as_flattened_mut()[..rest]
    }

    /// The next blocks: what is left of the data, or the last ones.
    fn next(&self) -> &[[u8; BLOCK]] {
        if self.blocks.is_empty() { &self.last[2 - self.last_left..] } else { self.blocks }
    }

    /// Passes over so many of these. Returns whether there are no more.
    fn skip(&mut self, count: usize) -> bool {
        if self.blocks.is_empty() {
            self.last_left -= count;
        } else {
            self.blocks = &self.blocks[count..];
        }
        self.last_left == 0
    }

    /// Takes the state after the last block. Returns the one with which HMAC's outer digest begins, or
    /// None: the message has its digest.
    fn end(&mut self, state: [W; WORDS]) -> Option<[W; WORDS]> {
        self.digests_left -= 1;
        if self.digests_left > 0 {
            let size = self.message.as_ref()?.digest.len();
            write_digest(&state, self.pad(size, BLOCK + size));
            return Some(self.outer);
        }
        let message = self.message.take()?;
        write_digest(&state, message.digest);
        message.done = true;
        None
    }
}

impl<W: Word, const BLOCK: usize> Drop for Lane<'_, '_, W, BLOCK> {
    fn drop(&mut self) {
        wipe_bytes(self.last.as_flattened_mut());
        self.outer.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::find;
    use super::*;
    use crate::engine::user::algorithm::hash::Hasher;

    /// The states with which messages of that algorithm begin: by no key or by keys of several lengths.
    fn beginnings(name: &str) -> Vec<Box<dyn Hasher>> {
        let algorithm = find(name).unwrap();
        match algorithm.plain {
            Some(plain) => vec![plain()],
            None => [0, 1, 32, 63, 64, 65, 127, 128, 129, 300]
                .map(|len| algorithm.with_key(&vec![len as u8; len]).unwrap())
                .into(),
        }
    }

    /// Messages of 0 to 300 bytes, in an order of their own, and a long one among them.
    fn messages() -> Vec<Vec<u8>> {
        let lens = (0..=300usize).map(|i| if i == 150 { 5000 } else { i * 89 % 301 });
        lens.map(|len| (0..len).map(|i| (i * i + len * 7) as u8).collect()).collect()
    }

    /// Computes digests of `count` messages, and compares them with those of one after the other.
    fn check<W: Word, const N: usize, const BLOCK: usize>(
        implementation: &Implementation<W, N, BLOCK>,
        with_words: fn(Sha2<'_>) -> Option<Beginning<'_, W>>,
        beginnings: &[Box<dyn Hasher>],
        messages: &[Vec<u8>],
        size: usize,
    ) {
        let mut digests = vec![vec![0; size]; messages.len()];
        let mut at_work: Vec<_> = beginnings
            .iter()
            .cycle()
            .zip(messages.iter().zip(&mut digests))
            .map(|(beginning, (data, digest))| DigestMessage::new(&**beginning, data, digest))
            .collect();
        let fewest = 1 + messages.len() % 5;
        implementation.digest_those(&mut at_work, with_words, fewest).unwrap();
        for message in at_work {
            let mut expected = vec![0; size];
            message.beginning.digest(&[message.data], &mut expected);
            let (len, count) = (message.data.len(), messages.len());
            assert_eq!(message.done, count >= fewest, "{count} messages");
            assert!(!message.done || message.digest == expected, "{len} bytes, {count} messages");
        }
    }

    fn check_all<W: Word, const N: usize, const BLOCK: usize>(
        implementations: &[Implementation<W, N, BLOCK>],
        with_words: fn(Sha2<'_>) -> Option<Beginning<'_, W>>,
        beginnings: &[Box<dyn Hasher>],
        messages: &[Vec<u8>],
        size: usize,
    ) {
        for implementation in implementations.iter().filter(|one| (one.available)()) {
            for (i, count) in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 70, messages.len()]
                .into_iter()
                .enumerate()
            {
                let first = i.min(messages.len() - count);
                let messages = &messages[first..first + count];
                check(implementation, with_words, beginnings, messages, size);
            }
        }
    }

    #[test]
    fn every_implementation_agrees_with_single_messages() {
        let messages = messages();
        for (name, size) in
            [("sha224", 28), ("sha256", 32), ("hmac(sha224)", 28), ("hmac(sha256)", 32)]
        {
            let beginnings = beginnings(name);
            check_all(&IMPLEMENTATIONS_32, |sha2| sha2.of_32(), &beginnings, &messages, size);
        }
        for (name, size) in
            [("sha384", 48), ("sha512", 64), ("hmac(sha384)", 48), ("hmac(sha512)", 64)]
        {
            let beginnings = beginnings(name);
            check_all(&IMPLEMENTATIONS_64, |sha2| sha2.of_64(), &beginnings, &messages, size);
        }
    }

    #[test]
    fn other_digests_have_no_lanes() {
        for name in ["sha1", "sha3-256", "blake2b-512", "sm3", "hmac(md5)"] {
            assert!(find(name).unwrap().grouping.is_none(), "{name}");
            assert!(beginnings(name)[0].sha2().is_none(), "{name}");
        }
    }
}
