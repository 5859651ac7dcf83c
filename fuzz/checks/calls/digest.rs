// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Digests, of whole messages and of messages in pieces.

use super::{Session, model};
use crate::capi::md::{kcapi_md_digest, kcapi_md_final, kcapi_md_update};

impl Session<'_> {
    pub fn update_digest(&mut self, slot: usize) {
        let message = self.message();
        let mut memory = self.layout.pieces(&message);
        let slot = &mut self.slots[slot];
        let mut result = 0;
        for piece in memory.list() {
            // SAFETY: a live handle, memory of the length.
            result = unsafe { kcapi_md_update(slot.handle, piece.iov_base.cast(), piece.iov_len) };
            if result < 0 {
                break;
            }
        }
        match &mut slot.message {
            Some(known) if result == 0 => known.extend(&message),
            known => *known = None,
        }
        self.answer("update", result, Vec::new());
    }

    pub fn finish_digest(&mut self, slot: usize) {
        let end = (self.choices.below(2) == 1).then(|| self.message());
        let room = if self.choices.below(4) == 0 { self.choices.below(70) } else { 64 };
        let (mut input, mut output) = (
            self.layout.piece(end.as_deref().unwrap_or(&[])),
            self.layout.piece(&vec![0xa5; room]),
        );
        let (from, to) = (input.list()[0], output.list()[0]);
        let slot = &mut self.slots[slot];
        // SAFETY: a live handle, memory of the lengths.
        let result = unsafe {
            match &end {
                Some(_) => kcapi_md_digest(
                    slot.handle,
                    from.iov_base.cast(),
                    from.iov_len,
                    to.iov_base.cast(),
                    room,
                ),
                None => kcapi_md_final(slot.handle, to.iov_base.cast(), room),
            }
        };
        let written = output.written(result, usize::MAX);
        // A call without room gives no digest, and the message goes on.
        if room > 0 {
            let message = slot.message.replace(Vec::new());
            let known = message.map(|message| [message, end.unwrap_or_default()].concat());
            let key = if self.name == "sha256" { Some(&[][..]) } else { self.key.as_deref() };
            let digest = known.and_then(|known| model::digest(self.name, key?, &known));
            if let Some(digest) = digest {
                assert_eq!(written, digest[..room.min(digest.len())], "{}", self.name);
            }
        }
        self.answer("digest", result, written);
    }
}
