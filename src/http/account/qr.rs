//! A QR code as an SVG element that needs no style: black on white in either colour scheme, so that every camera reads it.

use std::fmt::Write;

use askama::filters::Safe;
use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code (ISO/IEC 18004 asks for four).
const QUIET_ZONE: usize = 4;

/// `None` when `data` is too long for a code. `label` is what a screen reader says.
pub fn svg(data: &str, label: &str) -> Option<Safe<String>> {
    let code = QrCode::with_error_correction_level(data, EcLevel::M).ok()?;
    let width = code.width();
    let side = width + 2 * QUIET_ZONE;
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = QUIET_ZONE;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{x} {}h{}v1h-{}z", y + QUIET_ZONE, run.len(), run.len());
            }
            x += run.len();
        }
    }
    let label = label.replace('&', "&#38;").replace('"', "&#34;").replace('<', "&#60;");
    Some(Safe(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finder pattern at the upper left is a row of seven, and the modules drawn are exactly the dark ones.
    #[test]
    fn the_drawing_is_the_code() {
        let data = "otpauth://totp/Test?secret=JBSWY3DPEHPK3PXP";
        let svg = svg(data, "a \"label\"").unwrap().0;
        assert!(svg.contains("M4 4h7v1h-7z"));
        assert!(svg.contains("aria-label=\"a &#34;label&#34;\""));
        let drawn: usize =
            svg.split('h').filter_map(|part| part.split_once("v1")).map(|(n, _)| n.parse::<usize>().unwrap()).sum();
        let code = QrCode::with_error_correction_level(data, EcLevel::M).unwrap();
        assert_eq!(drawn, code.to_colors().iter().filter(|color| **color == Color::Dark).count());
    }

    #[test]
    fn what_no_code_can_hold_draws_none() {
        assert!(svg(&"x".repeat(8_000), "").is_none());
    }
}
