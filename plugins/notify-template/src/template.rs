//! The two templates of a message.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// Title and text, compiled.
#[derive(Debug)]
pub(crate) struct Template(Environment<'static>);

impl Template {
    pub(crate) fn new(title: &str, text: &str, media_type: &str) -> Result<Self, String> {
        let mut environment = Environment::new();
        let escape = match media_type.split(';').next().unwrap_or_default().trim() {
            "text/html" => AutoEscape::Html,
            "application/json" => AutoEscape::Json,
            _ => AutoEscape::None,
        };
        environment
            .set_auto_escape_callback(move |name| if name == "text" { escape.clone() } else { AutoEscape::None });
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        let template = |name: &'static str, source: &str, environment: &mut Environment<'static>| {
            environment.add_template_owned(name, source.to_owned()).map_err(|error| sentence(name, &error))?;
            // Filters, tests and functions are looked up only when a template runs: run it on nothing once.
            match environment.get_template(name).and_then(|template| template.render(Value::default())) {
                Err(error) if is_unknown(&error) => Err(sentence(name, &error)),
                _ => Ok(()),
            }
        };
        template("title", title, &mut environment)?;
        template("text", text, &mut environment)?;
        Ok(Self(environment))
    }

    /// Title, made one line, and text.
    pub(crate) fn render(&self, scope: &Value) -> Result<(String, String), String> {
        let render = |name| {
            let template = self.0.get_template(name);
            template.and_then(|template| template.render(scope)).map_err(|error| sentence(name, &error))
        };
        let title = render("title")?.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok((title, render("text")?))
    }
}

fn is_unknown(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest)
}

fn sentence(name: &str, error: &Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    format!("the template of `{name}` is wrong{line}: {detail}")
}
