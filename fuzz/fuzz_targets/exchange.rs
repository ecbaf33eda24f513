//! Are recordings (JSON Lines and HAR) read and checked, or refused?

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_contract::recorded::{
    ExchangeCheckLimits, ExchangeJudge, HarArchive, IgnoredProperties, read_line,
};
use portcullis_fuzz::{CONTRACT, REJECT_ALL};
use portcullis_json::Tape;

const LIMITS: ExchangeCheckLimits = ExchangeCheckLimits {
    violations_max: 20,
    json_depth_max: 128,
    body_bytes_max: 1 << 20,
    decoded_bytes_max: 8 << 20,
    decoded_ratio_max: 100,
};

fuzz_target!(|bytes: &[u8]| {
    let mut judge = ExchangeJudge::new(&CONTRACT, &REJECT_ALL, LIMITS);
    let mut tape = Tape::new();
    let mut ignored = IgnoredProperties::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(exchange) = read_line(&mut tape, line, &mut ignored) {
            let verdict = judge.judge(&exchange);
            assert_eq!(verdict, judge.judge(&exchange));
        }
    }
    if let Ok(archive) = HarArchive::parse(&mut tape, bytes) {
        for entry in archive.entries() {
            if let Ok(exchange) = entry.exchange {
                judge.judge(&exchange);
            }
        }
    }
});
