//! The request bodies of the benchmarks: orders for the contract `contracts/payments/orders`.

use std::fmt::Write;

/// An order of about `bytes_min` bytes: lines are added until it is reached. An invalid order has
/// the quantity 0 in its last line.
pub(crate) fn order(bytes_min: usize, is_valid: bool) -> String {
    let mut body = String::from(
        r#"{"customer_id":"7c1f5a0e-5a52-4f0e-9a5c-0a4b2d1f3c11","currency":"EUR","note":"Please ring twice; the bell is quiet and the stairs are long.","ship_to":{"street":"12 Long Street","city":"Lisbon","postcode":"1000-001","country":"PT"},"lines":["#,
    );
    let mut line = 0_u32;
    while line == 0 || body.len() + 2 < bytes_min {
        let comma = if line == 0 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"sku":"BOOK-{:04}","quantity":{},"unit_price":{}.25}}"#,
            line * 37 % 9_973,
            line % 9 + 1,
            line % 250
        );
        line += 1;
    }
    body.push_str("]}");
    if !is_valid {
        let name = r#""quantity":"#;
        let at = body.rfind(name).expect("an order has lines") + name.len();
        body.replace_range(at..=at, "0");
    }
    body
}
