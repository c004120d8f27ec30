//! Reading and validating an INVITE with SDP allocates at most twice.
#![expect(unsafe_code, reason = "a counting allocator implements the unsafe trait GlobalAlloc")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use bytes::Bytes;
use offhook_sip::message::Message;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting per thread.
struct Counting;

// SAFETY: every call goes on to `System` with the same arguments; the counter neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.with(Cell::get);
    work();
    COUNT.with(Cell::get) - before
}

#[test]
fn reading_an_invite_with_sdp() {
    let bytes = Bytes::from_static(include_bytes!("messages/invite.sip"));
    let mut message = None;
    let count = allocations(|| {
        message =
            Message::parse_datagram(black_box(bytes)).and_then(|message| message.validate().map(|()| message)).ok();
    });
    let message = message.expect("a valid message");
    assert!(count <= 2, "{count} allocations");
    let count = allocations(|| {
        assert!(message.is_request());
        assert_eq!(message.request_uri(), black_box("sip:1002@pbx.example.com:5060;transport=udp"));
        assert!(!message.call_id().is_empty());
        assert!(message.cseq().is_some());
        assert!(message.header("Supported").is_some());
        assert!(!message.body().is_empty());
    });
    assert_eq!(count, 0, "plain accessors do not allocate");
}
