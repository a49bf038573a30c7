//! The rules of templates.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::aggregate::{at, given, id};
use crate::rendering::{Fault, FaultReason, Part};
use crate::value::{Category, Invalid, VariableName, VariableText};

fn variable(name: &str, default: Option<&str>, sample: Option<&str>) -> Variable {
    let text = |text: &str| VariableText::try_new(text).unwrap();
    Variable {
        name: VariableName::try_new(name).unwrap(),
        default: default.map(text),
        sample: sample.map(text),
    }
}

fn sms(body: &str, variables: Vec<Variable>) -> Draft {
    Draft { texts: Texts::Sms { body: body.parse().unwrap() }, variables, columns: BTreeSet::new() }
}

fn email(body: Option<&str>, html: Option<&str>) -> Draft {
    let texts = Texts::Email {
        subject: "Aviso".parse().unwrap(),
        body: body.map(|body| body.parse().unwrap()),
        html: html.map(|html| html.parse().unwrap()),
    };
    Draft { texts, variables: vec![], columns: BTreeSet::new() }
}

fn create(draft: Draft) -> TemplateCommand {
    TemplateCommand::Create(CreateTemplate {
        name: "Corte".parse().unwrap(),
        category: Category::Service,
        company: Some(id(20)),
        draft,
        author: id(10),
        at: at(0),
    })
}

fn add(draft: Draft) -> TemplateCommand {
    TemplateCommand::AddVersion(AddVersion { name: None, category: None, draft, author: id(11), at: at(5) })
}

fn decided(draft: Draft) -> Result<TemplateContent, TemplateError> {
    let events = Template::default().decide(create(draft))?;
    let [TemplateEvent::TemplateCreated { first, .. }] = &events[..] else { panic!("{events:?}") };
    Ok(first.content.clone())
}

fn template(draft: Draft) -> Template {
    given(Template::default().decide(create(draft)).unwrap())
}

fn texts(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_template_is_created_once_and_versions_count_from_1() {
    let mut template = template(sms("uno", vec![]));
    assert_eq!(template.decide(create(sms("uno", vec![]))), Err(TemplateError::AlreadyCreated));
    assert_eq!(template.created().map(|created| created.version), Some(1));
    for event in template.decide(add(sms("dos", vec![]))).unwrap() {
        template.fold(event);
    }
    let created = template.created().unwrap();
    assert_eq!((created.version, created.latest.content.body.as_str()), (2, "dos"));
    assert_eq!(template.decide(add(sms("dos", vec![]))), Ok(vec![]), "the same is no version");
    assert_eq!(Template::default().decide(add(sms("uno", vec![]))), Err(TemplateError::Unknown));
}

#[test]
fn a_template_keeps_its_channel() {
    let refused = template(sms("uno", vec![])).decide(add(email(Some("uno"), None)));
    assert_eq!(refused, Err(TemplateError::OtherChannel));
}

#[test]
fn an_unknown_variable_is_refused_when_it_is_saved() {
    let refused = decided(sms("Debe {{ monto }}", vec![])).unwrap_err();
    let reason = FaultReason::UnknownVariable { name: "monto".into() };
    assert_eq!(refused, TemplateError::Text(Fault { part: Part::Body, reason }));
    assert!(decided(sms("Debe {{ monto }}", vec![variable("monto", None, None)])).is_ok());
}

#[test]
fn a_column_is_known_if_a_client_of_the_company_has_it() {
    let body = "Debe {{ cliente.saldo }} {{ cliente.dia|default('pronto') }}";
    let with = |columns: &[&str]| {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        decided(Draft { columns, ..sms(body, vec![]) })
    };
    assert!(with(&["saldo", "dia", "otra"]).is_ok());
    let reason = FaultReason::UnknownVariable { name: "cliente.dia".into() };
    assert_eq!(with(&["saldo"]), Err(TemplateError::Text(Fault { part: Part::Body, reason })));
}

#[test]
fn a_template_that_fails_or_never_ends_is_refused_when_it_is_saved() {
    for body in ["{{ fecha|nada }}", "{% for i in range(100000000) %}x{% endfor %}", "{{ fecha"] {
        assert!(matches!(decided(sms(body, vec![])), Err(TemplateError::Text(_))), "{body}");
    }
}

/// What cannot be sent of what a draft renders to.
fn unsendable(draft: Draft) -> Option<(Part, Invalid)> {
    match decided(draft) {
        Err(TemplateError::Text(Fault { part, reason: FaultReason::Result(invalid) })) => {
            Some((part, invalid))
        }
        other => other.map(|_| None).unwrap(),
    }
}

#[test]
fn what_can_never_be_sent_is_refused_when_it_is_saved() {
    let too_long = |part, max| Some((part, Invalid::TooLong { max }));
    assert_eq!(unsendable(sms("{{ 'x' * 1600 }}", vec![])), None);
    assert_eq!(unsendable(sms("{{ 'x' * 1000000 }}", vec![])), too_long(Part::Body, 1_600));
    assert_eq!(unsendable(sms("{{ '' }}", vec![])), Some((Part::Body, Invalid::Missing)));
    let long = variable("nota", None, Some(&"x".repeat(1_601)));
    assert_eq!(unsendable(sms("{{ nota }}", vec![long])), too_long(Part::Body, 1_600));
    let subject = |text: &str| {
        let (subject, body) = (text.parse().unwrap(), Some("x".parse().unwrap()));
        Draft { texts: Texts::Email { subject, body, html: None }, ..email(None, None) }
    };
    assert_eq!(unsendable(subject("{{ 'x' * 200 }}")), None);
    assert_eq!(unsendable(subject("{{ 'x' * 201 }}")), too_long(Part::Subject, 200));
    assert_eq!(unsendable(subject("{{ 'a\\nb' }}")), Some((Part::Subject, Invalid::LineBreak)));
    assert_eq!(unsendable(email(Some("{{ 'x' * 100001 }}"), None)), too_long(Part::Body, 100_000));
    let html = "<html>{{ 'x' * 400000 }}</html>";
    assert_eq!(unsendable(email(Some("x"), Some(html))), too_long(Part::Html, 400_000));
}

#[test]
fn a_text_that_is_blank_for_the_sample_may_say_something_to_another() {
    let body = "{% if cliente.nombre == 'Luz' %}x{% endif %}";
    assert_eq!(unsendable(sms(body, vec![])), None);
    assert_eq!(unsendable(sms("{{ nota }}", vec![variable("nota", Some(" "), None)])), None);
}

#[test]
fn variables_have_different_names_and_are_at_most_50() {
    let two = vec![variable("monto", None, None), variable("monto", None, None)];
    assert_eq!(decided(sms("x", two)), Err(TemplateError::DeclaredTwice { index: 1 }));
    let many = |count: usize| (0..count).map(|number| variable(&format!("v{number}"), None, None)).collect();
    assert!(decided(sms("x", many(50))).is_ok());
    assert_eq!(decided(sms("x", many(51))), Err(TemplateError::TooManyVariables));
}

#[test]
fn an_email_says_something_and_its_text_comes_from_its_html_if_there_is_none() {
    for html in [None, Some("<img src='x.png'>")] {
        assert_eq!(decided(email(None, html)), Err(TemplateError::NoBody));
    }
    let content = decided(email(None, Some("<p>Hola {{ cliente.nombre }}</p>"))).unwrap();
    assert_eq!((content.body.as_str(), content.body_is_derived), ("Hola {{ cliente.nombre }}", true));
    let html = content.html.unwrap();
    assert_eq!(html.source, "<p>Hola {{ cliente.nombre }}</p>");
    assert!(
        html.compiled.contains("<p>Hola {{ cliente.nombre }}</p>")
            && html.compiled.contains("{{ empresa.nombre }}")
    );
    let both = decided(email(Some("Hola"), Some("<p>Hola</p>"))).unwrap();
    assert_eq!((both.body.as_str(), both.body_is_derived), ("Hola", false));
}

#[test]
fn text_and_html_together_fit_into_an_event() {
    let (body, html) = ("🚨".repeat(80_000), format!("<p>{}</p>", "ñ".repeat(50_000)));
    assert!(decided(email(Some(&body), None)).is_ok() && decided(email(Some("x"), Some(&html))).is_ok());
    let refused = decided(email(Some(&body), Some(&html)));
    assert_eq!(refused, Err(TemplateError::Text(Fault { part: Part::Html, reason: FaultReason::TooCostly })));
}

#[test]
fn a_fault_says_in_which_part_it_is() {
    let refused = decided(email(Some("x"), Some("<mjml><mj-body>"))).unwrap_err();
    assert_eq!(refused, TemplateError::Text(Fault { part: Part::Html, reason: FaultReason::Markup }));
    let refused = decided(email(Some("x"), Some("<p>{{ apodo }}</p>"))).unwrap_err();
    assert!(matches!(refused, TemplateError::Text(Fault { part: Part::Html, .. })));
}

#[test]
fn variables_are_filled_in_by_what_is_given_then_by_default() {
    let declared = vec![variable("monto", None, Some("$ 5")), variable("saludo", Some("Hola"), Some("x"))];
    let content = decided(sms("{{ saludo }}: {{ monto }}", declared)).unwrap();
    let filled = content.fill(&texts(&[("monto", "$ 7")]));
    assert_eq!(filled, Ok(texts(&[("monto", "$ 7"), ("saludo", "Hola")])));
    assert_eq!(content.fill(&texts(&[])), Err(VariableFault::Missing { name: "monto".into() }));
    let unknown = VariableFault::Unknown { name: "otra".into() };
    assert_eq!(content.fill(&texts(&[("monto", "1"), ("otra", "2")])), Err(unknown));
    assert_eq!(content.fill_sample(&texts(&[])), Ok(texts(&[("monto", "$ 5"), ("saludo", "Hola")])));
}
