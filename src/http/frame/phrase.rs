//! Words that are not ours: the names of portals, agencies and people, with the language they are in.

use askama::filters::{Escaper, Html, Safe};

use crate::http::lang::Lang;

/// A text with its language, so that a screen reader on an English page says a Vietnamese name in Vietnamese (WCAG 3.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    pub text: String,
    pub lang: Lang,
}

impl Phrase {
    pub fn new(text: impl Into<String>, lang: Lang) -> Self {
        Self { text: text.into(), lang }
    }

    pub fn vi(text: impl Into<String>) -> Self {
        Self::new(text, Lang::Vi)
    }

    pub fn en(text: impl Into<String>) -> Self {
        Self::new(text, Lang::En)
    }

    /// Escaped, and marked where the page speaks another language.
    pub fn on(&self, page: Lang) -> Safe<String> {
        self.marked("span", page)
    }

    /// The same, standing out.
    pub fn strong_on(&self, page: Lang) -> Safe<String> {
        if self.lang == page {
            Safe(format!("<strong>{}</strong>", escaped(&self.text)))
        } else {
            self.marked("strong", page)
        }
    }

    fn marked(&self, element: &str, page: Lang) -> Safe<String> {
        let text = escaped(&self.text);
        if self.lang == page {
            Safe(text)
        } else {
            Safe(format!("<{element} lang=\"{}\">{text}</{element}>", self.lang.tag()))
        }
    }
}

/// Stands for a phrase while Fluent builds the sentence around it: one character of the private use area.
const MARK: &str = "\u{E000}";

/// A sentence with a phrase in it, as markup. `sentence` gets the mark to put in the phrase's place.
pub fn in_sentence(phrase: &Safe<String>, sentence: impl FnOnce(&'static str) -> String) -> Safe<String> {
    Safe(escaped(&sentence(MARK)).replace(MARK, &phrase.0))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a String cannot fail.
    let _ = Html.write_escaped_str(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_another_language_is_marked_and_always_escaped() {
        let name = Phrase::vi("Sở \"A\" <script>");
        assert_eq!(name.on(Lang::Vi).0, "Sở &#34;A&#34; &#60;script&#62;");
        assert_eq!(Phrase::en("A").strong_on(Lang::En).0, "<strong>A</strong>");
        assert_eq!(Phrase::vi("A").strong_on(Lang::En).0, "<strong lang=\"vi\">A</strong>");
        assert_eq!(name.on(Lang::En).0, "<span lang=\"vi\">Sở &#34;A&#34; &#60;script&#62;</span>");
    }

    #[test]
    fn a_phrase_takes_its_place_in_an_escaped_sentence() {
        let sentence = in_sentence(&Phrase::vi("Cổng <A>").on(Lang::En), |mark| format!("{mark} & you"));
        assert_eq!(sentence.0, "<span lang=\"vi\">Cổng &#60;A&#62;</span> &#38; you");
    }
}
