// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! Keccak-f\[1600\] in scalar registers, with BMI1 and BMI2, or with what every x86-64 processor has. In assembly, since
//! compilers keep the whole state at hand, for which there are too few registers, and the order decides about a tenth of
//! the time.
//!
//! Method: Bertoni et al., “Keccak implementation overview” (2012): a plane is five words with the same y. What theta
//! adds to each column is known before a round begins, so that a plane of the result takes one word of each plane. It
//! goes to where these were (2.5), so there is no second state: word (x, y) is in plane 2^i (x + y) - x when i rounds have
//! been computed, which is y again after four. Where no instruction is an AND with NOT, some words of the state are
//! complemented, and four of five NOTs go away (2.2).
//!
//! Nothing depends on data but the result, and nothing of the state is on the stack.

use super::{CONSTANTS, Permute, SIDE, WORDS};

/// After so many rounds each word is in its own place again.
const PERIOD: usize = 4;

/// The word in the middle of the state. Its neighbours on both sides are near enough for the short form of addresses.
const MIDDLE: usize = WORDS / 2;

/// Rotations of the words with each y (FIPS 202, 3.2.2).
const ROTATIONS: [[u32; SIDE]; SIDE] = [
    [0, 1, 62, 28, 27],
    [36, 44, 6, 55, 20],
    [3, 10, 43, 25, 39],
    [41, 45, 15, 21, 8],
    [18, 2, 61, 56, 14],
];

/// Where word (x, y) is after `rounds`: bytes from the middle of the state.
const fn place(rounds: usize, x: usize, y: usize) -> isize {
    let plane = (((x + y) << rounds) + (SIDE - 1) * x) % SIDE;
    let words = (SIDE * plane + x).cast_signed() - MIDDLE.cast_signed();
    words * size_of::<u64>().cast_signed()
}

/// The column from which word `x` of plane `y` comes by pi; it comes from plane `x`.
const fn column(x: usize, y: usize) -> usize {
    (x + 3 * y) % SIDE
}

/// The place of that before the next round.
const fn source(rounds: usize, x: usize, y: usize) -> isize {
    place(rounds, column(x, y), x)
}

/// The rotation on the way.
const fn rotation(x: usize, y: usize) -> u32 {
    ROTATIONS[x][column(x, y)]
}

/// Computes plane `$y` of the result of round `$i`, but plane 4. `$d0` to `$d4` are what theta adds to the columns from
/// which its words come; plane 0 takes the `$constants` of iota, too.
macro_rules! plane {
    (
        $way:ident $y:tt, $i:literal, $state:ident,
        $d0:ident $d1:ident $d2:ident $d3:ident $d4:ident $(, $constants:ident)?
    ) => {
        // SAFETY: only words of the state are read and written, and one of the constants is read.
        // The processor has the instructions.
        unsafe {
            std::arch::asm!(
                "mov {b0}, [{state} + {from0}]",
                "xor {b0}, {d0}",
                "mov {b1}, [{state} + {from1}]",
                "rol {b0}, {rotation0}",
                "xor {b1}, {d1}",
                "mov {b2}, [{state} + {from2}]",
                "rol {b1}, {rotation1}",
                "xor {b2}, {d2}",
                "mov {b3}, [{state} + {from3}]",
                "rol {b2}, {rotation2}",
                "xor {b3}, {d3}",
                "mov {b4}, [{state} + {from4}]",
                "rol {b3}, {rotation3}",
                "xor {b4}, {d4}",
                "rol {b4}, {rotation4}",
                $way!(plane $y),
                state = in(reg) $state,
                $(constants = in(reg) $constants, i = const size_of::<u64>() * $i,)?
                d0 = in(reg) $d0,
                d1 = in(reg) $d1,
                d2 = in(reg) $d2,
                d3 = in(reg) $d3,
                d4 = in(reg) $d4,
                b0 = out(reg) _,
                b1 = out(reg) _,
                b2 = out(reg) _,
                b3 = out(reg) _,
                b4 = out(reg) _,
                t = out(reg) _,
                from0 = const source($i, 0, $y),
                from1 = const source($i, 1, $y),
                from2 = const source($i, 2, $y),
                from3 = const source($i, 3, $y),
                from4 = const source($i, 4, $y),
                rotation0 = const rotation(0, $y),
                rotation1 = const rotation(1, $y),
                rotation2 = const rotation(2, $y),
                rotation3 = const rotation(3, $y),
                rotation4 = const rotation(4, $y),
                to0 = const place($i + 1, 0, $y),
                to1 = const place($i + 1, 1, $y),
                to2 = const place($i + 1, 2, $y),
                to3 = const place($i + 1, 3, $y),
                to4 = const place($i + 1, 4, $y),
                options(nostack),
            );
        }
    };
}

/// Computes plane 4 of the result of round `$i` and what theta of the next round adds. The plane's words are computed in
/// `$b0` to `$b4`, which have what theta adds to them.
///
/// The parities of the columns begin with the planes that are there already, because nothing else can go on before they
/// are known.
macro_rules! last_plane {
    (
        $way:ident, $i:literal, $state:ident,
        $b0:ident $b1:ident $b2:ident $b3:ident $b4:ident
    ) => {
        // SAFETY: only words of the state are read and written. The processor has the instructions.
        unsafe {
            std::arch::asm!(
                "xor {b0}, [{state} + {from0}]",
                "xor {b1}, [{state} + {from1}]",
                "rol {b0}, {rotation0}",
                "xor {b2}, [{state} + {from2}]",
                "rol {b1}, {rotation1}",
                "xor {b3}, [{state} + {from3}]",
                "rol {b2}, {rotation2}",
                "xor {b4}, [{state} + {from4}]",
                "rol {b3}, {rotation3}",
                "rol {b4}, {rotation4}",
                "mov {c0}, [{state} + {c00}]",
                "xor {c0}, [{state} + {c01}]",
                "xor {c0}, [{state} + {c02}]",
                "xor {c0}, [{state} + {c03}]",
                "mov {c1}, [{state} + {c10}]",
                "xor {c1}, [{state} + {c11}]",
                "xor {c1}, [{state} + {c12}]",
                "xor {c1}, [{state} + {c13}]",
                "mov {c2}, [{state} + {c20}]",
                "xor {c2}, [{state} + {c21}]",
                "xor {c2}, [{state} + {c22}]",
                "xor {c2}, [{state} + {c23}]",
                "mov {c3}, [{state} + {c30}]",
                "xor {c3}, [{state} + {c31}]",
                "xor {c3}, [{state} + {c32}]",
                "xor {c3}, [{state} + {c33}]",
                "mov {c4}, [{state} + {c40}]",
                "xor {c4}, [{state} + {c41}]",
                "xor {c4}, [{state} + {c42}]",
                "xor {c4}, [{state} + {c43}]",
                $way!(last_plane),
                $way!(rotated_by_one "b4" "c2"),
                $way!(rotated_by_one "b2" "c0"),
                $way!(rotated_by_one "b0" "c3"),
                $way!(rotated_by_one "b3" "c1"),
                $way!(rotated_by_one "b1" "c4"),
                "xor {b4}, {c0}",
                "xor {b2}, {c3}",
                "xor {b0}, {c1}",
                "xor {b3}, {c4}",
                "xor {b1}, {c2}",
                state = in(reg) $state,
                b0 = inout(reg) $b0,
                b1 = inout(reg) $b1,
                b2 = inout(reg) $b2,
                b3 = inout(reg) $b3,
                b4 = inout(reg) $b4,
                c0 = out(reg) _,
                c1 = out(reg) _,
                c2 = out(reg) _,
                c3 = out(reg) _,
                c4 = out(reg) _,
                t = out(reg) _,
                from0 = const source($i, 0, 4),
                from1 = const source($i, 1, 4),
                from2 = const source($i, 2, 4),
                from3 = const source($i, 3, 4),
                from4 = const source($i, 4, 4),
                rotation0 = const rotation(0, 4),
                rotation1 = const rotation(1, 4),
                rotation2 = const rotation(2, 4),
                rotation3 = const rotation(3, 4),
                rotation4 = const rotation(4, 4),
                to0 = const place($i + 1, 0, 4),
                to1 = const place($i + 1, 1, 4),
                to2 = const place($i + 1, 2, 4),
                to3 = const place($i + 1, 3, 4),
                to4 = const place($i + 1, 4, 4),
                c00 = const place($i + 1, 0, 0),
                c01 = const place($i + 1, 0, 1),
                c02 = const place($i + 1, 0, 2),
                c03 = const place($i + 1, 0, 3),
                c10 = const place($i + 1, 1, 0),
                c11 = const place($i + 1, 1, 1),
                c12 = const place($i + 1, 1, 2),
                c13 = const place($i + 1, 1, 3),
                c20 = const place($i + 1, 2, 0),
                c21 = const place($i + 1, 2, 1),
                c22 = const place($i + 1, 2, 2),
                c23 = const place($i + 1, 2, 3),
                c30 = const place($i + 1, 3, 0),
                c31 = const place($i + 1, 3, 1),
                c32 = const place($i + 1, 3, 2),
                c33 = const place($i + 1, 3, 3),
                c40 = const place($i + 1, 4, 0),
                c41 = const place($i + 1, 4, 1),
                c42 = const place($i + 1, 4, 2),
                c43 = const place($i + 1, 4, 3),
                options(nostack),
            );
        }
    };
}

/// Chi, and the rotation in theta, with BMI1 and BMI2. Word `$x` is XORed with the second one to its right where the first
/// one has no bit. `$more` says what is done with it before it is stored.
macro_rules! bmi {
    (plane 0) => {
        bmi!(plane "xor {t}, [{constants} + {i}]\n", "", "", "", "")
    };
    (plane $y:literal) => {
        bmi!(plane "", "", "", "", "")
    };
    (last_plane) => {
        bmi!(
            plane "xor {c0}, {t}\n", "xor {c1}, {t}\n", "xor {c2}, {t}\n", "xor {c3}, {t}\n",
            "xor {c4}, {t}\n"
        )
    };
    (plane $more0:literal, $more1:literal, $more2:literal, $more3:literal, $more4:literal) => {
        concat!(
            bmi!(word "0" "1" "2", $more0),
            bmi!(word "1" "2" "3", $more1),
            bmi!(word "2" "3" "4", $more2),
            bmi!(word "3" "4" "0", $more3),
            bmi!(word "4" "0" "1", $more4),
        )
    };
    (word $x:literal $first:literal $second:literal, $more:literal) => {
        concat!(
            "andn {t}, {b", $first, "}, {b", $second, "}\n",
            "xor {t}, {b", $x, "}\n",
            $more,
            "mov [{state} + {to", $x, "}], {t}\n",
        )
    };
    (rotated_by_one $to:literal $from:literal) => {
        concat!("rorx {", $to, "}, {", $from, "}, 63")
    };
}

/// The same with what every x86-64 processor has. Where words are complemented, AND with NOT is AND or OR, but for one word
/// of each plane, which is complemented between its uses. The order is such that three words of five may be computed where
/// the second one to their right was, which no other word needs then.
macro_rules! plain {
    (plane 0) => {
        concat!(
            plain!(word "or" "0" "1" "2", "xor {t}, [{constants} + {i}]\n"),
            plain!(word "and" "4" "0" "1", ""),
            plain!(in_place "or" "3" "4" "0", ""),
            plain!(in_place "and" "2" "3" "4", ""),
            "not {b2}\n",
            plain!(in_place "or" "1" "2" "3", ""),
        )
    };
    (plane 1) => {
        concat!(
            plain!(word "and" "4" "0" "1", ""),
            plain!(word "or" "3" "4" "0", ""),
            "not {b4}\n",
            plain!(in_place "or" "2" "3" "4", ""),
            plain!(in_place "and" "1" "2" "3", ""),
            plain!(in_place "or" "0" "1" "2", ""),
        )
    };
    (plane 2) => {
        concat!(
            plain!(word "and" "1" "2" "3", ""),
            "not {b3}\n",
            plain!(word "or" "0" "1" "2", ""),
            plain!(in_place "and" "4" "0" "1", ""),
            plain!(in_place "or" "3" "4" "0", ""),
            plain!(in_place "and" "2" "3" "4", ""),
        )
    };
    (plane 3) => {
        concat!(
            plain!(word "or" "1" "2" "3", ""),
            "not {b3}\n",
            plain!(word "and" "0" "1" "2", ""),
            plain!(in_place "or" "4" "0" "1", ""),
            plain!(in_place "and" "3" "4" "0", ""),
            plain!(in_place "or" "2" "3" "4", ""),
        )
    };
    (last_plane) => {
        concat!(
            plain!(word "and" "4" "0" "1", "xor {c4}, {t}\n"),
            plain!(word "or" "3" "4" "0", "xor {c3}, {t}\n"),
            plain!(in_place "and" "2" "3" "4", "xor {c2}, {b4}\n"),
            "not {b1}\n",
            plain!(in_place "or" "1" "2" "3", "xor {c1}, {b3}\n"),
            plain!(in_place "and" "0" "1" "2", "xor {c0}, {b2}\n"),
        )
    };
    (word $and:literal $x:literal $first:literal $second:literal, $more:literal) => {
        concat!("mov {t}, {b", $second, "}\n", plain!(into "t", $and $x $first, $more))
    };
    (in_place $and:literal $x:literal $first:literal $second:literal, $more:literal) => {
        plain!(into concat!("b", $second), $and $x $first, $more)
    };
    (into $word:expr, $and:literal $x:literal $first:literal, $more:literal) => {
        concat!(
            $and, " {", $word, "}, {b", $first, "}\n",
            "xor {", $word, "}, {b", $x, "}\n",
            $more,
            "mov [{state} + {to", $x, "}], {", $word, "}\n",
        )
    };
    (rotated_by_one $to:literal $from:literal) => {
        concat!("mov {", $to, "}, {", $from, "}\n", "rol {", $to, "}, 1")
    };
}

/// Computes round `$i`. `$d0` to `$d4` are what theta adds to the columns.
macro_rules! round {
    (
        $way:ident $i:literal, $state:ident, $constants:ident,
        $d0:ident $d1:ident $d2:ident $d3:ident $d4:ident
    ) => {
        plane!($way 0, $i, $state, $d0 $d1 $d2 $d3 $d4, $constants);
        plane!($way 1, $i, $state, $d3 $d4 $d0 $d1 $d2);
        plane!($way 2, $i, $state, $d1 $d2 $d3 $d4 $d0);
        plane!($way 3, $i, $state, $d4 $d0 $d1 $d2 $d3);
        last_plane!($way, $i, $state, $d2 $d3 $d4 $d0 $d1);
    };
}

/// Computes 24 rounds.
macro_rules! permute {
    ($way:ident $words:ident) => {
        let parity: [u64; SIDE] = std::array::from_fn(|x| {
            $words[x] ^ $words[x + 5] ^ $words[x + 10] ^ $words[x + 15] ^ $words[x + 20]
        });
        let [mut d0, mut d1, mut d2, mut d3, mut d4] = std::array::from_fn(|x| {
            parity[(x + SIDE - 1) % SIDE] ^ parity[(x + 1) % SIDE].rotate_left(1)
        });
        let state = $words.as_mut_ptr().wrapping_add(MIDDLE);
        for constants in CONSTANTS.as_chunks::<PERIOD>().0 {
            let constants = constants.as_ptr();
            round!($way 0, state, constants, d0 d1 d2 d3 d4);
            round!($way 1, state, constants, d0 d1 d2 d3 d4);
            round!($way 2, state, constants, d0 d1 d2 d3 d4);
            round!($way 3, state, constants, d0 d1 d2 d3 d4);
        }
    };
}

/// The permutation with BMI1 and BMI2; None: the processor has not got them.
pub fn bmi() -> Option<Permute> {
    #[target_feature(enable = "bmi1,bmi2")]
    fn permute(state: &mut [u64; WORDS]) {
        permute!(bmi state);
    }
    let able = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
    // SAFETY: the function is given away only where the processor has the features.
    able.then_some(|state| unsafe { permute(state) })
}

/// The permutation for any processor; None: Miri runs, which knows no assembly.
pub fn plain() -> Option<Permute> {
    /// The words that are complemented.
    const COMPLEMENTED: [usize; 6] = [1, 2, 8, 12, 17, 20];
    fn permute(state: &mut [u64; WORDS]) {
        COMPLEMENTED.iter().for_each(|word| state[*word] = !state[*word]);
        permute!(plain state);
        COMPLEMENTED.iter().for_each(|word| state[*word] = !state[*word]);
    }
    cfg!(not(miri)).then_some(permute)
}
