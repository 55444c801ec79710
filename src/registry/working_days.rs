//! Deadlines in working days: weekends, public holidays, and the days off in lieu of holidays that fall on a weekend.
//!
//! Labour Code 45/2019/QH14 Art 112 lists the holidays, Art 111(3) the day in lieu. Which days around the lunar new year and
//! National Day are free is announced each year; beyond the announced ones the usual choice is taken: one day before the new
//! year and four from it. A deadline that is a day too early harms nobody.

use time::{Date, Duration, Month, Weekday, macros::date};

/// The first day of the lunar year and the tenth of its third month (Giỗ Tổ Hùng Vương), for Việt Nam's meridian.
const LUNAR: [(Date, Date); 17] = [
    (date!(2024 - 02 - 10), date!(2024 - 04 - 18)),
    (date!(2025 - 01 - 29), date!(2025 - 04 - 07)),
    (date!(2026 - 02 - 17), date!(2026 - 04 - 26)),
    (date!(2027 - 02 - 06), date!(2027 - 04 - 16)),
    (date!(2028 - 01 - 26), date!(2028 - 04 - 04)),
    (date!(2029 - 02 - 13), date!(2029 - 04 - 23)),
    (date!(2030 - 02 - 02), date!(2030 - 04 - 12)),
    (date!(2031 - 01 - 23), date!(2031 - 04 - 01)),
    (date!(2032 - 02 - 11), date!(2032 - 04 - 19)),
    (date!(2033 - 01 - 31), date!(2033 - 04 - 09)),
    (date!(2034 - 02 - 19), date!(2034 - 04 - 28)),
    (date!(2035 - 02 - 08), date!(2035 - 04 - 17)),
    (date!(2036 - 01 - 28), date!(2036 - 04 - 06)),
    (date!(2037 - 02 - 15), date!(2037 - 04 - 24)),
    (date!(2038 - 02 - 04), date!(2038 - 04 - 13)),
    (date!(2039 - 01 - 24), date!(2039 - 04 - 03)),
    (date!(2040 - 02 - 12), date!(2040 - 04 - 20)),
];

/// Years in which the announced days before the lunar new year were two instead of one.
const TWO_DAYS_BEFORE: [i32; 2] = [2024, 2025];

/// Working days that were exchanged by announcement: free, and worked instead.
const EXCHANGED: [(Date, Date); 4] = [
    (date!(2024 - 04 - 29), date!(2024 - 05 - 04)),
    (date!(2025 - 05 - 02), date!(2025 - 04 - 26)),
    (date!(2026 - 01 - 02), date!(2026 - 01 - 10)),
    (date!(2026 - 08 - 31), date!(2026 - 08 - 22)),
];

/// Does the office work on this day?
pub fn is_working_day(day: Date) -> bool {
    if EXCHANGED.iter().any(|(_, worked)| *worked == day) {
        return true;
    }
    !is_weekend(day) && !EXCHANGED.iter().any(|(free, _)| *free == day) && !free_days(day.year()).contains(&day)
}

/// The last day of a period of `days` working days that begins the day after `from` (Civil Code 91/2015/QH13 Art 147).
pub fn deadline(from: Date, days: u32) -> Date {
    let mut day = from;
    let mut left = days;
    while left > 0 {
        day = next(day);
        if is_working_day(day) {
            left -= 1;
        }
    }
    day
}

/// Working days from the day after `from` to `to`, both counted; none when `to` is not later.
pub fn between(from: Date, to: Date) -> u32 {
    let mut day = from;
    let mut count = 0;
    while day < to {
        day = next(day);
        count += u32::from(is_working_day(day));
    }
    count
}

/// The holidays of a year and the days in lieu of those that fall on a weekend.
fn free_days(year: i32) -> Vec<Date> {
    let mut free = holidays(year);
    let on_weekends = free.iter().filter(|day| is_weekend(**day)).count();
    let mut holidays = free.clone();
    holidays.sort_unstable();
    for day in holidays.into_iter().filter(|day| is_weekend(*day)).take(on_weekends) {
        let mut in_lieu = next(day);
        while is_weekend(in_lieu) || free.contains(&in_lieu) {
            in_lieu = next(in_lieu);
        }
        free.push(in_lieu);
    }
    free
}

fn holidays(year: i32) -> Vec<Date> {
    let mut days: Vec<Date> = [(Month::January, 1), (Month::April, 30), (Month::May, 1), (Month::September, 2)]
        .into_iter()
        .filter_map(|(month, day)| Date::from_calendar_date(year, month, day).ok())
        .collect();
    // National Day has two days: 2 September and one beside it, so that the weekend is near.
    if let Ok(second) = Date::from_calendar_date(year, Month::September, 2) {
        let after = matches!(second.weekday(), Weekday::Monday | Weekday::Thursday | Weekday::Sunday);
        days.push(if after { second + Duration::DAY } else { second - Duration::DAY });
    }
    if let Some((new_year, kings)) = LUNAR.iter().find(|(new_year, _)| new_year.year() == year) {
        let before = if TWO_DAYS_BEFORE.contains(&year) { 2 } else { 1 };
        days.extend((-before..5 - before).map(|offset| *new_year + Duration::days(offset)));
        days.push(*kings);
    }
    days
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn next(day: Date) -> Date {
    day.next_day().unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_as_they_were_announced() {
        let free = |from: Date, to: Date| {
            let mut day = from;
            while day <= to {
                assert!(!is_working_day(day), "{day} is free");
                day = next(day);
            }
            assert!(is_working_day(next(to)), "{to} is the last free day");
        };
        free(date!(2024 - 02 - 08), date!(2024 - 02 - 14));
        free(date!(2025 - 01 - 25), date!(2025 - 02 - 02));
        free(date!(2026 - 02 - 14), date!(2026 - 02 - 22));
        free(date!(2024 - 04 - 27), date!(2024 - 05 - 01));
        free(date!(2025 - 08 - 30), date!(2025 - 09 - 02));
        free(date!(2026 - 08 - 29), date!(2026 - 09 - 02));
        // The Kings' day of 2026 is a Sunday: Monday in its stead.
        free(date!(2026 - 04 - 25), date!(2026 - 04 - 27));
        free(date!(2026 - 04 - 30), date!(2026 - 05 - 03));
        assert!(is_working_day(date!(2026 - 01 - 10)), "worked for 2 January");
        assert!(!is_working_day(date!(2026 - 01 - 17)));
    }

    #[test]
    fn a_deadline_counts_from_the_next_day() {
        // A Sunday before an ordinary week.
        assert_eq!(deadline(date!(2026 - 11 - 22), 1), date!(2026 - 11 - 23));
        assert_eq!(deadline(date!(2026 - 11 - 20), 3), date!(2026 - 11 - 25));
        assert_eq!(deadline(date!(2026 - 02 - 13), 2), date!(2026 - 02 - 24), "across the new year");
        assert_eq!(deadline(date!(2026 - 11 - 20), 0), date!(2026 - 11 - 20));
    }

    #[test]
    fn counting_and_adding_agree() {
        let mut from = date!(2024 - 01 - 01);
        while from < date!(2029 - 01 - 01) {
            for days in [1, 2, 5, 15] {
                assert_eq!(between(from, deadline(from, days)), days, "{from} + {days}");
            }
            from += Duration::days(3);
        }
        assert_eq!(between(date!(2026 - 11 - 22), date!(2026 - 11 - 22)), 0);
    }

    #[test]
    fn lunar_dates_are_in_order_and_apart() {
        for (new_year, kings) in LUNAR {
            let apart = (kings - new_year).whole_days();
            assert!((67..=69).contains(&apart), "{new_year}: two months and nine days, not {apart}");
        }
        assert!(LUNAR.windows(2).all(|pair| pair[1].0.year() == pair[0].0.year() + 1));
    }
}
