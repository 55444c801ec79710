//! What is wrong with the fields of a console's form, as the parts of pages read it.

use std::borrow::Cow;

use crate::http::frame::Frame;

/// A field's name, and the key of the words that say what to do about it.
pub type FieldProblem = (&'static str, &'static str);

#[derive(Clone, Debug, Default)]
pub struct FieldProblems(pub Vec<FieldProblem>);

/// One of them, under the names that `frame/parts.html` calls.
pub struct Named(FieldProblem);

impl Named {
    pub const fn field(&self) -> &'static str {
        self.0.0
    }

    pub fn text<'f>(&self, f: &'f Frame) -> Cow<'f, str> {
        f.t(self.0.1)
    }
}

impl FieldProblems {
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Named> + '_ {
        self.0.iter().copied().map(Named)
    }

    pub fn of(&self, f: &Frame, field: &str) -> Option<String> {
        self.iter().find(|problem| problem.field() == field).map(|problem| problem.text(f).into_owned())
    }
}
