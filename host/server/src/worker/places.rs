//! Gives every claim its turn: what a host may do at once, and that nobody who hangs keeps others from it.
//!
//! Judging, attempts at destinations and messages have places of their own. A destination or channel gets one more while
//! that leaves room for others; whoever finds none waits here, in the order of coming, and is put off when it lasts.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use lockgate_core::claim::Duty;

/// So long a claim may wait for a place that another host may have.
const PATIENCE: Duration = Duration::from_secs(1);
/// A channel's next message finds a place while the channel holds less than this part of those that are free: eight of
/// sixty-four.
const CHANNELS: usize = 8;

/// As many times more may wait for others than for a judgement: they cost this host nothing but memory.
const PATIENT: usize = 16;

/// How much is done at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Transfers and consignments that are judged.
    pub(crate) judging: usize,
    /// Attempts at destinations.
    pub(crate) deliveries: usize,
    /// Notifications.
    pub(crate) messages: usize,
    /// Transfers and consignments that may wait.
    pub(crate) waiting: usize,
}

/// What has places of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Judging,
    Delivery,
    Message,
}

/// How many are at work in each duty, and who waits.
#[derive(Debug)]
pub(super) struct Places<T> {
    sizes: Sizes,
    taken: HashMap<Duty, usize>,
    waiting: VecDeque<Waiting<T>>,
}

#[derive(Debug)]
struct Waiting<T> {
    who: T,
    duty: Duty,
    since: Instant,
}

impl<T> Places<T> {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self { sizes, taken: HashMap::new(), waiting: VecDeque::new() }
    }

    /// Whether whatever comes next may wait here. What waits for others is put off in time and never fills the room for
    /// long; what waits to be judged waits for this host, so the host takes on no more.
    pub(super) fn has_room(&self) -> bool {
        self.room(Kind::Judging) > 0
    }

    /// How many of any kind may come, and each would find room to wait.
    pub(super) fn vacancy(&self) -> usize {
        [Kind::Judging, Kind::Delivery, Kind::Message].into_iter().map(|it| self.room(it)).min().unwrap_or(0)
    }

    /// Lets somebody wait. Gives back who has to go for that: the last of those who wait with the most others for the same.
    pub(super) fn arrive(&mut self, who: T, duty: Duty, now: Instant) -> Option<T> {
        let kind = kind(&duty);
        let full = kind != Kind::Judging && self.room(kind) == 0;
        self.waiting.push_back(Waiting { who, duty, since: now });
        if !full {
            return None;
        }
        let mut crowds: HashMap<&Duty, usize> = HashMap::new();
        let alike = self.waiting.iter().enumerate().filter(|(_, it)| self::kind(&it.duty) == kind);
        let (mut last, mut most) = (None, 0);
        for (place, it) in alike {
            let crowd = crowds.entry(&it.duty).or_default();
            *crowd += 1;
            if *crowd >= most {
                (last, most) = (Some(place), *crowd);
            }
        }
        last.and_then(|place| self.waiting.remove(place)).map(|it| it.who)
    }

    /// Who came first among those for whom there is a place, which it takes.
    pub(super) fn next(&mut self) -> Option<(T, Duty)> {
        let place = self.waiting.iter().position(|it| self.is_free(&it.duty))?;
        let Waiting { who, duty, .. } = self.waiting.remove(place)?;
        *self.taken.entry(duty.clone()).or_default() += 1;
        Some((who, duty))
    }

    /// Makes a place free again.
    pub(super) fn leave(&mut self, duty: &Duty) {
        if let Some(count) = self.taken.get_mut(duty) {
            *count -= 1;
            if *count == 0 {
                self.taken.remove(duty);
            }
        }
    }

    /// Those who waited long enough for others, to be put off.
    pub(super) fn tired(&mut self, now: Instant) -> Vec<T> {
        let is_tired = |it: &Waiting<T>| kind(&it.duty) != Kind::Judging && now.duration_since(it.since) >= PATIENCE;
        let (tired, patient): (VecDeque<_>, _) = std::mem::take(&mut self.waiting).into_iter().partition(is_tired);
        self.waiting = patient;
        tired.into_iter().map(|it| it.who).collect()
    }

    /// All who wait.
    pub(super) fn clear(&mut self) -> Vec<T> {
        std::mem::take(&mut self.waiting).into_iter().map(|it| it.who).collect()
    }

    /// Those who wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter().map(|it| &it.who)
    }

    /// How many more of a kind may wait.
    fn room(&self, of: Kind) -> usize {
        let all = if of == Kind::Judging { self.sizes.waiting } else { self.sizes.waiting * PATIENT };
        all.saturating_sub(self.waiting.iter().filter(|it| kind(&it.duty) == of).count())
    }

    /// Whether there is a place that the duty may take. A destination alone gets half of all, a second one half of the
    /// rest, and so on; channels get less, there are more of them.
    fn is_free(&self, duty: &Duty) -> bool {
        let kind = kind(duty);
        let all: usize = self.taken.iter().filter(|(it, _)| self::kind(it) == kind).map(|(_, count)| count).sum();
        let free = self.size(kind).saturating_sub(all);
        let count = self.taken.get(duty).copied().unwrap_or(0);
        match duty {
            Duty::Judge => free > 0,
            Duty::Deliver(_) | Duty::Compose => count < free,
            Duty::Send(..) => count * CHANNELS < free,
        }
    }

    const fn size(&self, kind: Kind) -> usize {
        match kind {
            Kind::Judging => self.sizes.judging,
            Kind::Delivery => self.sizes.deliveries,
            Kind::Message => self.sizes.messages,
        }
    }
}

const fn kind(duty: &Duty) -> Kind {
    match duty {
        Duty::Judge => Kind::Judging,
        Duty::Deliver(_) => Kind::Delivery,
        Duty::Compose | Duty::Send(..) => Kind::Message,
    }
}

#[cfg(test)]
mod tests;
