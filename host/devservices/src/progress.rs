//! Shows what a start is doing: bars on a terminal, plain lines elsewhere, nothing in tests.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::Service;

/// One thing worth telling.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ProgressEvent {
    /// A step of this service's start began.
    Step {
        /// Whose start it is.
        service: Service,
        /// What is done now.
        doing: String,
    },
    /// Files were downloaded.
    Fetched {
        /// For which service.
        service: Service,
        /// How many since the step began.
        files: usize,
    },
    /// The service answers.
    Ready {
        /// Which one.
        service: Service,
        /// Since its start began.
        after: Duration,
    },
}

type Sink = Arc<dyn Fn(&ProgressEvent) + Send + Sync>;

/// Receives the events of a start.
#[derive(Clone)]
pub struct Progress(Sink);

impl Progress {
    /// Bars when standard error is a terminal, otherwise one line per event there.
    #[must_use]
    pub fn terminal() -> Self {
        if std::io::stderr().is_terminal() { Self::bars() } else { Self::lines() }
    }

    /// Says nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self(Arc::new(|_| {}))
    }

    /// Hands every event to `sink`.
    pub fn to(sink: impl Fn(&ProgressEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    fn lines() -> Self {
        Self::to(|event| {
            let line = match event {
                ProgressEvent::Fetched { .. } => return,
                ProgressEvent::Step { service, doing } => format!("{service}: {doing}"),
                ProgressEvent::Ready { service, after } => {
                    format!("{service}: ready after {:.1} s", after.as_secs_f64())
                }
            };
            // A closed standard error must not end a start.
            let _ = writeln!(std::io::stderr(), "{line}");
        })
    }

    fn bars() -> Self {
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{spinner} {prefix:<9} {wide_msg} {elapsed}")
            .expect("the template is a constant that parses");
        let bars = Service::ALL.map(|service| {
            let bar = ProgressBar::no_length().with_prefix(service.to_string()).with_style(style.clone());
            (service, bar, std::sync::Once::new())
        });
        Self::to(move |event| {
            let service = match event {
                ProgressEvent::Step { service, .. }
                | ProgressEvent::Fetched { service, .. }
                | ProgressEvent::Ready { service, .. } => service,
            };
            let Some((_, bar, shown)) = bars.iter().find(|(of, ..)| of == service) else {
                return;
            };
            shown.call_once(|| {
                all.add(bar.clone());
                bar.enable_steady_tick(Duration::from_millis(100));
            });
            match event {
                ProgressEvent::Step { doing, .. } => bar.set_message(doing.clone()),
                ProgressEvent::Fetched { files: 0, .. } => {}
                ProgressEvent::Fetched { files, .. } => {
                    bar.set_message(format!("{files} files downloaded"));
                }
                ProgressEvent::Ready { .. } => bar.finish_with_message("ready"),
            }
        })
    }

    /// Begins to report on one service.
    pub(crate) fn begin(&self, service: Service) -> Report {
        Report { sink: Arc::clone(&self.0), service, since: Instant::now() }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// The progress of one service's start.
#[derive(Clone)]
pub(crate) struct Report {
    sink: Sink,
    service: Service,
    since: Instant,
}

impl Report {
    pub(crate) fn step(&self, doing: impl Into<String>) {
        (self.sink)(&ProgressEvent::Step { service: self.service, doing: doing.into() });
    }

    pub(crate) fn fetched(&self, files: usize) {
        (self.sink)(&ProgressEvent::Fetched { service: self.service, files });
    }

    pub(crate) fn ready(&self) {
        let after = self.since.elapsed();
        tracing::debug!(service.name = %self.service, elapsed.ms = after.as_millis(), "a local service answers");
        (self.sink)(&ProgressEvent::Ready { service: self.service, after });
    }
}
