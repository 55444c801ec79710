//! The Basic scheme as OAuth uses it: base64 of two form-urlencoded halves (RFC 6749 §2.3.1, RFC 7617 §2, RFC 4648 §4).
//! Strict: what two readers could read differently is refused.

use super::bearer::scheme_and_rest;
use crate::base::Secret;

/// What is wrong with the header, in words for the client's developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BasicError {
    #[error("the Authorization header is not of the form: Basic credentials")]
    NotBasic,
    #[error("the credentials in the Authorization header are not base64 with padding")]
    NotBase64,
    #[error("the credentials in the Authorization header have no colon between client_id and secret")]
    NoColon,
    #[error("client_id and secret in the Authorization header must each be form-urlencoded first (RFC 6749 2.3.1)")]
    NotFormEncoded,
}

/// `Basic base64(urlencode(client_id) ":" urlencode(client_secret))` → (`client_id`, secret).
pub fn parse(header: &str) -> Result<(String, Secret), BasicError> {
    let (scheme, credentials) = scheme_and_rest(header).ok_or(BasicError::NotBasic)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(BasicError::NotBasic);
    }
    let bytes = base64(credentials.as_bytes()).ok_or(BasicError::NotBase64)?;
    let mut halves = bytes.splitn(2, |byte| *byte == b':');
    match (halves.next(), halves.next()) {
        (Some(id), Some(secret)) => {
            let id = form_decoded(id).ok_or(BasicError::NotFormEncoded)?;
            let secret = form_decoded(secret).ok_or(BasicError::NotFormEncoded)?;
            Ok((id, Secret::new(secret)))
        }
        _ => Err(BasicError::NoColon),
    }
}

/// Base64 with the standard alphabet, padding required, unused bits zero (RFC 4648 §3.5), nothing around it.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut quads = text.chunks(4).peekable();
    while let Some(quad) = quads.next() {
        let &[a, b, c, d] = quad else { return None };
        let padding = match (c, d) {
            (b'=', b'=') => 2,
            (_, b'=') => 1,
            _ => 0,
        };
        if padding > 0 && quads.peek().is_some() {
            return None;
        }
        let digit = |byte: u8, is_padding: bool| if is_padding { Some(0) } else { base64_digit(byte) };
        let word =
            digit(a, false)? << 18 | digit(b, false)? << 12 | digit(c, padding == 2)? << 6 | digit(d, padding > 0)?;
        let [_, first, second, third] = word.to_be_bytes();
        match padding {
            0 => bytes.extend([first, second, third]),
            1 if third == 0 => bytes.extend([first, second]),
            2 if second == 0 && third == 0 => bytes.push(first),
            _ => return None,
        }
    }
    Some(bytes)
}

fn base64_digit(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// RFC 6749 Appendix B, and Appendix A.1, A.2: after decoding only VSCHAR (%x20-7E).
fn form_decoded(half: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(half.len());
    let mut rest = half.iter().copied();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            plain => plain,
        };
        if !matches!(byte, 0x20..=0x7E) {
            return None;
        }
        text.push(char::from(byte));
    }
    Some(text)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(bytes: &[u8]) -> String {
        use base64::{Engine, prelude::BASE64_STANDARD};
        BASE64_STANDARD.encode(bytes)
    }

    fn read(credentials: &str) -> Result<(String, String), BasicError> {
        parse(&format!("Basic {}", encoded(credentials.as_bytes())))
            .map(|(id, secret)| (id, secret.reveal().to_owned()))
    }

    #[test]
    fn both_halves_are_form_decoded() {
        let table = [
            // RFC 6749 §2.3.1
            ("s6BhdRkqt3:7Fjfp0ZBr1KtDRbnfVdmIw", "s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw"),
            ("a%3Ab:c%3Ad", "a:b", "c:d"),
            ("a:b:c", "a", "b:c"),
            ("a+b:c+d%2B", "a b", "c d+"),
            ("a%2fB:%25%7e", "a/B", "%~"),
            ("a:", "a", ""),
            (":b", "", "b"),
        ];
        for (credentials, id, secret) in table {
            assert_eq!(read(credentials), Ok((id.to_owned(), secret.to_owned())), "{credentials}");
        }
        // RFC 9110 §11.1: the scheme is compared without regard to case; RFC 6749 §2.3.1 gives this very header.
        let (id, _) = parse("bASIC czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3").unwrap();
        assert_eq!(id, "s6BhdRkqt3");
    }

    #[test]
    fn broken_halves_are_refused() {
        for credentials in ["a%:b", "a:%2", "a:%zz", "a:%+1", "a%00b:c", "a:\n", "cổng:b", "a:%E1%BB%95", "a:%7F"] {
            assert_eq!(read(credentials), Err(BasicError::NotFormEncoded), "{credentials:?}");
        }
        assert_eq!(read("nocolon"), Err(BasicError::NoColon));
        assert_eq!(read("a%3Ab"), Err(BasicError::NoColon));
    }

    #[test]
    fn the_header_is_read_strictly() {
        let table = [
            ("", BasicError::NotBasic),
            ("Basic", BasicError::NotBasic),
            ("Basic ", BasicError::NotBasic),
            ("Basic\tYTpi", BasicError::NotBasic),
            (" Basic YTpi", BasicError::NotBasic),
            ("BasicYTpi", BasicError::NotBasic),
            ("Bearer YTpi", BasicError::NotBasic),
            ("Basic YTpi ", BasicError::NotBase64),
            ("Basic YTpi,", BasicError::NotBase64),
            ("Basic YTpi, Basic YTpi", BasicError::NotBase64),
            ("Basic YTp", BasicError::NotBase64),
            ("Basic YTo", BasicError::NotBase64),
            ("Basic YT==YTpi", BasicError::NotBase64),
            ("Basic YTo=YTpi", BasicError::NotBase64),
            ("Basic YTp=", BasicError::NotBase64),
            ("Basic YR==", BasicError::NotBase64),
            ("Basic Y===", BasicError::NotBase64),
            ("Basic ====", BasicError::NotBase64),
            ("Basic YT=i", BasicError::NotBase64),
            ("Basic YT-_", BasicError::NotBase64),
            ("Basic \u{1ef5}Tpi", BasicError::NotBase64),
        ];
        for (header, expected) in table {
            assert_eq!(parse(header).expect_err(header), expected, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_second_decoder(text in "[A-Za-z0-9+/=]{0,24}") {
            use base64::{Engine, prelude::BASE64_STANDARD};
            prop_assert_eq!(base64(text.as_bytes()), BASE64_STANDARD.decode(&text).ok());
        }

        #[test]
        fn what_a_client_encodes_is_read(id in "[ -~]{1,20}", secret in "[ -~]{0,40}") {
            let half = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            prop_assert_eq!(read(&format!("{}:{}", half(&id), half(&secret))), Ok((id, secret)));
        }

        #[test]
        fn never_panics(header in any::<String>()) {
            let _ = parse(&header);
            let _ = parse(&format!("Basic {header}"));
        }
    }
}
