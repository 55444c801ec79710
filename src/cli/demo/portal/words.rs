//! Plain words for what happened; codes only in small.

use super::specs::{Text, text};
use crate::http::lang::Lang;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Problem,
    News,
    Done,
}

impl Tone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::News => "news",
            Self::Done => "done",
        }
    }
}

/// A notice as the page shows it.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) tone: Tone,
    pub(super) title: String,
    pub(super) text: String,
    /// For the support desk.
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
}

impl Words {
    pub(super) fn new(tone: Tone, title: &str, text: &str) -> Self {
        Self { tone, title: title.to_owned(), text: text.to_owned(), code: None, detail: None }
    }

    pub(super) fn fixed(lang: Lang, tone: Tone, title: Text, text: Text) -> Self {
        Self::new(tone, title.on(lang), text.on(lang))
    }

    pub(super) fn not_found(lang: Lang) -> Self {
        Self::fixed(
            lang,
            Tone::Problem,
            text("Không có trang này", "There is no such page"),
            text("Hãy kiểm tra địa chỉ, hoặc về trang đầu.", "Check the address, or go to the first page."),
        )
    }

    pub(super) fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

pub(super) const NOT_VERIFIED: Text = text(
    "Vì an toàn của bạn, cổng chưa đăng nhập cho bạn và không giữ lại gì. Hãy thử đăng nhập lại; nếu vẫn gặp, hãy gửi mã bên dưới cho bộ phận hỗ trợ.",
    "For your safety the portal has not signed you in and has kept nothing. Try to sign in again; if it happens again, send the code below to support.",
);

/// A request that did not come from a sign-in of this browser, or not from the provider: shown at once, nothing is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    Malformed,
    UnknownAttempt,
    WrongIssuer,
    OtherSite,
    Full,
}

impl Rejected {
    pub(super) fn words(self, lang: Lang) -> Words {
        let (title, body, code) = match self {
            Self::Malformed => (
                text("Địa chỉ này không đúng", "This address is not right"),
                text("Hãy bắt đầu lại từ trang đầu.", "Please start again from the first page."),
                "callback_malformed",
            ),
            Self::UnknownAttempt => (
                text("Lần đăng nhập này không bắt đầu từ đây", "This sign-in did not begin here"),
                text(
                    "Trình duyệt này không bắt đầu lần đăng nhập đó, hoặc đã quá 30 phút, hoặc nó đã dùng rồi. Cổng không giữ lại gì. Hãy bắt đầu lại từ trang đầu.",
                    "This browser did not begin that sign-in, or it was more than 30 minutes ago, or it has been used. The portal has kept nothing. Please start again from the first page.",
                ),
                "state_unknown",
            ),
            Self::WrongIssuer => (
                text("Câu trả lời không đến từ Định Danh", "The answer did not come from Định Danh"),
                NOT_VERIFIED,
                "iss_mismatch",
            ),
            Self::OtherSite => (
                text("Yêu cầu đến từ một trang khác", "The request came from another site"),
                text(
                    "Cổng chưa làm gì. Hãy bắt đầu lại từ trang đầu.",
                    "Nothing was done. Please start again from the first page.",
                ),
                "cross_site",
            ),
            Self::Full => (
                text("Cổng đang quá đông", "The portal is too busy"),
                text("Hãy thử lại sau ít phút.", "Please try again in a few minutes."),
                "busy",
            ),
        };
        Words::fixed(lang, Tone::Problem, title, body).code(code)
    }
}

/// A text from outside as a code or sentence to show: printable ASCII (RFC 6749 §4.1.2.1 allows no other), and not long.
pub(super) fn shown(text: &str, at_most: usize) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~')).take(at_most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_cut_and_cleaned() {
        assert_eq!(shown("a\u{202E}b\r\nc<d>", 5), "abc<d");
    }
}
