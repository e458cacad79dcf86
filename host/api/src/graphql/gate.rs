//! The gate in front of the executor: documents that could only do harm are refused on their text, in microseconds.
//!
//! The executor's own limits come after parsing and walk every spread of every fragment, so a small document of nested
//! spreads would keep it busy for hours. Here the text is scanned once, then the parsed document is measured with every
//! fragment measured once.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, parser};
use lockgate_core::code::Code;

use crate::failure::Failure;
use crate::settings::GraphqlLimits;

/// Reads a document, if it is within the limits.
pub(super) fn admit(text: &str, limits: &GraphqlLimits) -> Result<ExecutableDocument, Failure> {
    scan(text, limits)?;
    let document = parser::parse_query(text)
        .map_err(|error| Failure::new(Code::QueryMalformed, format!("the document cannot be parsed: {error}")))?;
    let mut measures = Measures { document: &document, known: HashMap::new() };
    // Whichever operation is asked for, the executor walks all of them.
    let mut fields = 0_usize;
    for (_, operation) in document.operations.iter() {
        let size = measures.of(&operation.node.selection_set.node)?;
        fields = fields.saturating_add(size.fields);
        within(fields, limits.fields, Code::QueryTooComplex, "fields and spreads")?;
        within(size.depth, limits.depth, Code::QueryTooDeep, "nested selections")?;
    }
    // A cycle that no operation reaches would still lead later stages astray.
    for fragment in document.fragments.keys() {
        measures.of_fragment(fragment)?;
    }
    Ok(document)
}

/// Refuses a mutation that asks for the same twice, at once or by fragments: the executor would do it twice and answer as if
/// it had been done once.
pub(super) fn once(document: &ExecutableDocument, set: &SelectionSet) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    match roots(document, set).into_iter().find(|key| !seen.insert(*key)) {
        None => Ok(()),
        Some(key) => {
            let what = format!("the mutation asks for `{key}` twice; ask once, or give one an alias");
            Err(Failure::new(Code::QueryInvalid, what))
        }
    }
}

/// Refuses a subscription that follows several things: by the specification it has one root field.
pub(super) fn alone(document: &ExecutableDocument, set: &SelectionSet) -> Result<(), Failure> {
    if roots(document, set).len() > 1 {
        let what = "a subscription has one root field; follow each by a subscription of its own";
        return Err(Failure::new(Code::QueryInvalid, what));
    }
    Ok(())
}

/// What an operation asks for at its root, by the names in the answer, fragments included.
fn roots<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet) -> Vec<&'a Name> {
    let (mut sets, mut roots) = (vec![set], vec![]);
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => roots.push(&field.node.response_key().node),
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    sets.extend(fragment.map(|it| &it.node.selection_set.node));
                }
            }
        }
    }
    roots
}

fn within(was: usize, limit: usize, code: Code, what: &str) -> Result<(), Failure> {
    if was <= limit {
        return Ok(());
    }
    Err(Failure::new(code, format!("the document has more than {limit} {what}; ask for less at once")))
}

/// Counts tokens, nesting, aliases and directives without building anything.
fn scan(text: &str, limits: &GraphqlLimits) -> Result<(), Failure> {
    within(text.len(), limits.document_bytes, Code::RequestTooLarge, "bytes")?;
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut nesting, mut parentheses) = (0, 0_usize, 0_usize, 0_usize);
    let (mut aliases, mut directives) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        let length = match byte {
            b'#' => bytes[at..].iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(bytes.len() - at),
            b'"' => string(&bytes[at..]),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => word(&bytes[at..]),
            _ => 1,
        };
        match byte {
            b'{' | b'[' | b'(' => nesting += 1,
            b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
            b'@' => directives += 1,
            // Within parentheses a colon names an argument; outside of them, a response.
            b':' if parentheses == 0 => aliases += 1,
            _ => {}
        }
        match byte {
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            _ => {}
        }
        tokens += usize::from(!matches!(byte, b'#' | b' ' | b'\t' | b'\n' | b'\r' | b','));
        at += length;
        within(tokens, limits.tokens, Code::QueryTooComplex, "tokens")?;
        within(nesting, limits.nesting, Code::QueryTooDeep, "nested brackets")?;
        within(aliases, limits.aliases, Code::QueryTooManyAliases, "aliases")?;
        within(directives, limits.directives, Code::QueryTooManyDirectives, "directives")?;
    }
    Ok(())
}

fn word(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|b| !matches!(b, b'_' | b'-' | b'.' | b'+' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'))
        .unwrap_or(bytes.len())
}

/// The length of the string or block string at the beginning of the bytes.
fn string(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\"\"\"") {
        let mut at = 3;
        while at < bytes.len() {
            match &bytes[at..] {
                [b'\\', b'"', b'"', b'"', ..] => at += 4,
                [b'"', b'"', b'"', ..] => return at + 3,
                _ => at += 1,
            }
        }
        return bytes.len();
    }
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' | b'\n' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// How large a selection is once fragments are spread.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Fields and fragments: whoever walks the document meets no more than these.
    fields: usize,
    depth: usize,
    /// Lists of the schema within lists of the schema; each is as long as the schema is large.
    lists: usize,
}

impl Size {
    /// A fragment costs a visit even if there is nothing in it.
    fn and_itself(self) -> Self {
        Self { fields: self.fields.saturating_add(1), ..self }
    }
}

/// The schema's descriptions that are lists and lead on to types.
const SCHEMA_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
/// Tools need one; each further one multiplies the answer by the size of the schema, and no complexity counts it.
const NESTED_SCHEMA_LISTS: usize = 1;

struct Measures<'a> {
    document: &'a ExecutableDocument,
    /// `None` while a fragment is being measured: meeting it again is a cycle.
    known: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Measures<'a> {
    fn of(&mut self, set: &'a SelectionSet) -> Result<Size, Failure> {
        let mut whole = Size::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => {
                    let inner = self.of(&field.node.selection_set.node)?;
                    let name = field.node.name.node.as_str();
                    if matches!(name, "__schema" | "__type") {
                        let what = "nested lists of the schema's types";
                        within(inner.lists, NESTED_SCHEMA_LISTS, Code::QueryTooComplex, what)?;
                    }
                    let lists = inner.lists + usize::from(SCHEMA_LISTS.contains(&name));
                    Size { fields: inner.fields.saturating_add(1), depth: inner.depth + 1, lists }
                }
                Selection::FragmentSpread(spread) => self.of_fragment(&spread.node.fragment_name.node)?.and_itself(),
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set.node)?.and_itself(),
            };
            whole.fields = whole.fields.saturating_add(part.fields);
            whole.depth = whole.depth.max(part.depth);
            whole.lists = whole.lists.max(part.lists);
        }
        Ok(whole)
    }

    fn of_fragment(&mut self, name: &Name) -> Result<Size, Failure> {
        // Validation would name it as well, but only after the executor has followed every way to it.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Err(Failure::new(Code::QueryInvalid, format!("there is no fragment `{name}`")));
        };
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(Failure::new(Code::QueryInvalid, format!("fragment `{name}` spreads itself")));
            }
            None => {}
        }
        self.known.insert(name, None);
        let size = self.of(&fragment.node.selection_set.node)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}
