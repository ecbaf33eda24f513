//! Maps of header fields that the next messages of a data core use again.
//!
//! A map takes two allocations, and every exchange needs two maps.

use std::cell::RefCell;

use http::HeaderMap;

/// Most maps that are kept, and the most fields that one of them has room for.
const MAPS_MAX: usize = 8;
const FIELDS_MAX: usize = 64;

thread_local! {
    static SPARE_MAPS: RefCell<Vec<HeaderMap>> = const { RefCell::new(Vec::new()) };
}

/// An empty map with room for so many fields.
pub(crate) fn take_header_map(fields: usize) -> HeaderMap {
    match SPARE_MAPS.with_borrow_mut(Vec::pop) {
        Some(map) => map,
        None => HeaderMap::with_capacity(fields),
    }
}

/// Keeps the map of a message that is not needed any more.
pub(crate) fn return_header_map(mut map: HeaderMap) {
    let is_usual = (1..=FIELDS_MAX).contains(&map.capacity());
    SPARE_MAPS.with_borrow_mut(|maps| {
        if is_usual && maps.len() < MAPS_MAX {
            map.clear();
            maps.push(map);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_empty_when_it_is_used_again() {
        let mut map = take_header_map(4);
        map.append("a", "1".parse().unwrap());
        map.append("a", "2".parse().unwrap());
        return_header_map(map);
        let map = take_header_map(4);
        assert!(map.is_empty() && map.capacity() > 0);
        assert_eq!(map.get_all("a").iter().count(), 0);
    }

    #[test]
    fn the_memory_is_bounded() {
        return_header_map(HeaderMap::with_capacity(FIELDS_MAX * 4));
        return_header_map(HeaderMap::new());
        for _ in 0..MAPS_MAX + 3 {
            return_header_map(HeaderMap::with_capacity(4));
        }
        let kept =
            SPARE_MAPS.with_borrow(|maps| maps.iter().map(HeaderMap::capacity).sum::<usize>());
        assert!(kept <= MAPS_MAX * FIELDS_MAX, "{kept}");
        assert_eq!(SPARE_MAPS.with_borrow(Vec::len), MAPS_MAX);
    }
}
