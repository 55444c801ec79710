//! The operators' pages.

use super::{NOON, Sample, alone, desk, sample};
use crate::{
    http::{
        console::view::{CodePage, HomePage, NamePage},
        errors::view::{ErrorPage, WentWrong},
        frame::{Phrase, Problem, Problems},
        lang::Lang,
    },
    registry::operator::Role,
};

pub fn all(lang: Lang) -> Vec<Sample> {
    let frame = alone(lang);
    let name = |problem| NamePage { name: "canbo.thu".to_owned(), lapsed: None, problems: Problems::one(problem) };
    let lapsed = |key| NamePage { lapsed: Some(key), ..NamePage::default() };
    let error = ErrorPage { what: WentWrong::NotAllowed, reference: "7F3A-9C21".to_owned(), rule: None };
    let file = ErrorPage { what: WentWrong::FileTooLarge { most: 268_435_456 }, ..error.clone() };
    let code = |problems| CodePage { name: "canbo.thu".to_owned(), problems };
    let home = HomePage {
        name: Phrase::vi("Trần Thị Thử"),
        roles: Role::ALL.to_vec(),
        unit: Some(Phrase::vi("Thành phố Hà Nội")),
        since: NOON,
    };
    let everywhere = HomePage { unit: None, ..home.clone() };
    vec![
        sample("console-sign_in", NamePage::default().render(&frame)),
        sample("console-sign_in-missing", name(Problem::OperatorNameMissing).render(&frame)),
        sample("console-sign_in-wrong", name(Problem::OperatorSignInWrong).render(&frame)),
        sample("console-sign_in-again", name(Problem::OperatorStartAgain).render(&frame)),
        sample("console-code", code(Problems::none()).render(&frame)),
        sample("console-code-wrong", code(Problems::one(Problem::CodeWrong)).render(&frame)),
        sample("console-sign_in-lapsed", lapsed("console-lapsed").render(&frame)),
        sample("console-sign_in-kept", lapsed("console-lapsed-kept").render(&frame)),
        sample("console-home", home.render(&desk(lang))),
        sample("console-home-country", everywhere.render(&desk(lang))),
        sample("console-error", error.render(&desk(lang))),
        sample("console-error-file", file.render(&desk(lang))),
    ]
}
