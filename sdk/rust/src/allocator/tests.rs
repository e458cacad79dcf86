//! Blocks do not overlap, keep what they hold when they grow, and come back from their list.

use super::*;

/// One live block, painted with its own byte.
struct Painted {
    pointer: *mut u8,
    layout: Layout,
    paint: u8,
}

impl Painted {
    fn new(blocks: &Blocks, size: usize, align: usize, paint: u8) -> Self {
        let layout = Layout::from_size_align(size, align).expect("a valid layout");
        // SAFETY: no size in these tests is zero.
        let pointer = unsafe { blocks.alloc(layout) };
        assert!(!pointer.is_null() && pointer.addr() % align == 0, "{layout:?} is aligned");
        // SAFETY: so many bytes were just handed out.
        unsafe { pointer.write_bytes(paint, size) };
        Self { pointer, layout, paint }
    }

    fn holds(&self, bytes: usize) -> bool {
        // SAFETY: the block is live and as long as its layout.
        let held = unsafe { std::slice::from_raw_parts(self.pointer, bytes) };
        held.iter().all(|byte| *byte == self.paint)
    }

    fn grow(&mut self, blocks: &Blocks, size: usize) {
        let kept = self.layout.size().min(size);
        // SAFETY: the block is live, the size not zero.
        self.pointer = unsafe { blocks.realloc(self.pointer, self.layout, size) };
        self.layout = Layout::from_size_align(size, self.layout.align()).expect("a valid layout");
        assert!(self.holds(kept), "what was in the block moves along");
        // SAFETY: the block has this size now.
        unsafe { self.pointer.write_bytes(self.paint, size) };
    }

    fn free(self, blocks: &Blocks) {
        assert!(self.holds(self.layout.size()), "nobody else wrote here");
        // SAFETY: the block is live and used no more.
        unsafe { blocks.dealloc(self.pointer, self.layout) };
    }
}

#[test]
fn live_blocks_of_all_sizes_never_share_a_byte() {
    let blocks = Blocks::new();
    let mut live: Vec<Painted> = vec![];
    // A fixed walk through sizes, alignments and what is done: no two runs differ.
    let mut walk = 88_172_645_463_325_252_u64;
    let mut next = |below: u64| {
        walk ^= walk << 13;
        walk ^= walk >> 7;
        walk ^= walk << 17;
        usize::try_from(walk % below).expect("small")
    };
    for step in 0..20_000 {
        let paint = u8::try_from(step % 251).expect("a byte");
        match (next(4), live.len()) {
            (0 | 1, _) | (_, 0) => live.push(Painted::new(&blocks, 1 + next(9_000), 1 << next(7), paint)),
            (2, count) => live[next(count as u64)].grow(&blocks, 1 + next(9_000)),
            (_, count) => live.swap_remove(next(count as u64)).free(&blocks),
        }
    }
    live.into_iter().for_each(|block| block.free(&blocks));
}

#[test]
fn a_freed_block_serves_the_next_value_of_its_size() {
    let blocks = Blocks::new();
    let first = Painted::new(&blocks, 100, 8, 1);
    let place = first.pointer;
    first.free(&blocks);
    let second = Painted::new(&blocks, 128, 4, 2);
    assert_eq!(second.pointer, place);
    let third = Painted::new(&blocks, 128, 4, 3);
    assert_ne!(third.pointer, place);
    second.free(&blocks);
    third.free(&blocks);
}

#[test]
fn growing_within_a_block_moves_nothing() {
    let blocks = Blocks::new();
    let mut block = Painted::new(&blocks, 17, 1, 7);
    let place = block.pointer;
    block.grow(&blocks, 32);
    assert_eq!(block.pointer, place);
    block.free(&blocks);
}
