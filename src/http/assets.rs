//! Style, scripts and the icon: compiled in, served under a name that changes with their content.

use axum::{
    Router,
    extract::{Path, rejection::PathRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::paths;

/// What a page links to. Anything else under `/assets/` is not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asset {
    Style,
    Icon,
    ShowPassword,
    AutoSubmit,
}

const STYLE: &str = concat!(include_str!("assets/tokens.css"), include_str!("assets/pages.css"));
const ICON: &str = include_str!("assets/icon.svg");
const SHOW_PASSWORD: &str = include_str!("assets/show-password.js");
const AUTO_SUBMIT: &str = include_str!("assets/auto-submit.js");

impl Asset {
    pub const ALL: [Self; 4] = [Self::Style, Self::Icon, Self::ShowPassword, Self::AutoSubmit];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Style => "pages.css",
            Self::Icon => "icon.svg",
            Self::ShowPassword => "show-password.js",
            Self::AutoSubmit => "auto-submit.js",
        }
    }

    pub const fn content(self) -> &'static str {
        match self {
            Self::Style => STYLE,
            Self::Icon => ICON,
            Self::ShowPassword => SHOW_PASSWORD,
            Self::AutoSubmit => AUTO_SUBMIT,
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Style => "text/css; charset=utf-8",
            Self::Icon => "image/svg+xml",
            Self::ShowPassword | Self::AutoSubmit => "text/javascript; charset=utf-8",
        }
    }

    /// Path with the hash of the content.
    pub fn href(self) -> String {
        format!("{}{}/{}", paths::ASSETS, self.version(), self.name())
    }

    fn version(self) -> String {
        format!("{:016x}", fnv1a(self.content().as_bytes()))
    }
}

/// For templates, which name only what exists: a test follows every link.
pub fn href(name: &str) -> String {
    Asset::ALL.into_iter().find(|asset| asset.name() == name).map(Asset::href).unwrap_or_default()
}

/// FNV-1a: names a version, protects nothing.
const fn fnv1a(mut bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    while let Some((byte, rest)) = bytes.split_first() {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        bytes = rest;
    }
    hash
}

/// Mounts `/assets/{version}/{name}`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(&format!("{}{{version}}/{{name}}", paths::ASSETS), get(serve))
}

async fn serve(path: Result<Path<(String, String)>, PathRejection>) -> Response {
    let Ok(Path((version, name))) = path else { return StatusCode::NOT_FOUND.into_response() };
    let Some(asset) = Asset::ALL.into_iter().find(|asset| asset.name() == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // During a rolling upgrade a page of one version asks a process of the other: it gets a style, but does not keep it.
    let caching = if version == asset.version() { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type()),
        (header::CACHE_CONTROL, caching),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)));
    (headers, asset.content()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str) -> Response {
        router::<()>().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn the_current_version_is_kept_for_a_year_and_another_is_not() {
        for asset in Asset::ALL {
            let response = get(&asset.href()).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert_eq!(response.headers()[header::CONTENT_TYPE], asset.media_type());
        }
        let other = get("/assets/0000000000000000/pages.css").await;
        assert_eq!(other.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(get("/assets/0000000000000000/secrets.css").await.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn another_content_has_another_name() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_ne!(Asset::Style.href(), Asset::Icon.href());
    }

    #[test]
    fn style_takes_nothing_from_elsewhere() {
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains("http"));
    }
}
