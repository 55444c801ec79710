//! What a person typed, kept as typed so that a page can show it again.

/// Three fields of one date; month and day may be empty where the year alone is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedDate {
    pub day: String,
    pub month: String,
    pub year: String,
}

impl TypedDate {
    /// Name, label's key and value of each field, in the order people write.
    pub(in crate::http) fn parts(&self) -> [(&'static str, &'static str, &str); 3] {
        [("day", "date-day", &self.day), ("month", "date-month", &self.month), ("year", "date-year", &self.year)]
    }
}
