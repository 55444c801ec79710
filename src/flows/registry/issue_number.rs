//! A new personal number: the right prefix, sex and year, and a serial that chance gives and nobody has (Law on
//! Identification Art 12; Decree 137/2015 Art 13).

use thiserror::Error;

use crate::{
    base::{Entropy, Fault},
    registry::{PersonalNumber, Sex, number_prefix::Prefix},
    store::{Conn, numbers},
};

/// Why no number can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoNumber {
    #[error("numbers code the years 1900 to 2399, and a sex")]
    NotCoded,
    #[error("the prefix is in no table of provinces or countries")]
    Prefix,
    #[error("no free number was drawn: those of this prefix, sex and year are nearly used up")]
    UsedUp,
}

/// A million serials stand behind each prefix, sex and year: while a tenth is free this many draws miss once in a billion.
const MOST_DRAWS: usize = 200;

/// Draws until a number is free. Inside the transaction that stores it: there its key keeps it from being given twice.
pub async fn draw(
    conn: &mut Conn,
    (prefix, sex, birth_year): (u16, Sex, i32),
    entropy: &Entropy,
) -> Result<Result<PersonalNumber, NoNumber>, Fault> {
    if matches!(Prefix::of(prefix), Prefix::Unknown(_)) {
        return Ok(Err(NoNumber::Prefix));
    }
    for _ in 0..MOST_DRAWS {
        let Some(number) = PersonalNumber::compose(prefix, sex, birth_year, serial(entropy)) else {
            return Ok(Err(NoNumber::NotCoded));
        };
        if numbers::person_of(conn, &number).await?.is_none() {
            return Ok(Ok(number));
        }
    }
    Ok(Err(NoNumber::UsedUp))
}

/// 0 to 999,999, each as likely as the other: draws beyond the last whole million of a `u32` are drawn again.
fn serial(entropy: &Entropy) -> u32 {
    const WHOLE: u32 = u32::MAX - u32::MAX % 1_000_000;
    loop {
        let drawn = u32::from_le_bytes(entropy.bytes());
        if drawn < WHOLE {
            return drawn % 1_000_000;
        }
    }
}
