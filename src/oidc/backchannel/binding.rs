//! `binding_message`: what stands on both devices, so that the person knows that the one is about the other (CIBA Core §7.1).

use serde::{Deserialize, Serialize};

use crate::{
    base::typed::plain_digits,
    oidc::error::{OAuthError, OAuthErrorCode},
};

const LONGEST: usize = 64;
/// A number of so many digits is what the person types; shorter is guessed, longer is mistyped.
const DIGITS: std::ops::RangeInclusive<usize> = 2..=8;

/// Short, plain, and without anything that changes how its surroundings are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BindingMessage(String);

impl BindingMessage {
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let plain = |c: char| c.is_alphanumeric() || " .,:;/#()+-_&*".contains(c);
        if text.trim().is_empty() || text.chars().count() > LONGEST || !text.chars().all(plain) {
            return Err(OAuthError::new(
                OAuthErrorCode::InvalidBindingMessage,
                "binding_message must have 1 to 64 letters, digits and plain punctuation (CIBA Core section 7.1)",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    /// The number in it that the person reads at the other device and types here: the last one of a length to be typed. A
    /// message without any is compared by eye.
    pub fn number(&self) -> Option<&str> {
        self.span().and_then(|(from, to)| self.0.get(from..to))
    }

    /// The message with dots in the place of the number: who does not see the other device cannot answer.
    pub fn without_number(&self) -> String {
        let Some((from, to)) = self.span() else { return self.0.clone() };
        let (before, after) = (self.0.get(..from).unwrap_or_default(), self.0.get(to..).unwrap_or_default());
        format!("{before}{}{after}", "•".repeat(to - from))
    }

    /// Whether this is the number, however it was typed. One without a number matches nothing.
    pub fn matches(&self, typed: &str) -> bool {
        self.number().is_some_and(|number| number == plain_digits(typed))
    }

    fn span(&self) -> Option<(usize, usize)> {
        let mut found = None;
        let mut run: Option<usize> = None;
        for (at, c) in self.0.char_indices().chain([(self.0.len(), ' ')]) {
            match (c.is_ascii_digit(), run) {
                (true, None) => run = Some(at),
                (false, Some(from)) => {
                    if DIGITS.contains(&(at - from)) {
                        found = Some((from, at));
                    }
                    run = None;
                }
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_texts_pass_and_others_are_named() {
        for good in ["4711", "W4SCT", "Giao dịch 4711", "Hồ sơ 000.12.34/2026 (3)", "a"] {
            assert_eq!(BindingMessage::parse(good).unwrap().text(), good);
        }
        for bad in ["", "  ", "a\nb", "<b>4</b>", "say \"yes\"", "x\u{202e}y", "🙂", &"a".repeat(65)] {
            assert_eq!(BindingMessage::parse(bad).unwrap_err().code, OAuthErrorCode::InvalidBindingMessage, "{bad}");
        }
    }

    #[test]
    fn the_last_number_of_a_length_to_be_typed_is_asked_for() {
        for (text, number, shown) in [
            ("4711", Some("4711"), "••••"),
            ("Giao dịch 4711", Some("4711"), "Giao dịch ••••"),
            ("12 và 34", Some("34"), "12 và ••"),
            ("phòng 7, mã 82 ở tầng 3", Some("82"), "phòng 7, mã •• ở tầng 3"),
            ("W4SCT", None, "W4SCT"),
            ("123456789", None, "123456789"),
            ("số ٤٢", None, "số ٤٢"),
        ] {
            let message = BindingMessage::parse(text).unwrap();
            assert_eq!((message.number(), message.without_number().as_str()), (number, shown), "{text}");
        }
        let message = BindingMessage::parse("mã 4711").unwrap();
        assert!(message.matches(" 47 11 ") && message.matches("４７１１"));
        for wrong in ["", "4712", "471", "47110", "mã 4711", "٤٧١١"] {
            assert!(!message.matches(wrong), "{wrong}");
        }
        assert!(!BindingMessage::parse("W4SCT").unwrap().matches(""));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_the_number_is_never_shown(text in "[0-9a-zệ .]{0,20}", typed in any::<String>()) {
            if let Ok(message) = BindingMessage::parse(&text) {
                message.matches(&typed);
                prop_assert_eq!(message.without_number().chars().count(), text.chars().count());
                if let Some(number) = message.number() {
                    prop_assert!(message.matches(number));
                }
            }
        }
    }
}
