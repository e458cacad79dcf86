//! Crimes committed by calling the host: too often, too long, or with nonsense.

use lockgate_sdk::bindings::{
    imports::{detect, log, lookup, tokenize},
    types::Column,
};

use crate::{Crime, Settings};

/// Commits `crime` if it is one of host calls.
pub(crate) fn commit(crime: Crime, settings: &Settings) {
    match crime {
        Crime::LoopLog => loop {
            log::write(log::Level::Debug, "");
        },
        Crime::LoopDetect => {
            // Digits and blanks keep every detector busy.
            let haystack = b"4111 1111 1111 1112 ".repeat(settings.amount(1 << 20) / 20 + 1);
            loop {
                std::hint::black_box(detect::scan(&haystack, &all_kinds()));
            }
        }
        Crime::LoopScanBatch => loop {
            scan_batch();
        },
        Crime::LogFlood => {
            let line = "A line that says nothing, again and again, until somebody makes it stop, which somebody should do now.";
            (0..settings.amount(1_000_000)).for_each(|_| log::write(log::Level::Info, line));
        }
        Crime::HugeLogLine => log::write(log::Level::Warn, &"x".repeat(settings.amount(16 << 20))),
        Crime::HostCallFlood => {
            (0..settings.amount(10_000_000)).for_each(|_| log::write(log::Level::Debug, ""));
        }
        Crime::UnknownKind => drop(detect::scan(b"x", &["no-such-kind".to_owned()])),
        Crime::BadColumn => {
            let column = Column { data: b"abc".to_vec(), ends: vec![9, 2, u32::MAX, 0] };
            drop(tokenize::tokens(&column, "opaque"));
        }
        Crime::UnknownScheme => {
            let column = Column { data: b"abc".to_vec(), ends: vec![3] };
            drop(tokenize::tokens(&column, "no-such-scheme"));
        }
        Crime::UnknownTable => {
            let column = Column { data: b"abc".to_vec(), ends: vec![3] };
            drop(lookup::find("no-such-table", &column));
        }
        _ => (),
    }
}

/// Scans the batch under way, if there is one.
pub(crate) fn scan_batch() {
    std::hint::black_box(detect::scan_batch(&all_kinds()));
}

fn all_kinds() -> Vec<String> {
    ["card", "iban", "email", "phone"].map(str::to_owned).to_vec()
}
