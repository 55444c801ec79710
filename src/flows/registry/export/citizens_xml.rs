//! The citizens' message of QCVN 109:2017/BTTTT, written as [`super::super::source_file`] reads it. It has no place for cards,
//! temporary residences, contacts, former numbers and whether somebody lives: who needs them takes another form.

use std::io::{self, Write};

use quick_xml::escape::escape;

use crate::registry::{
    BirthDate, Field, PersonRecord, SourceRow,
    household::Relation,
    record::{BloodGroup, Marital},
};

pub const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <CongdanCollection xmlns=\"http://www.mic.gov.vn/dancu/1.0\">\n";
pub const FOOT: &str = "</CongdanCollection>\n";

/// One person in the order of the message.
pub fn write(out: &mut impl Write, record: &PersonRecord) -> io::Result<()> {
    let row = SourceRow::of(record);
    let cell = |field: Field| row.get(field);
    let mut to = Elements { out, text: String::from("<CongDan>") };
    to.leaf("SoDinhDanh", cell(Field::Number));
    to.leaf("SoCMND", cell(Field::OldNumber));
    to.name(record);
    to.leaf("GioiTinh", sex(cell(Field::Sex)));
    to.leaf("DanToc", cell(Field::Ethnicity));
    to.religion(cell(Field::Religion));
    to.leaf("TinhTrangHonNhan", marital(record.particulars.marital));
    to.leaf("NhomMau", blood(record.particulars.blood_group));
    to.birth(record.birth);
    let place = [Field::RegistrationPlaceUnit, Field::RegistrationPlace, Field::RegistrationPlaceCountry].map(cell);
    to.place("NoiDangKyKhaiSinh", place);
    to.place("QueQuan", [Field::AncestralHomeUnit, Field::AncestralHome, Field::AncestralHomeCountry].map(cell));
    to.place("ThuongTru", [cell(Field::PermanentUnit), cell(Field::PermanentLine), "VN"]);
    to.place("NoiOHienTai", [cell(Field::CurrentUnit), cell(Field::CurrentLine), "VN"]);
    to.leaf("QuocTich", cell(Field::Nationality));
    for (element, field) in [
        ("Cha", Field::FatherNumber),
        ("Me", Field::MotherNumber),
        ("VoChong", Field::SpouseNumber),
        ("NguoiDaiDien", Field::RepresentativeNumber),
    ] {
        to.group(element, &[("SoDinhDanh", cell(field))]);
    }
    if let Some(membership) = &record.household {
        to.group("ChuHo", &[("QuanHe", relation(membership.relation))]);
    }
    to.leaf("SoSoHoKhau", cell(Field::ResidenceFile));
    to.text.push_str("</CongDan>\n");
    let Elements { out, text } = to;
    out.write_all(text.as_bytes())
}

struct Elements<'w, W> {
    out: &'w mut W,
    text: String,
}

impl<W> Elements<'_, W> {
    fn tag(&mut self, begins: &str, name: &str) {
        for part in [begins, name, ">"] {
            self.text.push_str(part);
        }
    }

    /// What is empty is left out.
    fn leaf(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.tag("<", name);
            self.text.push_str(&escape(text));
            self.tag("</", name);
        }
    }

    fn group(&mut self, name: &str, parts: &[(&str, &str)]) {
        if parts.iter().all(|(_, text)| text.is_empty()) {
            return;
        }
        self.tag("<", name);
        for (part, text) in parts {
            self.leaf(part, text);
        }
        self.tag("</", name);
    }

    /// In three parts where they make up the name in this order, else whole: a reader puts them together so.
    fn name(&mut self, record: &PersonRecord) {
        let name = &record.name;
        let parts = [name.family(), name.middle(), name.given()].map(Option::unwrap_or_default);
        let joined: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let [family, middle, given] = if joined.join(" ") == name.full() { parts } else { ["", "", name.full()] };
        self.group("HoVaTen", &[("Ho", family), ("ChuDem", middle), ("Ten", given)]);
    }

    fn religion(&mut self, text: &str) {
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.leaf("TonGiao", text);
        } else if !text.is_empty() {
            self.group("TonGiao", &[("Ma", "99"), ("Ten", text)]);
        }
    }

    /// The message knows a day or a year.
    fn birth(&mut self, birth: BirthDate) {
        let (part, text) = match birth {
            BirthDate::Full(day) => ("NgayThangNam", day.to_string()),
            other => ("Nam", other.year().to_string()),
        };
        self.group("NgayThangNamSinh", &[(part, &text)]);
    }

    fn place(&mut self, name: &str, [unit, line, country]: [&str; 3]) {
        if unit.is_empty() && line.is_empty() {
            return;
        }
        self.group(name, &[("MaDonViHanhChinh", unit), ("ChiTiet", line), ("QuocGia", country)]);
    }
}

fn sex(code: &str) -> &'static str {
    match code {
        "male" => "1",
        "female" => "2",
        _ => "0",
    }
}

const fn marital(marital: Marital) -> &'static str {
    match marital {
        Marital::Unknown => "0",
        Marital::Single => "1",
        Marital::Married => "2",
        Marital::DivorcedOrWidowed => "3",
    }
}

const fn blood(group: Option<BloodGroup>) -> &'static str {
    match group {
        None => "00",
        Some(BloodGroup::A) => "01",
        Some(BloodGroup::B) => "02",
        Some(BloodGroup::Ab) => "03",
        Some(BloodGroup::O) => "04",
    }
}

const fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Head => "Chủ hộ",
        Relation::Spouse => "Vợ/chồng",
        Relation::Child => "Con",
        Relation::Parent => "Cha/mẹ",
        Relation::Grandparent => "Ông",
        Relation::Grandchild => "Cháu",
        Relation::Sibling => "Anh",
        Relation::Ward => "Người được giám hộ",
        Relation::Lodger => "Ở nhờ",
        Relation::Other => "Khác",
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::flows::registry::source_file::{Format, Rows};

    /// What the message has a place for comes back as it was, whatever letters stand in it.
    #[test]
    fn what_is_written_is_read_again() {
        let mut row = SourceRow::default();
        for (field, text) in [
            (Field::Number, "900085000001"),
            (Field::FullName, "H'Hen Niê"),
            (Field::FamilyName, "Niê"),
            (Field::GivenName, "H'Hen"),
            (Field::BirthDate, "1985-03-05"),
            (Field::Sex, "female"),
            (Field::Ethnicity, "12"),
            (Field::Religion, "Đạo <\"&'>"),
            (Field::BloodGroup, "AB"),
            (Field::Marital, "single"),
            (Field::OldNumber, "012345678"),
            (Field::RegistrationPlace, "Phường Ba Đình"),
            (Field::RegistrationPlaceUnit, "00004"),
            (Field::RegistrationPlaceCountry, "VN"),
            (Field::AncestralHome, "Paris"),
            (Field::AncestralHomeCountry, "FR"),
            (Field::PermanentUnit, "00004"),
            (Field::PermanentLine, "=1+1 & <Số 2>"),
            (Field::Nationality, "VN"),
            (Field::FatherNumber, "900060000001"),
            (Field::ResidenceFile, "T/1"),
            (Field::RelationToHead, "lodger"),
        ] {
            row.set(field, text);
        }
        let today = date!(2026 - 11 - 22);
        let record = PersonRecord::read(&row, today).unwrap();
        let mut bytes = HEAD.as_bytes().to_vec();
        write(&mut bytes, &record).unwrap();
        bytes.extend(FOOT.as_bytes());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut rows = Rows::open(file.path(), Format::Xml).unwrap();
        let again = PersonRecord::read(&rows.next_row().unwrap().unwrap().1, today).unwrap();
        assert_eq!((again.name.full(), &again.particulars), (record.name.full(), &record.particulars));
        assert_eq!((again.household, again.relatives), (record.household, record.relatives));
        assert_eq!((again.residences, again.sex, again.birth), (record.residences, record.sex, record.birth));
        assert!(rows.next_row().unwrap().is_none());
    }
}
