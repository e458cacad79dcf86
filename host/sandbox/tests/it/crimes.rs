//! Every crime ends as the fault that its limit names; the host goes on.

use std::time::Duration;

use lockgate_core::fault::Fault;
use lockgate_core::hook::Hook;
use lockgate_core::limits::Limits;
use lockgate_core::policy::Binding;
use lockgate_core::ports::{PluginError, PluginRunner};
use rstest::rstest;
use serde_json::json;

use crate::stage::{Stage, batch, binding, fault, guest, subject};

/// Commits the crime in `mask`, from beginning to end, and returns the fault it ends in.
async fn masking(stage: &Stage, bound: &Binding) -> Fault {
    fault(try_masking(stage, bound).await)
}

async fn try_masking(stage: &Stage, bound: &Binding) -> Result<(), PluginError> {
    let mut session = stage.sandbox.mask(bound, &subject()).await?;
    session.apply(&batch(&["zero", "one", "two", "three", "four"])).await?;
    session.finish().await.map(|_| ())
}

async fn validating(stage: &Stage, bound: &Binding) -> Fault {
    let run = async {
        let mut session = stage.sandbox.validate(bound, &subject()).await?;
        session.check(&batch(&["zero", "one", "two", "three", "four"])).await?;
        session.finish().await.map(|_| ())
    };
    fault(run.await)
}

fn short() -> Limits {
    Limits { cpu_per_call: Duration::from_millis(60), deadline: Duration::from_secs(20), ..Limits::default() }
}

/// That a well-behaved session passes on the same sandbox, after whatever went before.
async fn goes_on(stage: &Stage) {
    try_masking(stage, &stage.hostile(Hook::Mask, "none")).await.expect("the host goes on");
}

#[rstest]
#[case::in_the_guest("loop")]
#[case::at_a_record("loop-at-record")]
#[case::in_configure("loop-in-configure")]
#[case::in_finish("loop-in-finish")]
#[case::inside_the_host("loop-detect")]
#[tokio::test]
async fn a_loop_ends_with_its_cpu_budget(#[case] crime: &str) {
    let stage = Stage::new();
    let mut bound = stage.hostile(Hook::Mask, crime);
    bound.limits = Limits { host_calls: 1_000_000, ..short() };
    let fault = masking(&stage, &bound).await;
    let Fault::Cpu { limit, used } = &fault else { panic!("{crime}: {fault:?}") };
    assert!(used > limit, "{fault:?}");
    goes_on(&stage).await;
}

#[rstest]
#[case::cheap_host_calls("loop-log")]
#[case::scans("loop-scan-batch")]
#[case::flood("host-call-flood")]
#[tokio::test]
async fn a_loop_of_host_calls_ends_with_their_number(#[case] crime: &str) {
    let stage = Stage::new();
    let mut bound = stage.hostile(Hook::Mask, crime);
    bound.limits.host_calls = 500;
    assert_eq!(masking(&stage, &bound).await, Fault::HostCalls { limit: 500, was: 501 });
    goes_on(&stage).await;
}

#[tokio::test]
async fn a_deadline_ends_a_guest_that_still_has_cpu_time_and_host_calls_count() {
    let stage = Stage::new();
    for crime in ["loop", "loop-detect"] {
        let mut bound = stage.hostile(Hook::Validate, crime);
        bound.limits = Limits {
            cpu_per_call: Duration::from_secs(10),
            deadline: Duration::from_millis(80),
            host_calls: 1_000_000,
            ..Limits::default()
        };
        let fault = validating(&stage, &bound).await;
        let Fault::Deadline { limit, after } = fault else { panic!("{fault:?}") };
        assert!(limit == Duration::from_millis(80) && after > limit, "{after:?}");
    }
    goes_on(&stage).await;
}

#[tokio::test]
async fn a_memory_bomb_ends_at_the_limit_and_names_what_it_wanted() {
    let stage = Stage::new();
    let mut bound = stage.hostile(Hook::Mask, "memory-bomb");
    bound.limits.memory_bytes = 16 << 20;
    let fault = masking(&stage, &bound).await;
    let Fault::Memory { limit, wanted } = fault else { panic!("{fault:?}") };
    assert!(limit == 16 << 20 && wanted > limit && wanted < 2 * limit, "{wanted}");
    goes_on(&stage).await;
}

#[tokio::test]
async fn a_stack_overflow_ends_at_the_limit_of_the_stack() {
    let stage = Stage::new();
    let fault = masking(&stage, &stage.hostile(Hook::Mask, "stack-overflow")).await;
    assert_eq!(fault, Fault::Stack { limit: Limits::default().stack_bytes });
    goes_on(&stage).await;
}

#[rstest]
#[case::at_a_record("trap-at-record")]
#[case::in_configure("panic-in-configure")]
#[case::in_finish("trap-in-finish")]
#[case::abort("abort")]
// A Rust guest keeps its arrays on a stack of its own inside linear memory, and falls off its end.
#[case::own_stack("own-stack-overflow")]
#[tokio::test]
async fn a_trap_is_a_trap_wherever_it_happens(#[case] crime: &str) {
    let stage = Stage::new();
    let fault = masking(&stage, &stage.hostile(Hook::Mask, crime)).await;
    assert!(matches!(fault, Fault::Trap { .. }), "{crime}: {fault:?}");
    goes_on(&stage).await;
}

#[rstest]
#[case::answer("huge-output", Some(12 << 20))]
#[case::message("huge-message", Some(12 << 20))]
#[case::configure("huge-configure-error", Some(12 << 20))]
#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_before_it_is_taken(#[case] crime: &str, #[case] amount: Option<u64>) {
    let stage = Stage::new();
    let mut bound = stage.hostile(Hook::Mask, crime);
    bound.settings = json!({ "crime": crime, "amount": amount });
    bound.limits.cpu_per_call = Duration::from_secs(5);
    let fault = masking(&stage, &bound).await;
    let Fault::Output { limit, was } = fault else { panic!("{crime}: {fault:?}") };
    assert!(limit == 8 << 20 && was > limit);
    goes_on(&stage).await;
}

#[tokio::test]
async fn an_answer_of_a_gigabyte_fails_in_the_guests_own_memory() {
    let stage = Stage::new();
    let fault = masking(&stage, &stage.hostile(Hook::Mask, "huge-output")).await;
    assert!(matches!(fault, Fault::Memory { limit, wanted } if limit == 64 << 20 && wanted > 1 << 30), "{fault:?}");
    goes_on(&stage).await;
}

#[tokio::test]
async fn floods_of_findings_facts_and_edits_are_counted() {
    let stage = Stage::new();
    let flood = |hook, crime: &str, amount: u64| {
        let mut bound = stage.hostile(hook, crime);
        bound.settings = json!({ "crime": crime, "amount": amount });
        bound.limits.cpu_per_call = Duration::from_secs(5);
        bound
    };
    let fault = masking(&stage, &flood(Hook::Mask, "findings-flood", 5_000)).await;
    assert_eq!(fault, Fault::Findings { limit: 1_000, was: 5_000 });
    let fault = validating(&stage, &flood(Hook::Validate, "facts-flood", 5_000)).await;
    assert_eq!(fault, Fault::Findings { limit: 1_000, was: 5_000 });
    let fault = masking(&stage, &flood(Hook::Mask, "edits-flood", 300_000)).await;
    assert_eq!(fault, Fault::Edits { limit: 200_000, was: 300_000 });
    let targets = flood(Hook::Route, "targets-flood", 5_000);
    let fault = fault_of_route(&stage, &targets).await;
    assert_eq!(fault, Fault::Findings { limit: 1_000, was: 5_000 });
    goes_on(&stage).await;
}

async fn fault_of_route(stage: &Stage, bound: &Binding) -> Fault {
    fault(stage.sandbox.route(bound, &subject()).await)
}

#[rstest]
#[case::many_lines("log-flood", None)]
#[case::one_line("huge-log-line", Some(1 << 20))]
#[tokio::test]
async fn a_flood_of_log_lines_ends_with_the_bytes_of_a_payload(#[case] crime: &str, #[case] amount: Option<u64>) {
    let stage = Stage::new();
    let mut bound = stage.hostile(Hook::Mask, crime);
    if let Some(amount) = amount {
        bound.settings["amount"] = amount.into();
    }
    let fault = masking(&stage, &bound).await;
    assert!(matches!(fault, Fault::Log { limit: 65_536, was } if was > 65_536), "{fault:?}");
    goes_on(&stage).await;
}

#[rstest]
#[case::text("bad-utf8")]
#[case::list("wild-pointer")]
#[case::kind("unknown-kind")]
#[case::scheme("unknown-scheme")]
#[case::column("bad-column")]
#[case::table("unknown-table")]
#[case::no_batch("scan-outside-batch")]
#[tokio::test]
async fn what_makes_no_sense_breaks_the_contract(#[case] crime: &str) {
    let stage = Stage::new();
    let fault = masking(&stage, &stage.hostile(Hook::Mask, crime)).await;
    assert!(matches!(fault, Fault::Contract { .. }), "{crime}: {fault:?}");
    goes_on(&stage).await;
}

/// Whether edits fit the batch is judged by the pipeline, which has the records: the sandbox hands them on untouched.
#[rstest]
#[case("edits-overlap")]
#[case("edits-backwards")]
#[case("edits-past-end")]
#[case("edits-split-record")]
#[case("edits-smuggle-newline")]
#[case("edits-uneven")]
#[case("keep-all")]
#[tokio::test]
async fn edits_that_only_the_pipeline_can_judge_reach_it(#[case] crime: &str) {
    let stage = Stage::new();
    let bound = stage.hostile(Hook::Mask, crime);
    let mut session = stage.sandbox.mask(&bound, &subject()).await.expect("it begins");
    let masked = session.apply(&batch(&["zero", "one"])).await.expect("it answers");
    assert!(masked.keep > 0 || !masked.edits.starts.is_empty(), "{masked:?}");
}

#[tokio::test]
async fn a_session_that_faulted_answers_the_same_fault_from_then_on() {
    let stage = Stage::new();
    let bound = stage.hostile(Hook::Mask, "abort");
    let mut session = stage.sandbox.mask(&bound, &subject()).await.expect("it begins");
    let first = fault(session.apply(&batch(&["a"])).await);
    assert_eq!(fault(session.apply(&batch(&["a"])).await), first);
    assert_eq!(fault(session.finish().await), first);
}

#[tokio::test]
async fn a_binding_that_faults_too_often_is_quarantined_and_no_other() {
    let stage = Stage::with(|config| config.quarantine.faults = 3);
    let bound = stage.hostile(Hook::Mask, "abort");
    for _ in 0..2 {
        masking(&stage, &bound).await;
    }
    // The third is one that only the pipeline could see.
    stage.sandbox.report(&bound, &Fault::Contract { message: "its edits overlap".to_owned() });
    let refused = try_masking(&stage, &bound).await;
    assert!(matches!(refused, Err(PluginError::Quarantined { last: Fault::Contract { .. }, .. })), "{refused:?}");
    assert_eq!(stage.sandbox.status().quarantined.len(), 1);
    goes_on(&stage).await;
}

#[tokio::test]
async fn settings_that_the_guest_refuses_are_a_fault_of_its_own_kind() {
    let stage = Stage::new();
    let bound = binding(stage.publish(guest("hostile")), Hook::Mask, json!({ "crime": "of-passion" }));
    let fault = masking(&stage, &bound).await;
    assert!(matches!(&fault, Fault::Configure { message } if message.contains("of-passion")), "{fault:?}");
}
