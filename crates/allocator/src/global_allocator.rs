//! The allocator: it returns freed memory to the system sooner than the one of the C library.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
