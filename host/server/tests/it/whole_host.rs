//! Two whole hosts on real services: what was acknowledged is finished although one of them dies.

mod stage;

use std::time::Duration;

use stage::Stage;

const TRANSFERS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_transfers_are_delivered_once_although_a_host_dies() {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.ready(1).await;
    stage.introduce("acme", "globex").await;

    let mut sent = vec![];
    for number in 0..TRANSFERS {
        if number == TRANSFERS / 3 {
            stage.kill(1);
        }
        // After the death, only the living host is asked; whatever the dead one had claimed is adopted.
        let host = if number < TRANSFERS / 3 { number % 2 } else { 0 };
        sent.push(stage.send(host, &format!("list-{number}.csv"), format!("name,amount\nann,{number}\n")).await);
    }
    for id in &sent {
        assert_eq!(stage.end_of(id, Duration::from_secs(120)).await, "FINISHED", "{id}\n{}", stage.show(id));
    }
    let received = stage.received();
    assert_eq!(received.len(), TRANSFERS, "every transfer was delivered under a key of its own");
    assert!(received.values().all(|times| *times == 1), "a delivery was doubled: {received:?}");
    assert!(stage.show(&sent[0]).contains("offset="), "the timeline names Kafka's position");
    assert!(stage.stop().await.success(), "the living host stops in order");
}
