//! The engine of templates: a part of Jinja's language, with bounds on work and size.

use std::collections::BTreeSet;

use minijinja::machinery::{Token, parse, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, HtmlEscape, UndefinedBehavior, Value, escape_formatter};

use super::{Fault, FaultReason, Part, Source, language};

/// The work of one rendering of one part: an instruction each, and one for 64 bytes of data. It bounds time, memory and the
/// result: 2.5 MB at most.
const WORK_MAX: u64 = 40_000;

/// How many tokens one tag may have, and how many `elif` a text: the compiler recurses for each, without a limit of its own.
const TAG_TOKENS_MAX: usize = 200;
const ELIF_MAX: usize = 50;

/// A compiled text.
pub(super) struct Engine {
    environment: Environment<'static>,
    /// The variables of each part, as `cliente.nombre`.
    names: Vec<(Part, BTreeSet<String>)>,
    bytes: usize,
}

impl Engine {
    pub(super) fn compile(source: Source<'_>) -> Result<Self, Fault> {
        let parts =
            [(Part::Subject, source.subject), (Part::Body, Some(source.body)), (Part::Html, source.html)];
        let mut engine = Self { environment: environment(), names: Vec::new(), bytes: 0 };
        for (part, text) in parts {
            if let Some(text) = text {
                engine.add(part, text)?;
            }
        }
        Ok(engine)
    }

    fn add(&mut self, part: Part, text: &str) -> Result<(), Fault> {
        let fault = |error: &Error| Fault { part, reason: reason(error) };
        if !is_shallow(text) {
            return Err(Fault { part, reason: FaultReason::TooCostly });
        }
        let parsed = parse(text, part.as_str(), syntax()).map_err(|error| fault(&error))?;
        language::check(&parsed).map_err(|reason| Fault { part, reason })?;
        self.environment.add_template_owned(part.as_str(), text.to_owned()).map_err(|error| fault(&error))?;
        let template = self.environment.get_template(part.as_str()).map_err(|error| fault(&error))?;
        let named = template.undeclared_variables(true);
        let names = named.into_iter().filter(|name| !language::FUNCTIONS.contains(&name.as_str())).collect();
        self.names.push((part, names));
        self.bytes += text.len();
        Ok(())
    }

    /// Every variable of every part.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flat_map(|(_, names)| names).map(String::as_str)
    }

    /// Refuses a variable that is not known.
    pub(super) fn needs_known(&self, is_known: impl Fn(&str) -> bool) -> Result<(), Fault> {
        for (part, names) in &self.names {
            if let Some(name) = names.iter().find(|name| !is_known(name)) {
                return Err(Fault {
                    part: *part,
                    reason: FaultReason::UnknownVariable { name: name.clone() },
                });
            }
        }
        Ok(())
    }

    /// A part, rendered; none if the text has no such part.
    pub(super) fn render(&self, part: Part, names: &Value) -> Option<Result<String, Fault>> {
        let template = self.environment.get_template(part.as_str()).ok()?;
        Some(template.render(names).map_err(|error| Fault { part, reason: reason(&error) }))
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax());
    environment.set_fuel(Some(WORK_MAX));
    // What is filled in stays text in HTML, whatever the template asks for.
    environment.set_formatter(|out, state, value| {
        if state.name() != Part::Html.as_str() || value.is_safe() {
            return escape_formatter(out, state, value);
        }
        let written = match value.as_str() {
            Some(text) => write!(out, "{}", HtmlEscape(text)),
            None => write!(out, "{}", HtmlEscape(&value.to_string())),
        };
        written.map_err(Error::from)
    });
    // None of these passes the check of the language. They are away for the day on which it has a hole.
    environment.remove_filter("safe");
    for function in ["debug", "dict", "namespace"] {
        environment.remove_global(function);
    }
    environment
}

/// Whether a text can be compiled without much of a stack. One that is no template is: the compiler refuses it.
fn is_shallow(text: &str) -> bool {
    let (mut tag_tokens, mut elifs) = (0, 0);
    for token in tokenize(text, false, syntax()).map_while(Result::ok) {
        match token.0 {
            Token::TemplateData(_) | Token::VariableStart | Token::BlockStart => tag_tokens = 0,
            Token::Ident("elif") => elifs += 1,
            _ => {}
        }
        tag_tokens += 1;
        if tag_tokens > TAG_TOKENS_MAX || elifs > ELIF_MAX {
            return false;
        }
    }
    true
}

/// Texts come out as they were written, with their last line's end.
fn syntax() -> SyntaxConfig {
    let verbatim = SyntaxConfig::builder().keep_trailing_newline(true).build();
    verbatim.expect("the delimiters are the language's own")
}

fn reason(error: &Error) -> FaultReason {
    let line = error.line().unwrap_or(1);
    match error.kind() {
        ErrorKind::SyntaxError => FaultReason::Syntax { line },
        ErrorKind::OutOfFuel => FaultReason::TooCostly,
        _ => FaultReason::Fails { line },
    }
}
