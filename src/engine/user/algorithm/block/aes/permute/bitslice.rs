// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES by single bits, eight blocks at once: a register has one bit of each of their bytes, so that an operation on
//! registers is one on 128 bits, and the S-box is a circuit of such operations. Eight blocks take less time than by
//! lookups, but fewer than eight take as long as eight.
//!
//! References: Emilia Käsper and Peter Schwabe, Faster and Timing-Attack Resistant AES-GCM, CHES 2009, for the order of
//! bits; Joan Boyar and René Peralta, A depth-16 circuit for the AES S-box, 2011, for the circuits of both S-boxes and
//! the names `t` and `m` in them; Joan Boyar, Philip Matthews and René Peralta, Logic Minimization Techniques with
//! Applications to Cryptology, 2013, for the method by which their linear parts were made smaller.

use super::super::BLOCK;
use super::tables::{CONSTANT, Table};
use super::vector::Vector;
use zeroize::Zeroizing;

/// Blocks at once.
pub const FLIGHT: usize = 8;

/// Eight registers, for the bits of a byte from the lowest on. Each of their bytes has that bit of the byte at one place
/// in all blocks.
type Slices<V> = [V; FLIGHT];

/// The round keys, which are the same in both directions. They are on the heap, where no move leaves copies of them.
pub type RoundKeys<V> = Zeroizing<Vec<Slices<V>>>;

/// How far the next row, and how far the next column, is from a byte.
type Order = [usize; 2];

/// The order of AES's blocks.
const BY_COLUMNS: Order = [1, 4];

/// The order between the rounds, where a row is one word, so that the next row is a rotation.
const BY_ROWS: Order = [4, 1];

/// Where each byte comes from when row `row` moves by `row * columns` columns to the left.
const fn shift_rows(columns: usize, from: Order, to: Order) -> Table {
    let mut table = [0; BLOCK];
    let mut i = 0;
    while i < BLOCK {
        let (row, column) = (i % 4, i / 4);
        let source = (column + row * columns) % 4;
        table[row * to[0] + column * to[1]] = (row * from[0] + source * from[1]) as u8;
        i += 1;
    }
    table
}

/// ShiftRows of one direction, in the first round, in those between and in the last. It comes before SubBytes, which does
/// the same to each byte wherever it is.
struct Shifts {
    first: Table,
    middle: Table,
    last: Table,
}

const fn shifts(columns: usize) -> Shifts {
    Shifts {
        first: shift_rows(columns, BY_COLUMNS, BY_ROWS),
        middle: shift_rows(columns, BY_ROWS, BY_ROWS),
        last: shift_rows(columns, BY_ROWS, BY_COLUMNS),
    }
}

static SHIFT: Shifts = shifts(1);

/// Three columns to the left are one to the right.
static UNSHIFT: Shifts = shifts(3);

/// From the order of blocks to the one between the rounds.
static TO_ROWS: Table = shift_rows(0, BY_COLUMNS, BY_ROWS);

/// Exchanges the bits of `one` that are `N` above those in `mask` with those of `other` in `mask`.
#[inline(always)]
fn exchange<V: Vector, const N: i32>(one: V, other: V, mask: u8) -> [V; 2] {
    let differences = one.shifted_right::<N>().xor(other).and(V::load(&[mask; BLOCK]));
    [one.xor(differences.shifted_left::<N>()), other.xor(differences)]
}

/// From eight blocks to the bits of their bytes, and back: transposes the eight bits at a place of eight registers.
#[inline(always)]
pub fn transpose<V: Vector>(registers: &mut Slices<V>) {
    let [a, b, c, d, e, f, g, h] = *registers;
    let ([a, b], [c, d]) = (exchange::<V, 1>(a, b, 0x55), exchange::<V, 1>(c, d, 0x55));
    let ([e, f], [g, h]) = (exchange::<V, 1>(e, f, 0x55), exchange::<V, 1>(g, h, 0x55));
    let ([a, c], [b, d]) = (exchange::<V, 2>(a, c, 0x33), exchange::<V, 2>(b, d, 0x33));
    let ([e, g], [f, h]) = (exchange::<V, 2>(e, g, 0x33), exchange::<V, 2>(f, h, 0x33));
    let ([a, e], [b, f]) = (exchange::<V, 4>(a, e, 0x0f), exchange::<V, 4>(b, f, 0x0f));
    let ([c, g], [d, h]) = (exchange::<V, 4>(c, g, 0x0f), exchange::<V, 4>(d, h, 0x0f));
    *registers = [a, b, c, d, e, f, g, h];
}

/// The round keys, from the first to the last. The S-boxes here leave out their constant, which is the same behind
/// MixColumns: so all keys but the first add it.
#[inline(always)]
pub fn expand<V: Vector>(keys: impl ExactSizeIterator<Item = V>) -> RoundKeys<V> {
    let last = keys.len().saturating_sub(1);
    let mut sliced = Zeroizing::new(Vec::with_capacity(keys.len()));
    for (i, key) in keys.enumerate() {
        let key = if i == 0 { key } else { key.xor(V::load(&CONSTANT)) };
        let key = if i == 0 || i == last { key } else { key.lookup(V::load(&TO_ROWS)) };
        sliced.push([key; FLIGHT]);
        sliced.last_mut().into_iter().for_each(transpose);
    }
    sliced
}

/// Adds as many bits.
#[inline(always)]
fn add<V: Vector>(bits: &mut Slices<V>, others: &Slices<V>) {
    for (bit, other) in bits.iter_mut().zip(others) {
        *bit = bit.xor(*other);
    }
}

/// Adds a round key, and then ShiftRows or its inverse.
#[inline(always)]
fn add_and_shift<V: Vector>(bits: &mut Slices<V>, key: &Slices<V>, places: &Table) {
    for (bit, key) in bits.iter_mut().zip(key) {
        *bit = bit.xor(*key).lookup(V::load(places));
    }
}

/// ShiftRows or its inverse.
#[inline(always)]
fn shift<V: Vector>(bits: &mut Slices<V>, places: &Table) {
    for bit in bits {
        *bit = bit.lookup(V::load(places));
    }
}

/// MixColumns: a byte becomes the sum of twice (itself + the next row's) and of the other three rows'.
#[inline(always)]
fn mix_columns<V: Vector>(bits: &mut Slices<V>) {
    let next = bits.map(V::next_row);
    add(bits, &next);
    let [a, b, c, d, e, f, g, h] = *bits;
    let mut others = next;
    add(&mut others, &bits.map(V::second_next_row));
    add(&mut others, &[h, a.xor(h), b, c.xor(h), d.xor(h), e, f, g]);
    *bits = others;
}

/// InvMixColumns is MixColumns behind a byte's sum with four times (itself + the row's after the next).
#[inline(always)]
fn unmix_columns<V: Vector>(bits: &mut Slices<V>) {
    let mut sums = *bits;
    add(&mut sums, &bits.map(V::second_next_row));
    let [a, b, c, d, e, f, g, h] = sums;
    let both = g.xor(h);
    add(bits, &[g, both, a.xor(h), b.xor(g), c.xor(both), d.xor(h), e, f]);
    mix_columns(bits);
}

/// Gates. Registers are too few for all that is needed later, so some of it goes to memory. How much depends on the order
/// of the gates, which the compiler keeps more or less: of many that were tried, these take the least time.
macro_rules! gates {
    ($($gate:ident = $one:ident $operator:tt $other:ident;)*) => {
        $(let $gate = gates!(@ $one $operator $other);)*
    };
    (@ $one:ident ^ $other:ident) => { $one.xor($other) };
    (@ $one:ident & $other:ident) => { $one.and($other) };
}

/// The part that the circuits of the S-box and of its inverse have in common: the inversion in AES's field. From linear
/// functions of a byte's bits to products, of which the bits of the result are sums.
#[inline(always)]
#[rustfmt::skip]
fn invert<V: Vector>(factors: [V; 22]) -> [V; 18] {
    let [
        t1, t2, t3, t4, t6, t8, t9, t10, t13, t14, t15,
        t16, t17, t19, t20, t22, t23, t24, t25, t26, t27, d,
    ] = factors;
    gates! {
        m1 = t13 & t6; m3 = t14 ^ m1; m14 = t2 & t10; m2 = t23 & t8; m16 = m3 ^ m2; m6 = t3 & t16;
        m11 = t1 & t15; m15 = m14 ^ m11; m7 = t22 & t9; m8 = t26 ^ m6; m18 = m8 ^ m7; m4 = t19 & d;
        m5 = m4 ^ m1; m17 = m5 ^ t24; m21 = m17 ^ m15; m12 = t4 & t27; m13 = m12 ^ m11;
        m22 = m18 ^ m13; m20 = m16 ^ m13; m9 = t20 & t17; m10 = m9 ^ m6; m19 = m10 ^ m15;
        m23 = m19 ^ t25; m25 = m20 & m22; m34 = m21 & m22; m24 = m22 ^ m23; m35 = m24 & m34;
        m27 = m20 ^ m21; m31 = m20 & m23; m32 = m27 & m31; m26 = m21 ^ m25; m36 = m24 ^ m25;
        m30 = m26 & m24; m40 = m35 ^ m36; m56 = m40 & t23; m39 = m23 ^ m30; m28 = m23 ^ m25;
        m33 = m27 ^ m25; m29 = m28 & m27; m38 = m32 ^ m33; m37 = m21 ^ m29; m57 = m39 & t19;
        m48 = m39 & d; m59 = m38 & t22; m50 = m38 & t9; m60 = m37 & t20; m47 = m40 & t8;
        m51 = m37 & t17; m44 = m39 ^ m40; m41 = m38 ^ m40; m46 = m44 & t6; m55 = m44 & t13;
        m42 = m37 ^ m39; m43 = m37 ^ m38; m49 = m43 & t16; m58 = m43 & t3; m61 = m42 & t1;
        m52 = m42 & t15; m45 = m42 ^ m41; m53 = m45 & t27; m62 = m45 & t4; m63 = m41 & t2;
        m54 = m41 & t10;
    }
    [
        m46, m47, m48, m49, m50, m51, m52, m53, m54,
        m55, m56, m57, m58, m59, m60, m61, m62, m63,
    ]
}

/// SubBytes without its constant.
#[inline(always)]
#[rustfmt::skip]
pub fn sub_bytes<V: Vector>(bits: &mut Slices<V>) {
    let [u7, u6, u5, u4, u3, u2, u1, u0] = *bits;
    gates! {
        t7 = u1 ^ u2; t4 = u3 ^ u5; t3 = u0 ^ u6; t13 = t3 ^ t4; r0 = u4 ^ t13; t14 = r0 ^ u1;
        t9 = t7 ^ u7; t6 = r0 ^ u5; t8 = t6 ^ u7; t1 = u0 ^ u3; t19 = t9 ^ u3; t15 = t14 ^ t1;
        t22 = t9 ^ u6; t16 = t7 ^ t15; t10 = t6 ^ t7; t2 = u0 ^ u5; t27 = t10 ^ t15;
        t26 = t3 ^ t16; t25 = u0 ^ t16; t17 = u7 ^ t15; t20 = t9 ^ u0; t23 = t22 ^ t2;
        t24 = t10 ^ t2;
    }
    let [
        m46, m47, m48, m49, m50, m51, m52, m53, m54,
        m55, m56, m57, m58, m59, m60, m61, m62, m63,
    ] = invert([
        t1, t2, t3, t4, t6, t8, t9, t10, t13, t14, t15,
        t16, t17, t19, t20, t22, t23, t24, t25, t26, t27, u7,
    ]);
    gates! {
        l6 = m49 ^ m50; l12 = m49 ^ m51; l1 = m61 ^ m62; l8 = m53 ^ l6; l4 = m46 ^ m48;
        l5 = m47 ^ m46; l11 = l6 ^ l5; l16 = m52 ^ l8; l2 = m56 ^ l1; l13 = m59 ^ l1;
        l14 = l4 ^ l12; l20 = m61 ^ l16; l7 = m58 ^ l4; l21 = l2 ^ m57; l9 = m54 ^ l7;
        l10 = l8 ^ l9; l17 = m60 ^ l10; l3 = m55 ^ l2; s3 = l3 ^ l11; s0 = l3 ^ l16;
        l26 = l17 ^ l20; s5 = l21 ^ l17; s2 = l26 ^ m63; l18 = l13 ^ l14; s1 = s3 ^ l16;
        s7 = m58 ^ l18; s4 = l14 ^ s3; s6 = l10 ^ l18;
    }
    *bits = [s7, s6, s5, s4, s3, s2, s1, s0];
}

/// InvSubBytes of bytes to which the constant is added already.
#[inline(always)]
#[rustfmt::skip]
pub fn unsub_bytes<V: Vector>(bits: &mut Slices<V>) {
    let [u7, u6, u5, u4, u3, u2, u1, u0] = *bits;
    gates! {
        t22 = u1 ^ u3; t24 = u4 ^ u7; r17 = u0 ^ u5; t1 = u3 ^ u4; t23 = u0 ^ u3; t9 = u7 ^ t1;
        t3 = u6 ^ t9; t2 = t22 ^ t23; t8 = u3 ^ t2; t20 = t22 ^ t3; t10 = t24 ^ t2; t25 = u2 ^ t1;
        d = u2 ^ r17; t17 = t25 ^ t20; t26 = u6 ^ t17; t19 = t1 ^ t20; t4 = t1 ^ t2;
        t15 = t19 ^ r17; t13 = t23 ^ t19; t27 = t10 ^ t15; t14 = t20 ^ r17; t16 = t9 ^ t17;
        t6 = t8 ^ d;
    }
    let [
        m46, m47, m48, m49, m50, m51, m52, m53, m54,
        m55, m56, m57, m58, m59, m60, m61, m62, m63,
    ] = invert([
        t1, t2, t3, t4, t6, t8, t9, t10, t13, t14, t15,
        t16, t17, t19, t20, t22, t23, t24, t25, t26, t27, d,
    ]);
    gates! {
        p0 = m52 ^ m61; p1 = m58 ^ p0; p2 = m62 ^ p1; p25 = m54 ^ p0; p3 = m54 ^ p2; p6 = m59 ^ p3;
        p12 = m55 ^ m63; p4 = m50 ^ m59; p9 = m51 ^ p6; p7 = m49 ^ p4; w0 = m49 ^ p9;
        p27 = m47 ^ p9; p5 = m48 ^ m56; p30 = m62 ^ m63; p16 = m53 ^ p2; p31 = m56 ^ p30;
        p8 = p5 ^ p7; p11 = m60 ^ p8; w6 = p7 ^ p16; p28 = m46 ^ p27; p21 = m57 ^ p12;
        p13 = m47 ^ p11; p18 = m46 ^ m48; w5 = m50 ^ p28; p14 = m57 ^ p6; w3 = p6 ^ p18;
        w2 = p13 ^ p14; p20 = p12 ^ p13; p23 = p14 ^ p18; w7 = m61 ^ p21; p24 = w6 ^ p23;
        w1 = p20 ^ p25; p32 = w0 ^ p24; w4 = p31 ^ p32;
    }
    *bits = [w7, w6, w5, w4, w3, w2, w1, w0];
}

/// Encrypts eight blocks.
#[inline(always)]
pub fn encrypt<V: Vector>(keys: &RoundKeys<V>, blocks: &mut [V; FLIGHT]) {
    let [middle @ .., before_last, last] = &***keys else { return };
    transpose(blocks);
    let mut places = &SHIFT.first;
    for key in middle {
        add_and_shift(blocks, key, places);
        sub_bytes(blocks);
        mix_columns(blocks);
        places = &SHIFT.middle;
    }
    add_and_shift(blocks, before_last, &SHIFT.last);
    sub_bytes(blocks);
    add(blocks, last);
    transpose(blocks);
}

/// Decrypts eight blocks.
#[inline(always)]
pub fn decrypt<V: Vector>(keys: &RoundKeys<V>, blocks: &mut [V; FLIGHT]) {
    let [first, second, middle @ .., last] = &***keys else { return };
    transpose(blocks);
    add_and_shift(blocks, last, &UNSHIFT.first);
    unsub_bytes(blocks);
    for key in middle.iter().rev() {
        add(blocks, key);
        unmix_columns(blocks);
        shift(blocks, &UNSHIFT.middle);
        unsub_bytes(blocks);
    }
    add(blocks, second);
    unmix_columns(blocks);
    shift(blocks, &UNSHIFT.last);
    unsub_bytes(blocks);
    add(blocks, first);
    transpose(blocks);
}
