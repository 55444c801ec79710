//! What a portal tells the person after something happened, in plain words; codes only in small.

use super::{
    specs::{Service, Text},
    visits::Aim,
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

/// An error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) description: Option<String>,
    pub(super) aim: Aim,
    /// Whether the provider says that it offers the level which the service needs.
    pub(super) level_is_offered: bool,
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
    fn new(tone: Tone, title: &str, text: &str) -> Self {
        Self { tone, title: title.to_owned(), text: text.to_owned(), code: None, detail: None }
    }

    fn fixed(lang: Lang, tone: Tone, title: Text, text: Text) -> Self {
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

    fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

const fn text(vi: &'static str, en: &'static str) -> Text {
    Text { vi, en }
}

const NOT_VERIFIED: Text = text(
    "Vì an toàn của bạn, cổng chưa đăng nhập cho bạn và không giữ lại gì. Hãy thử đăng nhập lại; nếu vẫn gặp, hãy gửi mã bên dưới cho bộ phận hỗ trợ.",
    "For your safety the portal has not signed you in and has kept nothing. Try to sign in again; if it happens again, send the code below to support.",
);

impl Notice {
    pub(super) fn words(&self, lang: Lang) -> Words {
        match self {
            Self::Refused(refused) => refused.words(lang),
            Self::Failed(failure) => failure.words(lang),
            Self::WithoutUserInfo(failure) => {
                let mut words = Words::fixed(
                    lang,
                    Tone::News,
                    text("Bạn đã đăng nhập, nhưng chưa lấy được thông tin", "You are signed in, but without your details"),
                    text(
                        "Định Danh chưa trả thông tin của bạn. Hãy bấm “Lấy lại thông tin” sau ít phút.",
                        "Định Danh has not given your details yet. Press “Get my details again” in a few minutes.",
                    ),
                );
                words.code = failure.words(lang).code;
                words
            }
            Self::EndedElsewhere { at } => {
                let at = when::time_and_day(lang, *at);
                match lang {
                    Lang::Vi => Words::new(
                        Tone::News,
                        "Bạn đã được đăng xuất",
                        &format!(
                            "Định Danh đã kết thúc phiên đăng nhập của bạn ở cổng này lúc {at}, vì bạn đã đăng xuất ở nơi khác hoặc tài khoản được khóa."
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
            Self::Expired => Words::fixed(
                lang,
                Tone::News,
                text("Phiên đăng nhập đã hết hạn", "Your session has ended"),
                text(
                    "Bạn không dùng cổng này một lúc lâu nên phiên đã tự kết thúc. Hãy đăng nhập lại.",
                    "You did not use this portal for a while, so the session ended by itself. Please sign in again.",
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

impl Refused {
    fn words(&self, lang: Lang) -> Words {
        let words = match (self.code.as_str(), self.aim) {
            ("unmet_authentication_requirements", Aim::Service(service)) => self.unmet(service, lang),
            (code, _) => {
                let (tone, title, body) = refusal(code);
                Words::fixed(lang, tone, title, body)
            }
        };
        Words { detail: self.description.clone(), ..words.code(self.code.clone()) }
    }

    fn unmet(&self, service: &Service, lang: Lang) -> Words {
        let (level, name) = (service.level, service.name.on(lang));
        let title = match lang {
            Lang::Vi => format!("Chưa thể xác thực bạn ở mức độ xác thực {level}"),
            Lang::En => format!("You cannot be authenticated at authentication level {level} yet"),
        };
        let text = match (lang, self.level_is_offered) {
            (Lang::Vi, false) => format!(
                "Dịch vụ “{name}” cần mức độ xác thực {level}, mà Định Danh hiện chưa hỗ trợ mức này cho bất kỳ ai. Bạn không làm gì sai và không cần làm gì thêm. Các dịch vụ khác vẫn dùng được như thường."
            ),
            (Lang::En, false) => format!(
                "“{name}” needs authentication level {level}, which Định Danh does not offer to anybody yet. You did nothing wrong and need do nothing. The other services work as usual."
            ),
            (Lang::Vi, true) => format!(
                "Dịch vụ “{name}” cần mức độ xác thực {level}, mà bạn chưa có phương thức để đạt mức này. Hãy thêm một phương thức ở trang tài khoản Định Danh, rồi quay lại đây."
            ),
            (Lang::En, true) => format!(
                "“{name}” needs authentication level {level}, and you have no method for it yet. Add one on your Định Danh account page, then come back here."
            ),
        };
        Words::new(Tone::Problem, &title, &text)
    }
}

/// The other codes of the authorization endpoint.
fn refusal(code: &str) -> (Tone, Text, Text) {
    match code {
        "access_denied" => (
            Tone::News,
            text("Bạn chưa đăng nhập vào cổng này", "You are not signed in to this portal"),
            text(
                "Bạn đã không đồng ý chia sẻ thông tin, hoặc hiện không đăng nhập được bằng tài khoản này. Cổng không nhận được thông tin nào. Bạn có thể thử lại bất cứ lúc nào.",
                "You did not agree to share your information, or this account cannot be used to sign in now. The portal has received nothing. You can try again at any time.",
            ),
        ),
        "login_required" => (
            Tone::News,
            text("Bạn chưa đăng nhập ở Định Danh", "You are not signed in at Định Danh"),
            text(
                "Cổng đã hỏi Định Danh mà không làm phiền bạn, và được trả lời là chưa có phiên đăng nhập dùng được. Hãy bấm “Đăng nhập”.",
                "The portal asked Định Danh without disturbing you, and there is no session that it can use. Press “Sign in”.",
            ),
        ),
        "interaction_required" | "account_selection_required" => (
            Tone::News,
            text("Cần bạn làm thêm một bước", "One more step is yours to take"),
            text(
                "Bạn đã đăng nhập ở Định Danh, nhưng lần này Định Danh cần hỏi bạn thêm. Hãy bấm “Đăng nhập”.",
                "You are signed in at Định Danh, but this time it has to ask you something. Press “Sign in”.",
            ),
        ),
        "consent_required" => (
            Tone::News,
            text("Cần bạn đồng ý trước", "Your agreement is needed first"),
            text(
                "Bạn đã đăng nhập ở Định Danh, nhưng chưa đồng ý chia sẻ thông tin với cổng này. Hãy bấm “Đăng nhập” để xem và quyết định.",
                "You are signed in at Định Danh, but have not agreed to share information with this portal. Press “Sign in” to see it and decide.",
            ),
        ),
        "unmet_authentication_requirements" => (
            Tone::Problem,
            text("Chưa thể xác thực bạn ở mức được yêu cầu", "You cannot be authenticated at the level asked for"),
            text(
                "Bạn chưa có phương thức cho mức độ xác thực này.",
                "You have no method for this authentication level yet.",
            ),
        ),
        "server_error" | "temporarily_unavailable" => (
            Tone::Problem,
            text("Định Danh đang gặp trục trặc", "Định Danh has a problem"),
            text(
                "Chưa có gì bị thay đổi. Hãy thử lại sau ít phút.",
                "Nothing was changed. Please try again in a few minutes.",
            ),
        ),
        _ => (
            Tone::Problem,
            text("Cổng gửi yêu cầu chưa đúng", "The portal's request was not accepted"),
            text(
                "Lỗi ở phía cổng, không phải ở bạn. Hãy gửi mã bên dưới cho bộ phận hỗ trợ của cổng.",
                "The mistake is the portal's, not yours. Please send the code below to the portal's support.",
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
                    "Quyền này chỉ có giá trị ít phút. Hãy bấm “Đăng nhập thầm lặng” để lấy quyền mới mà không phải nhập gì.",
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
                text("Cổng chưa làm gì. Hãy bắt đầu lại từ trang đầu.", "Nothing was done. Please start again from the first page."),
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
    use crate::cli::demo::portal::specs::portals;

    fn refused(code: &str, aim: Aim, level_is_offered: bool) -> Notice {
        Notice::Refused(Refused { code: code.to_owned(), description: None, aim, level_is_offered })
    }

    #[test]
    fn an_unreachable_level_names_the_service_and_says_whose_turn_it_is() {
        let aim = Aim::Service(portals()[0].service("household").unwrap());
        for lang in Lang::ALL {
            let nobody = refused("unmet_authentication_requirements", aim, false).words(lang);
            let this_person = refused("unmet_authentication_requirements", aim, true).words(lang);
            assert!(nobody.title.contains('3') && nobody.text.contains(portals()[0].services[2].name.on(lang)));
            assert_ne!(nobody.text, this_person.text);
            assert_eq!(nobody.code.as_deref(), Some("unmet_authentication_requirements"));
        }
    }

    #[test]
    fn every_notice_speaks_both_languages() {
        let codes = ["access_denied", "login_required", "interaction_required", "consent_required", "server_error", "x"];
        let mut notices: Vec<_> = codes.iter().map(|code| refused(code, Aim::SignIn, true)).collect();
        notices.extend([
            Notice::Expired,
            Notice::AnotherPerson,
            Notice::Refreshed,
            Notice::EndedElsewhere { at: Timestamp::from_secs(1_795_366_800) },
            Notice::WithoutUserInfo(Failure::UserInfo(500)),
        ]);
        notices.extend(
            [Failure::Unreachable, Failure::LevelTooLow, Failure::EndedMeanwhile, Failure::UserInfo(401)].map(Notice::Failed),
        );
        for notice in notices {
            let (vi, en) = (notice.words(Lang::Vi), notice.words(Lang::En));
            assert_ne!(vi.title, en.title);
            assert_ne!(vi.text, en.text);
            assert_eq!(vi.code, en.code);
        }
    }

    #[test]
    fn text_from_outside_is_cut_and_cleaned() {
        assert_eq!(shown("a\u{202E}b\r\nc<d>", 5), "abc<d");
    }
}
