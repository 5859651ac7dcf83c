// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Streams: messages that are sent, and results that are received, piece by piece.

use super::slot::Stream;
use super::{Session, pointer};

impl Session<'_> {
    pub fn start(&mut self, slot: usize) {
        let encrypt = self.choices.below(2) == 1;
        let (message, iv) = (self.message(), self.iv());
        let mut memory = self.layout.pieces(&message);
        let mut list = memory.list();
        let slot = &mut self.slots[slot];
        // SAFETY: a live handle, IOVECs over memory of their lengths.
        let result = unsafe {
            self.functions.start[usize::from(encrypt)](
                slot.handle,
                pointer(&iv),
                list.as_mut_ptr(),
                list.len(),
            )
        };
        let given = iv.and_then(|iv| iv.first_chunk().copied());
        let iv = if slot.idle { given.or(slot.iv) } else { None };
        slot.stream = (result >= 0).then_some(Stream { encrypt, iv, data: message, last: false });
        (slot.idle, slot.iv) = (false, None);
        self.answer("start", result, Vec::new());
    }

    pub fn update(&mut self, slot: usize) {
        let more = self.choices.below(4) > 0;
        let message = self.message();
        let mut memory = self.layout.pieces(&message);
        let mut list = memory.list();
        let slot = &mut self.slots[slot];
        // SAFETY: a live handle, IOVECs over memory of their lengths.
        let result = unsafe {
            self.functions.update[usize::from(more)](slot.handle, list.as_mut_ptr(), list.len())
        };
        slot.sent(result, &message, !more);
        self.answer("update", result, Vec::new());
    }

    pub fn receive(&mut self, slot: usize) {
        let due = match &self.slots[slot].stream {
            // A call that has nothing to receive waits for ever.
            Some(stream) if stream.ready(self.kind) => {
                self.result_len(stream.encrypt, stream.data.len())
            }
            _ => return,
        };
        let room = match self.choices.below(4) {
            0 => self.choices.below(256),
            _ => self.room(due),
        };
        if room == 0 {
            return;
        }
        let mut memory = self.layout.pieces(&vec![0xa5; room]);
        let mut list = memory.list();
        // SAFETY: a live handle, IOVECs over memory of their lengths.
        let result = unsafe {
            (self.functions.receive)(self.slots[slot].handle, list.as_mut_ptr(), list.len())
        };
        let written = memory.written(result, usize::MAX);
        self.slots[slot].received(self.kind, self.name, self.key.as_deref(), result, &written);
        self.answer("receive", result, written);
    }
}
