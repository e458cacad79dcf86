//! The places of one kind and who waits for one: shares that leave room for others and for other partners, and a queue
//! that knows whether it moves.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

use lockgate_core::claim::Duty;
use lockgate_core::id::PartnerId;

/// So long a claim waits for a place where nothing moves; then another host may have it.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// So long a claim waits whatever moves: a slow crowd must not fill the room of this host, nor keep from others what they
/// could do.
pub(super) const LONGEST: Duration = Duration::from_secs(5);
/// A channel's next message finds a place while the channel holds less than this part of those that are free: eight of
/// sixty-four.
const CHANNELS: usize = 8;
/// A partner's next work finds a place while the partner holds less than so many times those that are free: alone three
/// quarters of all, whatever its work waits for.
const PARTNER: usize = 3;

#[derive(Debug)]
pub(super) struct Queue<T> {
    /// How many places there are.
    size: usize,
    /// How many may wait.
    limit: usize,
    /// So long a claim waits where nothing moves.
    patience: Duration,
    /// How many places are taken.
    taken: usize,
    /// When somebody left a place last.
    moved: Option<Instant>,
    /// Duties of which somebody is at work or waits.
    crowds: HashMap<Duty, Crowd>,
    /// The same by partners.
    partners: HashMap<PartnerId, Crowd>,
    waiting: VecDeque<Waiting<T>>,
}

/// Those with one duty, or of one partner.
#[derive(Debug, Default)]
struct Crowd {
    at_work: usize,
    waiting: usize,
    /// When one of them took or left a place last.
    moved: Option<Instant>,
}

#[derive(Debug)]
struct Waiting<T> {
    who: T,
    duty: Duty,
    since: Instant,
}

impl<T> Queue<T> {
    pub(super) fn new(size: usize, limit: usize, patience: Duration) -> Self {
        let (crowds, partners, waiting) = (HashMap::new(), HashMap::new(), VecDeque::new());
        Self { size, limit, patience, taken: 0, moved: None, crowds, partners, waiting }
    }

    /// How many more may wait.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.waiting.len())
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Lets somebody wait. Gives back who has to go where no more may.
    pub(super) fn arrive(&mut self, who: T, duty: Duty, now: Instant) -> Option<T> {
        let full = self.room() == 0;
        self.count(&duty, |crowd| crowd.waiting += 1);
        self.waiting.push_back(Waiting { who, duty, since: now });
        if full { self.largest_crowd_yields() } else { None }
    }

    /// Takes out the last of those who wait with the most others for the same, of the partner of whom the most wait.
    fn largest_crowd_yields(&mut self) -> Option<T> {
        let (&partner, _) = self.partners.iter().max_by_key(|(_, crowd)| crowd.waiting)?;
        let of_partner = self.crowds.iter().filter(|(duty, _)| duty.partner() == partner);
        let most = of_partner.map(|(_, crowd)| crowd.waiting).max()?;
        let is_largest = |it: &Waiting<T>| {
            it.duty.partner() == partner && self.crowds.get(&it.duty).is_some_and(|crowd| crowd.waiting == most)
        };
        let place = self.waiting.iter().rposition(is_largest)?;
        self.take(place).map(|it| it.who)
    }

    /// Who came first among those for whom there is a place, which it takes.
    pub(super) fn next(&mut self, now: Instant) -> Option<(T, Duty)> {
        if self.taken >= self.size {
            return None;
        }
        let place = self.waiting.iter().position(|it| self.is_free(&it.duty))?;
        let Waiting { who, duty, .. } = self.take(place)?;
        self.count(&duty, |crowd| {
            crowd.at_work += 1;
            crowd.moved = Some(now);
        });
        self.taken += 1;
        Some((who, duty))
    }

    /// Makes a place free again.
    pub(super) fn leave(&mut self, duty: &Duty, now: Instant) {
        if self.crowds.get(duty).is_none_or(|crowd| crowd.at_work == 0) {
            return;
        }
        self.count(duty, |crowd| {
            crowd.at_work -= 1;
            crowd.moved = Some(now);
        });
        self.taken -= 1;
        self.moved = Some(now);
        self.forget_idle(duty);
    }

    /// Those who waited in vain: while none of their crowd took or left a place, or nobody at all left one where none of
    /// it is at work; or for too long whatever moved.
    pub(super) fn tired(&mut self, now: Instant) -> Vec<T> {
        let is_long_ago = |it: Instant| now.duration_since(it) >= self.patience;
        let is_too_long_ago = |it: Instant| now.duration_since(it) >= LONGEST;
        let stands_still = |it: &Waiting<T>| {
            let crowd = self.crowds.get(&it.duty).filter(|crowd| crowd.at_work > 0);
            crowd.map_or(self.moved, |crowd| crowd.moved).is_none_or(is_long_ago)
        };
        let is_tired = |it: &Waiting<T>| is_too_long_ago(it.since) || (is_long_ago(it.since) && stands_still(it));
        let (tired, patient): (VecDeque<_>, _) = std::mem::take(&mut self.waiting).into_iter().partition(is_tired);
        self.waiting = patient;
        tired.into_iter().map(|it| self.gone(it).who).collect()
    }

    /// Takes out all who wait.
    pub(super) fn clear(&mut self) -> Vec<T> {
        std::mem::take(&mut self.waiting).into_iter().map(|it| self.gone(it).who).collect()
    }

    /// Whether there is a place that the duty may take. A destination alone gets half of all, a second one half of the
    /// rest, and so on; channels get less, there are more of them. And however many things a partner's work waits for, the
    /// partner leaves a quarter of the places to others.
    fn is_free(&self, duty: &Duty) -> bool {
        let free = self.size.saturating_sub(self.taken);
        let of_partner = self.partners.get(&duty.partner()).map_or(0, |crowd| crowd.at_work);
        let count = self.crowds.get(duty).map_or(0, |crowd| crowd.at_work);
        let shares = match duty {
            Duty::Judge(_) | Duty::Compose(_) => true,
            Duty::Deliver(..) => count < free,
            Duty::Send(..) => count * CHANNELS < free,
        };
        shares && of_partner < free * PARTNER
    }

    /// Changes what is counted of a duty and of its partner.
    fn count(&mut self, duty: &Duty, change: impl Fn(&mut Crowd)) {
        change(self.crowds.entry(duty.clone()).or_default());
        change(self.partners.entry(duty.partner()).or_default());
    }

    fn take(&mut self, place: usize) -> Option<Waiting<T>> {
        let it = self.waiting.remove(place)?;
        Some(self.gone(it))
    }

    /// Counts somebody who waits no longer.
    fn gone(&mut self, it: Waiting<T>) -> Waiting<T> {
        self.count(&it.duty, |crowd| crowd.waiting -= 1);
        self.forget_idle(&it.duty);
        it
    }

    fn forget_idle(&mut self, duty: &Duty) {
        forget_idle(&mut self.crowds, duty);
        forget_idle(&mut self.partners, &duty.partner());
    }
}

/// Forgets a crowd of which nobody is left.
fn forget_idle<K: Hash + Eq>(crowds: &mut HashMap<K, Crowd>, key: &K) {
    if crowds.get(key).is_some_and(|it| it.at_work == 0 && it.waiting == 0) {
        crowds.remove(key);
    }
}
