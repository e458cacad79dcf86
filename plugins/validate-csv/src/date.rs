//! Dates as files write them: a format of fixed-width fields, and a calendar that knows leap years.

use std::fmt;

/// Year, month, day, hour, minute, second: ordered as time is.
pub(crate) type Date = [u16; 6];

const LETTERS: [char; 6] = ['Y', 'm', 'd', 'H', 'M', 'S'];

/// A format such as `%d.%m.%Y`.
#[derive(Debug)]
pub(crate) struct Format {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// Index into a date.
    Field(usize),
    Plain(char),
}

impl Format {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut letters) = (Vec::new(), text.chars());
        while let Some(letter) = letters.next() {
            parts.push(match (letter, if letter == '%' { letters.next() } else { None }) {
                ('%', Some('%')) => Part::Plain('%'),
                ('%', field) => {
                    let known = |letter| LETTERS.iter().position(|known| *known == letter);
                    let unknown = || format!("the date format `{text}` uses a field that is none of %Y %m %d %H %M %S");
                    Part::Field(field.and_then(known).ok_or_else(unknown)?)
                }
                _ => Part::Plain(letter),
            });
        }
        let has = |index| parts.iter().any(|part| matches!(part, Part::Field(field) if *field == index));
        if !(0..3).all(has) {
            return Err(format!("the date format `{text}` needs all of %Y, %m and %d"));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The date, if `text` has the form and the day exists.
    pub(crate) fn read(&self, text: &str) -> Option<Date> {
        let (mut rest, mut date) = (text, [0; 6]);
        for part in &self.parts {
            rest = match part {
                Part::Plain(letter) => rest.strip_prefix(*letter)?,
                Part::Field(field) => {
                    let (digits, after) = rest.split_at_checked(if *field == 0 { 4 } else { 2 })?;
                    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                        return None;
                    }
                    date[*field] = digits.parse().ok()?;
                    after
                }
            };
        }
        let [year, month, day, hour, minute, second] = date;
        let exists = (1..=days(year, month)?).contains(&day) && hour < 24 && minute < 60 && second < 61;
        (rest.is_empty() && exists).then_some(date)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(formatter)
    }
}

fn days(year: u16, month: u16) -> Option<u16> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days.get(usize::from(month).checked_sub(1)?).copied()
}
