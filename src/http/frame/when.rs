//! Times as a person in Việt Nam reads them (UTC+7).

use time::{Date, OffsetDateTime, UtcOffset};

use crate::{base::Timestamp, http::lang::Lang};

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `14:05 ngày 22/11/2026`, `14:05 on 22 November 2026`.
pub fn time_and_day(lang: Lang, at: Timestamp) -> String {
    let Some(local) = in_vietnam(at) else { return at.rfc3339() };
    let joint = match lang {
        Lang::Vi => "ngày",
        Lang::En => "on",
    };
    format!("{:02}:{:02} {joint} {}", local.hour(), local.minute(), day(lang, local.date()))
}

/// `14:05`: for limits that end today.
pub fn time_of_day(at: Timestamp) -> String {
    in_vietnam(at).map_or_else(|| at.rfc3339(), |local| format!("{:02}:{:02}", local.hour(), local.minute()))
}

/// `22/11/2026`, `22 November 2026`.
pub fn day(lang: Lang, date: Date) -> String {
    let month = u8::from(date.month());
    match lang {
        Lang::Vi => format!("{:02}/{month:02}/{}", date.day(), date.year()),
        Lang::En => {
            let name = ENGLISH_MONTHS.get(usize::from(month) - 1).copied().unwrap_or_default();
            format!("{} {name} {}", date.day(), date.year())
        }
    }
}

fn in_vietnam(at: Timestamp) -> Option<OffsetDateTime> {
    let offset = UtcOffset::from_hms(7, 0, 0).ok()?;
    let utc = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.micros()) * 1_000).ok()?;
    utc.checked_to_offset(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_vietnam() {
        let at = Timestamp::from_secs(1_795_366_800); // 2026-11-22T17:00:00Z
        assert_eq!(time_and_day(Lang::Vi, at), "00:00 ngày 23/11/2026");
        assert_eq!(time_and_day(Lang::En, at), "00:00 on 23 November 2026");
        assert_eq!(time_of_day(at), "00:00");
    }

    #[test]
    fn a_time_that_no_calendar_has_does_not_panic() {
        assert_eq!(time_and_day(Lang::Vi, Timestamp::from_micros(i64::MAX)), i64::MAX.to_string());
        assert_eq!(time_and_day(Lang::Vi, Timestamp::MAX), Timestamp::MAX.rfc3339());
    }
}
