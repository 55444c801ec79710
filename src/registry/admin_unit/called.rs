//! A commune as people write it.

use time::Date;

use super::{AdminUnit, all, on};
use crate::registry::NameKeys;

/// By its code, or by its name where only one commune of the day has it: "Phường Ba Đình", "Ba Đình, Hà Nội".
pub fn commune_called(text: &str, day: Date) -> Option<&'static AdminUnit> {
    let text = text.trim();
    if text.bytes().next()?.is_ascii_digit() {
        return on(text, day);
    }
    let mut parts = text.splitn(2, ',').map(|part| NameKeys::of(part.trim()).plain);
    let (name, province) = (parts.next()?, parts.next());
    let lies_in = |unit: &AdminUnit| {
        let above = unit.province.and_then(|code| on(code, day));
        province.as_ref().is_none_or(|wanted| above.is_some_and(|above| bears(above, wanted)))
    };
    let mut found = all()
        .iter()
        .filter(|unit| unit.kind.is_commune_level() && unit.holds_on(day) && bears(unit, &name) && lies_in(unit));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn bears(unit: &AdminUnit, wanted: &str) -> bool {
    [unit.full_name, unit.name].iter().any(|name| NameKeys::of(name).plain == wanted)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_commune_is_found_as_people_write_it() {
        let code = |text: &str| commune_called(text, date!(2026 - 11 - 22)).map(|unit| unit.code);
        for text in ["00004", "Phường Ba Đình", " phuong ba dinh ", "Ba Đình, Hà Nội", "Ba Đình, Thành phố Hà Nội"]
        {
            assert_eq!(code(text), Some("00004"), "{text}");
        }
        // A name that several have needs its province; a province, a wrong code and nothing are no commune's name.
        for text in ["Tân Hưng", "Ba Đình, Huế", "Hà Nội", "99999", "", "Không Có"] {
            assert_eq!(code(text), None, "{text}");
        }
    }
}
