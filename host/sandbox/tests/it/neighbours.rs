//! What one partner's plugins do to those of others: nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockgate_core::fault::Fault;
use lockgate_core::hook::Hook;
use lockgate_core::limits::Limits;
use lockgate_core::policy::Binding;
use lockgate_core::ports::{PluginError, PluginRunner};
use lockgate_sandbox::Sandbox;
use serde_json::json;

use crate::stage::{Stage, batch, partner, subject};

async fn once(sandbox: &Sandbox, bound: &Binding) -> Result<Vec<String>, PluginError> {
    let mut session = sandbox.mask(bound, &subject()).await?;
    let masked = session.apply(&batch(&["a", "b"])).await?;
    session.finish().await?;
    Ok(masked.findings.items.into_iter().map(|finding| finding.rule).collect())
}

#[tokio::test]
async fn no_painted_byte_is_visible_to_anothers_instance() {
    // One slot: every instance lies where the one before lay.
    let stage = Stage::with(|config| config.instances = 1);
    let limits = Limits { cpu_per_call: Duration::from_secs(5), ..Limits::default() };
    let mut painter = stage.hostile(Hook::Mask, "paint");
    painter.limits = limits.clone();
    let mut reader = stage.hostile(Hook::Mask, "read-paint");
    reader.limits = limits;
    // Below and above what is zeroed in place when an instance is dropped.
    for round in 0..40 {
        let amount = [64 << 10, 300 << 10, 2 << 20][round % 3];
        painter.settings = json!({ "crime": "paint", "amount": amount });
        reader.settings = json!({ "crime": "read-paint", "amount": amount });
        for bound in [&mut painter, &mut reader] {
            bound.owner = partner();
        }
        assert_eq!(once(&stage.sandbox, &painter).await.expect("painting is no crime"), [""; 0]);
        let seen = once(&stage.sandbox, &reader).await.expect("reading is no crime");
        assert_eq!(seen, ["paint-not-seen"], "round {round}");
    }
}

#[tokio::test]
async fn a_reader_in_the_painters_own_instance_would_see_the_paint() {
    // The proof that the test above can fail: within one instance the paint is there to be found.
    let stage = Stage::new();
    let mut bound = stage.hostile(Hook::Mask, "paint");
    bound.limits.cpu_per_call = Duration::from_secs(5);
    bound.settings = json!({ "crime": "paint", "amount": 1 << 20 });
    let mut session = stage.sandbox.mask(&bound, &subject()).await.expect("it begins");
    let before = session.apply(&batch(&["a"])).await.expect("it paints");
    assert_eq!(before.findings.items, []);
    assert_eq!(stage.sandbox.status().idle, 0, "an instance in use is not idle");
    session.finish().await.expect("it ends");
    assert_eq!(stage.sandbox.status().idle, 1, "it is kept for its own binding");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partners_endless_loops_do_not_hold_up_anothers_calls() {
    let stage = Stage::with(|config| config.threads = 1);
    let loops = Arc::new(AtomicUsize::new(0));
    let mut attacker = stage.hostile(Hook::Mask, "loop");
    attacker.limits = Limits { cpu_per_call: Duration::from_millis(60), ..attacker.limits };
    let victim = stage.hostile(Hook::Mask, "none");
    once(&stage.sandbox, &victim).await.expect("it behaves");
    let attacks: Vec<_> = (0..30)
        .map(|_| {
            let (sandbox, attacker, loops) = (Arc::clone(&stage.sandbox), attacker.clone(), Arc::clone(&loops));
            tokio::spawn(async move {
                let result = once(&sandbox, &attacker).await;
                loops.fetch_add(1, Ordering::SeqCst);
                result
            })
        })
        .collect();
    wait_until(|| loops.load(Ordering::SeqCst) >= 1).await;
    let before = loops.load(Ordering::SeqCst);
    for _ in 0..5 {
        once(&stage.sandbox, &victim).await.expect("a neighbour's loops are not its fault");
    }
    let meanwhile = loops.load(Ordering::SeqCst) - before;
    // In the order of arrival every call would have waited for all thirty.
    assert!(meanwhile < 25, "{meanwhile} loops ended before five short sessions were through");
    for attack in attacks {
        let result = attack.await.expect("no task panics");
        assert!(matches!(result, Err(PluginError::Fault(Fault::Cpu { .. }))), "{result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_machine_costs_nobody_his_cpu_budget() {
    let stage = Stage::new();
    let mut bound = stage.hostile(Hook::Mask, "paint");
    bound.settings = json!({ "crime": "paint", "amount": 8 << 20 });
    once(&stage.sandbox, &bound).await.expect("it compiles and paints");
    let started = Instant::now();
    once(&stage.sandbox, &bound).await.expect("it paints");
    // Three times what it needs alone; sixteen burners on a few cores make it wait for longer than that.
    bound.limits.cpu_per_call = started.elapsed() * 3;
    let stop = Arc::new(AtomicBool::new(false));
    let burners: Vec<_> = (0..16)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut slower_than_its_budget = false;
    let mut results = vec![];
    while !slower_than_its_budget && Instant::now() < deadline {
        let started = Instant::now();
        results.push(once(&stage.sandbox, &bound).await);
        slower_than_its_budget = started.elapsed() > bound.limits.cpu_per_call;
    }
    stop.store(true, Ordering::Relaxed);
    for burner in burners {
        burner.join().expect("a burner only spins");
    }
    assert!(slower_than_its_budget, "this machine was never busy enough to show anything");
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[tokio::test]
async fn a_full_queue_is_busy_and_no_fault() {
    let stage = Stage::with(|config| {
        config.threads = 1;
        config.reserve_threads = 0;
        config.waiting_per_owner = 1;
    });
    let mut bound = stage.hostile(Hook::Mask, "loop");
    bound.limits.cpu_per_call = Duration::from_millis(60);
    stage.sandbox.prepare(&bound.plugin).await.expect("it compiles");
    let four = tokio::join!(
        once(&stage.sandbox, &bound),
        once(&stage.sandbox, &bound),
        once(&stage.sandbox, &bound),
        once(&stage.sandbox, &bound),
    );
    let all = [four.0, four.1, four.2, four.3];
    assert!(all.iter().any(|result| matches!(result, Err(PluginError::Busy))), "{all:?}");
    let only = |result: &Result<_, PluginError>| {
        matches!(result, Err(PluginError::Busy | PluginError::Fault(Fault::Cpu { .. })))
    };
    assert!(all.iter().all(only), "{all:?}");
    assert_eq!(stage.sandbox.status().waiting, 0);
}

#[tokio::test]
async fn a_full_pool_is_busy_and_gives_up_idle_instances_first() {
    let stage = Stage::with(|config| config.instances = 2);
    let idle = stage.hostile(Hook::Mask, "none");
    once(&stage.sandbox, &idle).await.expect("it behaves");
    assert_eq!(stage.sandbox.status().idle, 1);
    let bound = stage.hostile(Hook::Mask, "none");
    let first = stage.sandbox.mask(&bound, &subject()).await.expect("there is room");
    let second = stage.sandbox.mask(&bound, &subject()).await.expect("the idle one makes room");
    let third = stage.sandbox.mask(&bound, &subject()).await;
    assert!(matches!(third, Err(PluginError::Busy)), "{third:?}");
    drop((first, second));
    stage.sandbox.mask(&bound, &subject()).await.expect("there is room again");
}

/// Polls a condition; ten seconds are more than any machine needs.
async fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "the condition was never met");
        tokio::task::yield_now().await;
    }
}
