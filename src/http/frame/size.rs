//! How large a file is, as people read it.

use crate::http::lang::Lang;

/// `12,3 MB`, or `12.3 MB` in English.
pub fn size(lang: Lang, bytes: u64) -> String {
    let mark = if lang == Lang::Vi { ',' } else { '.' };
    let tenths = |unit: u64| format!("{}{mark}{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_one_place_and_its_languages_mark() {
        for (bytes, words) in [(0, "0 B"), (999, "999 B"), (1_000, "1,0 kB"), (268_435_456, "268,4 MB")] {
            assert_eq!(size(Lang::Vi, bytes), words);
        }
        assert_eq!(size(Lang::En, 12_345_678_901), "12.3 GB");
    }
}
