//! What the helper page shows.

use crate::{
    base::{SecretBytes, Timestamp},
    cli::demo::{
        cast::Part,
        console_sms::Received,
        file::{Citizen, DemoFile, Operator, PortalEntry, Registrable},
    },
    crypto::totp,
    http::{
        frame::{Frame, page},
        lang::Lang,
    },
};

pub(super) struct GuidePage<'a> {
    file: &'a DemoFile,
    messages: Vec<Received>,
    now: Timestamp,
}

/// What the template reads; owned, so that a page outlives nothing.
pub(super) struct Shown {
    portals: Vec<PortalEntry>,
    messages: Vec<Received>,
    citizens: Vec<Person>,
    refused: Vec<Person>,
    registrable: Vec<Registrable>,
    operators: Vec<Clerk>,
    /// Seconds for which the one-time codes are still the current ones.
    seconds: i64,
}
page!(Shown, GuideDocument, "guide/guide.html");

struct Person {
    entry: Citizen,
    part: [&'static str; 2],
    code: Option<String>,
}

struct Clerk {
    entry: Operator,
    code: Option<String>,
}

impl<'a> GuidePage<'a> {
    pub(super) const fn of(file: &'a DemoFile, messages: Vec<Received>, now: Timestamp) -> Self {
        Self { file, messages, now }
    }

    pub(super) fn render(self, frame: &Frame) -> crate::http::frame::Html {
        let (file, now) = (self.file, self.now);
        let person = |entry: &Citizen| Person {
            part: Part::parse(&entry.part).map_or(["", ""], Part::told),
            code: entry.totp_secret.as_deref().and_then(|seed| code(seed, now)),
            entry: entry.clone(),
        };
        let clerk = |entry: &Operator| Clerk { code: code(&entry.totp_secret, now), entry: entry.clone() };
        let shown = Shown {
            portals: file.portals.clone(),
            messages: self.messages,
            citizens: file.citizens.iter().map(person).collect(),
            refused: file.refused.iter().map(person).collect(),
            registrable: file.registrable.clone(),
            operators: file.operators.iter().map(clerk).collect(),
            seconds: 30 - now.secs().rem_euclid(30),
        };
        shown.render(frame)
    }
}

impl Shown {
    /// Both texts stand where they are used.
    #[expect(clippy::unused_self, reason = "templates call what stands on their page")]
    fn t(&self, f: &Frame, vi: &'static str, en: &'static str) -> &'static str {
        match f.lang() {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    fn portal(&self, at: usize) -> Option<&PortalEntry> {
        self.portals.get(at)
    }

    fn first(&self) -> Option<&Person> {
        self.citizens.first()
    }
}

fn code(base32: &str, now: Timestamp) -> Option<String> {
    let seed = SecretBytes::new(unbase32(base32)?);
    Some(totp::code_at(&seed, now).reveal().to_owned())
}

/// RFC 4648 §6, as [`totp::base32`] writes it.
fn unbase32(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::with_capacity(text.len() * 5 / 8));
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xFF).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_comes_back_from_its_text() {
        for length in [0, 1, 5, 19, 20, 32] {
            let bytes: Vec<u8> = (0..length).map(|at: u8| at.wrapping_mul(37).wrapping_add(11)).collect();
            assert_eq!(unbase32(&totp::base32(&bytes)), Some(bytes));
        }
        assert_eq!(unbase32("a1"), None);
    }
}
