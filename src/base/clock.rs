//! Time is a value. A request reads the clock once (`http::extract::Now`); everything below takes `now: Timestamp`.

use std::{
    fmt,
    ops::{Add, Sub},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

const EPOCH: Date = time::macros::date!(1970 - 01 - 01);

/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z: the resolution both engines keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last moment of the year 9999: later ones have no RFC 3339 form.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// `NumericDate` of RFC 7519 §2, seconds; saturates instead of overflowing on nonsense.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Whole seconds, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    pub const fn saturating_add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long ago `earlier` was; negative when it lies ahead.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The calendar day in Việt Nam (UTC+7, no summer time), by which cards expire and ages are counted.
    pub fn vietnam_date(self) -> Date {
        let shifted = self.0.saturating_add(7 * 3_600 * 1_000_000).clamp(-62_135_596_800_000_000, Self::MAX.0);
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(shifted) * 1_000).map_or(Date::MIN, OffsetDateTime::date)
    }

    /// The moment at which a day begins in Việt Nam.
    pub fn of_vietnam_day(day: Date) -> Self {
        let days = (day - EPOCH).whole_days();
        Self::from_secs(days * 86_400 - 7 * 3_600)
    }

    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_else(|| self.0.to_string())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// A length of time in microseconds; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    pub const ZERO: Self = Self(0);

    pub const fn micros(micros: i64) -> Self {
        Self(micros)
    }
    pub const fn millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }
    pub const fn secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }
    pub const fn minutes(minutes: i64) -> Self {
        Self::secs(minutes.saturating_mul(60))
    }
    pub const fn hours(hours: i64) -> Self {
        Self::secs(hours.saturating_mul(3_600))
    }
    pub const fn days(days: i64) -> Self {
        Self::secs(days.saturating_mul(86_400))
    }
    /// Both, one after the other.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        self.saturating_add(span)
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// The only reader of the machine's clock; tests hold one that they set.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    pub fn set_to(now: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(now.0)))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .ok()
                    .and_then(|elapsed| i64::try_from(elapsed.as_micros()).ok())
                    .unwrap_or(0),
            ),
            Self::Set(now) => Timestamp(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a set clock; a system clock stays as it is.
    pub fn advance(&self, span: Span) {
        if let Self::Set(now) = self {
            now.fetch_add(span.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_dates_round_down_and_saturate() {
        assert_eq!(Timestamp::from_micros(1_999_999).secs(), 1);
        assert_eq!(Timestamp::from_micros(-1).secs(), -1);
        assert_eq!(Timestamp::from_secs(i64::MAX).micros(), i64::MAX);
        assert_eq!(Timestamp::from_secs(i64::MAX) + Span::secs(1), Timestamp::from_micros(i64::MAX));
    }

    #[test]
    fn the_day_in_vietnam_begins_at_17_utc() {
        let before = Timestamp::from_secs(1_795_366_799); // 2026-11-22T16:59:59Z
        assert_eq!(before.rfc3339(), "2026-11-22T16:59:59Z");
        assert_eq!(before.vietnam_date().to_string(), "2026-11-22");
        assert_eq!((before + Span::secs(1)).vietnam_date().to_string(), "2026-11-23");
        let day = (before + Span::secs(1)).vietnam_date();
        assert_eq!(Timestamp::of_vietnam_day(day), before + Span::secs(1));
        assert_eq!(Timestamp::from_micros(i64::MAX).vietnam_date().year(), 9999);
        assert_eq!(Timestamp::from_micros(i64::MIN).vietnam_date().year(), 1);
    }

    #[test]
    fn a_set_clock_moves_only_when_told() {
        let clock = Clock::set_to(Timestamp::from_secs(100));
        clock.advance(Span::minutes(1));
        assert_eq!(clock.now(), Timestamp::from_secs(160));
    }
}
