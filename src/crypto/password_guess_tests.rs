use std::collections::HashSet;

use super::*;

const LEAKED: &str = r"123456789012 | 1234567890123 | 111111111111 | 000000000000 | 123123123123 | 121212121212 | 112233445566
987654321098 | 147258369147 | 789456123789 | qwertyuiop12 | qwertyuiop123 | qwertyuiopas | qwerty123456
qwerty12345678 | asdfghjkl123 | asdfghjkl;'\ | zxcvbnm12345 | 1q2w3e4r5t6y | 1q2w3e4r5t6y7u | 1qaz2wsx3edc
qazwsxedcrfv | q1w2e3r4t5y6 | abcdefghijkl | abcdefgh1234 | abc123abc123 | a1b2c3d4e5f6 | aaaaaaaaaaaa
password1234 | password12345 | Password1234 | password2024 | Password2026! | passwordpassword | password!@#$
p@ssw0rd1234 | P@$$w0rd2023 | passw0rd1234 | password.123 | my password 1 | iloveyou1234 | iloveyou2020
iloveyouforever | iloveyousomuch | iloveyoubaby | ilovejesus12 | princess1234 | princess2010 | sunshine1234
sunshine2020 | football1234 | baseball2019 | superman1234 | welcome12345 | Welcome2024! | admin1234567
administrator | administrator1 | changeme1234 | letmein12345 | trustno1trustno1 | monkey123456 | dragon123456
dragondragon | michael12345 | jessica12345 | chocolate123 | butterfly123 | manchester12 | liverpool123
barcelona2011 | chelsea12345 | computer1234 | internet2000 | samsung12345 | starwars1977 | harrypotter1
spongebob123 | pokemon12345 | naruto123456 | minecraft123 | unbelievable | international
correcthorsebatterystaple | maytheforcebewithyou | supercalifragilistic | matkhau12345 | matkhau123456
MatKhau2024! | mật khẩu 123 | Mật khẩu 2026 | anhyeuem1234 | anhyeuem2020 | Anh yêu em 123 | emyeuanh1314
yeuemnhieu123 | anhyeuemnhieu | toiyeuvietnam | vietnamvodich | Vietnam12345 | vietnam2024! | saigon123456
hanoi1234567 | danang123456 | hochiminh123 | tphochiminh1 | nguyenvananh | nguyenthilan | tuananh12345
hoanganh1990 | xinchao12345 | giadinh12345 | hanhphuc2020 | congchua1234 | doraemon1234 | lienquan1234
vietcombank1 | vneid2024vneid | dinhdanh1234 | dichvucong12 | cancuoccongdan | phattai6868 | 686868686868
123456789abc | abc123456789 | a123456789a1 | woaini520131 | 5201314520131 | 02091945vietnam";

fn easy(text: &str) -> bool {
    is_easy(&plain(text), &[])
}

#[test]
fn the_list_of_passwords_is_sorted_and_long() {
    assert!(LISTED.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(LISTED.len() > 3_000, "{}", LISTED.len());
    for password in LISTED.iter().filter(|password| (12..=LONGEST_WORD).contains(&password.len())) {
        assert!(easy(password), "{password}");
    }
}

#[test]
fn the_list_is_in_the_form_that_is_looked_up() {
    assert!(WORDS.len() > 1_200, "{}", WORDS.len());
    for word in WORDS.keys() {
        let is_plain = word.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        assert!(word.len() >= 2 && is_plain, "{word:?}");
    }
}

/// Passwords of twelve characters and more as they stand in published leaks, and their Vietnamese kin.
#[test]
fn passwords_known_from_leaks_are_easy() {
    for password in LEAKED.lines().flat_map(|line| line.split(" | ")) {
        assert!(easy(password), "{password}: {}", guesses(&plain(password), &[]));
    }
}

/// What the rules refuse of what attackers try first: every word of the list of five letters and more, with the
/// commonest endings, where it has twelve characters.
#[test]
fn the_commonest_words_with_the_commonest_endings_are_easy() {
    const ENDINGS: [&str; 14] =
        ["", "1", "12", "123", "1234", "12345", "123456", "1234567", "!", "123!", "2024", "2025", "1990", "@123"];
    let mut refused = HashSet::new();
    for word in WORDS.keys().filter(|word| word.len() >= 5) {
        let word = std::str::from_utf8(word).unwrap();
        let doubled = format!("{word}{word}");
        for password in ENDINGS.iter().map(|ending| format!("{word}{ending}")).chain([doubled]) {
            if password.len() >= 12 {
                assert!(easy(&password), "{password}");
                refused.insert(password);
            }
        }
    }
    assert!(refused.len() > 6_000, "{}", refused.len());
}

#[test]
fn sentences_and_random_texts_are_not_easy() {
    for password in [
        "mùa thu Hà Nội 7 cây sấu",
        "con trâu đi trước cái cày theo sau",
        "vườn cam chín muộn",
        "thuyền ra cửa biển",
        "tôi ăn phở lúc 6 giờ sáng",
        "correct horse battery staples on mars",
        "xkq7-vmw2-hbt9",
        "Tr0ub4dor&3xy",
        "kZ8#pLq2!vRt",
        "purple tractor jumps quietly",
        "83027491635208",
        "gió mùa đông bắc về",
        "дом на высоком берегу",
    ] {
        assert!(!easy(password), "{password}: {}", guesses(&plain(password), &[]));
    }
}

#[test]
fn a_persons_own_words_are_worth_little() {
    let own = ["nguyễn", "khiêm", "bạch"].map(plain);
    assert!(!is_easy(&plain("bạchkhiêm-kwz"), &[]));
    assert!(is_easy(&plain("bạchkhiêm-kwz"), &own));
    assert!(is_easy(&plain("KhiemBach1987"), &own));
}

#[test]
fn plain_forms() {
    assert_eq!(plain("Đường-Phố 7_x.y"), b"duongpho7xy");
    assert_eq!(plain("mậT Khẩu"), b"matkhau");
    assert_eq!(plain("日本x"), [OTHER, OTHER, b'x']);
}

#[test]
fn the_longest_text_is_read_quickly() {
    let text = "qw1".repeat(42);
    let began = std::time::Instant::now();
    let _ = easy(&text);
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
}
