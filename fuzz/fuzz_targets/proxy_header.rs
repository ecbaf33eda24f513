//! Does a header of the PROXY protocol get the same verdict however much of it has arrived?

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_proxy::inspect::read_proxy_header;

fuzz_target!(|bytes: &[u8]| {
    let whole = read_proxy_header(bytes);
    for at in 0..bytes.len() {
        match read_proxy_header(&bytes[..at]) {
            Ok(None) => {}
            decided => return assert_eq!(decided, whole),
        }
    }
});
