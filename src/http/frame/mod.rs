//! What surrounds every page: the service's name and address, who asks, the language switch, the warning; and the parts that
//! pages are made of (`parts.html`).

pub mod claims;
pub mod csp;
pub mod html;
pub mod level;
pub mod phrase;
pub mod problem;
pub mod size;
pub mod typed;
pub mod when;

use std::borrow::Cow;

use askama::filters::Safe;
use fluent_bundle::FluentValue;

use super::{
    lang::{Choice, Lang, Switch},
    texts,
};
use crate::base::Timestamp;

pub use csp::FormTarget;
pub use html::{Html, Opener, Referrer};
pub use level::{AskedLevel, LevelReason};
pub use phrase::Phrase;
pub use problem::{Problem, Problems};

/// What a page needs to know besides its own content. A handler makes one a request.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    pub choice: Choice,
    /// Host (and port) that the address bar shows, from the issuer: `dinhdanh.example.vn`.
    pub address: String,
    /// Marks every page as a demonstration.
    pub demo: bool,
    /// The synchroniser token that each form sends back as `csrf`.
    pub csrf: String,
    /// Path and query of this page: where the language switch returns to.
    pub here: String,
    /// Who asks; `None` on pages that no portal stands behind.
    pub portal: Option<Portal>,
    /// Whose desk this is: on pages of the console.
    pub desk: Option<Phrase>,
    /// Until when the page can be used.
    pub deadline: Option<Timestamp>,
    /// Where forms of this page may end by redirect.
    pub form_targets: Vec<FormTarget>,
    /// Whose pages this page shows in frames: only the one after signing out has any.
    pub framed: Vec<FormTarget>,
    /// No page leads to registering by oneself: this deployment does not offer it.
    pub no_registration: bool,
}

/// The portal (relying party) that asks.
#[derive(Clone, Debug)]
pub struct Portal {
    pub name: Phrase,
    /// The agency that answers for it.
    pub agency: Option<Phrase>,
    /// Registered by an operator with a checked agency; a client that registered itself is not.
    pub verified: bool,
    /// Host of its redirect URI: where the person goes next.
    pub address: String,
    /// The authentication level it needs, when it is above 1 or was asked for.
    pub level: Option<AskedLevel>,
    pub purpose: Option<Phrase>,
    /// Names of the claims that it asks for (`name`, `birthdate`, …), without values.
    pub receives: Vec<String>,
}

impl Frame {
    pub const fn lang(&self) -> Lang {
        self.choice.lang
    }

    pub fn t(&self, key: &str) -> Cow<'static, str> {
        texts::text(self.lang(), key)
    }

    /// A text with one placeable.
    pub fn t1<'a>(&self, key: &str, name: &'a str, value: impl Into<FluentValue<'a>>) -> String {
        texts::text_with(self.lang(), key, [(name, value.into())])
    }

    /// A text with two placeables.
    pub fn t2<'a>(
        &self,
        key: &str,
        first: &'a str,
        one: impl Into<FluentValue<'a>>,
        second: &'a str,
        two: impl Into<FluentValue<'a>>,
    ) -> String {
        texts::text_with(self.lang(), key, [(first, one.into()), (second, two.into())])
    }

    /// A text with another's phrase in the place of `name`.
    pub fn say(&self, key: &str, name: &str, phrase: &Phrase) -> Safe<String> {
        phrase::in_sentence(&phrase.on(self.lang()), |mark| self.t1(key, name, mark))
    }

    /// The same, with the phrase standing out.
    pub fn say_strong(&self, key: &str, name: &str, phrase: &Phrase) -> Safe<String> {
        phrase::in_sentence(&phrase.strong_on(self.lang()), |mark| self.t1(key, name, mark))
    }

    /// A phrase by itself.
    pub fn show(&self, phrase: &Phrase) -> Safe<String> {
        phrase.on(self.lang())
    }

    /// Time and day in Việt Nam.
    pub fn when(&self, at: Timestamp) -> String {
        when::time_and_day(self.lang(), at)
    }

    /// How large a file is.
    pub fn size(&self, bytes: &u64) -> String {
        size::size(self.lang(), *bytes)
    }

    pub(crate) fn switch(&self) -> String {
        Switch::href(self.choice, &self.here)
    }
}

/// A personal number in groups as people read it: `900 085 000 001`. What has another length stays as it is.
pub fn grouped(number: &str) -> String {
    if number.len() != 12 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut out = String::with_capacity(15);
    for (at, digit) in number.chars().enumerate() {
        if at > 0 && at % 3 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Joins a view to its template and gives it `render`; the page's status and scripts are the view's own.
macro_rules! page {
    ($view:ty, $document:ident, $path:literal) => {
        #[derive(askama::Template)]
        #[template(path = $path)]
        struct $document<'a> {
            f: &'a $crate::http::frame::Frame,
            p: &'a $view,
        }

        impl $view {
            pub fn render(&self, frame: &$crate::http::frame::Frame) -> $crate::http::frame::Html {
                $crate::http::frame::html::page(frame, &$document { f: frame, p: self })
            }
        }
    };
}
pub(crate) use page;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped("900085000001"), "900 085 000 001");
        assert_eq!(grouped("90008500000"), "90008500000");
        assert_eq!(grouped("sốsốsố"), "sốsốsố");
    }
}
