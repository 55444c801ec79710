//! Who lives together: ages, sexes and kinship of one household.

use std::sync::LazyLock;

use time::Date;

use super::{
    super::{BirthDate, Sex, household::Relation},
    dice::{Dice, Weighted},
};

/// A member before they have papers. Kin are named by their place in the household.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) sex: Sex,
    pub(super) born: Date,
    pub(super) relation: Relation,
    pub(super) father: Option<usize>,
    pub(super) mother: Option<usize>,
    pub(super) spouse: Option<usize>,
}

#[derive(Clone, Copy)]
enum Shape {
    YoungAlone,
    OldAlone,
    YoungCouple,
    OldCouple,
    ParentsAndChildren,
    OneParent,
    ThreeGenerations,
    OldParentAndChild,
}

/// Weights chosen so that the ages together come near the pyramid of the 2019 census, as the tests check.
static SHAPES: LazyLock<Weighted<Shape>> = LazyLock::new(|| {
    Weighted::new([
        (Shape::YoungAlone, 45),
        (Shape::OldAlone, 55),
        (Shape::YoungCouple, 45),
        (Shape::OldCouple, 150),
        (Shape::ParentsAndChildren, 420),
        (Shape::OneParent, 65),
        (Shape::ThreeGenerations, 165),
        (Shape::OldParentAndChild, 55),
    ])
});

pub(super) fn draw(dice: &mut Dice, today: Date) -> Vec<Member> {
    let mut family = Family { dice, today, members: Vec::with_capacity(6) };
    match SHAPES.draw(family.dice).unwrap_or(Shape::YoungAlone) {
        Shape::YoungAlone => {
            let sex = family.either(600);
            family.add(sex, 18, 38, Relation::Head);
        }
        Shape::OldAlone => {
            let sex = family.either(280);
            family.add(sex, 58, 90, Relation::Head);
        }
        Shape::YoungCouple => family.couple(21, 36),
        Shape::OldCouple => family.couple(46, 82),
        Shape::ParentsAndChildren => {
            family.couple(22, 52);
            family.children(Some(0), 1);
        }
        Shape::OneParent => family.one_parent(),
        Shape::ThreeGenerations => family.three_generations(),
        Shape::OldParentAndChild => {
            let sex = family.either(300);
            family.add(sex, 52, 84, Relation::Head);
            family.grown_child();
        }
    }
    family.members
}

struct Family<'d> {
    dice: &'d mut Dice,
    today: Date,
    members: Vec<Member>,
}

impl Family<'_> {
    /// A man with this chance in a thousand.
    fn either(&mut self, man: u32) -> Sex {
        if self.dice.permille(man) { Sex::Male } else { Sex::Female }
    }

    fn born(&mut self, age: i32) -> Date {
        let last = BirthDate::Full(self.today).birthday(-age);
        let first = BirthDate::Full(self.today).birthday(-age - 1).next_day().unwrap_or(last);
        self.dice.day(first, last)
    }

    fn add(&mut self, sex: Sex, youngest: i32, oldest: i32, relation: Relation) -> usize {
        let age = self.dice.between(youngest, oldest);
        self.add_aged(sex, age, relation)
    }

    fn add_aged(&mut self, sex: Sex, age: i32, relation: Relation) -> usize {
        let born = self.born(age.clamp(0, 102));
        self.members.push(Member { sex, born, relation, father: None, mother: None, spouse: None });
        self.members.len() - 1
    }

    fn age(&self, at: usize) -> i32 {
        self.members.get(at).map_or(0, |member| BirthDate::Full(member.born).age_on(self.today))
    }

    fn marry(&mut self, a: usize, b: usize) {
        for (one, other) in [(a, b), (b, a)] {
            if let Some(member) = self.members.get_mut(one) {
                member.spouse = Some(other);
            }
        }
    }

    /// Husband and wife; he heads the household in most, and is older in most.
    fn couple(&mut self, youngest: i32, oldest: i32) {
        let wife_age = self.dice.between(youngest, oldest);
        let gap = self.dice.between(-2, 4) + self.dice.between(0, 3);
        let (husband, wife) = if self.dice.permille(780) {
            (Relation::Head, Relation::Spouse)
        } else {
            (Relation::Spouse, Relation::Head)
        };
        let man = self.add_aged(Sex::Male, (wife_age + gap).max(20), husband);
        let woman = self.add_aged(Sex::Female, wife_age, wife);
        self.marry(man, woman);
    }

    /// Children at home of the mother at `mother`; the first was born when she was 19 to 33.
    fn children(&mut self, father: Option<usize>, mother: usize) {
        let relation = Relation::Child;
        self.children_as(father, Some(mother), relation);
    }

    fn children_as(&mut self, father: Option<usize>, mother: Option<usize>, relation: Relation) {
        let parent = mother.or(father).unwrap_or(0);
        let wanted = match self.dice.below(100) {
            0..25 => 1,
            25..75 => 2,
            75..93 => 3,
            _ => 4,
        };
        let mut age_at_birth = self.dice.between(19, 33);
        for _ in 0..wanted {
            let age = self.age(parent) - age_at_birth;
            age_at_birth += self.dice.between(2, 5);
            // The unborn wait, the grown have left.
            if age < 0 || self.members.len() >= 6 {
                break;
            }
            if age > 24 {
                continue;
            }
            // 112 boys to 100 girls at birth.
            let sex = self.either(528);
            let child = self.add_aged(sex, age, relation);
            if let Some(member) = self.members.get_mut(child) {
                (member.father, member.mother) = (father, mother);
            }
        }
    }

    fn one_parent(&mut self) {
        let sex = self.either(220);
        let parent = self.add(sex, 24, 52, Relation::Head);
        let (father, mother) = if sex == Sex::Male { (Some(parent), None) } else { (None, Some(parent)) };
        self.children_as(father, mother, Relation::Child);
    }

    /// The husband's parents, one of them widowed in half of the houses, the couple, and the grandchildren.
    fn three_generations(&mut self) {
        self.couple(23, 42);
        if let Some(wife) = self.members.get_mut(1) {
            wife.relation = Relation::Spouse;
        }
        if let Some(husband) = self.members.get_mut(0) {
            husband.relation = Relation::Head;
        }
        let mother_age = self.age(0) + self.dice.between(19, 32);
        let widowed = self.dice.permille(500);
        let grandmother = self.add_aged(Sex::Female, mother_age, Relation::Parent);
        let mut grandfather = None;
        if !widowed {
            let age = mother_age + self.dice.between(-1, 6);
            let man = self.add_aged(Sex::Male, age, Relation::Parent);
            self.marry(man, grandmother);
            grandfather = Some(man);
        }
        if let Some(husband) = self.members.get_mut(0) {
            (husband.father, husband.mother) = (grandfather, Some(grandmother));
        }
        self.children(Some(0), 1);
    }

    fn grown_child(&mut self) {
        let parent_age = self.age(0);
        let sex = self.either(580);
        let age = (parent_age - self.dice.between(20, 34)).max(18);
        let child = self.add_aged(sex, age, Relation::Child);
        let male = self.members.first().is_some_and(|parent| parent.sex == Sex::Male);
        if let Some(member) = self.members.get_mut(child) {
            if male {
                member.father = Some(0);
            } else {
                member.mother = Some(0);
            }
        }
    }
}
