//! How to compile for `wasm32-unknown-unknown`, whichever way Rust came to this machine: the only file that knows.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

const TARGET: &str = "wasm32-unknown-unknown";

const REMEDIES: &str = "no Rust standard library for wasm32-unknown-unknown was found. Either
  rustup target add wasm32-unknown-unknown
or, on Debian without rustup,
  apt-get install rustc-web cargo-web rust-web-src lld-19";

/// Debian's Rust that can build its own standard library for wasm.
const DEBIAN: [&str; 3] = ["/usr/bin/rustc", "/usr/bin/cargo", "/usr/bin/wasm-ld-19"];

/// A way to compile guests.
#[derive(Debug)]
pub(super) enum Toolchain {
    /// The Rust at hand has the standard library.
    Ready,
    /// Debian's packages: the standard library is built from source with the first guest.
    Debian,
}

impl Toolchain {
    /// Finds one, adding the target by rustup if that is all that is missing.
    pub(super) fn find() -> Result<Self> {
        if has_library() {
            return Ok(Self::Ready);
        }
        let added = Command::new("rustup").args(["target", "add", TARGET]).stdout(Stdio::null()).status();
        if added.is_ok_and(|status| status.success()) && has_library() {
            return Ok(Self::Ready);
        }
        if DEBIAN.iter().all(|tool| Path::new(tool).exists()) && debian_has_source() {
            return Ok(Self::Debian);
        }
        bail!(REMEDIES)
    }

    /// Builds the crate `name` and returns its core module.
    pub(super) fn build(&self, root: &Path, target_dir: &Path, name: &str) -> Result<Vec<u8>> {
        let mut cargo = match self {
            Self::Ready => Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
            Self::Debian => {
                let mut cargo = Command::new("/usr/bin/cargo");
                cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld-19");
                cargo.arg("-Zbuild-std=std,panic_abort");
                cargo
            }
        };
        // One crate a call: built together, the features that one plugin needs would leak into the others.
        cargo.args(["build", "--quiet", "--lib", "--profile", "guest", "--target", TARGET, "--package", name]);
        cargo.arg("--target-dir").arg(target_dir).current_dir(root);
        // Settings meant for native builds would break this one or make its output depend on the machine.
        for leak in ["RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTDOCFLAGS"] {
            cargo.env_remove(leak);
        }
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(root).join("\x1f"));
        let status = cargo.status().context("cannot start cargo")?;
        if !status.success() {
            bail!("plugin {name} does not build for {TARGET}, see above");
        }
        let module = target_dir.join(TARGET).join("guest").join(format!("{}.wasm", name.replace('-', "_")));
        fs::read(&module)
            .with_context(|| format!("cannot read {}; is `crate-type = [\"cdylib\", \"rlib\"]` set?", module.display()))
    }
}

/// SIMD because every host has it; no paths of this machine in the output; random numbers, of which a plugin has
/// none, come from a function that the plugin must bring itself if a dependency asks for them.
fn flags(root: &Path) -> Vec<String> {
    let home = |name: &str, default: &str| {
        let user = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        env::var_os(name).map_or_else(|| user.join(default), PathBuf::from)
    };
    vec![
        "-Ctarget-feature=+simd128".to_owned(),
        "--cfg=getrandom_backend=\"custom\"".to_owned(),
        format!("--remap-path-prefix={}=cargo", home("CARGO_HOME", ".cargo").display()),
        format!("--remap-path-prefix={}=rustup", home("RUSTUP_HOME", ".rustup").display()),
        format!("--remap-path-prefix={}=lockgate", root.display()),
    ]
}

fn has_library() -> bool {
    let Ok(answer) = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output() else {
        return false;
    };
    let folder = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
    let is_std = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("libstd-");
    answer.status.success() && fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(is_std))
}

fn debian_has_source() -> bool {
    let Ok(answer) = Command::new("/usr/bin/rustc").args(["--print", "sysroot"]).output() else { return false };
    let root = PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim());
    root.join("lib/rustlib/src/rust/library/std").exists()
}
