//! What a person has to change on a page: each problem knows its field and its words. Handlers name problems; pages show them.

use serde::{Deserialize, Serialize};

use super::Frame;
use crate::{
    base::{Timestamp, typed::NotSix},
    crypto::{
        password::MAX_CHARACTERS,
        password_policy::{MIN_CHARACTERS, Unsuitable},
    },
};

/// One thing to put right. The words say what to do; none says which of number and password was wrong.
///
/// Serialized only in the sealed cookie between a form and the page after it, which lives for minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    NumberMissing,
    /// Not 12 digits.
    NumberForm,
    PasswordMissing,
    /// Number or password: the same for a person who does not exist.
    SignInWrong,
    OperatorNameMissing,
    /// Name or password of an operator: the same for one who does not exist.
    OperatorSignInWrong,
    /// Too many wrong codes, or too long a wait: the password is asked again.
    OperatorStartAgain,
    /// The account or the network must wait.
    TooManyTries {
        minutes: u32,
    },
    /// Too many people are signing in at this moment; the page goes out with 503.
    Busy,
    /// The password of a signed-in person, asked again, was wrong.
    PasswordWrong,
    CodeMissing,
    /// Not 6 digits.
    CodeForm,
    CodeWrong,
    CodeExpired,
    /// Wrong codes: the account must wait.
    TooManyCodes {
        minutes: u32,
    },
    /// A further code may be asked for only later.
    CodeTooMany {
        minutes: u32,
    },
    RecoveryCodeMissing,
    RecoveryCodeWrong,
    NameMissing,
    BirthDateMissing,
    /// No such day, in the future, or a day without a month.
    BirthDateForm,
    CardDateMissing,
    CardDateForm,
    PhoneMissing,
    /// Not a Vietnamese mobile number.
    PhoneForm,
    NewPasswordMissing,
    NewPasswordShort {
        min: u32,
    },
    NewPasswordLong {
        max: u32,
    },
    /// On the list of passwords that are tried first.
    NewPasswordCommon,
    /// A short piece over and over, or one run along the keyboard.
    NewPasswordRepetitive,
    /// Holds the person's number, name, birth date or phone.
    NewPasswordPersonal,
    NewPasswordSame,
    /// The number of the other device.
    MatchMissing,
    MatchWrong,
    UserCodeMissing,
    /// Not eight letters of the alphabet.
    UserCodeForm,
    /// No device waits with it.
    UserCodeUnknown,
    UserCodeTooMany {
        minutes: u32,
    },
}

impl Problem {
    /// The `id` of the field that the summary links to.
    pub const fn field(self) -> &'static str {
        match self {
            Self::NumberMissing | Self::NumberForm | Self::OperatorNameMissing | Self::OperatorStartAgain => "username",
            Self::PasswordMissing
            | Self::SignInWrong
            | Self::OperatorSignInWrong
            | Self::TooManyTries { .. }
            | Self::Busy
            | Self::PasswordWrong => "password",
            Self::CodeMissing
            | Self::CodeForm
            | Self::CodeWrong
            | Self::CodeExpired
            | Self::TooManyCodes { .. }
            | Self::CodeTooMany { .. }
            | Self::RecoveryCodeMissing
            | Self::RecoveryCodeWrong => "code",
            Self::NameMissing => "name",
            Self::BirthDateMissing | Self::BirthDateForm => "birth_day",
            Self::CardDateMissing | Self::CardDateForm => "card_day",
            Self::PhoneMissing | Self::PhoneForm => "phone",
            Self::NewPasswordMissing
            | Self::NewPasswordShort { .. }
            | Self::NewPasswordLong { .. }
            | Self::NewPasswordCommon
            | Self::NewPasswordRepetitive
            | Self::NewPasswordPersonal
            | Self::NewPasswordSame => "new_password",
            Self::MatchMissing | Self::MatchWrong => "number",
            Self::UserCodeMissing | Self::UserCodeForm | Self::UserCodeUnknown | Self::UserCodeTooMany { .. } => {
                "user_code"
            }
        }
    }

    pub fn text(self, f: &Frame) -> String {
        match self {
            Self::NumberMissing => f.t("problem-number-missing").into_owned(),
            Self::NumberForm => f.t("problem-number-form").into_owned(),
            Self::OperatorNameMissing => f.t("problem-operator-name-missing").into_owned(),
            Self::OperatorSignInWrong => f.t("problem-operator-sign-in-wrong").into_owned(),
            Self::OperatorStartAgain => f.t("problem-operator-start-again").into_owned(),
            Self::PasswordMissing => f.t("problem-password-missing").into_owned(),
            Self::SignInWrong => f.t("problem-sign-in-wrong").into_owned(),
            Self::TooManyTries { minutes } | Self::TooManyCodes { minutes } | Self::UserCodeTooMany { minutes } => {
                f.t1("problem-too-many-tries", "minutes", minutes)
            }
            Self::Busy => f.t("problem-busy").into_owned(),
            Self::PasswordWrong => f.t("problem-password-wrong").into_owned(),
            Self::CodeMissing => f.t("problem-code-missing").into_owned(),
            Self::CodeForm => f.t("problem-code-form").into_owned(),
            Self::CodeWrong => f.t("problem-code-wrong").into_owned(),
            Self::CodeExpired => f.t("problem-code-expired").into_owned(),
            Self::CodeTooMany { minutes } => f.t1("problem-code-too-many", "minutes", minutes),
            Self::RecoveryCodeMissing => f.t("problem-recovery-code-missing").into_owned(),
            Self::RecoveryCodeWrong => f.t("problem-recovery-code-wrong").into_owned(),
            Self::NameMissing => f.t("problem-name-missing").into_owned(),
            Self::BirthDateMissing => f.t("problem-birth-date-missing").into_owned(),
            Self::BirthDateForm => f.t("problem-birth-date-form").into_owned(),
            Self::CardDateMissing => f.t("problem-card-date-missing").into_owned(),
            Self::CardDateForm => f.t("problem-card-date-form").into_owned(),
            Self::PhoneMissing => f.t("problem-phone-missing").into_owned(),
            Self::PhoneForm => f.t("problem-phone-form").into_owned(),
            Self::NewPasswordMissing => f.t("problem-new-password-missing").into_owned(),
            Self::NewPasswordShort { min } => f.t1("problem-new-password-short", "min", min),
            Self::NewPasswordLong { max } => f.t1("problem-new-password-long", "max", max),
            Self::NewPasswordCommon => f.t("problem-new-password-common").into_owned(),
            Self::NewPasswordRepetitive => f.t("problem-new-password-repetitive").into_owned(),
            Self::NewPasswordPersonal => f.t("problem-new-password-personal").into_owned(),
            Self::NewPasswordSame => f.t("problem-new-password-same").into_owned(),
            Self::MatchMissing => f.t("problem-match-missing").into_owned(),
            Self::MatchWrong => f.t("problem-match-wrong").into_owned(),
            Self::UserCodeMissing => f.t("problem-user-code-missing").into_owned(),
            Self::UserCodeForm => f.t("problem-user-code-form").into_owned(),
            Self::UserCodeUnknown => f.t("problem-user-code-unknown").into_owned(),
        }
    }
}

impl From<NotSix> for Problem {
    fn from(not_six: NotSix) -> Self {
        match not_six {
            NotSix::Nothing => Self::CodeMissing,
            NotSix::Other => Self::CodeForm,
        }
    }
}

impl From<Unsuitable> for Problem {
    fn from(unsuitable: Unsuitable) -> Self {
        match unsuitable {
            Unsuitable::TooShort => Self::NewPasswordShort { min: u32::try_from(MIN_CHARACTERS).unwrap_or(u32::MAX) },
            Unsuitable::TooLong => Self::NewPasswordLong { max: u32::try_from(MAX_CHARACTERS).unwrap_or(u32::MAX) },
            Unsuitable::Common => Self::NewPasswordCommon,
            Unsuitable::Repetitive => Self::NewPasswordRepetitive,
            Unsuitable::Personal => Self::NewPasswordPersonal,
        }
    }
}

/// Whole minutes to wait, rounded up, so that the person is never told to come too early.
pub fn minutes_until(until: Timestamp, now: Timestamp) -> u32 {
    let micros = until.since(now).as_micros();
    u32::try_from(micros.saturating_add(59_999_999).div_euclid(60_000_000).max(1)).unwrap_or(u32::MAX)
}

/// The problems of one page, in the order of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn none() -> Self {
        Self::default()
    }

    pub fn one(problem: Problem) -> Self {
        Self(vec![problem])
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Problem> + '_ {
        self.0.iter().copied()
    }

    /// The words to show beside a field.
    pub fn of(&self, f: &Frame, field: &str) -> Option<String> {
        self.iter().find(|problem| problem.field() == field).map(|problem| problem.text(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;

    #[test]
    fn minutes_are_rounded_up() {
        let now = Timestamp::from_secs(1_000);
        for (wait, minutes) in [(-5, 1), (0, 1), (59, 1), (60, 1), (61, 2), (900, 15), (86_400, 1_440)] {
            assert_eq!(minutes_until(now + Span::secs(wait), now), minutes, "{wait} s");
        }
    }

    #[test]
    fn a_page_finds_the_words_for_its_field() {
        let f = Frame::default();
        let problems = Problems(vec![Problem::NumberMissing, Unsuitable::TooShort.into()]);
        assert_eq!(problems.of(&f, "new_password").unwrap(), "Mật khẩu cần ít nhất 12 ký tự. Hãy thêm vài từ.");
        assert_eq!(problems.of(&f, "code"), None);
    }
}
