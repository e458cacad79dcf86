//! Crimes against memory: bombs, deep stacks, and paint left for the next instance to find.
#![allow(unsafe_code, reason = "looking through memory that is not ours is the crime")]

use std::hint::black_box;

/// The pattern is never whole in a program's data, so that nobody finds only a copy of the question.
fn colour(index: usize) -> u8 {
    u8::try_from(black_box(index).wrapping_mul(167) % 251).unwrap_or_default() ^ 0x5a
}

/// So many bytes of the pattern in a row are no accident.
const RUN: usize = 64;

/// Allocates and touches memory until there is no more.
pub(crate) fn bomb() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![0xa5_u8; 1 << 20]));
    }
}

/// Goes as deep as the engine's stack allows. Not a tail call: every level turns what the deeper ones gave.
pub(crate) fn recurse(depth: u64) -> u64 {
    if depth == 0 { 0 } else { recurse(depth - 1).rotate_left(1) ^ depth }
}

/// Goes as deep as the stack allows that Rust keeps in linear memory: every level has an array there.
pub(crate) fn recurse_with_arrays(depth: u64) -> u64 {
    let level = black_box([depth; 32]);
    if depth == 0 { 0 } else { recurse_with_arrays(depth - 1).wrapping_add(level[black_box(7)]) }
}

/// Leaves `amount` bytes of the pattern behind.
pub(crate) fn paint(amount: usize) {
    let wall: Vec<u8> = (0..amount).map(colour).collect();
    std::mem::forget(black_box(wall));
}

/// Grows by `amount` bytes without touching them, then looks through the whole memory for the pattern.
#[cfg(target_arch = "wasm32")]
pub(crate) fn paint_seen(amount: usize) -> Option<usize> {
    core::arch::wasm32::memory_grow(0, amount >> 16);
    let (end, mut run) = (core::arch::wasm32::memory_size(0) << 16, 0);
    for address in 1..end {
        // SAFETY: the address is inside the linear memory, which is all one readable range.
        let byte = unsafe { core::ptr::read_volatile(address as *const u8) };
        run = if byte == colour(run) { run + 1 } else { usize::from(byte == colour(0)) };
        if run == RUN {
            return Some(address);
        }
    }
    None
}

/// Natively there is no linear memory to look through.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn paint_seen(_: usize) -> Option<usize> {
    let _ = RUN;
    None
}

/// A text that is none.
pub(crate) fn bad_utf8() -> String {
    // SAFETY: none; the host must refuse it, and this program never looks at it again.
    unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, 0x80]) }
}

/// A list that lies behind the end of the memory.
pub(crate) fn wild_list() -> Vec<u8> {
    // SAFETY: none; the host must refuse it before this program would free it.
    unsafe { Vec::from_raw_parts(std::ptr::without_provenance_mut(0xffff_0000), 0x1_0000, 0x1_0000) }
}
