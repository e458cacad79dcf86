//! Templates of keys, prefixes and headers: filled with what stays the same over all attempts of a delivery.

use lockgate_core::ports::Consigned;

use crate::file_name::object_name;

/// The template with its placeholders filled; what it may not name was refused when it was entered.
pub(crate) fn fill(template: &str, consigned: &Consigned) -> String {
    let Consigned { delivery, payload, transfer, sender, file_name, .. } = consigned;
    let made = delivery.created_at.to_offset(time::UtcOffset::UTC);
    let (year, month, day) = (made.year(), u8::from(made.month()), made.day());
    [
        ("{sender}", sender.clone()),
        ("{transfer}", transfer.to_string()),
        ("{consignment}", delivery.consignment.to_string()),
        ("{delivery}", delivery.key()),
        ("{file}", object_name(file_name)),
        ("{media-type}", payload.media_type.replace('/', "-")),
        ("{year}", format!("{year:04}")),
        ("{month}", format!("{month:02}")),
        ("{day}", format!("{day:02}")),
    ]
    .into_iter()
    .fold(template.to_owned(), |text, (name, value)| text.replace(name, &value))
}
