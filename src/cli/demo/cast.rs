//! The demo's people with a part to play: picked from the synthetic population and given credentials, all by the seed.

use time::{Date, Duration};

use crate::{
    base::{Entropy, Fault, Secret, SecretBytes},
    crypto::{recovery, totp},
    registry::{
        CardKind, CardStatus, Expiry, PersonRecord, ResidenceKind, Vital,
        operator::Role,
        synthetic::{Settings, Synthetic, SyntheticPerson, USUAL_DAY},
    },
};

/// What somebody is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Account level 01: a password.
    LevelOne,
    /// Account level 02: a password, an authenticator app, recovery codes.
    LevelTwo,
    /// The same again, for two browsers at once.
    AnotherLevelTwo,
    /// Account level 02 without a second factor; every claim of the scopes profile, email, address and phone is filled.
    NoSecondFactor,
    /// Asked for their account to be locked.
    Locked,
    CardExpired,
    Dead,
    /// In the registry, without an account.
    Newcomer,
    AnotherNewcomer,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::LevelTwo,
        Self::LevelOne,
        Self::NoSecondFactor,
        Self::AnotherLevelTwo,
        Self::Locked,
        Self::CardExpired,
        Self::Dead,
        Self::Newcomer,
        Self::AnotherNewcomer,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::LevelOne => "level-01",
            Self::LevelTwo => "level-02",
            Self::AnotherLevelTwo => "level-02-another",
            Self::NoSecondFactor => "level-02-without-second-factor",
            Self::Locked => "locked",
            Self::CardExpired => "card-expired",
            Self::Dead => "dead",
            Self::Newcomer => "newcomer",
            Self::AnotherNewcomer => "newcomer-another",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.code() == code)
    }

    /// In a word or two, Vietnamese first.
    pub const fn told(self) -> [&'static str; 2] {
        match self {
            Self::LevelOne => ["mức 01, chỉ có mật khẩu", "level 01, a password only"],
            Self::LevelTwo | Self::AnotherLevelTwo => {
                ["mức 02, mật khẩu và mã một lần", "level 02, a password and one-time codes"]
            }
            Self::NoSecondFactor => [
                "mức 02, chưa có yếu tố thứ hai, đủ mọi thông tin",
                "level 02, no second factor yet, every claim filled",
            ],
            Self::Locked => ["tài khoản đã khóa", "the account is locked"],
            Self::CardExpired => ["thẻ căn cước hết hạn", "the identity card has expired"],
            Self::Dead => ["đã mất", "has died"],
            Self::Newcomer | Self::AnotherNewcomer => ["chưa có tài khoản", "no account yet"],
        }
    }

    pub const fn has_account(self) -> bool {
        !matches!(self, Self::Newcomer | Self::AnotherNewcomer)
    }

    pub const fn may_sign_in(self) -> bool {
        matches!(self, Self::LevelOne | Self::LevelTwo | Self::AnotherLevelTwo | Self::NoSecondFactor)
    }

    pub const fn is_level_two(self) -> bool {
        !matches!(self, Self::LevelOne | Self::Dead)
    }

    const fn has_totp(self) -> bool {
        matches!(self, Self::LevelTwo | Self::AnotherLevelTwo | Self::Locked | Self::CardExpired)
    }

    fn fits(self, record: &PersonRecord) -> bool {
        let age = record.birth.age_on(USUAL_DAY);
        is_ordinary(record)
            && match self {
                // Young enough that the last renewal was due at 25, old enough that it is past.
                Self::CardExpired => (27..38).contains(&age),
                Self::Dead => age >= 45,
                Self::NoSecondFactor => record.email.is_some(),
                _ => (20..60).contains(&age),
            }
    }

    /// Changes the record so that it plays its part.
    fn prepare(self, record: &mut PersonRecord) {
        match self {
            Self::CardExpired => {
                if let Some(card) = &mut record.card {
                    card.issued_on = record.birth.birthday(20);
                    card.kind = CardKind::issued_in(card.issued_on);
                    card.expiry = Expiry::by_law(record.birth, card.issued_on);
                }
            }
            Self::Dead => {
                record.vital = Vital::Dead(Some(USUAL_DAY.saturating_sub(Duration::days(200))));
                record.phone = None;
                record.email = None;
                // The registration of residence ends with death (Law on Residence Art 24).
                record.residences.clear();
                record.household = None;
                if let Some(card) = &mut record.card {
                    card.status = CardStatus::Void;
                }
            }
            _ => {}
        }
    }
}

/// Somebody whom nothing stands in the way of, for some years to come.
fn is_ordinary(record: &PersonRecord) -> bool {
    let (years_on, name) = (USUAL_DAY.saturating_add(Duration::days(4 * 365)), &record.name);
    record.vital == Vital::Alive
        && record.former_numbers.is_empty()
        && record.phone.is_some()
        && [name.family(), name.middle(), name.given()].iter().all(Option::is_some)
        && record.residences.iter().any(|home| home.kind == ResidenceKind::Permanent)
        && record.card.as_ref().is_some_and(|card| {
            card.status == CardStatus::Valid && card.expiry.includes(years_on) && card.issued_on < long_ago()
        })
}

/// Also on a machine whose clock is somewhat behind, no card is from the future.
fn long_ago() -> Date {
    USUAL_DAY.saturating_sub(Duration::days(365))
}

/// What somebody signs in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub password: Secret,
    pub totp: Option<SecretBytes>,
    pub recovery: Vec<Secret>,
}

/// One of the people with a part.
#[derive(Clone, Debug)]
pub struct Member {
    /// The place in the population, from 0.
    pub at: u64,
    pub part: Part,
    pub record: PersonRecord,
    pub credentials: Option<Credentials>,
}

/// Somebody who works at the console.
#[derive(Clone, Debug)]
pub struct Clerk {
    pub name: &'static str,
    pub display_name: &'static str,
    pub roles: &'static [Role],
    pub password: Secret,
    pub totp: SecretBytes,
}

/// Two of each who propose and decide, so that nobody is stuck when one is away; a third has both roles, and still decides
/// nothing of their own.
const CLERKS: [(&str, &str, &[Role]); 6] = [
    ("canbo.dangky", "Trần Thị Đăng Ký", &[Role::Registrar]),
    ("canbo.duyet", "Lê Văn Duyệt", &[Role::Approver]),
    ("canbo.dangky2", "Phạm Văn Ghi", &[Role::Registrar]),
    ("canbo.duyet2", "Đỗ Thị Xét", &[Role::Approver]),
    ("canbo.haivai", "Vũ Thị Hai Vai", &[Role::Registrar, Role::Approver]),
    ("canbo.kiemtra", "Bùi Văn Kiểm", &[Role::Auditor]),
];

#[derive(Clone, Debug)]
pub struct Cast {
    pub members: Vec<Member>,
    pub clerks: Vec<Clerk>,
}

/// Within so many people every part finds somebody.
const SEARCHED: u64 = 2_000;

impl Cast {
    /// The same for the same seed, whatever the size of the population.
    pub fn of_seed(seed: u64) -> Result<Self, Fault> {
        // A generator that repeats is what a seed asks for: these are people who never lived, in a record that says so.
        let dealt = Entropy::counted(seed ^ 0x6465_6d6f);
        let people: Vec<SyntheticPerson> = people(seed, SEARCHED)?.collect();
        let mut members: Vec<Member> = Vec::with_capacity(Part::ALL.len());
        for part in Part::ALL {
            let found = (0_u64..).zip(&people).find(|(at, person)| {
                person.edge.is_none()
                    && part.fits(&person.record)
                    && members.iter().all(|taken| !is_near(taken.at, *at))
            });
            let Some((at, person)) = found else {
                return Err(Fault::internal("the demo's people", format!("nobody can play {}", part.code())));
            };
            let mut record = person.record.clone();
            part.prepare(&mut record);
            let credentials = part.has_account().then(|| credentials(part, &dealt));
            members.push(Member { at, part, record, credentials });
        }
        let clerks = CLERKS
            .iter()
            .map(|(name, display_name, roles)| Clerk {
                name,
                display_name,
                roles,
                password: password(&dealt),
                totp: totp::generate_seed(&dealt),
            })
            .collect();
        Ok(Self { members, clerks })
    }
}

/// Kin of somebody with a part keep their own lives.
const fn is_near(one: u64, other: u64) -> bool {
    one.abs_diff(other) < 6
}

pub fn people(seed: u64, count: u64) -> Result<Synthetic, Fault> {
    Synthetic::new(Settings { seed, count, as_of: USUAL_DAY })
        .map_err(|error| Fault::internal("the synthetic population", error))
}

fn credentials(part: Part, dealt: &Entropy) -> Credentials {
    let totp = part.has_totp().then(|| totp::generate_seed(dealt));
    let recovery = match totp {
        Some(_) => (0..recovery::HOW_MANY).map(|_| recovery::generate(dealt)).collect(),
        None => Vec::new(),
    };
    Credentials { password: password(dealt), totp, recovery }
}

const WORDS: [&str; 32] = [
    "sen", "lua", "tre", "bien", "nui", "song", "may", "nang", "gio", "trang", "sao", "cau", "dua", "cam", "buoi",
    "mai", "dao", "cuc", "lan", "chim", "ca", "trau", "voi", "ngua", "thuyen", "cho", "pho", "banh", "che", "tra",
    "gom", "lua",
];

/// Four words and four digits: easy to type, and no common password.
fn password(dealt: &Entropy) -> Secret {
    let word = || usize::try_from(dealt.below(32)).ok().and_then(|at| WORDS.get(at)).copied().unwrap_or("sen");
    Secret::new(format!("{}-{}-{}-{}-{:04}", word(), word(), word(), word(), dealt.below(10_000)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::password_policy;

    #[test]
    fn every_seed_has_its_whole_cast_and_always_the_same() {
        for seed in 0..20 {
            let (one, again) = (Cast::of_seed(seed).unwrap(), Cast::of_seed(seed).unwrap());
            assert_eq!(one.members.len(), Part::ALL.len());
            for (member, same) in one.members.iter().zip(&again.members) {
                assert_eq!(member.record, same.record);
                let reveal = |member: &Member| {
                    member.credentials.as_ref().map(|own| {
                        let totp = own.totp.as_ref().map(|seed| seed.reveal().to_vec());
                        (own.password.reveal().to_owned(), totp, own.recovery.len())
                    })
                };
                assert_eq!(reveal(member), reveal(same));
            }
        }
        let number = |seed| Cast::of_seed(seed).unwrap().members[0].record.number;
        assert_ne!(number(1), number(2));
    }

    #[test]
    fn each_is_what_their_part_says() {
        let cast = Cast::of_seed(1).unwrap();
        for Member { part, record, credentials, .. } in &cast.members {
            assert_eq!(Part::parse(part.code()), Some(*part));
            assert_eq!(credentials.is_some(), part.has_account());
            let card = record.card.as_ref().unwrap();
            let good = card.is_valid_on(USUAL_DAY) && record.vital == Vital::Alive;
            assert_eq!(good, !matches!(part, Part::CardExpired | Part::Dead), "{}", part.code());
            if let Some(own) = credentials {
                let personal = [record.name.full(), record.number.as_str()];
                assert!(password_policy::check(&own.password, &personal).is_ok(), "{}", own.password.reveal());
                assert_eq!(own.recovery.is_empty(), own.totp.is_none());
            }
        }
        let filled = cast.members.iter().find(|member| member.part == Part::NoSecondFactor).unwrap();
        assert!(filled.record.email.is_some() && filled.record.phone.is_some());
    }

    #[test]
    fn the_cast_does_not_depend_on_how_many_there_are() {
        let at = |count| people(1, count).unwrap().map(|person| person.record.number).take(50).collect::<Vec<_>>();
        assert_eq!(at(50), at(5_000));
    }
}
