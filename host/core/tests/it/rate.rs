//! Windows and shares over a ledger that counts how often it is asked, on one host and on several.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::id::PartnerId;
use lockgate_core::rate::{RateLimit, RateLimits};
use lockgate_core::secure_url::SUBJECT;
use lockgate_core::time::Clock;
use lockgate_core::viewer::{Role, Viewer};
use lockgate_testkit::memory::{MemoryRateLedger, VirtualClock};
use rstest::rstest;

fn world() -> (Arc<VirtualClock>, Arc<MemoryRateLedger>) {
    let clock = Arc::new(VirtualClock::default());
    (Arc::clone(&clock), Arc::new(MemoryRateLedger::new(clock)))
}

fn viewer(name: &str) -> Viewer {
    Viewer { subject: name.to_owned(), role: Role::Operator }
}

const MINUTE: Duration = Duration::from_secs(60);

/// How many of so many requests are admitted, one host after the other.
async fn admitted(hosts: &[RateLimits], requests: usize) -> usize {
    let mut admitted = 0;
    for number in 0..requests {
        admitted += usize::from(hosts[number % hosts.len()].admit(&viewer("ann")).await.is_ok());
    }
    admitted
}

#[rstest]
// Limit, hosts, requests; the most and the least that are admitted.
#[case(1000, 1, 1500, 1000, 1000)]
#[case(1000, 1, 999, 999, 999)]
#[case(1000, 2, 3000, 1000, 951)]
#[case(1000, 4, 5000, 1000, 853)]
#[case(20, 3, 100, 20, 20)]
#[case(1, 1, 10, 1, 1)]
#[case(1, 4, 10, 1, 1)]
#[case(19, 2, 40, 19, 19)]
#[tokio::test]
async fn hosts_together_admit_the_limit_and_at_most_a_share_each_less(
    #[case] limit: u32,
    #[case] hosts: usize,
    #[case] requests: usize,
    #[case] most: usize,
    #[case] least: usize,
) {
    let (clock, ledger) = world();
    let limit = RateLimit { requests: limit, window: MINUTE };
    let hosts: Vec<_> = (0..hosts).map(|_| RateLimits::new(limit, ledger.clone(), clock.clone())).collect();
    for _ in 0..3 {
        let count = admitted(&hosts, requests).await;
        assert!((least..=most).contains(&count), "{count}");
        clock.advance(MINUTE);
    }
}

#[tokio::test]
async fn the_ledger_is_asked_once_per_share_and_not_for_what_is_refused() {
    let (clock, ledger) = world();
    let limits = RateLimits::new(RateLimit { requests: 1000, window: MINUTE }, ledger.clone(), clock.clone());
    assert_eq!(admitted(std::slice::from_ref(&limits), 1000).await, 1000);
    assert_eq!(ledger.asked(), 20);
    assert_eq!(admitted(std::slice::from_ref(&limits), 10_000).await, 0);
    assert_eq!(ledger.asked(), 21);
}

#[tokio::test]
async fn a_user_learns_where_it_stands_and_how_long_to_wait() {
    let (clock, ledger) = world();
    let limits = RateLimits::new(RateLimit { requests: 3, window: MINUTE }, ledger, clock.clone());
    let mut remaining = vec![];
    for _ in 0..3 {
        let standing = limits.admit(&viewer("ann")).await.expect("within the limit");
        remaining.push((standing.remaining, standing.reset.as_secs()));
        clock.advance(Duration::from_secs(10));
    }
    assert_eq!(remaining, [(2, 60), (1, 50), (0, 40)]);
    let limited = limits.admit(&viewer("ann")).await.expect_err("nothing is left");
    assert_eq!((limited.0.remaining, limited.0.reset.as_secs()), (0, 30));
    assert!(limited.to_string().contains("wait 30 s"), "{limited}");
    clock.advance(Duration::from_secs(30));
    assert!(limits.admit(&viewer("ann")).await.is_ok(), "a new window begins");
}

#[tokio::test]
async fn users_do_not_take_from_each_other() {
    let (clock, ledger) = world();
    let limits = RateLimits::new(RateLimit { requests: 1, window: MINUTE }, ledger, clock.clone());
    assert!(limits.admit(&viewer("ann")).await.is_ok());
    assert!(limits.admit(&viewer("ann")).await.is_err());
    assert!(limits.admit(&viewer("bob")).await.is_ok());
    let partner = PartnerId::generate(clock.now());
    let namesake = Viewer { subject: "ann".to_owned(), role: Role::Partner(partner) };
    assert!(limits.admit(&namesake).await.is_ok());
}

/// Who comes by a secure URL of that partner.
fn visitor(partner: PartnerId, number: usize) -> Viewer {
    Viewer { subject: format!("{SUBJECT}url_{number}"), role: Role::Partner(partner) }
}

#[tokio::test]
async fn all_secure_urls_of_a_partner_together_may_as_much_as_ten_users() {
    let (clock, ledger) = world();
    let limit = RateLimit { requests: 1000, window: MINUTE };
    let limits = RateLimits::new(limit, ledger.clone(), clock.clone());
    let (acme, globex) = (PartnerId::generate(clock.now()), PartnerId::generate(clock.now()));
    let mut admitted = 0;
    // Each is far from the end of its own window.
    for number in 0..12_000 {
        admitted += u32::from(limits.admit(&visitor(acme, number % 300)).await.is_ok());
    }
    assert_eq!(admitted, 10 * limit.requests);
    let asked = ledger.asked();
    for number in [7, 777] {
        let limited = limits.admit(&visitor(acme, number)).await.expect_err("nothing is left for any of them");
        assert_eq!(limited.0.limit, limit.of_all_urls());
    }
    assert_eq!(ledger.asked(), asked, "what is refused costs no statement");
    let user = Viewer { subject: "ann".to_owned(), role: Role::Partner(acme) };
    assert!(limits.admit(&user).await.is_ok(), "the partner's users go on");
    assert!(limits.admit(&visitor(globex, 7)).await.is_ok(), "and so do another's visitors");
    clock.advance(MINUTE);
    assert!(limits.admit(&visitor(acme, 7)).await.is_ok());
}

#[tokio::test]
async fn what_one_secure_url_is_refused_takes_nothing_from_the_others() {
    let (clock, ledger) = world();
    let limit = RateLimit { requests: 20, window: MINUTE };
    let limits = RateLimits::new(limit, ledger, clock.clone());
    let acme = PartnerId::generate(clock.now());
    let mut admitted = 0;
    for _ in 0..1_000 {
        admitted += u32::from(limits.admit(&visitor(acme, 0)).await.is_ok());
    }
    assert_eq!(admitted, limit.requests);
    for number in 1..10 {
        assert!(limits.admit(&visitor(acme, number)).await.is_ok(), "{number}");
    }
}

#[tokio::test]
async fn without_its_ledger_a_host_gives_a_share_a_second() {
    let clock = Arc::new(VirtualClock::default());
    let ledger = MemoryRateLedger::away(clock.clone());
    let limits = [RateLimits::new(RateLimit { requests: 1000, window: MINUTE }, Arc::new(ledger), clock.clone())];
    // The share is renewed only when its second is over.
    assert_eq!(admitted(&limits, 80).await, 50);
    clock.advance(Duration::from_secs(1));
    assert_eq!(admitted(&limits, 80).await, 50);
}
