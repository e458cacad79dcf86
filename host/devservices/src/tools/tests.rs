//! The feature release is read from every style of version.

use super::java_version;

#[test]
fn reads_the_feature_release_from_every_style_of_version() {
    let answer = |version: &str| java_version(&format!("openjdk version \"{version}\" 2025-04-15\nOpenJDK..."));
    assert_eq!(answer("17.0.15"), Some(17));
    assert_eq!(answer("1.8.0_392"), Some(8));
    assert_eq!(answer("25"), Some(25));
    assert_eq!(answer("26-ea"), Some(26));
    assert_eq!(java_version("no such thing"), None);
}
