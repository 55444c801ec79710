//! Which passwords may be chosen (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 6.2): twelve characters or more, none that is
//! easily guessed or says what anybody can know of the person, and no rules of composition: a long plain sentence is
//! welcome.

use zeroize::Zeroizing;

use super::{
    password::{MAX_BYTES, MAX_CHARACTERS, normal_form},
    password_guess::{OTHER, is_easy, is_run, plain, squeezed},
};
use crate::base::Secret;

pub const MIN_CHARACTERS: usize = 12;

/// Why a password may not be chosen; the page says it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsuitable {
    TooShort,
    TooLong,
    /// Among the passwords that are tried first everywhere, or made of such pieces.
    Common,
    /// A short piece over and over, or one run along the keyboard or alphabet.
    Repetitive,
    /// Contains the person's own number, telephone number, name or birth date.
    Personal,
}

/// `personal`: what others may know of the person, each as it is registered: number, telephone number, name, birth date
/// (`YYYY-MM-DD`; looked for in all the ways in which people write it).
pub fn check(password: &Secret, personal: &[&str]) -> Result<(), Unsuitable> {
    let text = password.reveal();
    if text.len() > MAX_BYTES || text.chars().count() > MAX_CHARACTERS {
        return Err(Unsuitable::TooLong);
    }
    let text = normal_form(text);
    if text.chars().count() < MIN_CHARACTERS {
        return Err(Unsuitable::TooShort);
    }
    let plain = Zeroizing::new(plain(&text));
    if personal.iter().any(|known| holds(&plain, known)) {
        return Err(Unsuitable::Personal);
    }
    let characters: Zeroizing<Vec<char>> = Zeroizing::new(squeezed(&text).collect());
    if is_run(&plain) || is_repetitive(&characters) {
        return Err(Unsuitable::Repetitive);
    }
    if is_easy(&plain, &own_words(personal)) {
        return Err(Unsuitable::Common);
    }
    Ok(())
}

/// Whether what is known of the person stands in the password, in any of its spellings.
fn holds(plain_password: &[u8], known: &str) -> bool {
    let contains = |part: &[u8]| {
        part.len() >= 6 && !part.contains(&OTHER) && plain_password.windows(part.len()).any(|window| window == part)
    };
    if let Some(dates) = spelled_dates(known) {
        return dates.iter().any(|date| contains(date.as_bytes()));
    }
    let known = plain(known);
    // A telephone number is the same with 0 and with +84 before its last nine digits.
    let digits = known.strip_prefix(b"+").unwrap_or(&known);
    let subscriber = (matches!(digits.len(), 10 | 11) && digits.iter().all(u8::is_ascii_digit))
        .then(|| digits.split_at_checked(digits.len() - 9))
        .flatten();
    contains(&known) || subscriber.is_some_and(|(_, subscriber)| contains(subscriber))
}

/// The spellings of a date `YYYY-MM-DD`, without what stands between; `None` for another text.
fn spelled_dates(text: &str) -> Option<[String; 6]> {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().ok());
    let (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let short = year % 100;
    Some([
        format!("{day:02}{month:02}{year:04}"),
        format!("{month:02}{day:02}{year:04}"),
        format!("{year:04}{month:02}{day:02}"),
        format!("{day}{month}{year:04}"),
        format!("{day:02}{month:02}{short:02}"),
        format!("{short:02}{month:02}{day:02}"),
    ])
}

/// Words that cost a guesser who knows the person next to nothing: parts of the name, the year of birth.
fn own_words(personal: &[&str]) -> Vec<Vec<u8>> {
    let words = personal.iter().flat_map(|known| known.split(|c: char| c.is_whitespace() || c == '-'));
    words.map(plain).filter(|word| word.len() >= 2 && !word.contains(&OTHER)).collect()
}

/// One piece over and over, up to a tail of a few characters.
fn is_repetitive(text: &[char]) -> bool {
    const TAIL: usize = 3;
    (1..=text.len() / 2).any(|period| {
        let same = text.iter().zip(text.iter().skip(period)).take_while(|(a, b)| a == b).count();
        same >= period && period + same + TAIL >= text.len()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERSON: [&str; 4] = ["999187012345", "+84 901 234 567", "Bạch Thị Khiêm", "1987-03-05"];

    fn verdict(text: &str) -> Result<(), Unsuitable> {
        check(&Secret::new(text), &PERSON)
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(verdict("thuyền ra c"), Err(Unsuitable::TooShort));
        assert_eq!(verdict(""), Err(Unsuitable::TooShort));
        assert_eq!(verdict("thuyền ra cử"), Ok(()));
        let long: String = "vườn cam chín muộn, thuyền ra cửa biển, đèn lồng phố cổ xưa, gió mùa đông bắc về, "
            .chars()
            .chain("trăng lên đỉnh núi xanh biếc một chiều thu vắng".chars())
            .take(128)
            .collect();
        assert_eq!(long.chars().count(), 128);
        assert_eq!(verdict(&long), Ok(()));
        assert_eq!(verdict(&format!("{long}x")), Err(Unsuitable::TooLong));
        assert_eq!(verdict(&"😀".repeat(128)), Err(Unsuitable::Repetitive), "512 bytes are read");
        assert_eq!(verdict(&"ữ".repeat(171)), Err(Unsuitable::TooLong));
    }

    #[test]
    fn sentences_are_welcome_and_no_kind_of_character_is_demanded() {
        for good in [
            "mèo nhà tôi thích cá kho",
            "con sông quê 4 mùa",
            "Tr0ng-vườn-có-3-cây",
            "xkcd horse staple battery",
            "con trâu đi trước",
            "xkqpvmwzhbtr",
            "XKQPVMWZHBTR",
            "83027491635208",
            "дом у реки тихой",
        ] {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_known_of_the_person_is_refused_however_it_is_written() {
        for text in [
            "999187012345",
            "xin 999-187-012-345",
            "999.187.012345 nhé",
            "goi so 0901234567",
            "+84901234567 ok!",
            "0901 234 567 alo",
            "sinh ngày 05/03/1987",
            "1987-03-05 kwzq",
            "5/3/1987 tôi ra đời",
            "050387 kwzqpxv",
            "870305 kwzqpxv",
            "bạch thị khiêm kwzq",
            "BachThiKhiem#kwz",
        ] {
            assert_eq!(verdict(text), Err(Unsuitable::Personal), "{text}");
            assert_ne!(check(&Secret::new(text), &[]), Err(Unsuitable::Personal), "{text}");
        }
        assert_eq!(verdict("Khiêm Bạch 1987"), Err(Unsuitable::Common), "its words in another order");
        let foreign = check(&Secret::new("горный воздух утром"), &["Владимиров"]);
        assert_eq!(foreign, Ok(()), "a name in another script refuses only itself");
    }

    #[test]
    fn repetitions_and_rows_of_keys_are_refused() {
        for text in [
            "aaaaaaaaaaaa",
            "abcabcabcabcabc",
            "kwz!kwz!kwz!",
            "kwzqpxkwzqpx1",
            "12345678901234",
            "987654321098",
            "qwertyuiopoiuytrewq",
            "abcdefghijklmn",
            "- - - - - - -",
        ] {
            assert_eq!(verdict(text), Err(Unsuitable::Repetitive), "{text}");
        }
        // Spaces at the ends are none of it.
        for text in ["            ", "  kwzqpxv mưa  "] {
            assert_eq!(verdict(text), Err(Unsuitable::TooShort), "{text}");
        }
    }

    #[test]
    fn what_everybody_tries_is_refused() {
        for text in [
            "password1234!",
            "Mật khẩu 123456",
            "Mật khẩu 2026!",
            "emyeuanhnhieulam",
            "anhyeuem1314520",
            "qwerty123456",
            "P@ssw0rd!2025",
            "iloveyou12345",
        ] {
            assert_eq!(verdict(text), Err(Unsuitable::Common), "{text}");
        }
    }

    proptest! {
        #[test]
        fn checking_never_panics(text in "\\PC{0,140}", known in "\\PC{0,15}", date in "[0-9-]{0,12}") {
            let _verdict = check(&Secret::new(text), &[&known, &date]);
        }
    }
}
