//! Counts what a thread has taken from the heap, for tests of how much something may take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Bytes taken and not given back since counting began on this thread, and the most there were.
    static TAKEN: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    // At the end of a thread there is nothing to count in any more.
    let _ = TAKEN.try_with(|taken| {
        let (now, peak) = taken.get();
        taken.set((now + bytes, peak.max(now + bytes)));
    });
}

#[global_allocator]
static COUNTING: Counting = Counting;

// Safety: everything is the system's; counting touches no memory of the heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What the work gives, and the most bytes that it held at a time on this thread.
pub fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    TAKEN.set((0, 0));
    let done = work();
    (done, usize::try_from(TAKEN.get().1).unwrap_or(0))
}
