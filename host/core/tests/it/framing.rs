//! Framing against real files, and against a parser that we did not write.

use std::fs;
use std::path::PathBuf;

use lockgate_core::framing::{Cut, Framer, Framing};

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let entries = fs::read_dir(path).expect("the data lies beside the test");
    entries
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            (path.display().to_string(), fs::read(path).expect("the file can be read"))
        })
        .collect()
}

fn cuts(framing: &Framing, payload: &[u8], chunk: usize) -> (Vec<Cut>, bool) {
    let mut framer = Framer::new(framing);
    let mut cuts: Vec<_> = payload.chunks(chunk).flat_map(|chunk| framer.push(chunk)).collect();
    cuts.extend(framer.finish());
    (cuts, framer.misframed().is_none())
}

/// How many records csv-core finds, which also skips blank lines and ends records at CR, LF and CRLF.
fn counted_by_csv_core(payload: &[u8], delimiter: u8) -> usize {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut input, mut records) = (payload, 0);
    let (mut output, mut ends) = (vec![0; 1 << 16], vec![0; 1 << 10]);
    loop {
        let (result, read, _, _) = reader.read_record(input, &mut output, &mut ends);
        input = &input[read..];
        match result {
            csv_core::ReadRecordResult::Record => records += 1,
            csv_core::ReadRecordResult::End => return records,
            _ => {}
        }
    }
}

#[test]
fn finds_as_many_csv_records_as_a_parser_does() {
    for (name, payload) in files("csv") {
        let delimiter = if name.contains("Covid") { ';' } else { ',' };
        let framing = Framing::Csv { delimiter, quote: '"', header: false, max_record: 1 << 20 };
        let (cuts, complete) = cuts(&framing, &payload, 4096);
        let records: usize = cuts.iter().map(|cut| cut.spans.len()).sum();
        assert!(complete, "{name}");
        assert_eq!(records, counted_by_csv_core(&payload, delimiter as u8), "{name}");
    }
}

#[test]
fn records_and_glue_of_every_file_are_the_file_however_it_is_split() {
    let framings = [
        Framing::Bytes,
        Framing::Lines { max_record: 1 << 20 },
        Framing::Csv { delimiter: ',', quote: '"', header: true, max_record: 1 << 20 },
        Framing::Json { max_record: 1 << 20 },
        Framing::Whole,
    ];
    for (name, payload) in files("csv").into_iter().chain(files("json")) {
        for framing in &framings {
            let (whole, complete) = cuts(framing, &payload, usize::MAX);
            let raw: Vec<u8> = whole.iter().flat_map(|cut| cut.raw.to_vec()).collect();
            assert!(!complete || raw == payload, "{name} {}", framing.name());
            assert_eq!(whole, cuts(framing, &payload, 7).0, "{name} {}", framing.name());
        }
    }
}

#[test]
fn every_valid_json_text_can_be_cut_and_its_values_parse() {
    for (name, payload) in files("json").into_iter().filter(|(name, _)| name.contains("/y_")) {
        let (cuts, complete) = cuts(&Framing::Json { max_record: 1 << 20 }, &payload, 3);
        assert!(complete, "{name}");
        for record in cuts.iter().flat_map(|cut| cut.batch().records.iter().map(<[u8]>::to_vec).collect::<Vec<_>>()) {
            let parsed = serde_json::from_slice::<serde_json::Value>(&record);
            // Numbers beyond a double and lone surrogates are valid JSON that this parser does not represent.
            assert!(parsed.is_ok() || name.contains("surrogate") || name.contains("number"), "{name}: {record:?}");
        }
    }
}

#[test]
fn no_invalid_structure_hides_in_glue() {
    for (name, payload) in files("json").into_iter().filter(|(name, _)| name.contains("/n_")) {
        let (cuts, complete) = cuts(&Framing::Json { max_record: 1 << 20 }, &payload, 3);
        let records: Vec<_> =
            cuts.iter().flat_map(|cut| cut.batch().records.iter().map(<[u8]>::to_vec).collect::<Vec<_>>()).collect();
        let refused = records.iter().any(|it| serde_json::from_slice::<serde_json::Value>(it).is_err());
        // Several values one after the other are no JSON text, but a legitimate payload.
        let sequence = records.len() != 1 && !refused;
        assert!(!complete || refused || sequence, "{name}");
    }
}
