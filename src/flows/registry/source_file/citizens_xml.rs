//! The citizens' message of QCVN 109:2017/BTTTT (`CongdanCollection/CongDan`), read as a stream: one person in memory.
//!
//! Elements that the record has no place for are known by name and left out, and the survey says which; an element of no
//! known name stops the file, as an unknown column does. Neither a document type nor an entity of its own is taken.

use std::{borrow::Cow, io::BufReader};

use quick_xml::{Reader, events::Event};
use time::{Date, macros::date};

use super::{FileFault, Source, io_fault};
use crate::registry::{Field, SourceRow, admin_unit, household::Relation};

pub struct XmlRows {
    reader: Reader<BufReader<Source>>,
    buffer: Vec<u8>,
    /// Local names from the root to here.
    path: Vec<String>,
    text: String,
    person: Person,
    line: u64,
    /// Where the present person began.
    began: u64,
    left_out: LeftOut,
    bytes: usize,
    /// A person was open at the last end of a read: the file was cut off.
    inside: bool,
}

/// Elements of a relative that carry what the record does not hold: it knows relatives by their number. One bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(u16);

const UNHELD: [&str; 3] = ["SoCMND", "HoVaTen", "QuocTich"];

impl LeftOut {
    fn note(&mut self, name: &str) {
        if let Some(at) = UNHELD.iter().position(|own| *own == name) {
            self.0 |= 1 << at;
        }
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        UNHELD.into_iter().enumerate().filter(move |(at, _)| self.0 & (1 << at) != 0).map(|(_, name)| name)
    }
}

/// What one element of a person may hold at most, and how deep it may go.
const MOST_BYTES: usize = 64 * 1024;
const DEEPEST: usize = 8;

/// The message is of three levels: its district codes name units that ended with this day.
const LAST_DAY_OF_THREE_LEVELS: Date = date!(2025 - 06 - 30);

#[derive(Default)]
struct Person {
    row: SourceRow<'static>,
    name: [String; 3],
    permanent: Place,
    current: Place,
    born: Place,
    registered: Place,
    ancestral: Place,
    /// Code and words.
    religion: [String; 2],
}

#[derive(Default)]
struct Place {
    unit: String,
    province: String,
    district: bool,
    line: String,
    country: String,
}

impl XmlRows {
    pub(super) fn open(source: Source) -> Self {
        let mut reader = Reader::from_reader(BufReader::with_capacity(1 << 16, source));
        reader.config_mut().check_end_names = true;
        Self {
            reader,
            buffer: Vec::new(),
            path: Vec::new(),
            text: String::new(),
            person: Person::default(),
            line: 1,
            began: 1,
            left_out: LeftOut::default(),
            bytes: 0,
            inside: false,
        }
    }

    pub(super) fn into_source(self) -> Source {
        self.reader.into_inner().into_inner()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.reader.get_ref().get_ref().bytes
    }

    pub(super) const fn left_out(&self) -> LeftOut {
        self.left_out
    }

    fn fault(&self, what: impl Into<String>) -> FileFault {
        FileFault::Xml { line: self.line, what: what.into() }
    }

    pub(super) fn next_row(&mut self) -> Result<Option<(u64, SourceRow<'_>)>, FileFault> {
        loop {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            let done = self.step(&mut buffer);
            self.buffer = buffer;
            match done? {
                Step::On => {}
                Step::Person => return Ok(Some((self.began, std::mem::take(&mut self.person).into_row()))),
                Step::End => return Ok(None),
            }
        }
    }

    fn step(&mut self, buffer: &mut Vec<u8>) -> Result<Step, FileFault> {
        self.reader.get_mut().get_mut().next_piece();
        let event = match self.reader.read_event_into(buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) => {
                return Err(io_fault(std::io::Error::new(error.kind(), std::sync::Arc::clone(&error))));
            }
            Err(error) => return Err(self.fault(error.to_string())),
        };
        match event {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                self.count(&start);
                self.enter(name)?;
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                self.count(&start);
                self.enter(name)?;
                return self.leave();
            }
            Event::End(_) => return self.leave(),
            Event::Text(text) => {
                self.count(&text);
                self.add(&text.xml10_content())?;
            }
            Event::CData(text) => {
                self.count(&text);
                self.add(&text.xml10_content())?;
            }
            Event::GeneralRef(entity) => {
                let letter = match entity.as_ref() {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "apos" => Some('\''),
                    "quot" => Some('"'),
                    _ => entity.resolve_char_ref().ok().flatten(),
                };
                let letter = letter.ok_or_else(|| self.fault("an entity that XML does not define"))?;
                self.add(letter.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(self.fault("a document type: this message has none")),
            Event::Comment(text) => self.count(&text),
            Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => {
                if self.inside || !self.path.is_empty() {
                    return Err(self.fault("the file ends within an element"));
                }
                return Ok(Step::End);
            }
        }
        Ok(Step::On)
    }

    fn count(&mut self, raw: &str) {
        self.line += u64::try_from(raw.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(0);
    }

    fn add(&mut self, text: &str) -> Result<(), FileFault> {
        if !self.inside {
            return Ok(());
        }
        self.bytes += text.len();
        if self.bytes > MOST_BYTES {
            return Err(self.fault("a person of more than 64 KiB"));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn enter(&mut self, name: String) -> Result<(), FileFault> {
        if self.path.len() >= DEEPEST {
            return Err(self.fault("elements deeper than the message has any"));
        }
        if !self.inside && name == "CongDan" {
            (self.inside, self.began, self.bytes, self.person) = (true, self.line, 0, Person::default());
        } else if !self.inside && !self.path.is_empty() {
            return Err(self.fault(format!("an element of the name {name:?} beside the persons")));
        }
        self.text.clear();
        self.path.push(name);
        Ok(())
    }

    fn leave(&mut self) -> Result<Step, FileFault> {
        let text = std::mem::take(&mut self.text);
        let from = self.path.iter().position(|name| name == "CongDan");
        let name = self.path.last().cloned().unwrap_or_default();
        if let Some(from) = from.filter(|_| self.inside && name != "CongDan") {
            let path: Vec<&str> = self.path.iter().skip(from + 1).map(String::as_str).collect();
            let taken = self.person.take(&path, text.trim(), &mut self.left_out);
            if !taken {
                let path = path.join("/");
                return Err(self.fault(format!("there is no element of the name {path:?}")));
            }
        }
        self.path.pop();
        if self.inside && name == "CongDan" {
            self.inside = false;
            return Ok(Step::Person);
        }
        Ok(Step::On)
    }
}

enum Step {
    On,
    Person,
    End,
}

impl Person {
    /// `false` for an element of no known name.
    fn take(&mut self, path: &[&str], text: &str, left_out: &mut LeftOut) -> bool {
        let mut set = |field: Field| {
            self.row.set(field, Cow::Owned(text.to_owned()));
            true
        };
        match path {
            ["SoDinhDanh"] => set(Field::Number),
            ["SoCMND"] => set(Field::OldNumber),
            ["TinhTrangHonNhan"] => coded(&MARITAL, text, |code| self.row.set(Field::Marital, code)),
            ["NhomMau"] => coded(&BLOOD, text, |code| self.row.set(Field::BloodGroup, code)),
            ["TonGiao"] | ["TonGiao", _] => self.take_religion(path, text),
            ["GioiTinh"] => set(Field::Sex),
            ["DanToc"] | ["DanToc", "Ma" | "MaDanToc"] if text.len() <= 2 => text.is_empty() || set(Field::Ethnicity),
            ["QuocTich"] => set(Field::Nationality),
            ["SoSoHoKhau"] => set(Field::ResidenceFile),
            ["NgayThangNamSinh", "NgayThangNam" | "Nam"] => set(Field::BirthDate),
            ["Cha", "SoDinhDanh"] => set(Field::FatherNumber),
            ["Me", "SoDinhDanh"] => set(Field::MotherNumber),
            ["VoChong", "SoDinhDanh"] => set(Field::SpouseNumber),
            ["NguoiDaiDien", "SoDinhDanh"] => set(Field::RepresentativeNumber),
            ["ChuHo", "QuanHe"] => {
                self.row.set(Field::RelationToHead, relation(text).code());
                true
            }
            ["HoVaTen", part] => self.take_name(part, text),
            ["ThuongTru", part] => self.permanent.take(part, text),
            ["NoiOHienTai", part] => self.current.take(part, text),
            ["NoiSinh", part @ ..] => self.born.take_all(part, text),
            ["NoiDangKyKhaiSinh", part @ ..] => self.registered.take_all(part, text),
            ["QueQuan", part @ ..] => self.ancestral.take_all(part, text),
            // What holds other elements; and an ethnic group's name beside its code.
            [
                "HoVaTen" | "NgayThangNamSinh" | "ThuongTru" | "NoiOHienTai" | "ChuHo" | "Cha" | "Me" | "VoChong"
                | "NguoiDaiDien",
            ]
            | ["DanToc", ..] => true,
            ["Cha" | "Me" | "VoChong" | "NguoiDaiDien" | "ChuHo", rest, ..] => {
                if !text.is_empty() {
                    left_out.note(rest);
                }
                matches!(*rest, "SoDinhDanh" | "SoCMND" | "QuocTich" | "HoVaTen")
            }
            _ => false,
        }
    }

    fn take_name(&mut self, part: &str, text: &str) -> bool {
        let at = match part {
            "Ho" => 0,
            "ChuDem" => 1,
            "Ten" => 2,
            _ => return false,
        };
        if let Some(slot) = self.name.get_mut(at) {
            text.clone_into(slot);
        }
        true
    }

    /// A code of the list, or 99 with words beside it.
    fn take_religion(&mut self, path: &[&str], text: &str) -> bool {
        let at = match path {
            [_] | [_, "Ma" | "MaTonGiao"] => 0,
            [_, "Ten" | "TenTonGiao" | "Khac" | "ChiTiet"] => 1,
            _ => return false,
        };
        if let Some(slot) = self.religion.get_mut(at).filter(|_| !text.is_empty()) {
            text.clone_into(slot);
        }
        true
    }

    fn into_row(mut self) -> SourceRow<'static> {
        let full: Vec<&str> = self.name.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        self.row.set(Field::FullName, full.join(" "));
        let fields = [Field::FamilyName, Field::MiddleName, Field::GivenName];
        for (field, part) in fields.into_iter().zip(self.name) {
            self.row.set(field, part);
        }
        let (unit, line, was) = self.permanent.today();
        self.row.set(Field::PermanentUnit, unit);
        self.row.set(Field::PermanentLine, line);
        self.row.set(Field::PermanentAsRegistered, was);
        let (unit, line, _) = self.current.today();
        self.row.set(Field::CurrentUnit, unit);
        self.row.set(Field::CurrentLine, line);
        let [code, words] = self.religion;
        self.row.set(Field::Religion, if words.is_empty() { code } else { words });
        for ([text, unit, country], place) in [
            ([Field::BirthPlace, Field::BirthPlaceUnit, Field::BirthPlaceCountry], self.born),
            (
                [Field::RegistrationPlace, Field::RegistrationPlaceUnit, Field::RegistrationPlaceCountry],
                self.registered,
            ),
            ([Field::AncestralHome, Field::AncestralHomeUnit, Field::AncestralHomeCountry], self.ancestral),
        ] {
            let (words, code, of) = place.in_words();
            self.row.set(text, words);
            self.row.set(unit, code);
            self.row.set(country, of);
        }
        self.row
    }
}

impl Place {
    fn take(&mut self, part: &str, text: &str) -> bool {
        match part {
            "MaDonViHanhChinh" | "MaPhuongXa" => text.clone_into(&mut self.unit),
            "MaTinhThanh" => text.clone_into(&mut self.province),
            "MaQuanHuyen" => self.district = !text.is_empty(),
            "ChiTiet" => text.clone_into(&mut self.line),
            "QuocGia" => text.clone_into(&mut self.country),
            _ => return false,
        }
        true
    }

    /// Also words without any element of their own.
    fn take_all(&mut self, part: &[&str], text: &str) -> bool {
        match part {
            [] if text.is_empty() => true,
            [] => self.take("ChiTiet", text),
            [part] => self.take(part, text),
            _ => false,
        }
    }

    /// Of a place that is no home: its words, today's commune, its country. What was registered under a unit that ended is in
    /// the words; a province alone, as ancestral homes often have it, too.
    fn in_words(mut self) -> (String, String, String) {
        let country = std::mem::take(&mut self.country);
        let is_commune = self.unit.len() == 5;
        let above = if is_commune || self.unit.is_empty() { self.province.clone() } else { self.unit.clone() };
        if !is_commune {
            // The list of 2017, to which the message belongs, knew three levels and 63 provinces.
            let named = admin_unit::on(&above, LAST_DAY_OF_THREE_LEVELS).map(admin_unit::AdminUnit::in_full);
            let words = [Some(self.line).filter(|line| !line.is_empty()), named];
            let words: Vec<String> = words.into_iter().flatten().collect();
            return (words.join(", "), String::new(), country);
        }
        let (code, line, was) = self.today();
        (if was.is_empty() { line } else { was }, code, country)
    }

    /// Code of today's unit, the line, and the address as it was registered where the code is of three levels.
    fn today(self) -> (String, String, String) {
        let old = admin_unit::on(&self.unit, LAST_DAY_OF_THREE_LEVELS).filter(|_| self.district);
        let Some((old, new)) = old.and_then(|old| Some((old, admin_unit::as_of(old, Date::MAX)?))) else {
            return (self.unit, self.line, String::new());
        };
        let was = if self.line.is_empty() { old.in_full() } else { format!("{}, {}", self.line, old.in_full()) };
        (new.unit.code.to_owned(), self.line, was)
    }
}

/// Code lists of the message: what is not in them goes on as it is, and is refused in its row.
const MARITAL: [(&str, &str); 4] = [("0", ""), ("1", "single"), ("2", "married"), ("3", "divorced_or_widowed")];
const BLOOD: [(&str, &str); 5] = [("00", ""), ("01", "A"), ("02", "B"), ("03", "AB"), ("04", "O")];

fn coded(list: &[(&str, &'static str)], text: &str, set: impl FnOnce(String)) -> bool {
    let known = list.iter().find(|(code, _)| *code == text).map(|(_, word)| *word);
    set(known.unwrap_or(text).to_owned());
    true
}

/// By the words of the forms; what is not among them is some other relation.
fn relation(text: &str) -> Relation {
    match text.to_lowercase().as_str() {
        "chủ hộ" => Relation::Head,
        "vợ" | "chồng" | "vợ/chồng" => Relation::Spouse,
        "con" | "con đẻ" | "con nuôi" => Relation::Child,
        "cha" | "mẹ" | "bố" | "cha/mẹ" => Relation::Parent,
        "ông" | "bà" => Relation::Grandparent,
        "cháu" => Relation::Grandchild,
        "anh" | "chị" | "em" => Relation::Sibling,
        "người được giám hộ" => Relation::Ward,
        "ở nhờ" | "thuê" | "ở thuê" => Relation::Lodger,
        _ => Relation::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::{Format, Rows, survey};
    use super::*;
    use crate::registry::{
        PersonRecord,
        record::{BloodGroup, Place},
    };

    const ONE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<d:CongdanCollection xmlns:d="http://www.mic.gov.vn/dancu/1.0">
  <d:CongDan>
    <d:SoDinhDanh>900085000001</d:SoDinhDanh>
    <d:SoCMND>012345678</d:SoCMND>
    <d:HoVaTen><d:Ho>Nguyễn</d:Ho><d:ChuDem>Văn</d:ChuDem><d:Ten>Thử</d:Ten></d:HoVaTen>
    <d:GioiTinh>1</d:GioiTinh><d:DanToc>02</d:DanToc><d:TonGiao><d:Ma>99</d:Ma><d:Ten>Phật giáo</d:Ten></d:TonGiao>
    <d:TinhTrangHonNhan>3</d:TinhTrangHonNhan><d:NhomMau>03</d:NhomMau>
    <d:NgayThangNamSinh><d:NgayThangNam>1985-03-05</d:NgayThangNam></d:NgayThangNamSinh>
    <d:ThuongTru><d:MaTinhThanh>01</d:MaTinhThanh><d:MaQuanHuyen>001</d:MaQuanHuyen>
      <d:MaPhuongXa>00001</d:MaPhuongXa><d:ChiTiet>S&#7889; 1 &amp; 2</d:ChiTiet><d:QuocGia>VN</d:QuocGia></d:ThuongTru>
    <d:NoiSinh>Bệnh viện Phụ sản</d:NoiSinh>
    <d:NoiDangKyKhaiSinh><d:MaTinhThanh>01</d:MaTinhThanh><d:MaQuanHuyen>001</d:MaQuanHuyen>
      <d:MaPhuongXa>00001</d:MaPhuongXa><d:QuocGia>VN</d:QuocGia></d:NoiDangKyKhaiSinh>
    <d:QueQuan><d:MaTinhThanh>36</d:MaTinhThanh><d:ChiTiet>Xã cũ</d:ChiTiet><d:QuocGia>VN</d:QuocGia></d:QueQuan>
    <d:QuocTich>VN</d:QuocTich>
    <d:Cha><d:SoDinhDanh>900060000001</d:SoDinhDanh><d:HoVaTen><d:Ho>Nguyễn</d:Ho></d:HoVaTen></d:Cha>
    <d:ChuHo><d:QuanHe>Con</d:QuanHe></d:ChuHo><d:SoSoHoKhau>TEST-1</d:SoSoHoKhau>
  </d:CongDan>
  <d:CongDan><d:SoDinhDanh>900060000001</d:SoDinhDanh>
    <d:HoVaTen><d:Ten>Sóc</d:Ten></d:HoVaTen><d:NgayThangNamSinh><d:Nam>1960</d:Nam></d:NgayThangNamSinh></d:CongDan>
</d:CongdanCollection>
"#;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn the_message_becomes_rows() {
        let file = file(ONE);
        let facts = survey(file.path(), Format::Xml).unwrap();
        assert_eq!(facts.rows, 2);
        assert_eq!(facts.left_out.names().collect::<Vec<_>>(), ["HoVaTen"], "a father's name beside his number");
        let mut rows = Rows::open(file.path(), Format::Xml).unwrap();
        let (line, row) = rows.next_row().unwrap().unwrap();
        assert_eq!(line, 3);
        let record = PersonRecord::read(&row, date!(2026 - 11 - 22)).unwrap();
        assert_eq!((record.name.full(), record.name.middle()), ("Nguyễn Văn Thử", Some("Văn")));
        assert_eq!((record.birth.to_string().as_str(), record.ethnicity.as_deref()), ("1985-03-05", Some("02")));
        assert_eq!(record.relatives.father.unwrap().as_str(), "900060000001");
        let home = &record.residences[0].address;
        assert_eq!((home.unit.code.as_str(), home.line.as_str()), ("00097", "Số 1 & 2"));
        let was = "Số 1 & 2, Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội";
        assert_eq!(home.as_registered.as_deref(), Some(was));
        assert_eq!(record.household.as_ref().map(|one| one.relation), Some(Relation::Child));
        let beside = record.particulars;
        assert_eq!((beside.old_number.as_deref(), beside.religion.as_deref()), (Some("012345678"), Some("Phật giáo")));
        assert_eq!((beside.marital.code(), beside.blood_group), ("divorced_or_widowed", Some(BloodGroup::Ab)));
        let words = |place: &Option<Place>| place.as_ref().map(|place| place.text.clone());
        assert_eq!(words(&beside.birth_place).as_deref(), Some("Bệnh viện Phụ sản"));
        let registered = beside.registration_place.clone().unwrap();
        assert_eq!(registered.text, "Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội");
        assert_eq!(registered.unit.unwrap().code, "00097");
        assert_eq!(words(&beside.ancestral_home).as_deref(), Some("Xã cũ, Tỉnh Nam Định"));
        let (line, row) = rows.next_row().unwrap().unwrap();
        assert_eq!((line, row.get(Field::FullName), row.get(Field::BirthDate)), (20, "Sóc", "1960"));
        assert!(rows.next_row().unwrap().is_none());
        assert_eq!(rows.digest().unwrap().0, facts.sha256);
    }

    #[test]
    fn what_is_not_this_message_stops_at_its_place() {
        let deep = format!("<a>{}", "<CongDan>".repeat(20));
        let long = format!("<a><CongDan><SoDinhDanh>{}", "9".repeat(70_000));
        let endless = format!("<a><CongDan x='{}", "9".repeat(9 << 20));
        let comment = format!("<a><!-- {}", "<".repeat(9 << 20));
        let cdata = format!("<a><CongDan><SoDinhDanh><![CDATA[{}", "<".repeat(9 << 20));
        for (text, told) in [
            (&ONE[..ONE.len() / 2], "the file ends within an element"),
            ("<a><CongDan><SoDinhDanh>1</CongDan></a>", "line 1: "),
            ("<a><CongDan><Ten>x</Ten></CongDan></a>", "there is no element of the name \"Ten\""),
            ("<a>\n<b/></a>", "line 2: an element of the name \"b\" beside the persons"),
            ("<!DOCTYPE a [<!ENTITY x \"y\">]><a/>", "a document type"),
            ("<a><CongDan><SoDinhDanh>&x;</SoDinhDanh></CongDan></a>", "an entity that XML does not define"),
            (deep.as_str(), "elements deeper than the message has any"),
            (long.as_str(), "a person of more than 64 KiB"),
            (endless.as_str(), "longer than 8 MiB"),
            (comment.as_str(), "longer than 8 MiB"),
            (cdata.as_str(), "longer than 8 MiB"),
            ("<a></a>", "the file has no rows"),
            ("number,full_name\n", "the file"),
        ] {
            let told_now = survey(file(text).path(), Format::Xml).unwrap_err().to_string();
            assert!(told_now.contains(told), "{text:.60}: {told_now}");
        }
    }
}
