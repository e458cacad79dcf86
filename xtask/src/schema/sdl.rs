//! Reads the exported schema: as much of GraphQL's type system language as the export uses.

use anyhow::{Context, Result, bail};

/// One definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Definition {
    /// `type`, `input`, `enum`, `interface`, `union`, `scalar` or `directive`.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) described: bool,
    /// Fields of types, interfaces and inputs; values of enums.
    pub(super) parts: Vec<Part>,
}

/// A field, an argument or a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) described: bool,
    pub(super) arguments: Vec<Part>,
    /// Its type as it is written, such as `[Partner!]!`; empty for a value.
    pub(super) of: String,
    /// The reason, if it is deprecated.
    pub(super) deprecated: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    Word(String),
    Mark(char),
}

/// Reads all definitions of a schema.
pub(super) fn read(text: &str) -> Result<Vec<Definition>> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0 };
    let mut definitions = Vec::new();
    while reader.at < reader.tokens.len() {
        definitions.extend(reader.definition()?);
    }
    Ok(definitions)
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(block) = rest.strip_prefix("\"\"\"") {
            let end = block.find("\"\"\"").context("a description has no end")?;
            tokens.push(Token::Text(block[..end].trim().to_owned()));
            end + 6
        } else if let Some(string) = rest.strip_prefix('"') {
            let end = string.find('"').context("a text has no end")?;
            tokens.push(Token::Text(string[..end].to_owned()));
            end + 2
        } else if first == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '_' || first.is_ascii_alphanumeric() || first == '-' {
            let plain = |c: char| c == '_' || c == '-' || c == '.' || c.is_ascii_alphanumeric();
            let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            end
        } else {
            if !first.is_whitespace() && first != ',' {
                tokens.push(Token::Mark(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, mark: char) -> bool {
        let there = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(there);
        there
    }

    fn word(&mut self) -> Result<String> {
        match self.peek().cloned() {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word)
            }
            other => bail!("a name was expected, not {other:?}"),
        }
    }

    fn description(&mut self) -> bool {
        match self.peek() {
            Some(Token::Text(text)) => {
                let described = !text.is_empty();
                self.at += 1;
                described
            }
            _ => false,
        }
    }

    /// A definition; nothing for `schema { ... }`, which only names the roots.
    fn definition(&mut self) -> Result<Option<Definition>> {
        let described = self.description();
        let kind = self.word()?;
        if kind == "schema" {
            while !self.take('}') {
                self.at += 1;
            }
            return Ok(None);
        }
        if kind == "directive" {
            self.take('@');
        }
        let name = self.word()?;
        let mut parts = Vec::new();
        if kind == "directive" {
            parts = self.arguments()?;
        }
        // What it implements, its members, directives on it, the places of a directive.
        while self.at < self.tokens.len() && !self.begins() && self.peek() != Some(&Token::Mark('{')) {
            self.at += 1;
        }
        if self.take('{') {
            while !self.take('}') {
                parts.push(self.part(&kind)?);
            }
        }
        Ok(Some(Definition { kind, name, described, parts }))
    }

    /// Whether a definition begins here.
    fn begins(&self) -> bool {
        const KINDS: [&str; 8] = ["type", "input", "enum", "interface", "union", "scalar", "directive", "schema"];
        match self.peek() {
            Some(Token::Text(_)) => true,
            Some(Token::Word(word)) => KINDS.contains(&word.as_str()),
            _ => false,
        }
    }

    fn part(&mut self, kind: &str) -> Result<Part> {
        let described = self.description();
        let name = self.word()?;
        let arguments = self.arguments()?;
        let of = if kind == "enum" { String::new() } else { self.typed()? };
        Ok(Part { name, described, arguments, of, deprecated: self.directives()? })
    }

    fn arguments(&mut self) -> Result<Vec<Part>> {
        let mut arguments = Vec::new();
        if self.take('(') {
            while !self.take(')') {
                arguments.push(self.part("input")?);
            }
        }
        Ok(arguments)
    }

    /// A type behind its colon, and the default behind it.
    fn typed(&mut self) -> Result<String> {
        anyhow::ensure!(self.take(':'), "a type was expected, not {:?}", self.peek());
        let mut of = String::new();
        loop {
            match self.peek() {
                Some(Token::Mark(mark @ ('[' | ']' | '!'))) => of.push(*mark),
                Some(Token::Word(word)) if of.is_empty() || of.ends_with('[') => of.push_str(word),
                _ => break,
            }
            self.at += 1;
        }
        if self.take('=') {
            self.at += 1;
        }
        Ok(of)
    }

    /// The directives behind something; all that matters is whether it is deprecated, and why.
    fn directives(&mut self) -> Result<Option<String>> {
        let mut reason = None;
        while self.take('@') {
            let name = self.word()?;
            let mut said = String::new();
            if self.take('(') {
                while !self.take(')') {
                    if let Some(Token::Text(text)) = self.peek() {
                        said.clone_from(text);
                    }
                    self.at += 1;
                }
            }
            if name == "deprecated" {
                reason = Some(said);
            }
        }
        Ok(reason)
    }
}
