//! What a portal tells the person on the page after something happened.

use super::{
    refused::Refused,
    specs::text,
    words::{NOT_VERIFIED, Tone, Words},
};
use crate::{
    base::Timestamp,
    http::{frame::when, lang::Lang},
};

/// News for the browser's next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The provider's error response (RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6).
    Refused(Refused),
    /// The provider answered, and the answer cannot be used.
    Failed(Failure),
    /// Signed in, and UserInfo gave nothing.
    WithoutUserInfo(Failure),
    EndedElsewhere {
        at: Timestamp,
    },
    Expired,
    AnotherPerson,
    Refreshed,
}

/// Why an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Unreachable,
    /// The token endpoint's error code.
    TokenRefused(String),
    /// A check of the ID token or of what came with it, by its name.
    Untrusted(&'static str),
    /// The level proven is below the one that was asked for.
    LevelTooLow,
    EndedMeanwhile,
    /// UserInfo's status.
    UserInfo(u16),
}

impl Notice {
    pub(super) fn words(&self, lang: Lang) -> Words {
        match self {
            Self::Refused(refused) => refused.words(lang),
            Self::Failed(failure) => failure.words(lang),
            Self::WithoutUserInfo(failure) => {
                let mut words = Words::fixed(
                    lang,
                    Tone::News,
                    text(
                        "Bạn đã đăng nhập, nhưng chưa lấy được thông tin",
                        "You are signed in, but without your details",
                    ),
                    text(
                        "Định Danh chưa trả thông tin của bạn. Hãy bấm “Lấy lại thông tin” sau ít phút.",
                        "Định Danh has not given your details yet. Press “Get my details again” in a few minutes.",
                    ),
                );
                words.code = failure.words(lang).code;
                words
            }
            Self::EndedElsewhere { at } => ended_elsewhere(lang, *at),
            Self::Expired => Words::fixed(
                lang,
                Tone::News,
                text("Phiên đăng nhập đã hết hạn", "Your session has ended"),
                text(
                    "Phiên tự kết thúc sau 30 phút không dùng, hoặc sau 8 giờ. Hãy đăng nhập lại.",
                    "A session ends after 30 minutes without use, or after 8 hours. Please sign in again.",
                ),
            ),
            Self::AnotherPerson => Words::fixed(
                lang,
                Tone::News,
                text("Một người khác vừa đăng nhập", "Another person has signed in"),
                text(
                    "Trước đó trình duyệt này đăng nhập bằng tài khoản khác. Hãy kiểm tra họ tên bên dưới.",
                    "This browser was signed in with another account before. Please check the name below.",
                ),
            ),
            Self::Refreshed => Words::fixed(
                lang,
                Tone::Done,
                text("Đã lấy lại thông tin", "Details fetched again"),
                text("Thông tin bên dưới là mới nhất.", "The details below are the latest."),
            ),
        }
    }
}

fn ended_elsewhere(lang: Lang, at: Timestamp) -> Words {
    let at = when::time_and_day(lang, at);
    match lang {
        Lang::Vi => Words::new(
            Tone::News,
            "Bạn đã được đăng xuất",
            &format!(
                "Định Danh đã kết thúc phiên đăng nhập của bạn ở cổng này lúc {at}, vì bạn đã đăng xuất ở nơi khác hoặc tài khoản bị khóa."
            ),
        ),
        Lang::En => Words::new(
            Tone::News,
            "You have been signed out",
            &format!(
                "Định Danh ended your session at this portal at {at}, because you signed out somewhere else or the account was locked."
            ),
        ),
    }
}

impl Failure {
    pub(super) fn words(&self, lang: Lang) -> Words {
        let (title, body, code) = match self {
            Self::Unreachable => (
                text("Chưa liên lạc được với Định Danh", "Định Danh cannot be reached"),
                text(
                    "Chưa có gì bị thay đổi. Hãy thử lại sau ít phút.",
                    "Nothing was changed. Please try again in a few minutes.",
                ),
                "provider_unreachable".to_owned(),
            ),
            Self::TokenRefused(code) => (
                text("Lần đăng nhập này không hoàn tất", "This sign-in was not completed"),
                text(
                    "Định Danh không nhận yêu cầu của cổng; có thể lần đăng nhập đã quá lâu. Hãy thử lại; nếu vẫn gặp, hãy gửi mã bên dưới cho bộ phận hỗ trợ.",
                    "Định Danh did not accept the portal's request; it may have taken too long. Try again; if it happens again, send the code below to support.",
                ),
                code.clone(),
            ),
            Self::Untrusted(what) => (
                text("Cổng không kiểm chứng được câu trả lời", "The portal could not verify the answer"),
                NOT_VERIFIED,
                (*what).to_owned(),
            ),
            Self::LevelTooLow => (
                text("Mức độ xác thực chưa đủ", "The authentication level is too low"),
                text(
                    "Định Danh đã xác thực bạn, nhưng chưa đến mức mà dịch vụ cần. Dịch vụ chưa được mở.",
                    "Định Danh has authenticated you, but below the level that the service needs. The service was not opened.",
                ),
                "acr_too_low".to_owned(),
            ),
            Self::EndedMeanwhile => (
                text("Phiên đăng nhập vừa bị kết thúc", "The session has just been ended"),
                text(
                    "Bạn đã đăng xuất ở nơi khác trong lúc đang đăng nhập ở đây. Hãy đăng nhập lại.",
                    "You signed out somewhere else while signing in here. Please sign in again.",
                ),
                "session_ended".to_owned(),
            ),
            Self::UserInfo(401) => (
                text("Quyền lấy thông tin đã hết hạn", "The permission to fetch your details has ended"),
                text(
                    "Quyền này chỉ có giá trị ít phút. Hãy bấm “Đăng nhập tự động” để lấy quyền mới mà không phải nhập gì.",
                    "It lasts for a few minutes only. Press “Sign in silently” to get a new one without typing anything.",
                ),
                "userinfo_401".to_owned(),
            ),
            Self::UserInfo(status) => (
                text("Chưa lấy được thông tin", "Your details could not be fetched"),
                text("Hãy thử lại sau ít phút.", "Please try again in a few minutes."),
                format!("userinfo_{status}"),
            ),
        };
        Words::fixed(lang, Tone::Problem, title, body).code(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_speaks_both_languages() {
        let mut notices = vec![
            Notice::Expired,
            Notice::AnotherPerson,
            Notice::Refreshed,
            Notice::EndedElsewhere { at: Timestamp::from_secs(1_795_366_800) },
            Notice::WithoutUserInfo(Failure::UserInfo(500)),
        ];
        let failures = [
            Failure::Unreachable,
            Failure::TokenRefused("x".to_owned()),
            Failure::Untrusted("y"),
            Failure::LevelTooLow,
            Failure::EndedMeanwhile,
            Failure::UserInfo(401),
            Failure::UserInfo(500),
        ];
        notices.extend(failures.map(Notice::Failed));
        for notice in notices {
            let (vi, en) = (notice.words(Lang::Vi), notice.words(Lang::En));
            assert_ne!(vi.title, en.title);
            assert_ne!(vi.text, en.text);
            assert_eq!(vi.code, en.code);
        }
    }
}
