//! Lines for the plugin's owner: cut, escaped, scanned for personal data and counted by the host.

/// How much a line matters.
pub use crate::bindings::imports::log::Level;

/// Writes one line.
pub fn write(level: Level, text: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::imports::log::write(level, text);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| host.log(level, text));
}

/// For the person who debugs the plugin.
pub fn debug(text: &str) {
    write(Level::Debug, text);
}

/// Worth knowing.
pub fn info(text: &str) {
    write(Level::Info, text);
}

/// Worth acting upon.
pub fn warn(text: &str) {
    write(Level::Warn, text);
}

/// Makes a panic write its message before it traps; call it in `configure` while developing.
pub fn panics() {
    std::panic::set_hook(Box::new(|panic| warn(&panic.to_string())));
}
