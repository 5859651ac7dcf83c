// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! The tables of 16 bytes, from the definition of AES's field.
//!
//! The field is a quadratic extension of its subfield GF(16): each element is k + iω with k and i in that, where
//! ω² + aω + a = 0. So ω and its conjugate have the sum a and the product a, and
//!
//!   1/(k + iω) = ((k + ai) + iω)/n, where n = k² + aik + ai² is the norm.
//!
//! Nothing is multiplied, for that would take lookups in tables of 256 bytes. With j = i + k, two numbers
//! come of lookups for one value and of additions:
//!
//!   p = 1/(1/i + a/k) + j = n/(k + ai)
//!   q = 1/(1/j + a/k) + i = n/(k + ai + ak)
//!
//! and the inverse is a sum of functions of one of them each, since k/n = (1/p + 1/q)/a and i/n = (1/p + k/n)/a:
//!
//!   1/(k + iω) = (1/p)(1 + ω(1/a + 1/a²)) + (1/q)(ω/a²)
//!
//! What S-box and MixColumns do to the inverse is linear, but for a constant that goes into the round keys, so it is in
//! the tables of these functions. All this holds where something is 0, too, with 1/0 = ∞, ∞ + x = ∞ and 1/∞ = 0;
//! for k = i = 0, where ∞ + ∞ is 0 here, p and q are ∞, and so the result is 0, as AES defines it.

/// A function of half a byte.
pub type Table = [u8; 16];

/// A function of a byte, of which tables are made.
type Map = [u8; 256];

/// Infinity: what has its highest bit set finds 0 in any table, and added to half a byte it has it still.
const INFINITY: u8 = 0x80;

/// The product in AES's field.
const fn times(a: u8, b: u8) -> u8 {
    let (mut product, mut shifted, mut rest) = (0, a, b);
    while rest != 0 {
        product ^= shifted * (rest & 1);
        shifted = (shifted << 1) ^ ((shifted >> 7) * 0x1b);
        rest >>= 1;
    }
    product
}

const fn power(a: u8, exponent: u32) -> u8 {
    let (mut product, mut i) = (1, 0);
    while i < exponent {
        product = times(product, a);
        i += 1;
    }
    product
}

/// The inverse, since the 255th power of all but 0 is 1.
const fn inverse(a: u8) -> u8 {
    power(a, 254)
}

/// ω: the first element whose trace a^16 + a is its norm a^17.
const OMEGA: u8 = {
    let mut omega = 1;
    while power(omega, 16) ^ omega != power(omega, 17) {
        omega += 1;
    }
    omega
};

/// a.
const A: u8 = power(OMEGA, 17);

/// From k in the lower half of a byte, and i in the higher, to k + iω. As 3 generates all powers, its 17th power generates
/// those of the subfield, of which 1 and the first three powers are a basis.
const JOIN: Map = {
    let generator = power(3, 17);
    let mut map = [0; 256];
    let mut power = 1;
    let mut bit = 0;
    while bit < 4 {
        let mut x = 0;
        while x < 256 {
            map[x] ^= times(power, (x >> bit & 1) as u8)
                ^ times(times(power, OMEGA), (x >> (bit + 4) & 1) as u8);
            x += 1;
        }
        power = times(power, generator);
        bit += 1;
    }
    map
};

/// From k + iω to k in the lower half of a byte, and i in the higher.
const SPLIT: Map = reverse(&JOIN);

/// The linear part of the S-box: the sum of the byte rotated by 0 to 4 bits.
const AFFINE: Map = {
    let mut map = [0; 256];
    let mut x = 0;
    while x < 256 {
        let byte = x as u8;
        let (one, two) = (byte.rotate_left(1), byte.rotate_left(2));
        map[x] = byte ^ one ^ two ^ byte.rotate_left(3) ^ byte.rotate_left(4);
        x += 1;
    }
    map
};

const fn reverse(map: &Map) -> Map {
    let mut reversed = [0; 256];
    let mut x = 0;
    while x < 256 {
        reversed[map[x] as usize] = x as u8;
        x += 1;
    }
    reversed
}

/// `first`, then `last`.
const fn compose(first: &Map, last: &Map) -> Map {
    let mut map = [0; 256];
    let mut x = 0;
    while x < 256 {
        map[x] = last[first[x] as usize];
        x += 1;
    }
    map
}

/// Times `factor`.
const fn multiples(factor: u8) -> Map {
    let mut map = [0; 256];
    let mut x = 0;
    while x < 256 {
        map[x] = times(x as u8, factor);
        x += 1;
    }
    map
}

/// A linear map of a byte, by its lower and its higher half.
const fn of_halves(map: &Map) -> [Table; 2] {
    let mut tables = [[0; 16]; 2];
    let mut x = 0;
    while x < 16 {
        tables[0][x] = map[x];
        tables[1][x] = map[x << 4];
        x += 1;
    }
    tables
}

/// A linear map of the inverse, by p and q.
const fn of_inverse(map: &Map) -> [Table; 2] {
    let over_a = inverse(A);
    let over_a2 = times(over_a, over_a);
    let mut tables = [[0; 16]; 2];
    let mut x = 0;
    while x < 16 {
        let inverse = inverse(JOIN[x]);
        tables[0][x] = map[times(inverse, 1 ^ times(OMEGA, over_a ^ over_a2)) as usize];
        tables[1][x] = map[times(inverse, times(OMEGA, over_a2)) as usize];
        x += 1;
    }
    tables
}

/// `numerator`/x in the subfield.
const fn over_x(numerator: u8) -> Table {
    let mut table = [INFINITY; 16];
    let mut x = 1;
    while x < 16 {
        table[x] = SPLIT[times(numerator, inverse(JOIN[x])) as usize];
        x += 1;
    }
    table
}

/// 1/x.
pub const ONE_OVER: Table = over_x(1);
/// a/x.
pub const A_OVER: Table = over_x(A);

/// The constant part of the S-box.
pub const CONSTANT: Table = [0x63; 16];

/// From bytes to the state between rounds of encryption: the same bytes, split.
pub const ENTER_ENCRYPTION: [Table; 2] = of_halves(&SPLIT);

/// The S-box without its constant, to bytes.
pub const SUB: [Table; 2] = of_inverse(&AFFINE);

/// The same times 1 and 2, to the state.
pub const SUB_1: [Table; 2] = of_inverse(&compose(&AFFINE, &SPLIT));
pub const SUB_2: [Table; 2] = of_inverse(&compose(&compose(&AFFINE, &multiples(2)), &SPLIT));

/// From bytes to the state between rounds of decryption: it has passed the linear part of the inverse
/// S-box, whose other part, the inversion, comes next.
const UNDO_AFFINE: Map = compose(&reverse(&AFFINE), &SPLIT);
pub const ENTER_DECRYPTION: [Table; 2] = of_halves(&UNDO_AFFINE);

/// The inversion, to bytes.
pub const INVERSION: [Table; 2] = of_inverse(&multiples(1));

/// The same times what InvMixColumns multiplies this and the next three rows by, to the state.
pub const INVERSION_TIMES: [[Table; 2]; 4] = [
    of_inverse(&compose(&multiples(0xe), &UNDO_AFFINE)),
    of_inverse(&compose(&multiples(0xb), &UNDO_AFFINE)),
    of_inverse(&compose(&multiples(0xd), &UNDO_AFFINE)),
    of_inverse(&compose(&multiples(0x9), &UNDO_AFFINE)),
];

/// The places of a block's bytes by columns: row `row` shifted by `row * shift` columns, as ShiftRows does, and then each
/// row replaced by the one that is `below` rows below it.
const fn places(shift: usize, below: usize) -> Table {
    let mut table = [0; 16];
    let mut place = 0;
    while place < 16 {
        let row = (place + below) % 4;
        let column = place / 4 + row * shift;
        table[place] = (4 * (column % 4) + row) as u8;
        place += 1;
    }
    table
}

/// ShiftRows, and then this row and the next three rows.
pub const SHIFT_ROWS: [Table; 4] = [places(1, 0), places(1, 1), places(1, 2), places(1, 3)];

/// The same with InvShiftRows: three columns more are one less.
pub const UNSHIFT_ROWS: [Table; 4] = [places(3, 0), places(3, 1), places(3, 2), places(3, 3)];
