//! What is refused everywhere, as tables that are checked in (`security` §8): each kind of token in each place, one client's
//! things at another's hands, people in every state on every way to tokens, what a client shows on every grant, what a signature
//! claims with every type of key, each route at everybody's hands; and nothing that was changed opens anything. A new kind, place, grant or state is a new
//! variant here; the table then shows what it opens, and a reader of the change sees it too.
//!
//! Both engines must give the same table. A table is made anew with `INSTA_UPDATE=always` and read line by line.

mod algorithms;
mod artefacts;
mod changed;
mod clients;
mod routes;
mod senders;
mod states;
mod tokens;

/// Rows and columns with their outcomes, as text that lines up.
pub struct Table {
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub fn of(columns: impl IntoIterator<Item = String>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, name: String, outcomes: Vec<String>) {
        assert_eq!(outcomes.len(), self.columns.len());
        self.rows.push((name, outcomes));
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // One cell a line: wide tables are read in diffs, where a line says what changed.
        for (name, outcomes) in &self.rows {
            writeln!(f, "{name}")?;
            for (column, outcome) in self.columns.iter().zip(outcomes) {
                writeln!(f, "    {column:<24} {outcome}")?;
            }
        }
        Ok(())
    }
}
