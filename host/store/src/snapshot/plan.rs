//! Which plans a view's statements are run by: planning one takes Postgres longer than running it where rows are looked up
//! by key, and a plan for all filters at once would miss the index for each.

/// When a statement is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// Each time, for what is asked: pages with filters.
    Anew,
    /// Once for each connection: what is looked up by keys, or hangs on them.
    Once,
}

impl Plan {
    /// The word for `plan_cache_mode`.
    pub(super) const fn mode(self) -> &'static str {
        match self {
            Self::Anew => "force_custom_plan",
            Self::Once => "force_generic_plan",
        }
    }

    /// Turns to it until the transaction ends.
    pub(super) const fn turn(self) -> &'static str {
        match self {
            Self::Anew => "set local plan_cache_mode = force_custom_plan",
            Self::Once => "set local plan_cache_mode = force_generic_plan",
        }
    }
}
