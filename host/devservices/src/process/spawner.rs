//! Spawns children from one thread that lives as long as the services.
//!
//! The kernel's "parent died" signal follows the *thread* that spawned a child. Spawned from a
//! runtime's worker, children would die whenever that worker ends; spawned from here, they die
//! exactly when their owner does, also by `kill -9`.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc;

use rustix::process::Signal;

type Answer = mpsc::Sender<io::Result<Child>>;

/// Handle of the spawning thread; when the last clone is dropped, the thread ends and with it any
/// child that is still there.
#[derive(Clone, Debug)]
pub(crate) struct Spawner {
    orders: mpsc::Sender<(Command, Answer)>,
}

impl Spawner {
    pub(crate) fn start() -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel::<(Command, Answer)>();
        std::thread::Builder::new().name("lockgate-spawner".into()).spawn(move || {
            for (mut command, answer) in inbox {
                // Whoever ordered waits for the answer; if it is gone, the child goes too.
                if let Err(mpsc::SendError(Ok(mut orphan))) = answer.send(command.spawn()) {
                    let _ = orphan.kill();
                }
            }
        })?;
        Ok(Self { orders })
    }

    /// Spawns `command` as leader of its own process group (so that a terminal's Ctrl-C reaches
    /// only us, who stop it in order), to be sent `death` when we die.
    pub(crate) fn spawn(&self, mut command: Command, death: Signal) -> io::Result<Child> {
        command.process_group(0);
        die_with_owner(&mut command, death);
        let (answer, reply) = mpsc::channel();
        let gone = || io::Error::other("the spawning thread has ended");
        self.orders.send((command, answer)).map_err(|_| gone())?;
        reply.recv().map_err(|_| gone())?
    }
}

#[cfg(target_os = "linux")]
fn die_with_owner(command: &mut Command, death: Signal) {
    let owner = rustix::process::getpid();
    let bind_to_owner = move || {
        rustix::process::set_parent_process_death_signal(Some(death))?;
        // The owner may have died before the line above took effect.
        if rustix::process::getppid() == Some(owner) {
            Ok(())
        } else {
            Err(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error()))
        }
    };
    #[expect(unsafe_code, reason = "only the child itself can ask to die with its parent, between fork and exec")]
    // SAFETY: the closure makes two system calls (prctl, getppid) and allocates nothing, so it is
    // safe to run between fork and exec of a process with threads.
    unsafe {
        command.pre_exec(bind_to_owner);
    }
}

/// Elsewhere there is no such signal; the next start ends what a killed owner left.
#[cfg(not(target_os = "linux"))]
fn die_with_owner(_: &mut Command, _: Signal) {}
