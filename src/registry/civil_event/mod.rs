//! Civil events (Law on Civil Status 60/2014/QH13 Art 3, Law on Residence, Decree 70/2024): an event, not an edit, changes a
//! person. Each kind has its form, its papers, its rules against the present record, and what it does.
//!
//! Applying is pure: a situation and an event give an outcome or the reasons why not. The store writes an outcome; the
//! property test below lives a year of them.

mod affinity;
mod birth;
mod card;
mod competence;
mod correction;
mod court;
mod death;
pub mod form;
mod guardianship;
mod household;
mod kinship;
mod marriage;
mod merging;
mod message;
mod nationality;
mod number;
mod outcome;
mod parentage;
mod refusal;
mod residence;
mod situation;
mod unmerging;
#[cfg(test)]
mod year;

pub use affinity::{PastMarriages, Turn};
pub use competence::{Competence, competence};
pub use form::{FieldKind, FieldSpec, Values, Who};
pub use kinship::FormerParents;
pub use merging::{MERGED, MergeUndo, Undone};
pub use message::{Message, MessageFault, is_source_id};
pub use number::NumberWanted;
pub use outcome::{Change, Consequence, FollowUp, Lock, Outcome, Warning};
pub use refusal::{Refusal, Weight, Why};
pub use situation::{Fresh, Household, Likely, Situation};

use super::{duplicates::Traits, record::Fact};
use form::{Choice, Form, day, text};
use time::Date;

/// The paper an event rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// One of the papers that this kind of event takes.
    pub paper: String,
    pub number: String,
    pub issued_on: Date,
    pub issuer: String,
}

/// One kind of event: read from text, judged on a situation.
trait Event: Sized {
    /// The form, without the papers.
    const FIELDS: &'static [FieldSpec];
    /// Which papers it may rest on: code, Vietnamese, English.
    const PAPERS: &'static [Choice];

    fn read(form: &mut Form<'_>) -> Option<Self>;

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal>;

    /// The number that has to be drawn for it.
    fn number_wanted(&self, _at: &Situation) -> Option<NumberWanted> {
        None
    }
}

macro_rules! events {
    ($($name:ident => $type:ty, $code:literal, $vi:literal, $en:literal;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($name),+ }

        #[derive(Clone, Debug)]
        #[expect(clippy::large_enum_variant, reason = "one lives as long as one form is judged")]
        enum Content { $($name($type)),+ }

        impl Kind {
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$name),+];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What people call it, in Vietnamese and in English.
            pub const fn label(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($vi, $en)),+ }
            }

            pub const fn fields(self) -> &'static [FieldSpec] {
                match self { $(Self::$name => <$type as Event>::FIELDS),+ }
            }

            pub const fn papers(self) -> &'static [Choice] {
                match self { $(Self::$name => <$type as Event>::PAPERS),+ }
            }

            fn content(self, form: &mut Form<'_>) -> Option<Content> {
                match self { $(Self::$name => <$type as Event>::read(form).map(Content::$name)),+ }
            }
        }

        impl Content {
            fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
                match self { $(Self::$name(event) => event.apply(at, out)),+ }
            }

            fn number_wanted(&self, at: &Situation) -> Option<NumberWanted> {
                match self { $(Self::$name(event) => event.number_wanted(at)),+ }
            }
        }
    };
}

events! {
    Birth => birth::Birth, "birth", "Khai sinh", "Birth";
    Death => death::Death, "death", "Khai tử", "Death";
    DeathCorrection => death::DeathCorrection, "death_correction", "Cải chính khai tử", "Correction of a death";
    Marriage => marriage::Marriage, "marriage", "Kết hôn", "Marriage";
    Divorce => marriage::Divorce, "divorce", "Ly hôn", "Divorce";
    Annulment => marriage::Annulment, "annulment", "Hủy kết hôn trái pháp luật", "Annulment of a marriage";
    ParentChild => parentage::ParentChild, "parent_child", "Nhận cha, mẹ, con", "Recognition of a parent";
    Adoption => parentage::Adoption, "adoption", "Nuôi con nuôi", "Adoption";
    AdoptionEnd => parentage::AdoptionEnd, "adoption_end", "Chấm dứt nuôi con nuôi", "End of an adoption";
    Guardianship => guardianship::Guardianship, "guardianship", "Giám hộ", "Guardianship";
    GuardianshipEnd => guardianship::GuardianshipEnd, "guardianship_end", "Chấm dứt giám hộ", "End of a guardianship";
    NameChange => correction::NameChange, "name_change", "Thay đổi, cải chính họ tên", "Change or correction of a name";
    BirthCorrection => correction::BirthCorrection, "birth_correction", "Cải chính ngày sinh", "Correction of a birth date";
    SexRedetermined => correction::SexRedetermined, "sex_redetermined", "Xác định lại giới tính", "Sex redetermined";
    EthnicityRedetermined => correction::EthnicityRedetermined, "ethnicity_redetermined", "Xác định lại dân tộc",
        "Ethnicity redetermined";
    Supplement => correction::Supplement, "supplement", "Bổ sung thông tin", "Supplement to the record";
    ContactsChange => correction::ContactsChange, "contacts_change", "Cập nhật liên lạc", "Change of contacts";
    NationalityGain => nationality::Gain, "nationality_gain", "Nhập, trở lại quốc tịch", "Nationality gained or regained";
    NationalityLoss => nationality::Loss, "nationality_loss", "Thôi, tước quốc tịch", "Nationality lost";
    DeclaredMissing => court::DeclaredMissing, "declared_missing", "Tuyên bố mất tích", "Declared missing";
    DeclaredDead => court::DeclaredDead, "declared_dead", "Tuyên bố chết", "Declared dead";
    DeclarationRevoked => court::DeclarationRevoked, "declaration_revoked", "Hủy tuyên bố mất tích, chết",
        "Declaration revoked";
    CapacityDecision => court::CapacityDecision, "capacity", "Năng lực hành vi dân sự", "Legal capacity";
    PermanentResidence => residence::PermanentResidence, "permanent_residence", "Đăng ký thường trú",
        "Registration of permanent residence";
    TemporaryResidence => residence::TemporaryResidence, "temporary_residence", "Đăng ký, gia hạn tạm trú",
        "Registration or extension of temporary residence";
    PresentStay => residence::PresentStay, "present_stay", "Khai báo nơi ở hiện tại", "Declaration of present stay";
    ResidenceEnd => residence::ResidenceEnd, "residence_end", "Xóa đăng ký cư trú", "End of a residence";
    AbsenceDeclared => residence::AbsenceDeclared, "absence", "Khai báo tạm vắng", "Declaration of absence";
    AbsenceEnd => residence::AbsenceEnd, "absence_end", "Kết thúc tạm vắng", "End of an absence";
    HouseholdSplit => household::Split, "household_split", "Tách hộ", "Household split";
    HouseholdMerge => household::Merge, "household_merge", "Nhập hộ", "Households merged";
    HouseholdHead => household::HeadChange, "household_head", "Thay đổi chủ hộ", "Change of a household's head";
    HouseholdOwner => household::OwnerChange, "household_owner", "Thay đổi chủ sở hữu chỗ ở", "Change of a dwelling's owner";
    CardIssue => card::Issue, "card_issue", "Cấp thẻ căn cước", "Card issued";
    CardLost => card::Lost, "card_lost", "Báo mất thẻ", "Card lost";
    CardWithdrawal => card::Withdrawal, "card_withdrawal", "Thu hồi thẻ", "Card withdrawn";
    CardHold => card::Hold, "card_hold", "Giữ thẻ", "Card held";
    CardReturn => card::Return, "card_return", "Trả lại thẻ", "Card returned";
    NumberIssue => number::Issue, "number_issue", "Xác lập số định danh", "Number issued";
    NumberCancel => number::Cancel, "number_cancel", "Hủy, xác lập lại số định danh", "Number cancelled, re-established";
    RecordMerge => merging::Merge, "record_merge", "Gộp hai hồ sơ của một người", "Two records of one person merged";
    RecordUnmerge => unmerging::Unmerge, "record_unmerge", "Tách hồ sơ đã gộp nhầm", "A wrong merge undone";
}

impl Kind {
    /// The registry's own work on its records, which no other system tells of.
    pub const fn is_internal(self) -> bool {
        matches!(self, Self::RecordMerge | Self::RecordUnmerge)
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The papers' part of every form.
pub const PAPER_FIELDS: [FieldSpec; 4] = [
    FieldSpec::must("paper", FieldKind::Choice(&[]), "Giấy tờ làm căn cứ", "Paper it rests on"),
    FieldSpec::must("paper_no", FieldKind::Text, "Số giấy tờ", "Number of the paper"),
    FieldSpec::must("paper_on", FieldKind::Day, "Ngày cấp", "Issued on"),
    FieldSpec::must("paper_by", FieldKind::Text, "Nơi cấp", "Issued by"),
];

/// A civil event that was read: whole in itself, not yet judged.
#[derive(Clone, Debug)]
pub struct CivilEvent {
    pub kind: Kind,
    pub evidence: Evidence,
    content: Content,
}

impl CivilEvent {
    /// Every fault of the form is found and named by its field.
    pub fn read(kind: Kind, values: &Values, today: Date) -> Result<Self, Vec<Refusal>> {
        let mut form = Form::new(values, today);
        let content = kind.content(&mut form);
        let evidence = evidence(kind, &mut form);
        match (content, evidence) {
            (Some(content), Some(evidence)) if form.faults.is_empty() => Ok(Self { kind, evidence, content }),
            _ => Err(form.faults),
        }
    }

    /// What it does to the record, or why it cannot be.
    pub fn judge(&self, at: &Situation) -> Result<Outcome, Vec<Refusal>> {
        let mut outcome = Outcome::default();
        self.content.apply(at, &mut outcome).map_err(|refusal| vec![refusal])?;
        if outcome == Outcome::default() {
            return Err(vec![Refusal::new("subject", Why::NothingChanges)]);
        }
        outcome.turn = Turn::of(self.kind);
        let disorder = outcome.in_order(at);
        if disorder.is_empty() { Ok(outcome) } else { Err(disorder) }
    }

    /// The number to draw before it is decided.
    pub fn number_wanted(&self, at: &Situation) -> Option<NumberWanted> {
        self.content.number_wanted(at)
    }

    /// Everybody the form names: the situation has to know them.
    pub fn people(kind: Kind, values: &Values) -> Vec<Who> {
        let named = kind.fields().iter().filter(|field| field.kind == FieldKind::Person);
        named
            .filter_map(|field| values.get(field.name))
            .flat_map(|text| text.split([',', ';']))
            .filter_map(Who::parse)
            .collect()
    }

    /// What is compared of the child that a birth would add, as far as its form can be read.
    pub fn newborn(kind: Kind, values: &Values, at: &Situation) -> Option<Traits> {
        if kind != Kind::Birth {
            return None;
        }
        match Self::read(kind, values, at.today) {
            Ok(Self { content: Content::Birth(birth), .. }) => Some(birth.traits(at)),
            _ => None,
        }
    }

    /// Whether the rules of this kind ask whose kin somebody is.
    pub const fn asks_kin(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::Marriage
                | Kind::ParentChild
                | Kind::AdoptionEnd
                | Kind::RecordMerge
                | Kind::DeathCorrection
                | Kind::DeclarationRevoked
        )
    }

    /// Whether they ask to whom somebody was married before.
    pub const fn asks_past_marriages(kind: Kind) -> bool {
        matches!(kind, Kind::Marriage | Kind::DeathCorrection | Kind::DeclarationRevoked)
    }

    /// Every residence file the form names.
    pub fn files(kind: Kind, values: &Values) -> Vec<crate::registry::household::ResidenceFile> {
        let named = kind.fields().iter().filter(|f| matches!(f.kind, FieldKind::Household | FieldKind::NewHousehold));
        let texts = named.filter_map(|field| values.get(field.name));
        texts.filter_map(|text| crate::registry::household::ResidenceFile::parse(text).ok()).collect()
    }
}

fn evidence(kind: Kind, form: &mut Form<'_>) -> Option<Evidence> {
    let known = |code: &str, _: Date| {
        kind.papers().iter().find(|paper| paper.0 == code).map(|paper| paper.0.to_owned()).ok_or(Why::NotInList)
    };
    let (paper, number) = (form.must("paper", known), form.must("paper_no", text));
    let issued_on = form.must("paper_on", |text, today| {
        day(text, today).map_err(|why| if why == Why::Future { Why::PaperAfterToday } else { why })
    });
    let issuer = form.must("paper_by", text);
    Some(Evidence { paper: paper?, number: number?, issued_on: issued_on?, issuer: issuer? })
}

#[cfg(test)]
mod tests;
