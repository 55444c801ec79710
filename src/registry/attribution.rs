//! Who asks, in whose name, for which dossier: what comes with every request to the interface for state systems.
//!
//! A look-up of the population database is bound to an officer, a procedure and a dossier, not only to a system (the citizen
//! look-up of the national data platform: MaYeuCau, MaDonVi, MaCanBo, MaDVC).

use thiserror::Error;

use super::name_keys::is_unseen;

/// Everything that is stated with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// MaYeuCau: the caller's own name for the request.
    pub request_id: String,
    /// MaDonVi: the agency's code (Decision 20/2020/QĐ-TTg).
    pub agency: String,
    /// MaCanBo: the officer's account.
    pub officer: String,
    /// MaDVC: the procedure in the national catalogue.
    pub procedure: String,
    /// The dossier that the officer works on.
    pub dossier: String,
    /// In words: what the person will read.
    pub purpose: String,
}

/// One of the statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    RequestId,
    Agency,
    Officer,
    Procedure,
    Dossier,
    Purpose,
}

impl Statement {
    pub const ALL: [Self; 6] =
        [Self::RequestId, Self::Agency, Self::Officer, Self::Procedure, Self::Dossier, Self::Purpose];

    /// The header that carries it.
    pub const fn header(self) -> &'static str {
        match self {
            Self::RequestId => "x-request-id",
            Self::Agency => "x-agency-code",
            Self::Officer => "x-officer-id",
            Self::Procedure => "x-procedure-code",
            Self::Dossier => "x-dossier-code",
            Self::Purpose => "x-purpose",
        }
    }

    const fn longest(self) -> usize {
        match self {
            Self::Officer | Self::Procedure => 20,
            Self::RequestId | Self::Dossier => 40,
            Self::Agency => 35,
            Self::Purpose => 200,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StatementError {
    #[error("this header is needed")]
    Missing,
    #[error("this header stands there more than once")]
    Repeated,
    #[error("this header is not UTF-8")]
    NotUtf8,
    #[error("this header has more than {0} characters")]
    TooLong(usize),
    #[error("this header holds letters, digits, dots, hyphens, underscores and slashes")]
    Letters,
    #[error("this is no agency code of Decision 20/2020/QĐ-TTg, as G22.15 or H01")]
    Agency,
    #[error("the purpose has at least five letters, and none that control the text or are not seen")]
    Purpose,
}

/// How a header came: one reader takes the first of two and another the last, so that two are none.
pub type Stated<'h> = Result<Option<&'h str>, StatementError>;

impl Attribution {
    /// Every fault is named, so that a caller mends all at once.
    pub fn read<'h>(header: impl Fn(&str) -> Stated<'h>) -> Result<Self, Vec<(Statement, StatementError)>> {
        let mut faults = Vec::new();
        let mut take = |statement: Statement| match header(statement.header()).and_then(|text| checked(statement, text))
        {
            Ok(text) => text.to_owned(),
            Err(error) => {
                faults.push((statement, error));
                String::new()
            }
        };
        let read = Self {
            request_id: take(Statement::RequestId),
            agency: take(Statement::Agency),
            officer: take(Statement::Officer),
            procedure: take(Statement::Procedure),
            dossier: take(Statement::Dossier),
            purpose: take(Statement::Purpose),
        };
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }
}

fn checked(statement: Statement, text: Option<&str>) -> Result<&str, StatementError> {
    let text = text.map(str::trim).filter(|text| !text.is_empty()).ok_or(StatementError::Missing)?;
    if text.chars().count() > statement.longest() {
        return Err(StatementError::TooLong(statement.longest()));
    }
    match statement {
        Statement::Purpose => {
            let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
            // The person reads it on their own page: nothing in it may turn or hide what stands beside it.
            if letters < 5 || text.chars().any(is_unseen) { Err(StatementError::Purpose) } else { Ok(text) }
        }
        Statement::Agency => is_agency_code(text).then_some(text).ok_or(StatementError::Agency),
        _ => {
            let sound = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/@".contains(&byte));
            if sound { Ok(text) } else { Err(StatementError::Letters) }
        }
    }
}

/// `G22.15`, ten digits of an enterprise, or `Z01…` (Decision 20/2020/QĐ-TTg Art 4–6).
pub fn is_agency_code(text: &str) -> bool {
    let upper = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = text.split('.');
    let first = groups.next().unwrap_or_default();
    let (letter, rest) = first.split_at_checked(1).unwrap_or_default();
    let state = letter.bytes().all(|byte| byte.is_ascii_uppercase()) && digits(rest, 2) && groups.all(upper);
    let enterprise = match text.split_once('-') {
        None => digits(text, 10),
        Some((code, branch)) => digits(code, 10) && digits(branch, 3),
    };
    let other = text.starts_with('Z')
        && text.get(1..3).is_some_and(|code| digits(code, 2))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'.');
    !text.is_empty() && text.len() <= 35 && (state || enterprise || other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: Option<(Statement, &str)>) -> Result<Attribution, Vec<(Statement, StatementError)>> {
        Attribution::read(|name| match change {
            Some((statement, text)) if statement.header() == name => Ok(Some(text).filter(|text| !text.is_empty())),
            _ => Ok(Some(match name {
                "x-agency-code" => "G01.12",
                "x-purpose" => "Cấp giấy phép lái xe",
                _ => "A-1",
            })),
        })
    }

    #[test]
    fn all_that_is_stated_is_read() {
        let read = read(None).unwrap();
        assert_eq!((read.agency.as_str(), read.purpose.as_str()), ("G01.12", "Cấp giấy phép lái xe"));
    }

    #[test]
    fn each_statement_is_needed_and_bounded() {
        let long = "A".repeat(300);
        for statement in Statement::ALL {
            assert_eq!(read(Some((statement, ""))).unwrap_err(), [(statement, StatementError::Missing)]);
            let error = read(Some((statement, &long))).unwrap_err();
            assert_eq!(error, [(statement, StatementError::TooLong(statement.longest()))]);
        }
        assert_eq!(read(Some((Statement::Officer, "a b"))).unwrap_err()[0].1, StatementError::Letters);
        assert_eq!(read(Some((Statement::Purpose, "....."))).unwrap_err()[0].1, StatementError::Purpose);
        for turned in
            ["Cấp giấy phép \u{202E}lái xe", "Cấp\u{200B} giấy phép", "Cấp giấy \u{2066}phép", "Cấp giấy\u{7}phép"]
        {
            assert_eq!(
                read(Some((Statement::Purpose, turned))).unwrap_err()[0].1,
                StatementError::Purpose,
                "{turned:?}"
            );
        }
        assert_eq!(Attribution::read(|_| Ok(None)).unwrap_err().len(), 6);
        let twice = Attribution::read(|_| Err(StatementError::Repeated)).unwrap_err();
        assert!(twice.len() == 6 && twice.iter().all(|(_, error)| *error == StatementError::Repeated));
    }

    #[test]
    fn agency_codes() {
        for code in ["G01", "H05.12.A1", "0100109106", "0100109106-001", "Z0112.AB"] {
            assert!(is_agency_code(code), "{code}");
        }
        for code in ["", "G1", "g01", "G01.", "G01..2", "010010910", "Bộ Y tế", "Z0", &"G01.A".repeat(9)] {
            assert!(!is_agency_code(code), "{code}");
        }
    }
}
