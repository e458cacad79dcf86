//! CSV: whole columns, and hits within cells.

use lockgate_sdk::Record;

use crate::{
    Hit, Payload, hit,
    spot::{Form, Spots},
};

pub(crate) fn find<'a>(payload: &Payload, record: &Record<'a>, mut hits: &[Hit], spots: &mut Spots<'a>) {
    let Payload { dialect, columns, .. } = payload;
    let mut whole = columns.len();
    if whole == 0 && hits.is_empty() {
        return;
    }
    for (index, cell) in dialect.cells(record.bytes()).enumerate() {
        let form = Form::Cell { quoted: cell.quoted };
        if let Some((_, action)) = columns.iter().find(|(column, _)| *column == index) {
            let value = dialect.value(record.bytes(), &cell);
            if !value.is_empty() {
                spots.whole(record, cell.range, form, value, *action);
            }
            whole -= 1;
        } else {
            // What lies inside the quotes; a hit that reaches further is masked as far as it lies in this cell.
            let quote = usize::from(cell.quoted);
            let inner = cell.range.start + quote..cell.range.end - quote.min(cell.range.len().saturating_sub(1));
            let end = cell.range.end;
            spots.raw(record, cell.range, form, hit::pieces(record, hits, inner));
            hits = &hits[hits.iter().take_while(|hit| hit.range.end <= end).count()..];
        }
        if whole == 0 && hits.is_empty() {
            return;
        }
    }
}
