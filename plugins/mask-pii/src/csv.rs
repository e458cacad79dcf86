//! CSV: whole columns, and hits within cells.

use lockgate_sdk::Record;

use crate::{
    Hit, Payload,
    settings::Field,
    spot::{Form, Piece, Spot},
};

pub(crate) fn spots(payload: &Payload, fields: &[Field], record: &Record<'_>, hits: &[Hit]) -> Vec<Spot> {
    let Payload { dialect, header, .. } = payload;
    let mut whole = Vec::new();
    for field in fields {
        if let Field::Column(column, action) = field {
            whole.extend(header.find(column).map(|index| (index, *action)));
        }
    }
    if whole.is_empty() && hits.is_empty() {
        return Vec::new();
    }
    let mut spots = Vec::new();
    for (index, cell) in dialect.cells(record.bytes()).enumerate() {
        let form = Form::Cell { quoted: cell.quoted };
        if let Some((_, action)) = whole.iter().find(|(column, _)| *column == index) {
            let value = dialect.value(record.bytes(), &cell).into_owned();
            if !value.is_empty() {
                spots.push(Spot::whole(cell.range, form, value, *action));
            }
            continue;
        }
        // What lies inside the quotes; a hit that reaches further is masked as far as it lies in this cell.
        let quote = usize::from(cell.quoted);
        let inner = cell.range.start + quote..cell.range.end - quote.min(cell.range.len().saturating_sub(1));
        let pieces: Vec<_> = pieces(record.bytes(), hits, inner).collect();
        if !pieces.is_empty() {
            spots.push(Spot::raw(cell.range, form, pieces));
        }
    }
    spots
}

/// The parts of hits that lie in `inner`.
pub(crate) fn pieces(record: &[u8], hits: &[Hit], inner: std::ops::Range<usize>) -> impl Iterator<Item = Piece> {
    hits.iter().filter_map(move |hit| {
        let range = hit.range.start.max(inner.start)..hit.range.end.min(inner.end);
        (range.start < range.end).then(|| Piece { value: record[range.clone()].to_vec(), range, action: hit.action })
    })
}
