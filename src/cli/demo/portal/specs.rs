//! The three portals: who they are, what they offer, at which level, and how they register (RFC 7591).

use serde_json::{Value, json};
use url::Url;

use crate::http::lang::Lang;

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    pub vi: &'static str,
    pub en: &'static str,
}

impl Text {
    pub const fn on(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Vi => self.vi,
            Lang::En => self.en,
        }
    }
}

pub(super) const fn text(vi: &'static str, en: &'static str) -> Text {
    Text { vi, en }
}

/// One service of a portal.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// Its address: `/services/{key}`.
    pub key: &'static str,
    pub name: Text,
    pub about: Text,
    /// The authentication level that it asks for (Decree 69/2024 Art 20), 1 to 4.
    pub level: u8,
    pub why: Text,
    pub scopes: &'static [&'static str],
}

/// One portal, as its agency would describe it.
#[derive(Debug)]
pub struct PortalSpec {
    /// Short ASCII name: cookies and the demo's default `client_id` are named by it.
    pub key: &'static str,
    /// Its own host name, so that each portal is its own sector and its own site.
    pub host: &'static str,
    pub name: Text,
    pub agency: Text,
    /// Why it asks for data, as the consent page shows it.
    pub purpose: Text,
    pub legal_basis: &'static str,
    pub welcome: Text,
    pub services: [Service; 3],
    /// What makes it look like itself: a handful of colours and one shape.
    pub(super) accent: &'static str,
    pub(super) icon: &'static str,
}

impl PortalSpec {
    pub fn service(&self, key: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.key == key)
    }

    /// Every scope that some service asks for, in the order of first use.
    pub fn scopes(&self) -> Vec<&'static str> {
        let mut scopes = Vec::new();
        for scope in self.services.iter().flat_map(|service| service.scopes) {
            if !scopes.contains(scope) {
                scopes.push(*scope);
            }
        }
        scopes
    }

    /// Client metadata for a portal that is reached at `url` (RFC 7591 §2, OIDC Registration §2, RP-Initiated Logout §3.1,
    /// Back-Channel Logout §2.2, and the provider's extension members). Whoever registers it adds `client_id` and
    /// `client_secret`.
    pub fn registration(&self, url: &Url) -> Value {
        let origin = url.origin().ascii_serialization();
        json!({
            "client_name": self.name.vi,
            "client_name#vi": self.name.vi,
            "client_name#en": self.name.en,
            "client_uri": origin,
            "application_type": "web",
            "redirect_uris": [format!("{origin}/callback")],
            "post_logout_redirect_uris": [format!("{origin}/signed-out")],
            "backchannel_logout_uri": format!("{origin}/backchannel-logout"),
            "backchannel_logout_session_required": true,
            "initiate_login_uri": format!("{origin}/start"),
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "id_token_signed_response_alg": "ES256",
            "subject_type": "pairwise",
            "require_pkce": true,
            "scope": self.scopes().join(" "),
            "rp_class": "state",
            "agency": self.agency.vi,
            "purpose#vi": self.purpose.vi,
            "purpose#en": self.purpose.en,
            "legal_basis": self.legal_basis,
        })
    }
}

const WHY_TRACK: Text = text(
    "Chỉ xem tình trạng hồ sơ của chính bạn nên một yếu tố xác thực là đủ.",
    "It only shows the progress of your own dossiers, so one authentication factor is enough.",
);
const WHY_SUBMIT: Text = text(
    "Hồ sơ đã nộp có giá trị như đơn có chữ ký nên cần hai yếu tố: điều bạn biết và thứ bạn giữ.",
    "A submitted dossier counts like a signed form, so it takes two factors: something you know and something you hold.",
);
const WHY_HOUSEHOLD: Text = text(
    "Thông tin về cả hộ gia đình của bạn nên cần thêm xác thực bằng sinh trắc học.",
    "It is about everybody in your household, so biometric authentication is needed as well.",
);

const TRACK_SCOPES: &[&str] = &["openid", "profile"];
const HOUSEHOLD_SCOPES: &[&str] = &["openid", "profile", "vn_family"];

static PORTALS: [PortalSpec; 3] = [
    PortalSpec {
        key: "dvcqg",
        host: "dvcqg.localhost",
        name: text("Cổng Dịch vụ công quốc gia", "National Public Service Portal"),
        agency: text("Bộ Công an", "Ministry of Public Security"),
        purpose: text(
            "Xác định người nộp hồ sơ và điền sẵn tờ khai thủ tục hành chính",
            "To know who submits a dossier and to fill in the form beforehand",
        ),
        legal_basis: "Nghị định 69/2024/NĐ-CP; Nghị định 224/2026/NĐ-CP Điều 83",
        welcome: text("Một nơi cho mọi thủ tục hành chính.", "One place for every administrative procedure."),
        services: [
            Service {
                key: "track",
                name: text("Tra cứu hồ sơ đã nộp", "Track my dossiers"),
                about: text("Xem hồ sơ của bạn đang ở bước nào.", "See which step your dossiers have reached."),
                level: 1,
                why: WHY_TRACK,
                scopes: TRACK_SCOPES,
            },
            Service {
                key: "submit",
                name: text("Nộp hồ sơ cấp Phiếu lý lịch tư pháp", "Apply for a criminal record certificate"),
                about: text(
                    "Tờ khai được điền sẵn từ dữ liệu dân cư; bạn kiểm tra rồi gửi.",
                    "The form is filled in from the population registry; you check it and send it.",
                ),
                level: 2,
                why: WHY_SUBMIT,
                scopes: &["openid", "profile", "vn_id", "address", "phone"],
            },
            Service {
                key: "household",
                name: text("Xem thông tin hộ gia đình của tôi", "See my household record"),
                about: text(
                    "Các thành viên cùng hộ và quan hệ với chủ hộ.",
                    "Who lives in it and how they are related.",
                ),
                level: 3,
                why: WHY_HOUSEHOLD,
                scopes: HOUSEHOLD_SCOPES,
            },
        ],
        accent: include_str!("dvcqg.css"),
        icon: include_str!("dvcqg.svg"),
    },
    PortalSpec {
        key: "moh",
        host: "moh.localhost",
        name: text("Cổng thông tin Bộ Y tế", "Ministry of Health Portal"),
        agency: text("Bộ Y tế", "Ministry of Health"),
        purpose: text(
            "Xác định người hành nghề và người bệnh khi giải quyết thủ tục của ngành y tế",
            "To know practitioners and patients when handling health procedures",
        ),
        legal_basis: "Nghị định 69/2024/NĐ-CP; Nghị định 118/2025/NĐ-CP",
        welcome: text("Thủ tục của ngành y tế, làm ngay tại nhà.", "Health procedures, done from home."),
        services: [
            Service {
                key: "track",
                name: text("Tra cứu hồ sơ giấy phép hành nghề", "Track my practice licence"),
                about: text("Xem hồ sơ cấp phép của bạn đang ở bước nào.", "See which step your licence has reached."),
                level: 1,
                why: WHY_TRACK,
                scopes: TRACK_SCOPES,
            },
            Service {
                key: "submit",
                name: text("Nộp hồ sơ cấp giấy phép hành nghề", "Apply for a practice licence"),
                about: text(
                    "Nhân thân được điền sẵn; bạn chỉ bổ sung văn bằng.",
                    "Your personal data is filled in; you only add your diplomas.",
                ),
                level: 2,
                why: WHY_SUBMIT,
                scopes: &["openid", "profile", "vn_id", "address", "vn_birth"],
            },
            Service {
                key: "household",
                name: text("Xem bảo hiểm y tế của hộ gia đình tôi", "See my household's health insurance"),
                about: text("Thẻ bảo hiểm y tế của từng thành viên.", "The insurance card of every member."),
                level: 3,
                why: WHY_HOUSEHOLD,
                scopes: HOUSEHOLD_SCOPES,
            },
        ],
        accent: include_str!("moh.css"),
        icon: include_str!("moh.svg"),
    },
    PortalSpec {
        key: "motcua",
        host: "motcua.localhost",
        name: text("Một cửa điện tử tỉnh Ninh Bình", "Ninh Bình Province One-Stop Portal"),
        agency: text("Ủy ban nhân dân tỉnh Ninh Bình", "People's Committee of Ninh Bình Province"),
        purpose: text(
            "Tiếp nhận hồ sơ một cửa của người dân trong tỉnh và trả kết quả đúng người",
            "To take in one-stop dossiers of the province's residents and return results to the right person",
        ),
        legal_basis: "Nghị định 69/2024/NĐ-CP; Nghị định 118/2025/NĐ-CP",
        welcome: text("Gần dân, đúng hẹn.", "Close by and on time."),
        services: [
            Service {
                key: "track",
                name: text("Tra cứu hồ sơ một cửa", "Track my one-stop dossiers"),
                about: text("Xem ngày hẹn trả kết quả.", "See the day on which the result is due."),
                level: 1,
                why: WHY_TRACK,
                scopes: TRACK_SCOPES,
            },
            Service {
                key: "submit",
                name: text("Nộp hồ sơ xác nhận tình trạng hôn nhân", "Apply for a certificate of marital status"),
                about: text(
                    "Tờ khai được điền sẵn; kết quả gửi về nơi cư trú.",
                    "The form is filled in; the result is sent to where you live.",
                ),
                level: 2,
                why: WHY_SUBMIT,
                scopes: &["openid", "profile", "vn_id", "address", "vn_card", "vn_civil"],
            },
            Service {
                key: "household",
                name: text("Xem thông tin cư trú của hộ gia đình tôi", "See my household's residence record"),
                about: text("Những người đăng ký cư trú cùng bạn.", "The people registered at your address."),
                level: 3,
                why: WHY_HOUSEHOLD,
                scopes: HOUSEHOLD_SCOPES,
            },
        ],
        accent: include_str!("motcua.css"),
        icon: include_str!("motcua.svg"),
    },
];

/// The demo's portals, in the order in which the demo lists them.
pub fn portals() -> &'static [PortalSpec; 3] {
    &PORTALS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_portal_offers_the_three_levels_under_a_name_and_host_of_its_own() {
        for portal in portals() {
            assert_eq!(portal.services.each_ref().map(|service| service.level), [1, 2, 3], "{}", portal.key);
            assert!(portal.services.iter().all(|service| service.scopes.first() == Some(&"openid")));
            assert_eq!(portal.host, format!("{}.localhost", portal.key));
            assert_eq!(portal.service("submit").unwrap().level, 2);
            assert_eq!(portal.service("nothing"), None);
        }
        let distinct =
            |of: fn(&PortalSpec) -> &'static str| portals().iter().map(of).collect::<BTreeSet<_>>().len() == 3;
        assert!(distinct(|p| p.key) && distinct(|p| p.name.vi) && distinct(|p| p.name.en) && distinct(|p| p.accent));
    }

    #[test]
    fn a_registration_names_addresses_of_the_portal_and_no_scope_that_no_service_uses() {
        let [dvcqg, ..] = portals();
        insta::assert_json_snapshot!(dvcqg.registration(&Url::parse("http://dvcqg.localhost:8081/").unwrap()));
    }
}
