// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
//! AES by single bits, eight blocks at once: a register has one bit of each of their bytes, so that an operation on
//! registers is one on 128 bits at a time, and the S-box is a circuit of such operations. Nothing is looked up. Eight blocks
//! take less time than by lookups, but fewer than eight take as long as eight.
//!
//! References: Emilia Käsper and Peter Schwabe, Faster and Timing-Attack Resistant AES-GCM, CHES 2009, for the order of
//! bits; Joan Boyar and René Peralta, A depth-16 circuit for the AES S-box, 2011, for the circuits and the names
//! of their gates.

use super::super::BLOCK;
use super::tables::{CONSTANT, Table};
use super::vector::Vector;
use zeroize::Zeroizing;

/// Blocks at once.
pub const FLIGHT: usize = 8;

/// Eight registers, for the bits of a byte from the lowest on. Each of their bytes has that bit of the byte at one place of
/// all blocks.
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

/// What is done in one direction: ShiftRows in the first round, in those between and in the last.
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
fn transpose<V: Vector>(registers: &mut Slices<V>) {
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

/// Adds a round key.
#[inline(always)]
fn add<V: Vector>(bits: &mut Slices<V>, key: &Slices<V>) {
    for (bit, key) in bits.iter_mut().zip(key) {
        *bit = bit.xor(*key);
    }
}

/// ShiftRows or its inverse.
#[inline(always)]
fn shift<V: Vector>(bits: &mut Slices<V>, places: &Table) {
    for bit in bits {
        *bit = bit.lookup(V::load(places));
    }
}

/// Bytes times x: bit by bit, those that each bit of the product is the sum of beside the one below it.
#[inline(always)]
fn mix_columns<V: Vector>(bits: &mut Slices<V>) {
    // A byte becomes the sum of 2 (itself + the next row's) and of the other three rows'.
    let next = bits.map(V::next_row);
    let mut sums = *bits;
    add(&mut sums, &next);
    let mut others = sums.map(V::second_next_row);
    add(&mut others, &next);
    let [a, b, c, d, e, f, g, high] = sums;
    *bits = [high, a.xor(high), b, c.xor(high), d.xor(high), e, f, g];
    add(bits, &others);
}

/// InvMixColumns is MixColumns behind a byte's sum with 4 (itself + the row's after the next).
#[inline(always)]
fn unmix_columns<V: Vector>(bits: &mut Slices<V>) {
    let mut sums = bits.map(V::second_next_row);
    add(&mut sums, bits);
    let [a, b, c, d, e, f, g, h] = sums;
    let both = g.xor(h);
    add(bits, &[g, both, a.xor(h), b.xor(g), c.xor(both), d.xor(h), e, f]);
    mix_columns(bits);
}

/// Gates in the order in which they are best computed: the compiler keeps it more or less, and has to move fewer values to
/// memory, for which the registers are too few.
macro_rules! gates {
    ($($gate:ident = $one:ident $operator:tt $other:ident;)*) => {
        $(let $gate = gates!(@ $one $operator $other);)*
    };
    (@ $one:ident ^ $other:ident) => { $one.xor($other) };
    (@ $one:ident & $other:ident) => { $one.and($other) };
}

/// The part that the circuits of the S-box and of its inverse have in common: the inversion. From linear functions of the
/// byte to products, of which the result's bits are sums.
#[inline(always)]
#[rustfmt::skip]
fn invert<V: Vector>(factors: [V; 22]) -> [V; 18] {
    let [
        t1, t2, t3, t4, t6, t8, t9, t10, t13, t14, t15,
        t16, t17, t19, t20, t22, t23, t24, t25, t26, t27, d,
    ] = factors;
    gates! {
        m2 = t23 & t8; m1 = t13 & t6; m3 = t14 ^ m1; m6 = t3 & t16; m14 = t2 & t10; m8 = t26 ^ m6;
        m11 = t1 & t15; m7 = t22 & t9; m18 = m8 ^ m7; m15 = m14 ^ m11; m16 = m3 ^ m2; m4 = t19 & d;
        m5 = m4 ^ m1; m17 = m5 ^ t24; m21 = m17 ^ m15; m9 = t20 & t17; m10 = m9 ^ m6;
        m19 = m10 ^ m15; m23 = m19 ^ t25; m12 = t4 & t27; m13 = m12 ^ m11; m20 = m16 ^ m13;
        m22 = m18 ^ m13; m24 = m22 ^ m23; m34 = m21 & m22; m25 = m20 & m22; m35 = m24 & m34;
        m27 = m20 ^ m21; m31 = m20 & m23; m32 = m27 & m31; m26 = m21 ^ m25; m36 = m24 ^ m25;
        m40 = m35 ^ m36; m56 = m40 & t23; m30 = m26 & m24; m39 = m23 ^ m30; m33 = m27 ^ m25;
        m28 = m23 ^ m25; m38 = m32 ^ m33; m48 = m39 & d; m29 = m28 & m27; m37 = m21 ^ m29;
        m57 = m39 & t19; m59 = m38 & t22; m47 = m40 & t8; m50 = m38 & t9; m60 = m37 & t20;
        m44 = m39 ^ m40; m41 = m38 ^ m40; m42 = m37 ^ m39; m43 = m37 ^ m38; m52 = m42 & t15;
        m58 = m43 & t3; m49 = m43 & t16; m46 = m44 & t6; m55 = m44 & t13; m61 = m42 & t1;
        m51 = m37 & t17; m54 = m41 & t10; m45 = m42 ^ m41; m63 = m41 & t2; m62 = m45 & t4;
        m53 = m45 & t27;
    }
    [
        m46, m47, m48, m49, m50, m51, m52, m53, m54,
        m55, m56, m57, m58, m59, m60, m61, m62, m63,
    ]
}

/// SubBytes without its constant.
#[inline(always)]
#[rustfmt::skip]
fn sub_bytes<V: Vector>(bits: &mut Slices<V>) {
    let [u7, u6, u5, u4, u3, u2, u1, u0] = *bits;
    gates! {
        t7 = u1 ^ u2; t18 = u3 ^ u7; t1 = u0 ^ u3; t5 = u4 ^ u6; t11 = u1 ^ u5; t21 = u6 ^ u7;
        t12 = u2 ^ u5; t6 = t1 ^ t5; t4 = u3 ^ u5; t3 = u0 ^ u6; t16 = t5 ^ t12; t22 = t7 ^ t21;
        t9 = u7 ^ t7; t8 = u7 ^ t6; t14 = t6 ^ t11; t17 = t9 ^ t16; t26 = t3 ^ t16; t19 = t7 ^ t18;
        t2 = u0 ^ u5; t15 = t5 ^ t11; t13 = t3 ^ t4; t27 = t1 ^ t12; t10 = t6 ^ t7; t24 = t2 ^ t10;
        t20 = t1 ^ t19; t25 = t20 ^ t17; t23 = t2 ^ t22;
    }
    let [
        m46, m47, m48, m49, m50, m51, m52, m53, m54,
        m55, m56, m57, m58, m59, m60, m61, m62, m63,
    ] = invert([
        t1, t2, t3, t4, t6, t8, t9, t10, t13, t14, t15,
        t16, t17, t19, t20, t22, t23, t24, t25, t26, t27, u7,
    ]);
    gates! {
        l4 = m54 ^ m58; l8 = m51 ^ m59; l12 = m48 ^ m51; l10 = m53 ^ l4; l19 = m63 ^ l4;
        l18 = m58 ^ l8; l5 = m49 ^ m61; l2 = m46 ^ m48; l6 = m62 ^ l5; l25 = l6 ^ l10;
        l27 = l8 ^ l10; l14 = m52 ^ m61; l23 = l18 ^ l2; l0 = m61 ^ m62; l3 = m47 ^ m55;
        l11 = m60 ^ l2; l28 = l11 ^ l14; l22 = l3 ^ l12; l9 = m52 ^ m53; l13 = m50 ^ l0;
        s6 = l13 ^ l27; l1 = m50 ^ m56; l15 = m55 ^ l1; l16 = m56 ^ l0; s7 = l6 ^ l23;
        l17 = m57 ^ l1; l20 = l0 ^ l1; l29 = l11 ^ l17; l7 = m46 ^ l3; l26 = l7 ^ l9;
        s5 = l25 ^ l29; s1 = l16 ^ l26; s4 = l20 ^ l22; s2 = l19 ^ l28; l21 = l1 ^ l7;
        l24 = l15 ^ l9; s3 = l6 ^ l21; s0 = l6 ^ l24;
    }
    *bits = [s7, s6, s5, s4, s3, s2, s1, s0];
}

/// InvSubBytes of what has the constant added already.
#[inline(always)]
#[rustfmt::skip]
fn unsub_bytes<V: Vector>(bits: &mut Slices<V>) {
    let [u7, u6, u5, u4, u3, u2, u1, u0] = *bits;
    gates! {
        r18 = u5 ^ u6; r17 = u2 ^ u5; t22 = u1 ^ u3; t1 = u3 ^ u4; t23 = u3 ^ u0; t24 = u4 ^ u7;
        r13 = u1 ^ u6; r5 = u6 ^ u7; t2 = u0 ^ u1; r19 = u2 ^ u4; t20 = t24 ^ r13; t9 = u7 ^ t1;
        t8 = u1 ^ t23; t4 = u4 ^ t8; t25 = u2 ^ t1; t6 = t22 ^ r17; t13 = t2 ^ r5; t10 = t2 ^ t24;
        t19 = t22 ^ r5; t3 = t1 ^ r5; d = u0 ^ r17; t16 = r13 ^ r19; t14 = t10 ^ r18;
        t27 = t1 ^ r18; t26 = t3 ^ t16; t17 = u2 ^ t19; t15 = t10 ^ t27;
    }
    let [
        m46, m47, m48, m49, m50, m51, m52, m53, m54,
        m55, m56, m57, m58, m59, m60, m61, m62, m63,
    ] = invert([
        t1, t2, t3, t4, t6, t8, t9, t10, t13, t14, t15,
        t16, t17, t19, t20, t22, t23, t24, t25, t26, t27, d,
    ]);
    gates! {
        p3 = m47 ^ m50; p4 = m48 ^ m56; p12 = m46 ^ m48; p15 = m54 ^ m59; p5 = m46 ^ m51;
        p0 = m52 ^ m61; p8 = m50 ^ m53; p16 = m57 ^ m61; p9 = m55 ^ m63; p18 = p5 ^ m63;
        p6 = m49 ^ m60; p13 = m49 ^ m51; p20 = p4 ^ p6; p10 = m57 ^ p4; p25 = p6 ^ p10;
        p14 = m49 ^ m62; p27 = p10 ^ p18; p2 = m54 ^ m62; p29 = p15 ^ p20; p1 = m58 ^ m59;
        p7 = p0 ^ p1; p23 = p7 ^ p8; p19 = p2 ^ p3; p11 = p0 ^ p3; p24 = p5 ^ p7; w4 = p23 ^ p27;
        w5 = p19 ^ p24; p22 = p2 ^ p7; p28 = p11 ^ p25; p17 = m58 ^ p2; w2 = p17 ^ p28;
        w3 = p12 ^ p22; w0 = p13 ^ p22; w6 = p14 ^ p23; w7 = p9 ^ p16; p26 = p9 ^ p11;
        w1 = p26 ^ p29;
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
        add(blocks, key);
        shift(blocks, places);
        sub_bytes(blocks);
        mix_columns(blocks);
        places = &SHIFT.middle;
    }
    add(blocks, before_last);
    shift(blocks, &SHIFT.last);
    sub_bytes(blocks);
    add(blocks, last);
    transpose(blocks);
}

/// Decrypts eight blocks.
#[inline(always)]
pub fn decrypt<V: Vector>(keys: &RoundKeys<V>, blocks: &mut [V; FLIGHT]) {
    let [first, second, middle @ .., last] = &***keys else { return };
    transpose(blocks);
    add(blocks, last);
    shift(blocks, &UNSHIFT.first);
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
