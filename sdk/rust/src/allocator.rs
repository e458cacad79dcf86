//! The allocator of plugins: freed small blocks wait in lists by size. A call is mostly a handful of small allocations, and
//! over each of them a general allocator takes longer than the plugin takes over a record.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr,
};

/// The smallest block.
const SMALLEST: usize = 16;

/// The alignment of all blocks, which the general allocator gives to everything anyway.
const ALIGN: usize = 8;

/// Blocks of 16, 32, ... 4,096 bytes; what is larger is the general allocator's.
const CLASSES: usize = 9;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: Blocks = Blocks::new();

/// The lists of free blocks, one a size; each free block holds the address of the next.
struct Blocks([Cell<*mut u8>; CLASSES]);

// SAFETY: without the target feature `atomics` a plugin has one thread; tests use one allocator a thread.
unsafe impl Sync for Blocks {}

impl Blocks {
    const fn new() -> Self {
        Self([const { Cell::new(ptr::null_mut()) }; CLASSES])
    }

    /// The class whose blocks hold such a value, unless it is too large.
    const fn class(layout: Layout) -> Option<usize> {
        if layout.align() > ALIGN || layout.size() > SMALLEST << (CLASSES - 1) {
            return None;
        }
        let smallest = if layout.size() > SMALLEST { layout.size() } else { SMALLEST };
        Some((smallest.next_power_of_two().trailing_zeros() - SMALLEST.trailing_zeros()) as usize)
    }

    fn block(class: usize) -> Layout {
        // SAFETY: the alignment is a power of two, and the size, at most 4,096, does not overflow when rounded up to it.
        unsafe { Layout::from_size_align_unchecked(SMALLEST << class, ALIGN) }
    }
}

// SAFETY: a block is handed out by its list or by `System`, never by both; its class follows from the layout alone, which the
// caller repeats when it gives the block back.
unsafe impl GlobalAlloc for Blocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = Self::class(layout) else {
            // SAFETY: as our caller promises.
            return unsafe { System.alloc(layout) };
        };
        let free = self.0[class].get();
        if free.is_null() {
            // SAFETY: the size is not zero.
            return unsafe { System.alloc(Self::block(class)) };
        }
        // SAFETY: `dealloc` wrote the next block's address here, and nobody has owned the block since.
        self.0[class].set(unsafe { free.cast::<*mut u8>().read() });
        free
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let Some(class) = Self::class(layout) else {
            // SAFETY: as our caller promises; a layout without class came from `System`.
            return unsafe { System.dealloc(pointer, layout) };
        };
        // SAFETY: the block is ours again, at least 16 bytes long and aligned to 8.
        unsafe { pointer.cast::<*mut u8>().write(self.0[class].get()) };
        self.0[class].set(pointer);
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: our caller promises that the size fits this alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Self::class(layout), Self::class(wanted)) {
            (None, None) => {
                // SAFETY: as our caller promises; a layout without class came from `System`.
                unsafe { System.realloc(pointer, layout, size) }
            }
            (before, after) if before == after => pointer,
            _ => {
                // SAFETY: as our caller promises; both places hold as many bytes as are copied, and do not overlap.
                unsafe {
                    let moved = self.alloc(wanted);
                    if !moved.is_null() {
                        ptr::copy_nonoverlapping(pointer, moved, layout.size().min(size));
                        self.dealloc(pointer, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
