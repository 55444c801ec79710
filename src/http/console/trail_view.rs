//! What the pages of the audit trail show.

use super::{
    field_problems::FieldProblems,
    view::{Pair, say, who},
};
use crate::{base::Timestamp, http::frame::page};

/// Looking for what an operator did, or what happened to a person. Posts `operator`, `person`, `since`, `until`.
#[derive(Clone, Debug, Default)]
pub struct TrailPage {
    /// The auditor looks after the operators of a unit.
    pub unit: bool,
    pub operator: String,
    pub person: String,
    pub since: String,
    pub until: String,
    /// What is wrong: the field, and what to do about it.
    pub problems: FieldProblems,
    /// None before anything was asked for.
    pub rows: Option<Vec<TrailRow>>,
    pub next: Option<String>,
}
page!(TrailPage, TrailDocument, "console/trail.html");

#[derive(Clone, Debug)]
pub struct TrailRow {
    pub at: Timestamp,
    /// `area.verb`.
    pub action: String,
    pub refused: bool,
    pub by: String,
    pub client: Option<String>,
    /// The record of whom it is about.
    pub person: Option<String>,
    /// Names of fields, counts and ids; nothing personal stands in the log.
    pub detail: Vec<String>,
}

impl TrailPage {
    /// Name, label, how it is written, what was typed.
    fn fields(&self) -> [(&'static str, &'static str, &'static str, &str); 4] {
        [
            ("operator", "console-trail-operator", "console-trail-operator-hint", &self.operator),
            ("person", "console-trail-person", "console-hint-person", &self.person),
            ("since", "console-trail-since", "console-hint-day", &self.since),
            ("until", "console-trail-until", "console-hint-day", &self.until),
        ]
    }
}

/// What was done, in words; what is rare stays as the log writes it.
fn action(code: &str) -> Option<Pair> {
    Some(match code {
        "registry.person_read" => ("Mở hồ sơ", "Opened a record"),
        "registry.searched" => ("Tìm người", "Searched"),
        "registry.case_read" => ("Mở vụ việc", "Opened a case"),
        "registry.case_opened" => ("Vụ việc được lập", "A case was opened"),
        "registry.case_changed" => ("Xử lý vụ việc", "Acted on a case"),
        "registry.event_proposed" => ("Đề nghị ghi sự kiện", "Proposed an event"),
        "registry.event_withdrawn" => ("Rút đề nghị", "Withdrew a proposal"),
        "registry.event_decided" => ("Quyết định đề nghị", "Decided a proposal"),
        "registry.event_recorded" => ("Ghi sự kiện vào sổ", "Recorded an event"),
        "registry.duplicate_decided" => ("Kết luận về hồ sơ trùng", "Judged a likely duplicate"),
        "registry.reading_flagged" => ("Bị đánh dấu vì xem nhiều", "Flagged for looking at much"),
        "registry.use_flagged" => ("Hệ thống bị đánh dấu", "A system was flagged"),
        "registry.flag_seen" => ("Xem xét một dấu hiệu", "Looked at a flag"),
        "registry.import_proposed" => ("Đề nghị nhập tệp", "Proposed a file"),
        "registry.import_rehearsed" => ("Kiểm tra thử tệp", "Rehearsed a file"),
        "registry.import_decided" => ("Quyết định về tệp", "Decided about a file"),
        "registry.import_ended" => ("Nhập tệp kết thúc", "An import ended"),
        "registry.export_proposed" => ("Đề nghị trích xuất", "Proposed to take data out"),
        "registry.export_decided" => ("Quyết định về trích xuất", "Decided about taking data out"),
        "registry.exported" => ("Ghi tệp trích xuất", "Wrote data into a file"),
        "registry.export_ended" => ("Ghi tệp trích xuất kết thúc", "Writing a file ended"),
        "registry.export_fetched" => ("Tải tệp trích xuất", "Fetched a file of data"),
        "registry.people_imported" => ("Nhập người từ tệp", "Brought people in"),
        "registry.used" => ("Cơ quan tra cứu", "An agency asked"),
        "operator.password" => ("Nhập mật khẩu", "Gave the password"),
        "operator.code" => ("Nhập mã xác thực", "Gave the code"),
        "operator.signed_out" => ("Đăng xuất", "Signed out"),
        "operator.added" => ("Tạo cán bộ", "An operator was made"),
        "operator.reset" => ("Cấp lại mật khẩu, ứng dụng xác thực", "New credentials for an operator"),
        "operator.disabled" => ("Khóa cán bộ", "An operator was disabled"),
        "operator.enabled" => ("Mở lại cán bộ", "An operator was enabled"),
        "audit.read" => ("Xem nhật ký", "Read the log"),
        "account.locked" => ("Khóa tài khoản", "Locked the account"),
        "account.unlocked" => ("Mở khóa tài khoản", "Unlocked the account"),
        "sign_in.password" => ("Đăng nhập bằng mật khẩu", "Signed in with the password"),
        "sign_in.code" => ("Đăng nhập bằng mã", "Signed in with a code"),
        "session.opened" => ("Mở phiên", "Opened a session"),
        "session.ended" => ("Phiên kết thúc", "A session ended"),
        "token.issued" => ("Cấp mã truy cập cho cổng", "A portal got tokens"),
        "userinfo.released" => ("Cung cấp thông tin cho cổng", "A portal got data"),
        _ => return None,
    })
}
