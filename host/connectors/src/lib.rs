//! The code that speaks to destinations and notification channels.
