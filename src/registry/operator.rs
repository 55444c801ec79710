//! Those who work on the record: what each may do, and for which part of the country.

use std::collections::BTreeSet;

use time::Date;

use super::admin_unit;

/// What an operator may do. One operator may have several; nobody decides what they proposed, whatever their roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Proposes changes of the record (cán bộ đăng ký).
    Registrar,
    /// Decides what another proposed (người phê duyệt).
    Approver,
    /// Reads who did what, and changes nothing.
    Auditor,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Registrar, Self::Approver, Self::Auditor];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Registrar => "registrar",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// The name that an operator signs in with: `canbo.dangky`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperatorName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operator's name is 3 to 64 of a-z, 0-9, `.`, `-` and `_`, and begins with a letter")]
pub struct BadOperatorName;

impl OperatorName {
    /// Capitals are taken for small letters, so that one name has one account and one failure counter.
    pub fn parse(typed: &str) -> Result<Self, BadOperatorName> {
        let name = typed.trim().to_ascii_lowercase();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        if (3..=64).contains(&name.len()) && begins && name.bytes().all(fits) {
            Ok(Self(name))
        } else {
            Err(BadOperatorName)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Roles, and the administrative unit they hold in; without one, the whole country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub roles: BTreeSet<Role>,
    pub unit: Option<String>,
}

impl Post {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether a commune or province (its code on a day) lies within the operator's unit.
    pub fn reaches(&self, code: &str, day: Date) -> bool {
        let Some(own) = self.unit.as_deref() else { return true };
        let found = admin_unit::on(code, day).or_else(|| admin_unit::latest(code));
        own == code || found.and_then(|unit| unit.province) == Some(own)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.code()), Some(role));
        }
        assert_eq!(Role::parse("Registrar"), None);
    }

    #[test]
    fn a_name_has_one_form() {
        assert_eq!(OperatorName::parse(" Canbo.DangKy ").unwrap().as_str(), "canbo.dangky");
        for bad in ["", "ab", "1ab", "cán.bộ", "a b c", "a/b", "a:b", &"a".repeat(65)] {
            assert_eq!(OperatorName::parse(bad), Err(BadOperatorName), "{bad}");
        }
    }

    #[test]
    fn a_post_reaches_its_unit_and_what_lies_within() {
        let day = date!(2026 - 11 - 22);
        let post = |unit: Option<&str>| Post { roles: BTreeSet::new(), unit: unit.map(str::to_owned) };
        // Phường Ba Đình lies in Hà Nội.
        for (unit, code, reached) in [
            (None, "00004", true),
            (None, "no such unit", true),
            (Some("01"), "01", true),
            (Some("01"), "00004", true),
            (Some("79"), "00004", false),
            (Some("00004"), "00004", true),
            (Some("00004"), "01", false),
            (Some("00004"), "00008", false),
            (Some("01"), "no such unit", false),
        ] {
            assert_eq!(post(unit).reaches(code, day), reached, "{unit:?} {code}");
        }
    }
}
