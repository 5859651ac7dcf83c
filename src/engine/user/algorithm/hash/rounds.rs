// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! What the compression functions of SHA-2 have in common, for both sizes of words: the round, in assembly, since the
//! order decides about a tenth of the time, as does where the instructions of the message schedule stand among its own. And
//! the choice among compression functions, which SHA-1 has, too.
//!
//! Orders and places are those that took Zen 4 the least time among many that were tried.
//!
//! Reference: FIPS 180-4, 6.2.2 and 6.4.2.

/// Assembles groups of scalar instructions, with one of the vector instructions after each group, and what is left of
/// these behind them. So the processor has both at hand all the time: if all vector instructions came one after another,
/// the scalar ones behind would wait.
macro_rules! woven {
    (
        [$($done:expr,)*] [[$($scalar:expr),*] $($groups:tt)*] [$vector:expr, $($vectors:expr,)*]
        $($operands:tt)*
    ) => {
        woven!([$($done,)* $($scalar,)* $vector,] [$($groups)*] [$($vectors,)*] $($operands)*)
    };
    ([$($done:expr,)*] [$([$($scalar:expr),*])*] [$($vector:expr,)*] $($operands:tt)*) => {
        std::arch::asm!($($done,)* $($($scalar,)*)* $($vector,)* $($operands)*)
    };
}

/// One round, as the instructions of `$groups` say, in which a `$name` stands for a number; the caller renames the state's
/// words. `$bc` is `b ^ c` and becomes of no use, `$ab` becomes `a ^ b`, which is the next round's: with it the majority is
/// `((a ^ b) & (b ^ c)) ^ b`. `$words` has the words of the schedule, to which the constants were added. `$vectors` are
/// instructions of the schedule, with their operands: they write to registers and to aligned vectors of `$words`.
macro_rules! round {
    (
        [$($groups:tt)*]
        [$($name:ident = $number:expr),*]
        $word:ident $words:ident[$i:expr],
        $a:ident $b:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $bc:ident $ab:ident,
        $vectors:tt { $($operands:tt)* }
    ) => {
        // SAFETY: the offsets from `$words` are those of its words and of its vectors, which are
        // aligned: nothing else is read or written. And the processor has the instructions.
        unsafe {
            woven!(
                [] [$($groups)*] $vectors
                $($name = const $number,)*
                words = in(reg) $words.0.as_mut_ptr(),
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
                $($operands)*
                options(nostack),
            );
        }
    };
}

/// A round with the instructions of BMI1 and BMI2. `$word` is the type of a word, `$r` the modifier of an operand with the
/// size of a word, behind it are the rotations of e and of a, the longest first; then what [`round`] takes. Those of e come
/// first, since the next round waits for what depends on them.
macro_rules! bmi {
    (
        $word:ident $r:literal [$e1:literal $e2:literal $e3:literal] [$a1:literal $a2:literal $a3:literal]
        $($arguments:tt)*
    ) => {
        round!(
            [
                [
                    concat!("rorx {t:", $r, "}, {e:", $r, "}, ", $e1),
                    concat!("rorx {u:", $r, "}, {e:", $r, "}, ", $e2)
                ]
                [
                    concat!("rorx {v:", $r, "}, {e:", $r, "}, ", $e3),
                    concat!("xor {t:", $r, "}, {u:", $r, "}"),
                    concat!("xor {t:", $r, "}, {v:", $r, "}")
                ]
                [
                    concat!("add {h:", $r, "}, [{words} + {at}]"),
                    concat!("andn {u:", $r, "}, {e:", $r, "}, {g:", $r, "}"),
                    concat!("add {h:", $r, "}, {u:", $r, "}")
                ]
                [
                    concat!("mov {u:", $r, "}, {f:", $r, "}"),
                    concat!("and {u:", $r, "}, {e:", $r, "}"),
                    concat!("rorx {v:", $r, "}, {a:", $r, "}, ", $a1)
                ]
                [
                    concat!("add {h:", $r, "}, {u:", $r, "}"),
                    concat!("rorx {u:", $r, "}, {a:", $r, "}, ", $a2),
                    concat!("add {h:", $r, "}, {t:", $r, "}")
                ]
                [
                    concat!("rorx {t:", $r, "}, {a:", $r, "}, ", $a3),
                    concat!("add {d:", $r, "}, {h:", $r, "}"),
                    concat!("xor {u:", $r, "}, {v:", $r, "}")
                ]
                [
                    concat!("xor {u:", $r, "}, {t:", $r, "}"),
                    concat!("mov {ab:", $r, "}, {a:", $r, "}"),
                    concat!("xor {ab:", $r, "}, {b:", $r, "}")
                ]
                [
                    concat!("and {bc:", $r, "}, {ab:", $r, "}"),
                    concat!("xor {bc:", $r, "}, {b:", $r, "}"),
                    concat!("add {h:", $r, "}, {u:", $r, "}")
                ]
                [concat!("add {h:", $r, "}, {bc:", $r, "}")]
            ]
            []
            $word $($arguments)*
        )
    };
}

/// The same with what every x86-64 processor has, where an instruction overwrites its operand: what was rotated by the
/// difference of the two shorter rotations is rotated on, beside the longest one.
macro_rules! plain {
    (
        $word:ident $r:literal [$e1:literal $e2:literal $e3:literal] [$a1:literal $a2:literal $a3:literal]
        $($arguments:tt)*
    ) => {
        round!(
            [
                [
                    concat!("mov {t:", $r, "}, {e:", $r, "}"),
                    concat!("add {h:", $r, "}, [{words} + {at}]"),
                    concat!("ror {t:", $r, "}, {e23}"),
                    concat!("xor {t:", $r, "}, {e:", $r, "}"),
                    concat!("ror {t:", $r, "}, {e3}"),
                    concat!("mov {u:", $r, "}, {f:", $r, "}"),
                    concat!("mov {v:", $r, "}, {e:", $r, "}"),
                    concat!("ror {v:", $r, "}, {e1}")
                ]
                [
                    concat!("xor {u:", $r, "}, {g:", $r, "}"),
                    concat!("and {u:", $r, "}, {e:", $r, "}")
                ]
                [
                    concat!("xor {u:", $r, "}, {g:", $r, "}"),
                    concat!("add {h:", $r, "}, {u:", $r, "}")
                ]
                [
                    concat!("mov {u:", $r, "}, {a:", $r, "}"),
                    concat!("xor {t:", $r, "}, {v:", $r, "}")
                ]
                [
                    concat!("add {h:", $r, "}, {t:", $r, "}"),
                    concat!("add {d:", $r, "}, {h:", $r, "}")
                ]
                [
                    concat!("ror {u:", $r, "}, {a23}"),
                    concat!("xor {u:", $r, "}, {a:", $r, "}")
                ]
                [
                    concat!("mov {v:", $r, "}, {a:", $r, "}"),
                    concat!("ror {u:", $r, "}, {a3}")
                ]
                [
                    concat!("ror {v:", $r, "}, {a1}"),
                    concat!("mov {ab:", $r, "}, {a:", $r, "}")
                ]
                [
                    concat!("xor {ab:", $r, "}, {b:", $r, "}"),
                    concat!("and {bc:", $r, "}, {ab:", $r, "}")
                ]
                [
                    concat!("xor {u:", $r, "}, {v:", $r, "}"),
                    concat!("xor {bc:", $r, "}, {b:", $r, "}")
                ]
                [
                    concat!("add {h:", $r, "}, {bc:", $r, "}"),
                    concat!("add {h:", $r, "}, {u:", $r, "}")
                ]
            ]
            [e1 = $e1, e23 = $e2 - $e3, e3 = $e3, a1 = $a1, a23 = $a2 - $a3, a3 = $a3]
            $word $($arguments)*
        )
    };
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

pub(super) use {available_with, bmi, fastest_of, plain, round, woven};
