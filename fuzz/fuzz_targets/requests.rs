#![no_main]

use std::cell::RefCell;

use fuzz::mock::Mock;

thread_local! {
    static MOCK: RefCell<Mock> = RefCell::new(Mock::start());
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    MOCK.with_borrow_mut(|mock| {
        mock.renew_when_worn();
        fuzz::requests::check(mock, data);
    });
});
