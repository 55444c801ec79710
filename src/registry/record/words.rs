//! The codes of the record in words: Vietnamese, English.

/// A code as people read it; what is no code stays as it is.
pub fn words(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "male" => ("Nam", "Male"),
        "female" => ("Nữ", "Female"),
        "unknown" => ("Chưa có thông tin", "Not known"),
        "single" => ("Chưa kết hôn", "Single"),
        "married" => ("Đang có vợ/chồng", "Married"),
        "divorced_or_widowed" => ("Đã ly hôn hoặc góa vợ/chồng", "Divorced or widowed"),
        "alive" => ("Còn sống", "Alive"),
        "missing_declared" => ("Bị tuyên bố mất tích", "Declared missing"),
        "dead_declared" => ("Bị tuyên bố chết", "Declared dead"),
        "dead" => ("Đã chết", "Dead"),
        "full" => ("Đầy đủ", "Full"),
        "lost" => ("Mất", "Lost"),
        "difficulty" => ("Có khó khăn trong nhận thức, làm chủ hành vi", "Difficulty in cognition"),
        "limited" => ("Bị hạn chế", "Limited"),
        "can_cuoc" => ("Thẻ căn cước", "Identity card"),
        "cccd" => ("Thẻ căn cước công dân", "Citizen identity card"),
        "cmnd12" => ("Chứng minh nhân dân 12 số", "People's identity card"),
        "giay_chung_nhan" => ("Giấy chứng nhận căn cước", "Certificate of identity"),
        "valid" => ("còn giá trị", "valid"),
        "held" => ("đang bị giữ", "held"),
        "revoked" => ("đã thu hồi", "withdrawn"),
        "replaced" => ("đã thay thế", "replaced"),
        "void" => ("hết giá trị", "void"),
        "head" => ("chủ hộ", "head"),
        "spouse" => ("vợ, chồng", "spouse"),
        "child" => ("con", "child"),
        "parent" => ("cha, mẹ", "parent"),
        "grandparent" => ("ông, bà", "grandparent"),
        "grandchild" => ("cháu", "grandchild"),
        "sibling" => ("anh, chị, em", "sibling"),
        "ward" => ("người được giám hộ", "ward"),
        "lodger" => ("ở nhờ, ở thuê", "lodger"),
        "other" => ("khác", "other"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{
        CardKind, CardStatus, Sex, Vital,
        household::Relation,
        record::{Capacity, Marital},
    };

    #[test]
    fn every_code_has_words() {
        let codes = [Sex::ALL.map(Sex::code).to_vec(), Vital::CODES.to_vec(), Marital::ALL.map(Marital::code).to_vec()];
        let more = [
            Capacity::ALL.map(Capacity::code).to_vec(),
            CardKind::ALL.map(CardKind::code).to_vec(),
            CardStatus::ALL.map(CardStatus::code).to_vec(),
            Relation::ALL.map(Relation::code).to_vec(),
        ];
        for code in codes.iter().chain(&more).flatten() {
            assert!(words(code).is_some(), "{code}");
        }
        assert!(words("Nguyễn").is_none());
    }
}
