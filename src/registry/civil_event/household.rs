//! Tách hộ, nhập hộ, thay đổi chủ hộ (Law on Residence Art 10, 25, 26).

use time::Date;

use super::{
    Consequence, Event, Fact, FieldKind, FieldSpec, FollowUp, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, coded, day, file, text, who},
    parentage::{YES_NO, yes},
    residence::new_household,
    situation::{member_of, relation_to},
};
use crate::{
    base::ids::PersonId,
    registry::{
        Residence, ResidenceKind,
        household::{Relation, ResidenceFile},
        record::{Relative, Tie},
    },
};

const PAPERS: &[Choice] = &[
    ("residence_form", "Tờ khai thay đổi thông tin cư trú (CT01)", "Declaration of residence (CT01)"),
    ("court_decision", "Bản án, quyết định của Tòa án", "Judgment or decision of a court"),
];

/// Some members become a household of their own in the same dwelling.
#[derive(Clone, Debug)]
pub(super) struct Split {
    head: Who,
    others: Vec<Who>,
    file: ResidenceFile,
    consent: bool,
    on: Date,
}

impl Event for Split {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("subject", FieldKind::Person, "Chủ hộ mới", "Head of the new household"),
        FieldSpec::may(
            "others",
            FieldKind::Person,
            "Những người cùng tách (các số, cách nhau dấu phẩy)",
            "Who goes with them (numbers, with commas)",
        ),
        FieldSpec::must("new_household", FieldKind::NewHousehold, "Số hồ sơ cư trú mới", "New residence file"),
        FieldSpec::must(
            "consent",
            FieldKind::Choice(YES_NO),
            "Chủ hộ và chủ sở hữu đã đồng ý",
            "Head and owner agreed",
        ),
        FieldSpec::must("on", FieldKind::Day, "Ngày tách hộ", "Split on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (head, on) = (form.must("subject", who), form.must("on", day));
        let all = |text: &str, _: Date| {
            let each = text.split([',', ';']).map(str::trim).filter(|one| !one.is_empty());
            each.map(|one| Who::parse(one).ok_or(Why::Unreadable)).collect::<Result<Vec<_>, Why>>()
        };
        let others = form.may("others", all).unwrap_or_default();
        let (file, consent) = (form.must("new_household", file), form.must("consent", coded(yes)));
        Some(Self { head: head?, others, file: file?, consent: consent?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (head, record) = at.living("subject", &self.head)?;
        let place = record.household.as_ref().ok_or(Refusal::new("subject", Why::NotAMember))?;
        let old = at.household(place.household).ok_or(Refusal::new("subject", Why::UnknownHousehold))?;
        if !self.consent {
            return Err(Refusal::new("consent", Why::NoConsent));
        }
        let mut movers = vec![head];
        for who in &self.others {
            let (id, member) = at.find("others", who)?;
            if member.household.as_ref().is_none_or(|there| there.household != old.id) {
                return Err(Refusal::new("others", Why::NotAMember));
            }
            if !movers.contains(&id) {
                movers.push(id);
            }
        }
        let Some(stays) = at.members(old.id).find(|id| !movers.contains(id)) else {
            return Err(Refusal::new("others", Why::NothingChanges));
        };
        let mut new = new_household(at, "new_household", &self.file, old.address.clone())?;
        new.head = Some(head);
        new.owner.clone_from(&old.owner);
        for id in &movers {
            out.set(at, *id, member_of(&new, relation_to(at, head, *id)), Some(self.on));
        }
        if old.head.is_some_and(|of| movers.contains(&of)) {
            let mut old = old.clone();
            old.head = None;
            out.put_household(old);
            out.then(Consequence::Settle(stays, FollowUp::HouseholdWithoutHead));
        }
        out.put_household(new);
        Ok(())
    }
}

/// One household becomes part of another.
#[derive(Clone, Debug)]
pub(super) struct Merge {
    from: ResidenceFile,
    into: ResidenceFile,
    consent: bool,
    on: Date,
}

impl Event for Merge {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must(
            "household",
            FieldKind::Household,
            "Hộ nhập vào (số hồ sơ cư trú)",
            "Household that ends (file)",
        ),
        FieldSpec::must("into", FieldKind::Household, "Nhập vào hộ (số hồ sơ cư trú)", "Becomes part of (file)"),
        FieldSpec::must(
            "consent",
            FieldKind::Choice(YES_NO),
            "Hai chủ hộ và chủ sở hữu đã đồng ý",
            "Both heads and the owner agreed",
        ),
        FieldSpec::must("on", FieldKind::Day, "Ngày nhập hộ", "Merged on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (from, into) = (form.must("household", file), form.must("into", file));
        let (consent, on) = (form.must("consent", coded(yes)), form.must("on", day));
        Some(Self { from: from?, into: into?, consent: consent?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let from = at.open_household("household", &self.from)?;
        let into = at.open_household("into", &self.into)?;
        if from.id == into.id {
            return Err(Refusal::new("into", Why::NothingChanges));
        }
        if !self.consent {
            return Err(Refusal::new("consent", Why::NoConsent));
        }
        let since = Some(self.on);
        for id in at.members(from.id) {
            let relation = into.head.map_or(Relation::Other, |head| relation_to(at, head, id));
            out.set(at, id, member_of(into, relation), since);
            if from.address != into.address {
                let address = into.address.clone();
                let home = Residence { kind: ResidenceKind::Permanent, address, from: since, to: None };
                out.set(at, id, Fact::Permanent(Some(home)), since);
            }
        }
        let mut ended = from.clone();
        (ended.head, ended.closed_on) = (None, since);
        out.put_household(ended);
        Ok(())
    }
}

/// Another member heads the household; how each stands to them is read from the record.
#[derive(Clone, Debug)]
pub(super) struct HeadChange {
    household: ResidenceFile,
    head: Who,
    on: Date,
}

impl Event for HeadChange {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("household", FieldKind::Household, "Hộ (số hồ sơ cư trú)", "Household (file)"),
        FieldSpec::must("subject", FieldKind::Person, "Chủ hộ mới", "The new head"),
        FieldSpec::must("on", FieldKind::Day, "Ngày thay đổi", "Changed on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (household, head) = (form.must("household", file), form.must("subject", who));
        let on = form.must("on", day);
        Some(Self { household: household?, head: head?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let household = at.open_household("household", &self.household)?;
        let (head, record) = at.living("subject", &self.head)?;
        if household.head == Some(head) {
            return Err(Refusal::new("subject", Why::AlreadyHead));
        }
        if record.household.as_ref().is_none_or(|place| place.household != household.id) {
            return Err(Refusal::new("subject", Why::NotAMember));
        }
        let members: Vec<PersonId> = at.members(household.id).collect();
        for id in members {
            let was = at.record(id).and_then(|record| record.household.as_ref()).map(|place| place.relation);
            let relation = match relation_to(at, head, id) {
                // Who lodges with one head lodges with the next.
                Relation::Other if was == Some(Relation::Lodger) => Relation::Lodger,
                relation => relation,
            };
            out.set(at, id, member_of(household, relation), Some(self.on));
        }
        let mut changed = household.clone();
        changed.head = Some(head);
        out.put_household(changed);
        Ok(())
    }
}

/// Chủ sở hữu chỗ ở hợp pháp: who agrees to whoever moves in (Law on Residence Art 20). Somebody of the registry, or somebody
/// by name: a company's house, an owner abroad.
#[derive(Clone, Debug)]
pub(super) struct OwnerChange {
    household: ResidenceFile,
    owner: Owner,
    on: Date,
}

#[derive(Clone, Debug)]
enum Owner {
    Known(Who),
    Named(String),
}

impl Event for OwnerChange {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("household", FieldKind::Household, "Hộ (số hồ sơ cư trú)", "Household (file)"),
        FieldSpec::may("owner", FieldKind::Person, "Chủ sở hữu (số định danh)", "Owner (number)"),
        FieldSpec::may(
            "owner_name",
            FieldKind::Text,
            "Chủ sở hữu không có trong sổ (tên người, tổ chức)",
            "Owner who is not in the registry (name)",
        ),
        FieldSpec::must("on", FieldKind::Day, "Ngày thay đổi", "Changed on"),
    ];
    const PAPERS: &'static [Choice] = &[
        ("ownership_paper", "Giấy chứng nhận quyền sở hữu nhà ở", "Certificate of ownership"),
        ("contract", "Hợp đồng mua bán, tặng cho, thừa kế", "Contract of sale or gift, inheritance"),
        ("court_decision", "Bản án, quyết định của Tòa án", "Judgment or decision of a court"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (household, on) = (form.must("household", file), form.must("on", day));
        let owner = match (form.may("owner", who), form.may("owner_name", text)) {
            (Some(who), None) => Some(Owner::Known(who)),
            (None, Some(name)) => Some(Owner::Named(name)),
            (Some(_), Some(_)) => {
                form.fault("owner_name", Why::Unreadable);
                None
            }
            (None, None) => {
                form.fault("owner", Why::Missing);
                None
            }
        };
        Some(Self { household: household?, owner: owner?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let household = at.open_household("household", &self.household)?;
        let owner = match &self.owner {
            Owner::Known(who) => Relative::known(at.living("owner", who)?.0, Tie::Ordinary),
            Owner::Named(name) => Relative { person: None, number: None, name: Some(name.clone()), tie: Tie::Ordinary },
        };
        if household.owner.as_ref() == Some(&owner) {
            return Err(Refusal::new("owner", Why::NothingChanges));
        }
        let mut changed = household.clone();
        changed.owner = Some(owner);
        out.put_household(changed);
        out.since = Some(self.on);
        Ok(())
    }
}
