// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What is the same for several kinds of registers: what is done with the key stream ([`flights`]), and for SSSE3 and AVX2
//! ChaCha's rounds in assembly, of which [`rounds`] makes functions.
//!
//! In assembly, since the compiler replaces shuffles of bytes by more instructions. And the 16 words of a state would
//! take all 16 registers, with none left to rotate in; the compiler then spills what is needed next. Here two words of
//! the third row are in memory while quarter rounds take the two others.
//!
//! Between two rounds some blocks are added to Poly1305. That takes units of the processor for integers, which the
//! rounds leave idle, so that most of it costs no time.

/// Where each byte comes from when words are rotated to the left by 16 and by 8 bits; within 16 bytes, as the
/// instruction counts.
pub static PLACES: Places = Places([places(2), places(1)]);

/// Aligned, since SSSE3 takes it from memory in no other way.
#[repr(align(32))]
pub struct Places(pub [[u8; 32]; 2]);

const fn places(left: usize) -> [u8; 32] {
    let mut places = [0; 32];
    let mut i = 0;
    while i < 32 {
        places[i] = (i % 16 / 4 * 4 + (i + 4 - left) % 4) as u8;
        i += 1;
    }
    places
}

/// A register is copied, or goes to or comes from memory.
macro_rules! copy {
    (sse $to:literal, $from:literal) => {
        concat!("movdqa ", $to, ", ", $from, "\n")
    };
    (avx $to:literal, $from:literal) => {
        concat!("vmovdqa ", $to, ", ", $from, "\n")
    };
}

/// An instruction whose first operand is its result, too.
macro_rules! change {
    (sse $name:literal $to:literal, $with:literal) => {
        concat!($name, " ", $to, ", ", $with, "\n")
    };
    (avx $name:literal $to:literal, $with:literal) => {
        concat!("v", $name, " ", $to, ", ", $to, ", ", $with, "\n")
    };
}

/// Rotates the words to the left by `$left` bits, which are 32 with `$right`.
macro_rules! rotate {
    (sse $words:literal $spare:literal $left:literal $right:literal) => {
        concat!(
            copy!(sse $spare, $words),
            change!(sse "pslld" $words, $left),
            change!(sse "psrld" $spare, $right),
            change!(sse "por" $words, $spare),
        )
    };
    (avx $words:literal $spare:literal $left:literal $right:literal) => {
        concat!(
            "vpslld ", $spare, ", ", $words, ", ", $left, "\n",
            change!(avx "psrld" $words, $right),
            change!(avx "por" $words, $spare),
        )
    };
}

/// Quarter rounds (RFC 8439, 2.1) in step, each on four registers and with a fifth to rotate in.
macro_rules! quarter_rounds {
    ($form:ident $([$a:literal $b:literal $c:literal $d:literal $spare:literal])+) => {
        concat!(
            $(change!($form "paddd" $a, $b),)+
            $(change!($form "pxor" $d, $a),)+
            $(change!($form "pshufb" $d, "[{places}]"),)+
            $(change!($form "paddd" $c, $d),)+
            $(change!($form "pxor" $b, $c),)+
            $(rotate!($form $b $spare "12" "20"),)+
            $(change!($form "paddd" $a, $b),)+
            $(change!($form "pxor" $d, $a),)+
            $(change!($form "pshufb" $d, "[{places} + 32]"),)+
            $(change!($form "paddd" $c, $d),)+
            $(change!($form "pxor" $b, $c),)+
            $(rotate!($form $b $spare "7" "25"),)+
        )
    };
}

/// A round on `$words`, with `$row` for the words of the third row that are not in registers.
macro_rules! round {
    ($class:ident $register:ident $words:ident $row:ident $($template:expr),+) => {
        asm!(
            $($template,)+
            places = in(reg) PLACES.0.as_ptr(),
            row = in(reg) $row.as_mut_ptr(),
            size = const size_of::<$register>(),
            a0 = inout($class) $words.a[0],
            a1 = inout($class) $words.a[1],
            a2 = inout($class) $words.a[2],
            a3 = inout($class) $words.a[3],
            b0 = inout($class) $words.b[0],
            b1 = inout($class) $words.b[1],
            b2 = inout($class) $words.b[2],
            b3 = inout($class) $words.b[3],
            c0 = inout($class) $words.c[0],
            c1 = inout($class) $words.c[1],
            d0 = inout($class) $words.d[0],
            d1 = inout($class) $words.d[1],
            d2 = inout($class) $words.d[2],
            d3 = inout($class) $words.d[3],
            t0 = out($class) _,
            t1 = out($class) _,
            options(nostack, preserves_flags),
        )
    };
}

/// Makes the functions for a feature of the processor. After each round, `BESIDE` blocks are added to Poly1305.
macro_rules! rounds {
    ([$feature:literal] $form:ident $class:ident $register:ident) => {
        /// All rounds on one word of several blocks in each register.
        #[inline]
        #[target_feature(enable = $feature)]
        fn rounds_of_words(
            double_rounds: usize,
            words: &[$register; 16],
            pending: &mut Pending<'_>,
        ) -> [$register; 16] {
            /// The rows; of the third one, two words.
            struct Words {
                a: [$register; 4],
                b: [$register; 4],
                c: [$register; 2],
                d: [$register; 4],
            }

            let [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3] = *words;
            let mut now = Words {
                a: [a0, a1, a2, a3],
                b: [b0, b1, b2, b3],
                c: [c0, c1],
                d: [d0, d1, d2, d3],
            };
            let mut row = [c0, c1, c2, c3];
            // A copy, which can be in registers while assembly may change memory.
            let mut beside = pending.clone();
            for _ in 0..double_rounds {
                // SAFETY: the instructions belong to the feature; they read `PLACES`, and read and write the four
                // registers of `row`, both of which are aligned.
                unsafe {
                    round!(
                        $class $register now row
                        quarter_rounds!($form
                            ["{a0}" "{b0}" "{c0}" "{d0}" "{t0}"]
                            ["{a1}" "{b1}" "{c1}" "{d1}" "{t1}"]),
                        copy!($form "[{row}]", "{c0}"),
                        copy!($form "[{row} + {size}]", "{c1}"),
                        copy!($form "{c0}", "[{row} + 2 * {size}]"),
                        copy!($form "{c1}", "[{row} + 3 * {size}]"),
                        quarter_rounds!($form
                            ["{a2}" "{b2}" "{c0}" "{d2}" "{t0}"]
                            ["{a3}" "{b3}" "{c1}" "{d3}" "{t1}"])
                    );
                }
                beside.advance(BESIDE);
                // SAFETY: the same.
                unsafe {
                    round!(
                        $class $register now row
                        quarter_rounds!($form
                            ["{a0}" "{b1}" "{c0}" "{d3}" "{t0}"]
                            ["{a1}" "{b2}" "{c1}" "{d0}" "{t1}"]),
                        copy!($form "[{row} + 2 * {size}]", "{c0}"),
                        copy!($form "[{row} + 3 * {size}]", "{c1}"),
                        copy!($form "{c0}", "[{row}]"),
                        copy!($form "{c1}", "[{row} + {size}]"),
                        quarter_rounds!($form
                            ["{a2}" "{b3}" "{c0}" "{d1}" "{t0}"]
                            ["{a3}" "{b0}" "{c1}" "{d2}" "{t1}"])
                    );
                }
                beside.advance(BESIDE);
            }
            *pending = beside;
            let Words { a: [a0, a1, a2, a3], b: [b0, b1, b2, b3], c: [c0, c1], d: [d0, d1, d2, d3] } =
                now;
            let [_, _, c2, c3] = row;
            [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3]
        }

        /// Four quarter rounds, on rows.
        #[inline]
        #[target_feature(enable = $feature)]
        fn quarter_rounds([mut a, mut b, mut c, mut d]: [$register; 4]) -> [$register; 4] {
            // SAFETY: the instructions belong to the feature, and read `PLACES`, which is aligned.
            unsafe {
                asm!(
                    quarter_rounds!($form ["{a}" "{b}" "{c}" "{d}" "{t}"]),
                    places = in(reg) PLACES.0.as_ptr(),
                    a = inout($class) a,
                    b = inout($class) b,
                    c = inout($class) c,
                    d = inout($class) d,
                    t = out($class) _,
                    options(pure, readonly, nostack, preserves_flags),
                );
            }
            [a, b, c, d]
        }
    };
}

/// What begins with the key stream: a module has `apply_pieces`, which makes it, and these are the same in each.
macro_rules! flights {
    ([$feature:tt] $register:ident $load:ident $store:ident $xor:ident $shuffle:ident) => {
        /// A block of the key stream.
        type Block = [$register; SIZE / size_of::<$register>()];

        /// Tells whether the processor has the instructions.
        pub fn available() -> bool {
            is_x86_feature_detected!($feature)
        }

        /// Gives `target` the key stream of `state`, and adds to `pending` meanwhile. Gives `target` back, and does
        /// nothing, if the processor cannot.
        pub fn apply<'a, 'b, 'c>(
            double_rounds: usize,
            state: &mut [u32; 16],
            target: Target<'a, 'b, 'c>,
            pending: &mut Pending<'c>,
        ) -> Option<Target<'a, 'b, 'c>> {
            if !available() {
                return Some(target);
            }
            // SAFETY: the processor has the instructions.
            unsafe { apply_pieces(double_rounds, state, target, pending) };
            None
        }

        /// Gives what has been written. `target` is not longer than the key stream.
        #[inline]
        #[target_feature(enable = $feature)]
        fn give<'a>(target: Target<'_, '_, 'a>, stream: &[Block]) -> &'a [u8] {
            let Target { first, mut data } = target;
            match (first, stream) {
                (Some(first), [block, others @ ..]) => {
                    store(first, *block);
                    xor_all(data.reborrow(), others);
                }
                _ => xor_all(data.reborrow(), stream),
            }
            data.into_out()
        }

        /// `data` is not longer than the key stream.
        #[inline]
        #[target_feature(enable = $feature)]
        fn xor_all(data: Data<'_, '_>, stream: &[Block]) {
            let blocks = data.len() / SIZE;
            let (mut whole, mut rest) = data.split_at(blocks * SIZE);
            for (i, stream) in stream.iter().enumerate().take(blocks) {
                let block = xored(&whole.get_in().as_chunks().0[i], stream);
                store(&mut whole.get_out().as_chunks_mut().0[i], block);
            }
            if !rest.is_empty() {
                let mut last = [0; SIZE];
                last[..rest.len()].copy_from_slice(rest.get_in());
                let block = xored(&last, &stream[blocks]);
                store(&mut last, block);
                let to = rest.get_out();
                to.copy_from_slice(&last[..to.len()]);
            }
        }

        #[inline]
        #[target_feature(enable = $feature)]
        fn xored(bytes: &[u8; SIZE], stream: &Block) -> Block {
            let parts = bytes.as_chunks::<{ size_of::<$register>() }>().0;
            from_fn(|i| {
                // SAFETY: the reference is to as many bytes as are read, at any address.
                let part = unsafe { $load(parts[i].as_ptr().cast()) };
                $xor(part, stream[i])
            })
        }

        #[inline]
        #[target_feature(enable = $feature)]
        fn store(bytes: &mut [u8; SIZE], block: Block) {
            let (parts, _) = bytes.as_chunks_mut::<{ size_of::<$register>() }>();
            for (to, part) in parts.iter_mut().zip(block) {
                // SAFETY: the reference is to as many bytes as are written, at any address.
                unsafe { $store(to.as_mut_ptr().cast(), part) };
            }
        }

        #[inline]
        #[target_feature(enable = $feature)]
        fn double_round_of_rows(rows: &mut [$register; 4]) {
            *rows = quarter_rounds(*rows);
            // Diagonals become columns, and columns again.
            rows[1] = $shuffle::<0b00_11_10_01>(rows[1]);
            rows[2] = $shuffle::<0b01_00_11_10>(rows[2]);
            rows[3] = $shuffle::<0b10_01_00_11>(rows[3]);
            *rows = quarter_rounds(*rows);
            rows[1] = $shuffle::<0b10_01_00_11>(rows[1]);
            rows[2] = $shuffle::<0b01_00_11_10>(rows[2]);
            rows[3] = $shuffle::<0b00_11_10_01>(rows[3]);
        }
    };
}

pub(super) use {change, copy, flights, quarter_rounds, rotate, round, rounds};
