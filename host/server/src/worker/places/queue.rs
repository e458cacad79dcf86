//! The places of one kind and who waits for one: shares that leave room for others and for other partners, and a queue
//! that knows whether it moves.

use std::collections::{BTreeMap, HashMap, VecDeque};
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
    /// How many wait.
    waiting: usize,
    /// How many ever came.
    came: u64,
    /// When somebody left a place last.
    moved: Option<Instant>,
    /// Duties of which somebody is at work or waits.
    crowds: HashMap<Duty, Crowd<T>>,
    /// The crowds of which somebody waits, by the turn of whoever came first: most often the first of all has a place.
    firsts: BTreeMap<u64, Duty>,
    /// Partners of whom somebody is at work or waits.
    partners: HashMap<PartnerId, Share>,
}

/// Those with one duty. They wait apart from others, so that finding who is next does not pass by all of them.
#[derive(Debug)]
struct Crowd<T> {
    at_work: usize,
    /// In the order of coming.
    waiting: VecDeque<Waiting<T>>,
    /// When one of them took or left a place last.
    moved: Option<Instant>,
}

#[derive(Debug)]
struct Waiting<T> {
    who: T,
    /// How many had come before, of any duty.
    turn: u64,
    since: Instant,
}

/// How much there is of one partner.
#[derive(Debug, Default)]
struct Share {
    at_work: usize,
    waiting: usize,
}

impl<T> Queue<T> {
    pub(super) fn new(size: usize, limit: usize, patience: Duration) -> Self {
        let (crowds, firsts, partners) = (HashMap::new(), BTreeMap::new(), HashMap::new());
        Self { size, limit, patience, taken: 0, waiting: 0, came: 0, moved: None, crowds, firsts, partners }
    }

    /// How many more may wait.
    pub(super) const fn room(&self) -> usize {
        self.limit.saturating_sub(self.waiting)
    }

    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Lets somebody wait. Gives back who has to go where no more may.
    pub(super) fn arrive(&mut self, who: T, duty: Duty, now: Instant) -> Option<T> {
        let full = self.room() == 0;
        self.partners.entry(duty.partner()).or_default().waiting += 1;
        let crowd = self.crowds.entry(duty.clone()).or_default();
        if crowd.waiting.is_empty() {
            self.firsts.insert(self.came, duty);
        }
        crowd.waiting.push_back(Waiting { who, turn: self.came, since: now });
        self.waiting += 1;
        self.came += 1;
        if full { self.largest_crowd_yields() } else { None }
    }

    /// Takes out the last of those who wait with the most others for the same, of the partner of whom the most wait.
    fn largest_crowd_yields(&mut self) -> Option<T> {
        let (&partner, _) = self.partners.iter().max_by_key(|(_, share)| share.waiting)?;
        let of_partner = self.crowds.iter().filter(|(duty, _)| duty.partner() == partner);
        let most = |(_, crowd): &(&Duty, &Crowd<T>)| (crowd.waiting.len(), crowd.waiting.back().map(|it| it.turn));
        let largest = of_partner.max_by_key(most).map(|(duty, _)| duty.clone())?;
        let crowd = self.crowds.get_mut(&largest)?;
        let last = crowd.waiting.pop_back()?;
        if crowd.waiting.is_empty() {
            self.firsts.remove(&last.turn);
        }
        self.gone(&largest, 1);
        Some(last.who)
    }

    /// Who came first among those for whom there is a place, which it takes.
    pub(super) fn next(&mut self, now: Instant) -> Option<(T, Duty)> {
        if self.taken >= self.size || self.waiting == 0 {
            return None;
        }
        let is_free = |duty: &Duty| self.crowds.get(duty).is_some_and(|crowd| self.is_free(duty, crowd));
        let turn = self.firsts.iter().find(|(_, duty)| is_free(duty)).map(|(turn, _)| *turn)?;
        let duty = self.firsts.remove(&turn)?;
        let crowd = self.crowds.get_mut(&duty)?;
        let Waiting { who, .. } = crowd.waiting.pop_front()?;
        (crowd.at_work, crowd.moved) = (crowd.at_work + 1, Some(now));
        if let Some(first) = crowd.waiting.front() {
            self.firsts.insert(first.turn, duty.clone());
        }
        self.partners.entry(duty.partner()).or_default().at_work += 1;
        self.taken += 1;
        self.gone(&duty, 1);
        Some((who, duty))
    }

    /// Makes a place free again.
    pub(super) fn leave(&mut self, duty: &Duty, now: Instant) {
        let Some(crowd) = self.crowds.get_mut(duty).filter(|crowd| crowd.at_work > 0) else { return };
        (crowd.at_work, crowd.moved) = (crowd.at_work - 1, Some(now));
        if let Some(share) = self.partners.get_mut(&duty.partner()) {
            share.at_work -= 1;
        }
        self.taken -= 1;
        self.moved = Some(now);
        self.forget_idle(duty);
    }

    /// Those who waited in vain, in the order of coming: while none of their crowd took or left a place, or nobody at all
    /// left one where none of it is at work; or for too long whatever moved.
    pub(super) fn tired(&mut self, now: Instant) -> Vec<T> {
        let (patience, moved) = (self.patience, self.moved);
        self.take_out(|crowd| {
            let moved = if crowd.at_work > 0 { crowd.moved } else { moved };
            let stands_still = moved.is_none_or(|it| now.duration_since(it) >= patience);
            let patience = if stands_still { patience.min(LONGEST) } else { LONGEST };
            crowd.waiting.iter().take_while(|it| now.duration_since(it.since) >= patience).count()
        })
    }

    /// Takes out all who wait.
    pub(super) fn clear(&mut self) -> Vec<T> {
        self.take_out(|crowd| crowd.waiting.len())
    }

    /// Takes out so many of each crowd, those who came first.
    fn take_out(&mut self, many: impl Fn(&Crowd<T>) -> usize) -> Vec<T> {
        let (mut out, mut left) = (vec![], vec![]);
        for (duty, crowd) in &mut self.crowds {
            let many = many(crowd);
            if many > 0 {
                self.firsts.remove(&crowd.waiting[0].turn);
                out.extend(crowd.waiting.drain(..many));
                if let Some(first) = crowd.waiting.front() {
                    self.firsts.insert(first.turn, duty.clone());
                }
                left.push((duty.clone(), many));
            }
        }
        for (duty, many) in left {
            self.gone(&duty, many);
        }
        out.sort_unstable_by_key(|it| it.turn);
        out.into_iter().map(|it| it.who).collect()
    }

    /// Whether there is a place that the duty may take. A destination alone gets half of all, a second one half of the
    /// rest, and so on; channels get less, there are more of them. And however many things a partner's work waits for, the
    /// partner leaves a quarter of the places to others.
    fn is_free(&self, duty: &Duty, crowd: &Crowd<T>) -> bool {
        let free = self.size.saturating_sub(self.taken);
        let shares = match duty {
            Duty::Judge(_) | Duty::Compose(_) => true,
            Duty::Deliver(..) => crowd.at_work < free,
            Duty::Send(..) => crowd.at_work * CHANNELS < free,
        };
        let of_partner = || self.partners.get(&duty.partner()).map_or(0, |share| share.at_work);
        shares && of_partner() < free * PARTNER
    }

    /// So many of a crowd wait no longer.
    fn gone(&mut self, duty: &Duty, many: usize) {
        self.waiting -= many;
        if let Some(share) = self.partners.get_mut(&duty.partner()) {
            share.waiting -= many;
        }
        self.forget_idle(duty);
    }

    /// Forgets a crowd, and a partner, of which nobody is left.
    fn forget_idle(&mut self, duty: &Duty) {
        if self.crowds.get(duty).is_some_and(|it| it.at_work == 0 && it.waiting.is_empty()) {
            self.crowds.remove(duty);
        }
        if self.partners.get(&duty.partner()).is_some_and(|it| it.at_work == 0 && it.waiting == 0) {
            self.partners.remove(&duty.partner());
        }
    }
}

impl<T> Default for Crowd<T> {
    fn default() -> Self {
        Self { at_work: 0, waiting: VecDeque::new(), moved: None }
    }
}
