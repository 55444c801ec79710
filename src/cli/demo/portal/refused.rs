//! The provider's error responses (RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6) in plain words.

use super::{
    specs::{Service, Text, text},
    visits::Aim,
    words::{Tone, Words},
};
use crate::http::lang::Lang;

/// An error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) description: Option<String>,
    pub(super) aim: Aim,
    /// Whether the provider says that it offers the level which the service needs.
    pub(super) level_is_offered: bool,
}

impl Refused {
    pub(super) fn words(&self, lang: Lang) -> Words {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::portal::specs::portals;

    fn refused(code: &str, aim: Aim, level_is_offered: bool) -> Refused {
        Refused { code: code.to_owned(), description: None, aim, level_is_offered }
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
    fn every_code_speaks_both_languages() {
        for code in
            ["access_denied", "login_required", "interaction_required", "consent_required", "server_error", "another"]
        {
            let refused = refused(code, Aim::SignIn, true);
            let (vi, en) = (refused.words(Lang::Vi), refused.words(Lang::En));
            assert_ne!(vi.title, en.title);
            assert_ne!(vi.text, en.text);
            assert_eq!(vi.code, en.code);
        }
    }
}
