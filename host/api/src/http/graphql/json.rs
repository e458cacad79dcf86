//! JSON read strictly: no key twice, no deeper and no longer than allowed.
//!
//! Parsers differ in which of two equal keys they keep, so a proxy that looks at requests and this host could see two
//! different ones. Depth and length are bounded while reading, before anything is built that could be too large.

use std::cell::Cell;
use std::fmt;

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Number, Value};
use lockgate_core::code::Code;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::failure::Failure;
use crate::settings::GraphqlLimits;

/// Reads a JSON text within limits.
#[derive(Debug)]
pub(crate) struct Strict {
    depth: usize,
    left: Cell<usize>,
    broken: Cell<Option<Code>>,
}

impl Strict {
    /// A reader within the limits of a GraphQL request.
    pub(crate) fn of(limits: &GraphqlLimits) -> Self {
        Self { depth: limits.nesting, left: Cell::new(limits.values), broken: Cell::new(None) }
    }

    /// Reads all of a text.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Value, Failure> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let read = Place { strict: self, depth: self.depth }.deserialize(&mut reader);
        read.and_then(|value| reader.end().map(|()| value)).map_err(|error| {
            let code = self.broken.take().unwrap_or(Code::QueryMalformed);
            Failure::new(code, format!("the request is not JSON that is taken here: {error}"))
        })
    }

    fn broken<E: Error>(&self, code: Code, what: impl fmt::Display) -> E {
        self.broken.set(Some(code));
        E::custom(what)
    }
}

#[derive(Clone, Copy)]
struct Place<'a> {
    strict: &'a Strict,
    /// How much deeper it may go.
    depth: usize,
}

impl Place<'_> {
    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.strict.left.get();
        if left == 0 {
            return Err(self
                .strict
                .broken(Code::QueryTooComplex, "it has more values than allowed; send less at once"));
        }
        self.strict.left.set(left - 1);
        Ok(())
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(self.strict.broken(Code::QueryTooDeep, "it nests deeper than allowed")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Boolean(it))
    }

    fn visit_u64<E: Error>(self, it: u64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<Value, E> {
        Ok(Value::Number(it.into()))
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<Value, E> {
        Ok(Number::from_f64(it).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Value, E> {
        Ok(Value::String(it.to_owned()))
    }

    fn visit_string<E: Error>(self, it: String) -> Result<Value, E> {
        Ok(Value::String(it))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut fields = IndexMap::new();
        while let Some(key) = access.next_key::<String>()? {
            let name = Name::new(key);
            if fields.contains_key(&name) {
                let shown: String = name.chars().take(40).collect();
                return Err(self.strict.broken(Code::QueryMalformed, format!("it has the key `{shown}` twice")));
            }
            fields.insert(name, access.next_value_seed(inner)?);
        }
        Ok(Value::Object(fields))
    }
}
