//! How many connections there are, in all and by address. Who finds no room is refused at once: waiting in a queue that
//! an attacker fills would be worse than a clear answer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

use super::bounds::Bounds;

/// Who is connected.
#[derive(Debug)]
pub(super) struct Room {
    connections: usize,
    per_address: usize,
    proxies: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    neighbourhood: Option<IpAddr>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// For anybody.
    All,
    /// For this address.
    Address,
}

impl Room {
    pub(super) fn new(bounds: &Bounds) -> Arc<Self> {
        Arc::new(Self {
            connections: bounds.connections,
            per_address: bounds.connections_per_address,
            proxies: bounds.proxies.clone(),
            taken: Mutex::default(),
        })
    }

    /// A place for a connection from the address. Proxies that are trusted connect for many.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, Full> {
        let address = address.to_canonical();
        let proxy = self.proxies.iter().any(|network| network.contains(&address));
        let neighbourhood = (!proxy).then(|| neighbourhood(address));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.connections {
            return Err(Full::All);
        }
        if let Some(neighbourhood) = neighbourhood {
            let count = taken.by_address.entry(neighbourhood).or_default();
            if *count >= self.per_address {
                return Err(Full::Address);
            }
            *count += 1;
        }
        taken.all += 1;
        Ok(Place { room: Arc::clone(self), neighbourhood })
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(neighbourhood) = self.neighbourhood
            && let Some(count) = taken.by_address.get_mut(&neighbourhood)
        {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&neighbourhood);
            }
        }
    }
}

/// Whoever has one IPv6 address has the 2^64 around it.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    //! Places are counted by address and given back.

    use super::*;
    use crate::listen::tests::bounds;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_fills_its_own_share_and_nobody_elses() {
        let room = Room::new(&Bounds { connections: 4, connections_per_address: 2, ..bounds() });
        let places: Vec<_> = (0..2).map(|_| room.enter(address("192.0.2.1")).expect("a place")).collect();
        assert_eq!(room.enter(address("192.0.2.1")).err(), Some(Full::Address));
        assert_eq!(room.enter(address("::ffff:192.0.2.1")).err(), Some(Full::Address));
        let _other = room.enter(address("192.0.2.2")).expect("a place");
        drop(places);
        assert!(room.enter(address("192.0.2.1")).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_share() {
        let room = Room::new(&Bounds { connections: 9, connections_per_address: 1, ..bounds() });
        let _first = room.enter(address("2001:db8::1")).expect("a place");
        assert_eq!(room.enter(address("2001:db8::ffff:1")).err(), Some(Full::Address));
        assert!(room.enter(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn a_trusted_proxy_is_bounded_by_the_whole_only() {
        let proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        let room = Room::new(&Bounds { connections: 3, connections_per_address: 1, proxies, ..bounds() });
        let places: Vec<_> = (0..3).map(|_| room.enter(address("10.1.1.1")).expect("a place")).collect();
        assert_eq!((places.len(), room.taken()), (3, 3));
        assert_eq!(room.enter(address("10.1.1.1")).err(), Some(Full::All));
    }
}
