// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What the compression functions of SHA-2 have in common, for both sizes of words: the round, in assembly, since the
//! order decides about a tenth of the time, and what its message schedule takes. And the choice among compression
//! functions, which SHA-1 has, too.
//!
//! Reference: FIPS 180-4, 6.2.2 and 6.4.2.

/// One round, as each `$instruction` says, in which a `$name` stands for a number; the caller renames the state's words.
/// `$bc` is `b ^ c` and becomes of no use, `$ab` becomes `a ^ b`, which is the next round's: with it the majority is
/// `((a ^ b) & (b ^ c)) ^ b`. `$words` has the words of the schedule, to which the constants were added.
macro_rules! round {
    (
        $($instruction:expr),*;
        $($name:ident = $number:expr),*;
        $word:ident $words:ident[$i:expr],
        $a:ident $b:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $bc:ident $ab:ident
    ) => {
        // SAFETY: a word of `$words` is read, nothing is written, and the processor has the
        // instructions.
        unsafe {
            std::arch::asm!(
                $($instruction,)*
                $($name = const $number,)*
                words = in(reg) $words.0.as_ptr(),
                at = const size_of::<$word>() * ($i),
                a = in(reg) $a,
                b = in(reg) $b,
                d = inout(reg) $d,
                e = in(reg) $e,
                f = in(reg) $f,
                g = in(reg) $g,
                h = inout(reg) $h,
                bc = inout(reg) $bc => _,
                ab = out(reg) $ab,
                t = out(reg) _,
                u = out(reg) _,
                v = out(reg) _,
                options(nostack, readonly, pure),
            );
        }
    };
}

/// A round with the instructions of BMI1 and BMI2. `$word` is the type of a word, `$r` the modifier of an operand with the
/// size of a word, behind it are the rotations of e and of a, the longest first; then what [`round`] takes.
macro_rules! bmi {
    (
        $word:ident $r:literal [$e1:literal $e2:literal $e3:literal] [$a1:literal $a2:literal $a3:literal]
        $($operands:tt)*
    ) => {
        round!(
            concat!("andn {u:", $r, "}, {e:", $r, "}, {g:", $r, "}"),
            concat!("rorx {t:", $r, "}, {e:", $r, "}, ", $e1),
            concat!("rorx {v:", $r, "}, {e:", $r, "}, ", $e2),
            concat!("add {h:", $r, "}, [{words} + {at}]"),
            concat!("xor {t:", $r, "}, {v:", $r, "}"),
            concat!("rorx {v:", $r, "}, {e:", $r, "}, ", $e3),
            concat!("add {h:", $r, "}, {u:", $r, "}"),
            concat!("mov {u:", $r, "}, {f:", $r, "}"),
            concat!("xor {t:", $r, "}, {v:", $r, "}"),
            concat!("and {u:", $r, "}, {e:", $r, "}"),
            concat!("mov {ab:", $r, "}, {a:", $r, "}"),
            concat!("add {h:", $r, "}, {u:", $r, "}"),
            concat!("rorx {u:", $r, "}, {a:", $r, "}, ", $a1),
            concat!("rorx {v:", $r, "}, {a:", $r, "}, ", $a2),
            concat!("add {h:", $r, "}, {t:", $r, "}"),
            concat!("xor {ab:", $r, "}, {b:", $r, "}"),
            concat!("add {d:", $r, "}, {h:", $r, "}"),
            concat!("rorx {t:", $r, "}, {a:", $r, "}, ", $a3),
            concat!("xor {u:", $r, "}, {v:", $r, "}"),
            concat!("and {bc:", $r, "}, {ab:", $r, "}"),
            concat!("xor {t:", $r, "}, {u:", $r, "}"),
            concat!("xor {bc:", $r, "}, {b:", $r, "}"),
            concat!("add {h:", $r, "}, {t:", $r, "}"),
            concat!("add {h:", $r, "}, {bc:", $r, "}");
            ;
            $word $($operands)*
        )
    };
}

/// The same with what every x86-64 processor has: what was rotated is rotated on, so that an instruction may overwrite
/// its operand.
macro_rules! plain {
    (
        $word:ident $r:literal [$e1:literal $e2:literal $e3:literal] [$a1:literal $a2:literal $a3:literal]
        $($operands:tt)*
    ) => {
        round!(
            concat!("mov {t:", $r, "}, {e:", $r, "}"),
            concat!("mov {u:", $r, "}, {f:", $r, "}"),
            concat!("ror {t:", $r, "}, {e12}"),
            concat!("xor {u:", $r, "}, {g:", $r, "}"),
            concat!("add {h:", $r, "}, [{words} + {at}]"),
            concat!("xor {t:", $r, "}, {e:", $r, "}"),
            concat!("mov {v:", $r, "}, {a:", $r, "}"),
            concat!("and {u:", $r, "}, {e:", $r, "}"),
            concat!("ror {t:", $r, "}, {e23}"),
            concat!("xor {u:", $r, "}, {g:", $r, "}"),
            concat!("ror {v:", $r, "}, {a12}"),
            concat!("xor {t:", $r, "}, {e:", $r, "}"),
            concat!("add {h:", $r, "}, {u:", $r, "}"),
            concat!("xor {v:", $r, "}, {a:", $r, "}"),
            concat!("ror {t:", $r, "}, {e3}"),
            concat!("mov {ab:", $r, "}, {a:", $r, "}"),
            concat!("ror {v:", $r, "}, {a23}"),
            concat!("add {h:", $r, "}, {t:", $r, "}"),
            concat!("xor {ab:", $r, "}, {b:", $r, "}"),
            concat!("xor {v:", $r, "}, {a:", $r, "}"),
            concat!("add {d:", $r, "}, {h:", $r, "}"),
            concat!("and {bc:", $r, "}, {ab:", $r, "}"),
            concat!("ror {v:", $r, "}, {a3}"),
            concat!("xor {bc:", $r, "}, {b:", $r, "}"),
            concat!("add {h:", $r, "}, {v:", $r, "}"),
            concat!("add {h:", $r, "}, {bc:", $r, "}");
            e12 = $e1 - $e2, e23 = $e2 - $e3, e3 = $e3, a12 = $a1 - $a2, a23 = $a2 - $a3, a3 = $a3;
            $word $($operands)*
        )
    };
}

/// The sum of the words rotated to the right by `$a` and by `$b` bits, and shifted by `$c`. `$right` and `$left` shift words
/// of so many bits: where there is no rotation.
macro_rules! sum_by_shifts {
    ($right:ident $left:ident $bits:literal $w:ident, $a:literal $b:literal $c:literal) => {{
        let first = _mm_xor_si128($right::<$a>($w), $left::<{ $bits - $a }>($w));
        let second = _mm_xor_si128($right::<$b>($w), $left::<{ $bits - $b }>($w));
        _mm_xor_si128(_mm_xor_si128(first, second), $right::<$c>($w))
    }};
}

/// `available()` for those processor features.
macro_rules! available_with {
    ($($feature:tt),*) => {
        pub fn available() -> bool {
            $(is_x86_feature_detected!($feature))&&*
        }
    };
}

/// The choice among modules with a compression function of a state each, of which the fastest is named first.
macro_rules! fastest_of {
    ($state:ty: $($module:ident)*) => {
        /// The fastest function that the processor can run; None: it can run none of them.
        pub fn fastest() -> Option<Compress> {
            IMPLEMENTATIONS.iter().find_map(|implementation| implementation())
        }

        /// Each gives a function, if the processor can run it.
        static IMPLEMENTATIONS: &[fn() -> Option<Compress>] = &[
            $(|| {
                // SAFETY: the function is given away only where the processor has what it takes.
                let compress: Compress = |state, blocks| unsafe { $module::compress(state, blocks) };
                $module::available().then_some(compress)
            },)*
        ];

        /// The state after what each of them makes of it.
        #[cfg(test)]
        pub fn compressed_by_all(state: $state, blocks: &[[u8; BLOCK]]) -> Vec<$state> {
            let available = IMPLEMENTATIONS.iter().filter_map(|implementation| implementation());
            let compressed = available.map(|compress| {
                let mut state = state;
                compress(&mut state, blocks);
                state
            });
            compressed.collect()
        }
    };
}

pub(super) use {available_with, bmi, fastest_of, plain, round, sum_by_shifts};
