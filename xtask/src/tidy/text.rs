//! What must, and must not, stand in files: a first sentence, no unfinished marks, nothing of the machine it was made on.

use super::{Complaint, SourceFile};

pub(super) fn check(files: &[SourceFile]) -> Vec<Complaint> {
    let rust = files.iter().filter(|it| it.is_rust()).flat_map(rust);
    rust.chain(files.iter().flat_map(any)).collect()
}

fn rust(file: &SourceFile) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if !file.text.starts_with("//! ") {
        complaints.push(file.complaint(1, "begin with `//!` and a sentence on why the file exists"));
    }
    let unfinished =
        [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("#[ig", "nore")];
    for (number, line) in numbered(file) {
        for mark in unfinished {
            if line.contains(mark) {
                complaints
                    .push(file.complaint(number, format!("`{mark}` is unfinished work: finish it or leave it out")));
            }
        }
        if file.is_test() && (line.contains("thread::sleep") || line.contains("time::sleep(")) && !line.contains("poll")
        {
            complaints.push(file.complaint(number, "tests wait for a condition, they do not sleep"));
        }
    }
    complaints
}

fn any(file: &SourceFile) -> Vec<Complaint> {
    let is_data = file.path.components().any(|it| it.as_os_str() == "data");
    let is_lock = file.path.extension().is_some_and(|it| it == "lock");
    if is_data || is_lock {
        return Vec::new();
    }
    let machine = [concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    let mut complaints = Vec::new();
    for (number, line) in numbered(file) {
        if line.ends_with([' ', '\t']) {
            complaints.push(file.complaint(number, "blanks at the end of the line"));
        }
        if machine.iter().any(|path| line.contains(path)) {
            complaints.push(file.complaint(number, "a path of one machine means nothing on another"));
        }
    }
    complaints
}

fn numbered(file: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    file.text.lines().enumerate().map(|(index, line)| (index + 1, line))
}
