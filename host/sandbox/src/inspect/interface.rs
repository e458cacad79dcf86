//! Names of interfaces in components: `package:name/interface@version`.

/// A parsed name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interface<'a> {
    pub(super) package: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
}

impl<'a> Interface<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (package, rest) = text.split_once('/')?;
        let (name, version) = rest.split_once('@')?;
        Some(Self { package, name, version })
    }

    /// Any release of the first major version: released contracts only grow.
    pub(super) fn is_version_1(&self) -> bool {
        let mut parts = self.version.split('.');
        let numbers = parts.by_ref().take(3).filter(|part| part.parse::<u32>().is_ok()).count();
        numbers == 3 && parts.next().is_none() && self.version.starts_with("1.")
    }
}
