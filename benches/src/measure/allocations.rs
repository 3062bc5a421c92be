//! How often memory is asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::site::{Case, Subject};

thread_local! {
    // The cheapest counter there is: what is measured besides pays an instruction for it, and no locked bus.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts what each thread asks for.
#[derive(Debug)]
pub(crate) struct Counting;

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(old, layout) }
    }
}

const REQUESTS: usize = 200;

/// Allocations of a request; growing of the store's tables makes the average uneven, so it is rounded to tenths.
pub(crate) fn of(subject: &Subject, case: Case) -> f64 {
    let site = (subject.open)();
    site.send_all(&subject.asks(&*site, case, REQUESTS));
    let asks = subject.asks(&*site, case, REQUESTS);
    let before = COUNT.get();
    site.send_all(&asks);
    ((COUNT.get() - before) as f64 / REQUESTS as f64 * 10.0).round() / 10.0
}
