//! Seeds for hash maps in a place without chance.
//!
//! A plugin has no source of random numbers, and must not: equal input gives equal output. The maps that ask for a
//! seed are built from the schema and from single records, whose size the host limits.
#![allow(unsafe_code, reason = "the symbol that getrandom links to when it knows no platform")]

#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(destination: *mut u8, length: usize) -> Result<(), getrandom::Error> {
    // SAFETY: the caller hands over a buffer of that length.
    let buffer = unsafe { core::slice::from_raw_parts_mut(destination, length) };
    buffer.fill(0x5a);
    Ok(())
}
