//! Why an event cannot be: a stable code, the field it is about, and words in both languages.

use crate::registry::record::Facet;

/// What is to be done with a refused event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// What was typed cannot be right: it goes back to who typed it.
    Form,
    /// It contradicts the record, or builds on something that is not recorded: a person has to look.
    Record,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $weight:ident, $vi:literal, $en:literal;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Why { $($(#[$doc])* $name),+ }

        impl Why {
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$name),+];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            pub const fn weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight),+ }
            }

            pub const fn vietnamese(self) -> &'static str {
                match self { $(Self::$name => $vi),+ }
            }

            pub const fn english(self) -> &'static str {
                match self { $(Self::$name => $en),+ }
            }
        }
    };
}

reasons! {
    Missing, "missing", Form, "Hãy điền mục này.", "Fill in this field.";
    Unreadable, "unreadable", Form, "Nội dung mục này không đúng dạng.", "This field is not written in the form it needs.";
    NoSuchDay, "day.none", Form, "Không có ngày này trong lịch.", "There is no such day in the calendar.";
    Future, "day.future", Form, "Ngày này ở tương lai.", "This day lies in the future.";
    TooLongAgo, "day.too_long_ago", Form, "Ngày này cách đây hơn 130 năm.", "This day lies more than 130 years back.";
    NotInList, "not_in_list", Form, "Hãy chọn một giá trị trong danh sách.", "Choose a value of the list.";
    NotAName, "name.not_a_name", Form, "Đây không phải là họ tên: chỉ dùng chữ cái, tối đa 100 ký tự.",
        "This is no name: letters only, at most 100 characters.";
    TooLong, "too_long", Form, "Mục này dài quá 250 ký tự.", "This field has more than 250 characters.";
    NoSuchUnit, "unit.none", Form, "Không có xã, phường, đặc khu nào mang tên hay mã này vào ngày đó, hoặc có nhiều nơi trùng tên: hãy ghi thêm tên tỉnh.",
        "No commune has this name or code on that day, or several have it: add the province.";
    NotAPhone, "phone.form", Form, "Không phải số di động Việt Nam.", "This is no Vietnamese mobile number.";
    NotAnEmail, "email.form", Form, "Không phải địa chỉ thư điện tử.", "This is no e-mail address.";
    PaperAfterToday, "paper.future", Form, "Giấy tờ được cấp ở tương lai.", "The paper is dated in the future.";
    SamePerson, "person.same", Form, "Hai người này là một.", "These two are one person.";
    EndsBeforeItBegins, "period.backwards", Form, "Ngày kết thúc trước ngày bắt đầu.", "It ends before it begins.";
    TemporaryTooLong, "residence.too_long", Form, "Tạm trú tối đa 2 năm, có thể gia hạn.",
        "A temporary residence lasts two years at most; it can be extended.";
    TemporaryTooShort, "residence.too_short", Form, "Dưới 30 ngày là lưu trú, không phải tạm trú.",
        "Less than 30 days is a stay, not a temporary residence.";
    OutsideUnit, "unit.outside", Form, "Việc này thuộc cơ quan của nơi cư trú hoặc nơi đăng ký ở địa bàn khác; bạn không đề nghị được.",
        "This belongs to the office of the residence or registration, which lies outside your unit.";
    NothingChanges, "nothing_changes", Form, "Sự kiện này không thay đổi gì.", "This event changes nothing.";

    UnknownPerson, "person.unknown", Record, "Không có người nào mang số này trong sổ.",
        "Nobody in the registry has this number.";
    UnknownHousehold, "household.unknown", Record, "Không có hộ nào mang số hồ sơ cư trú này.",
        "No household has this residence file number.";
    HouseholdExists, "household.exists", Record, "Số hồ sơ cư trú này đã có.", "This residence file number is in use.";
    HouseholdClosed, "household.closed", Record, "Hộ này đã xóa.", "This household is closed.";
    AlreadyDead, "vital.dead", Record, "Người này đã được ghi là chết.", "This person is recorded as dead.";
    NotDead, "vital.not_dead", Record, "Người này không được ghi là chết.", "This person is not recorded as dead.";
    DeclaredMissing, "vital.missing", Record, "Người này đang bị tuyên bố mất tích.", "This person is declared missing.";
    NotDeclared, "vital.not_declared", Record, "Không có tuyên bố mất tích hoặc chết nào đối với người này.",
        "No court declaration stands for this person.";
    BeforeBirth, "day.before_birth", Record, "Ngày này trước ngày sinh.", "This day lies before the birth.";
    OutOfOrder, "day.out_of_order", Record, "Đã ghi một sự kiện muộn hơn về cùng thông tin này.",
        "A later event about the same field is already recorded.";
    AlreadyMarried, "marriage.married", Record, "Người này đang có vợ hoặc chồng.", "This person is married.";
    NotMarriedToEachOther, "marriage.not_theirs", Record, "Hai người này không phải là vợ chồng theo sổ.",
        "These two are not recorded as married to each other.";
    TooYoungToMarry, "marriage.too_young", Record, "Nam từ đủ 20 tuổi, nữ từ đủ 18 tuổi mới được kết hôn.",
        "A man marries from 20, a woman from 18.";
    SameSex, "marriage.same_sex", Record, "Pháp luật chỉ thừa nhận hôn nhân giữa nam và nữ.",
        "The law recognises marriages of a man and a woman.";
    CloseKin, "marriage.close_kin", Record, "Hai người có họ trong phạm vi ba đời hoặc là cha mẹ, con nuôi của nhau.",
        "They are related within three generations, or by adoption.";
    InLaws, "marriage.in_laws", Record,
        "Hai người đã từng là cha chồng với con dâu, mẹ vợ với con rể, cha dượng với con riêng của vợ hoặc mẹ kế với con riêng của chồng.",
        "They were parent-in-law and child-in-law, or step-parent and the spouse's child.";
    NoCapacity, "capacity.lost", Record, "Người này đã mất năng lực hành vi dân sự.", "This person has lost legal capacity.";
    SameCapacity, "capacity.same", Record, "Sổ đã ghi năng lực này.", "This capacity is recorded already.";
    ParentTooYoung, "parent.too_young", Record, "Cha hoặc mẹ phải sinh trước con ít nhất 12 năm.",
        "A parent is born at least twelve years before the child.";
    ParentDeadBefore, "parent.dead_before", Record, "Cha hoặc mẹ đã chết trước khi người con ra đời.",
        "The parent died before the child was born.";
    WrongSex, "parent.sex", Record, "Giới tính không phù hợp với vai trò này.", "The sex does not fit this part.";
    ChildThere, "birth.there", Record, "Sổ đã có người con này, sinh cùng ngày và cùng tên.",
        "This child, born that day with that name, is recorded already.";
    LikelyThere, "birth.likely_there", Record,
        "Sổ có hồ sơ rất giống trẻ này; hãy so sánh, rồi xác nhận là không trùng.",
        "Somebody very like this child is recorded: compare, and say that it is another.";
    HasThisParent, "parent.recorded", Record, "Sổ đã ghi cha hoặc mẹ cho người này.",
        "A parent is recorded for this person already.";
    NotTheirParent, "parent.not_theirs", Record, "Người này không phải là cha hoặc mẹ nuôi theo sổ.",
        "This person is not recorded as the adoptive parent.";
    AdopterTooYoung, "adoption.too_young", Record, "Người nhận nuôi phải hơn con nuôi từ 20 tuổi trở lên.",
        "An adopter is at least twenty years older than the child.";
    AdopteeTooOld, "adoption.too_old", Record, "Người được nhận nuôi phải dưới 18 tuổi.",
        "The adopted child is under eighteen.";
    Minor, "guardian.minor", Record, "Người giám hộ phải là người thành niên.", "A guardian is of age.";
    NeedsNoGuardian, "guardian.not_needed", Record, "Người thành niên có năng lực đầy đủ không có người giám hộ.",
        "A person of age with full capacity has no guardian.";
    HasGuardian, "guardian.recorded", Record, "Sổ đã ghi người giám hộ; hãy chấm dứt trước.",
        "A guardian is recorded; end that first.";
    NotTheirGuardian, "guardian.not_theirs", Record, "Người này không phải là người giám hộ theo sổ.",
        "This person is not the recorded guardian.";
    NumberMissing, "number.none", Record, "Người này không có số định danh đang dùng.",
        "This person has no number in use.";
    NumberThere, "number.there", Record, "Người này đã có số định danh.", "This person has a number already.";
    NationalityThere, "nationality.there", Record, "Sổ đã ghi quốc tịch này.", "This nationality is recorded already.";
    NationalityMissing, "nationality.missing", Record, "Sổ không ghi quốc tịch này.", "This nationality is not recorded.";
    NoSuchCard, "card.none", Record, "Người này không có thẻ như vậy.", "This person has no such card.";
    CardThere, "card.there", Record, "Đã có thẻ cấp cùng ngày.", "A card of the same day is recorded.";
    CardWrongState, "card.state", Record, "Tình trạng thẻ không cho phép việc này.", "The card's state does not allow this.";
    NoResidence, "residence.none", Record, "Không có đăng ký cư trú như vậy.", "There is no such residence.";
    SameResidence, "residence.same", Record, "Sổ đã ghi nơi cư trú này.", "This residence is recorded already.";
    NotAMember, "household.not_member", Record, "Người này không thuộc hộ đó.", "This person does not belong to the household.";
    AlreadyHead, "household.head", Record, "Người này đã là chủ hộ.", "This person is the head already.";
    HasHead, "household.has_head", Record, "Hộ này đã có chủ hộ.", "This household has a head.";
    NoConsent, "household.no_consent", Record, "Cần có sự đồng ý của chủ hộ và chủ sở hữu chỗ ở.",
        "The head and the owner must agree.";
    TooLarge, "household.too_large", Record,
        "Một sự kiện không đổi được hồ sơ của hơn 500 người hoặc hơn 500 chỗ ở: hãy chuyển từng phần trước.",
        "One event cannot change the records of more than 500 people or dwellings: move a part of them first.";
    NoAbsence, "absence.none", Record, "Không có khai báo tạm vắng.", "No absence is declared.";
    AlreadyKnown, "supplement.known", Record, "Sổ đã có thông tin này; hãy cải chính.",
        "The record has this already; correct it instead.";
    Merged, "merge.merged", Record, "Hồ sơ này đã gộp vào hồ sơ khác.", "This record is merged into another.";
    NotMerged, "merge.not_merged", Record, "Hồ sơ này chưa gộp vào hồ sơ nào.", "This record is not merged.";
    MergeSex, "merge.sex", Record, "Hai hồ sơ ghi giới tính khác nhau; hãy cải chính trước.",
        "The two records have different sexes; correct one first.";
    MergeVital, "merge.vital", Record, "Hai hồ sơ khác nhau về tình trạng sống, chết, mất tích; hãy cải chính trước.",
        "The two records differ in being alive, missing or dead; correct one first.";
    MergeRelated, "merge.related", Record, "Hồ sơ này ghi hồ sơ kia là cha, mẹ, vợ, chồng hoặc người đại diện.",
        "One of the records names the other as parent, spouse or representative.";
    MergeSpouses, "merge.spouses", Record, "Hai hồ sơ ghi vợ hoặc chồng khác nhau; hãy làm rõ trước.",
        "The two records have different spouses; settle that first.";
    Different, "correction.different", Record, "Sổ không ghi giá trị cũ như vậy.", "The record does not have this old value.";
}

impl Why {
    /// An event that is not recorded yet may make it possible: whoever tells of a divorce before the marriage came is early,
    /// not wrong.
    pub const fn may_come_later(self) -> bool {
        matches!(
            self,
            Self::UnknownPerson
                | Self::UnknownHousehold
                | Self::NotDead
                | Self::NotDeclared
                | Self::NotMarriedToEachOther
                | Self::NotTheirParent
                | Self::NotTheirGuardian
                | Self::NumberMissing
                | Self::NationalityMissing
                | Self::NoSuchCard
                | Self::NoResidence
                | Self::NotAMember
                | Self::NoAbsence
        )
    }
}

/// One reason, at one field of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub field: &'static str,
    pub why: Why,
    /// For [`Why::OutOfOrder`]: which field of the record.
    pub facet: Option<Facet>,
}

impl Refusal {
    pub const fn new(field: &'static str, why: Why) -> Self {
        Self { field, why, facet: None }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_words_are_there() {
        let codes: BTreeSet<_> = Why::ALL.iter().map(|why| why.code()).collect();
        assert_eq!(codes.len(), Why::ALL.len());
        assert!(Why::ALL.iter().all(|why| why.vietnamese().ends_with('.') && why.english().ends_with('.')));
        let early = Why::ALL.iter().filter(|why| why.may_come_later());
        assert!(early.clone().count() == 13 && early.clone().all(|why| why.weight() == Weight::Record));
    }
}
