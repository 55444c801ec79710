//! What the console shows once everything is up: who can sign in and where. Vietnamese first.

use std::fmt;

use super::{
    cast::Part,
    file::{Citizen, DemoFile},
};
use crate::http::frame::grouped;

pub struct Greeting<'a> {
    pub file: &'a DemoFile,
    pub folder: String,
    /// Milliseconds from the start of the process.
    pub ready_after: u128,
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DemoFile { issuer, helper, portals, resource_server, citizens, refused, registrable, operators, .. } =
            self.file;
        writeln!(f, "Định Danh – bản dùng thử · demo  (sẵn sàng sau · ready after {} ms)\n", self.ready_after)?;
        writeln!(f, "Mở trang trợ giúp trước · open the helper page first (mã một lần, tin nhắn · codes):")?;
        writeln!(f, "  {helper}\n")?;
        writeln!(f, "Các cổng · portals")?;
        for portal in portals {
            writeln!(f, "  {:<32} {}", portal.url, portal.name)?;
        }
        if let Some(api) = resource_server {
            writeln!(f, "  {:<32} {} (API)", api.url, api.name)?;
        }
        writeln!(f, "  {issuer:<32} Định Danh\n")?;
        writeln!(f, "Đăng nhập · sign in")?;
        for citizen in citizens {
            line(f, citizen)?;
        }
        writeln!(f, "\nBị từ chối · refused")?;
        for citizen in refused {
            line(f, citizen)?;
        }
        writeln!(f, "\nĐăng ký · register at {issuer}/register")?;
        for person in registrable {
            let (number, card) = (grouped(&person.number), &person.card_issued_on);
            writeln!(f, "  {number}  {}", person.name)?;
            writeln!(
                f,
                "      ngày sinh · born {}, ngày cấp thẻ · card of {card}, {}",
                person.birth_date, person.phone
            )?;
        }
        writeln!(f, "\nCán bộ · operators")?;
        for operator in operators {
            writeln!(f, "  {:<15}  {}  ({})", operator.name, operator.password, operator.roles.join(", "))?;
        }
        writeln!(f, "\nDữ liệu · data: {} (demo.json). Dừng · stop: Ctrl-C", self.folder)
    }
}

fn line(f: &mut fmt::Formatter<'_>, citizen: &Citizen) -> fmt::Result {
    let [vi, en] = Part::parse(&citizen.part).map_or(["", ""], Part::told);
    writeln!(f, "  {}  {}  {}", grouped(&citizen.number), citizen.password, citizen.name)?;
    writeln!(f, "      {vi} · {en}")
}
