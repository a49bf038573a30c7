//! The rules of rendering.

use super::*;
use crate::aggregate::{at, id};
use crate::deliveries::{Evidence, Observation};
use crate::notification::{AudienceFilter, UsedTemplate};
use crate::personal::Personal;
use crate::value::{Category, Invalid, Locale, RecipientKind, TimeZone};

const HOSTILE: &str = "{{ empresa.nombre }}{% for x in range(9) %}<b>&\"'";

fn person(name: &str) -> Addressee {
    Addressee {
        client_name: name.into(),
        contact_name: "Ana".into(),
        address: "+573001234567".into(),
        locale: Some("es-CO".parse::<Locale>().unwrap()),
        time_zone: Some("America/Bogota".parse::<TimeZone>().unwrap()),
        ..Addressee::nobody()
    }
}

fn variables(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn text_of(source: Source<'_>, given: &[(&str, &str)]) -> Result<Text, Fault> {
    let at = "2026-12-01T02:30:00Z".parse().unwrap();
    let company = Company { name: "Vigía <Sur>", logo: None };
    Text::of_template(source, Filling { variables: &variables(given), company, at })
}

fn email<'a>(subject: &'a str, body: &'a str, html: Option<&'a str>) -> Source<'a> {
    Source { channel: Channel::Email, sms: None, subject: Some(subject), body, html }
}

fn sms(body: &str) -> Source<'_> {
    Source { channel: Channel::Sms, sms: Some(SmsOptions::default()), subject: None, body, html: None }
}

fn body_of(body: &str, given: &[(&str, &str)], name: &str) -> Result<String, FaultReason> {
    let text = text_of(email("Aviso", body, None), given).map_err(|fault| fault.reason)?;
    render(&text, &person(name)).map(|rendered| rendered.body).map_err(|fault| fault.reason)
}

fn refused(body: &str) -> FaultReason {
    let rendered = body_of(body, &[], "Luz").map(|text| text.len());
    rendered.expect_err("a fault")
}

#[test]
fn a_plain_text_is_never_a_template() {
    let text = Text::plain(None, "Hola {{ cliente.nombre }}".into(), None);
    assert_eq!(render(&text, &person("Luz")).unwrap().body, "Hola {{ cliente.nombre }}");
}

#[test]
fn a_person_is_told_in_their_name_language_and_time_zone() {
    let body = "Hola {{ contacto.nombre }} ({{ cliente.nombre }}):\n{{ fecha }}, {{ monto }}, {{ empresa.nombre }}\n";
    let text = text_of(email("{{ cliente.nombre }}: aviso", body, None), &[("monto", "5")]).unwrap();
    assert!(text.is_personal() && text.has_date());
    let es = render(&text, &person("Luz")).unwrap();
    assert_eq!(es.subject.as_deref(), Some("Luz: aviso"));
    assert_eq!(es.body, "Hola Ana (Luz):\n30 de noviembre de 2026, 5, Vigía <Sur>\n");
    let en = Addressee { locale: Some("en".parse().unwrap()), time_zone: None, ..person("Luz") };
    assert!(render(&text, &en).unwrap().body.contains("December 1, 2026"));
}

#[test]
fn a_value_is_never_evaluated_and_html_shows_it_as_text() {
    let source =
        email(HOSTILE_SUBJECT, "{{ cliente.nombre }} {{ x }}", Some("<p>{{ cliente.nombre }} {{ x }}</p>"));
    let text = text_of(source, &[("x", "{{ fecha }}<script>")]).unwrap();
    let rendered = render(&text, &person(HOSTILE)).unwrap();
    assert_eq!(rendered.subject.as_deref(), Some(HOSTILE));
    assert_eq!(rendered.body, format!("{HOSTILE} {{{{ fecha }}}}<script>"));
    let html = rendered.html.unwrap();
    assert!(
        html.starts_with("<p>{{ empresa.nombre }}{% for x in range(9) %}&lt;b&gt;&amp;&quot;&#x27;"),
        "{html}"
    );
    assert!(html.ends_with("{{ fecha }}&lt;script&gt;</p>"), "{html}");
}

const HOSTILE_SUBJECT: &str = "{{ cliente.nombre }}";

#[test]
fn html_escapes_whatever_the_template_asks_for() {
    for html in [
        "{% autoescape false %}{{ cliente.nombre }}{% endautoescape %}",
        "{% set x %}{{ cliente.nombre }}{% endset %}{{ x }}",
        "{{ cliente.nombre ~ '' }}",
        "{{ cliente.nombre|escape }}",
    ] {
        let text = text_of(email("x", "x", Some(html)), &[]).unwrap();
        let html = render(&text, &person("<b>")).unwrap().html.unwrap();
        assert_eq!(html.trim(), "&lt;b&gt;");
    }
    assert_eq!(refused("{{ cliente.nombre|safe }}"), unsupported("safe", 1));
}

#[test]
fn a_clients_own_column_is_filled_in_and_never_evaluated() {
    let body = "Debe {{ cliente.saldo }}{{ cliente.dia|default(', pronto') }}";
    let text = text_of(email("Aviso", body, Some("<p>{{ cliente.saldo }}</p>")), &[]).unwrap();
    assert_eq!(text.columns().collect::<Vec<_>>(), ["dia", "saldo"]);
    let with = |saldo: &str| {
        let columns = variables(&[("saldo", saldo), ("otra", "x")]);
        render(&text, &Addressee { columns, ..person("Luz") })
    };
    assert_eq!(with("$ 5").unwrap().body, "Debe $ 5, pronto");
    let hostile = with("{{ fecha }}<b>").unwrap();
    assert_eq!(hostile.body, "Debe {{ fecha }}<b>, pronto");
    assert_eq!(hostile.html.as_deref(), Some("<p>{{ fecha }}&lt;b&gt;</p>"));
}

#[test]
fn a_client_who_lacks_a_column_has_no_text() {
    let text = text_of(sms("Debe {{ cliente.saldo }}"), &[]).unwrap();
    let fault = render(&text, &person("Luz")).err().unwrap();
    assert_eq!(fault.reason, FaultReason::MissingColumn { name: "saldo".into() });
    let complete = text.completed(person("Luz"), |name| format!("«{name}»"));
    assert_eq!(render(&text, &complete).unwrap().body, "Debe «saldo»");
    let known = BTreeSet::from(["saldo".to_owned()]);
    assert!(text.needs_columns(&known).is_ok() && text.needs_columns(&BTreeSet::new()).is_err());
}

#[test]
fn the_base_layout_shows_the_logo_or_the_name() {
    let html = compiled("<p>Hola</p>").unwrap();
    let head = |logo: Option<&str>| {
        let (variables, at) = (BTreeMap::new(), DateTime::UNIX_EPOCH);
        let filling = Filling { variables: &variables, company: Company { name: "Vigía <Sur>", logo }, at };
        let text = Text::of_template(email("Aviso", "Hola", Some(&html)), filling).unwrap();
        render(&text, &person("Luz")).unwrap().html.unwrap()
    };
    let with = head(Some("https://vigia.example/logo.png?a=1&b=2"));
    assert!(with.contains(" src=\"https:&#x2f;&#x2f;vigia.example&#x2f;logo.png?a=1&amp;b=2\""), "{with}");
    assert!(with.contains("alt=\"Vigía &lt;Sur&gt;\""), "{with}");
    assert_eq!(with.matches("Vigía &lt;Sur&gt;").count(), 2, "the name stands for the picture, and below");
    let without = head(None);
    assert!(!without.contains("<img"), "{without}");
    assert_eq!(without.matches("Vigía &lt;Sur&gt;").count(), 2, "the name stands above and below");
}

#[test]
fn a_text_without_data_of_a_person_is_rendered_once() {
    let text =
        text_of(sms("{{ empresa.nombre }}: {% if x == '1' %}uno{% else %}otro{% endif %}"), &[("x", "1")])
            .unwrap();
    assert!(!text.is_personal());
    assert_eq!(render(&text, &person("Luz")).unwrap().body, "Vigía <Sur>: uno");
}

#[test]
fn an_unknown_variable_is_a_fault_wherever_it_stands() {
    for (body, name) in [
        ("{{ apodo }}", "apodo"),
        ("{{ cliente.Apodo }}", "cliente.Apodo"),
        ("{{ contacto.apodo }}", "contacto.apodo"),
        ("{% if false %}{{ apodo }}{% endif %}", "apodo"),
        ("{{ cliente }}", "cliente"),
        ("{{ cliente['nom' ~ 'bre'] }}", "cliente"),
        ("{{ fecha.x }}", "fecha.x"),
        ("{{ apodo|default('x') }}", "apodo"),
        ("{% if apodo is defined %}x{% endif %}", "apodo"),
    ] {
        assert_eq!(refused(body), FaultReason::UnknownVariable { name: name.into() }, "{body}");
    }
}

#[test]
fn what_is_not_a_template_says_the_line() {
    for body in [
        "uno\n{{ cliente.nombre",
        "uno\n{% if x %}",
        "uno\n{% include 'x' %}",
        "uno\n{% macro x() %}{% endmacro %}",
    ] {
        assert!(matches!(refused(body), FaultReason::Syntax { .. }), "{body}: {:?}", refused(body));
    }
    assert_eq!(refused("uno\n{{ cliente.nombre|nada }}"), unsupported("nada", 2));
    assert_eq!(refused("uno\n{{ cliente.nombre * 'x' }}"), FaultReason::Fails { line: 2 });
}

fn unsupported(name: &str, line: usize) -> FaultReason {
    FaultReason::Unsupported { name: name.to_owned(), line }
}

#[test]
fn what_could_make_a_cycle_or_a_depth_is_refused_by_name_in_any_branch() {
    for (body, name) in [
        ("{% set ns=namespace(a=1) %}{% set ns.a=ns %}{{ ns }}", "namespace"),
        ("{% set fecha.a=fecha %}", "a"),
        ("{{ dict(a=1) }}", "dict"),
        ("{{ debug() }}", "debug"),
        ("{% for x in [1] %}{{ loop.changed(loop) }}{% endfor %}", "changed"),
        ("{% for x in [1] %}{{ loop.cycle() }}{% endfor %}", "cycle"),
        ("{% for x in [1] recursive %}{{ loop([x]) }}{% endfor %}", "recursive"),
        ("{% for x in [1] %}{{ loop }}{% endfor %}", "loop"),
        ("{% do range(1) %}", "do"),
        ("{% set a=[fecha] %}", "[]"),
        ("{% with a=fecha or [1] %}{% endwith %}", "[]"),
        ("{% set a=fecha if 1 else [1] %}", "[]"),
        ("{% set a=range(3) %}", "[]"),
        ("{% set a=[1] + [2] %}", "[]"),
        ("{% set a=[1]|d(1) %}", "d"),
        ("{% set a=fecha|split %}", "split"),
        ("{{ cliente.nombre[:1] }}", "[:]"),
        ("{{ [[1]] }}", "[]"),
        ("{{ {'a': 1} }}", "{}"),
        ("{{ (1, 2) }}", "(,)"),
        ("{% for a, b in [1] %}{% endfor %}", ","),
        ("{{ range(*[1]) }}", "*"),
        ("{{ fecha.upper() }}", "upper"),
        ("{{ fecha|map('upper') }}", "map"),
        ("{{ fecha|zip(fecha) }}", "zip"),
        ("{{ '%9999999d'|format(1) }}", "format"),
        ("{% filter pprint %}x{% endfilter %}", "pprint"),
        ("{% set a | batch(2) %}x{% endset %}", "batch"),
        ("{{ fecha is filter('upper') }}", "filter"),
    ] {
        assert_eq!(refused(body), unsupported(name, 1), "{body}");
        let hidden = format!("{{% if cliente.nombre == 'otra' %}}\n{body}{{% endif %}}");
        assert_eq!(refused(&hidden), unsupported(name, 2), "{hidden}");
    }
}

#[test]
fn a_template_has_lists_where_they_are_used() {
    for (body, shown) in [
        ("{% for x in ['a', cliente.nombre] %}{{ loop.index }}{{ x }}{% endfor %}", "1a2Luz Mar"),
        ("{% for x in range(3) if x is not even %}{{ x }}{% else %}-{% endfor %}", "1"),
        ("{{ cliente.nombre|split|first|upper }}", "LUZ"),
        ("{{ cliente.nombre|split(' ')|join(', ') }}", "Luz, Mar"),
        ("{{ (cliente.nombre|split)[1] }}", "Mar"),
        ("{% set x = cliente.nombre|split|first|string %}{{ x }}", "Luz"),
        ("{{ 'sí' if cliente.nombre in ['Ana', 'Luz Mar'] else 'no' }}", "sí"),
        ("{{ 'sí' if cliente.nombre is in(['Ana', 'Luz Mar']) else 'no' }}", "sí"),
        ("{% set x %}{{ cliente.nombre }}{% endset %}{% with y = x ~ 1 %}{{ y|length }}{% endwith %}", "8"),
        ("{% filter upper %}{{ cliente.nombre }}{% endfilter %}", "LUZ MAR"),
        ("{{ ('7'|int + 1)|round }}{{ cliente.dia|default('pronto') }}", "8pronto"),
    ] {
        assert_eq!(body_of(body, &[], "Luz Mar").as_deref(), Ok(shown), "{body}");
    }
}

/// A request as it was stored before its template would have been refused.
fn frozen(body: &str) -> NotificationEvent {
    let template = UsedTemplate {
        id: id(5),
        version: 1,
        html: None,
        variables: Personal::new(id(1), BTreeMap::new()),
        company_name: "Vigía".to_owned(),
        company_logo: None,
    };
    NotificationEvent::NotificationRequested {
        company: id(20),
        channel: Channel::Sms,
        recipient_kind: RecipientKind::Holder,
        category: Category::Operational,
        subject: None,
        body: Personal::new(id(1), body.to_owned()),
        template: Some(Box::new(template)),
        only_to: None,
        sms: Some(SmsOptions::default()),
        filter: AudienceFilter::default(),
        expires_at: None,
        send_at: None,
        held_until: None,
        needs_approval: None,
        excludes_foreign: false,
        author: id(10),
        requested_at: at(1_000),
    }
}

#[test]
fn what_was_stored_is_checked_again_and_has_a_cause() {
    let text = |body: &str| Text::of_request(&frozen(body), at(1_000));
    assert!(matches!(text("Hola {{ cliente.nombre }}"), Ok(Some(_))));
    let cycle = "{% if cliente.nombre == 'Luz' %}{% set n=namespace(a=1) %}{% set n.a=n %}{{ n }}{% endif %}";
    let fault = text(cycle).err().unwrap();
    assert_eq!(fault, Fault { part: Part::Body, reason: unsupported("namespace", 1) });
    assert_eq!(fault.evidence(), Evidence::observed(None, Observation::ContentUnusable));
}

#[test]
fn a_long_text_of_variables_made_of_others_makes_no_depth() {
    for step in ["{% set a = a ~ 'x' %}", "{% set a = (a or 1)|string %}", "{% set a = a|d(a) %}"] {
        let body = format!("{{% set a = fecha %}}{}{{{{ a }}}}", step.repeat(4_000));
        // What matters is that it comes back.
        let _ = body_of(&body, &[], "Luz");
    }
}

#[test]
fn work_is_bounded_in_every_shape() {
    let doubled = "{% set a = a ~ a %}".repeat(60);
    let nested = "{% with a = a ~ a %}".repeat(60) + &"{% endwith %}".repeat(60);
    let captured = "{% set a %}{{ a }}{{ a }}{% endset %}".repeat(60);
    let replaced = format!("{{{{ 'a'{} }}}}", "|replace('a', 'aaaaaaaaaa')".repeat(30));
    for body in [
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 100000000 }}",
        "{{ ('x' * 60000)|replace('x', 'x' * 60000) }}",
        "{{ range(100000)|list|join('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') }}",
        &format!("{{% set a = 'aaaaaaaaaaaaaaaa' %}}{doubled}"),
        &format!("{{% set a = 'aaaaaaaaaaaaaaaa' %}}{nested}"),
        &format!("{{% set a = 'aaaaaaaaaaaaaaaa' %}}{captured}"),
        &replaced,
    ] {
        assert!(matches!(refused(body), FaultReason::TooCostly | FaultReason::Fails { .. }));
    }
    let too_long = "{% for a in range(20) %}".to_owned() + &"x".repeat(60_000) + "{% endfor %}";
    assert_eq!(refused(&too_long), FaultReason::Result(Invalid::TooLong { max: 100_000 }));
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    for body in [
        "{% if fecha %}".repeat(7_000),
        format!("{{{{ {}1{} }}}}", "(".repeat(40_000), ")".repeat(40_000)),
        format!("{{{{ {} fecha }}}}", "not ".repeat(20_000)),
        format!("{{{{ {}1{} }}}}", "[".repeat(40_000), "]".repeat(40_000)),
        format!("{{{{ fecha{} }}}}", ".a".repeat(40_000)),
        format!("{{{{ fecha{} }}}}", "|upper".repeat(15_000)),
        format!("{{{{ fecha{} }}}}", " ~ fecha".repeat(10_000)),
        format!("{}{}", "{% if fecha %}".repeat(3_000), "{% endif %}".repeat(3_000)),
        format!("{{% if fecha %}}{}{{% endif %}}", "{% elif fecha %}".repeat(6_000)),
        format!("{{{{ '}}}}'{} }}}}", " ~ fecha".repeat(10_000)),
        format!("{{{{ {{'a': {{'b': 1}}}}{} }}}}", " ~ fecha".repeat(10_000)),
        format!("{{% raw %}}{{{{ {{% endraw %}}{{{{ fecha{} }}}}", " ~ fecha".repeat(10_000)),
        format!("{}{{{{ 1{} }}}}", deepest_ifs(), "|upper".repeat(90)),
    ] {
        // What matters is that it comes back.
        let _ = body_of(&body, &[], "Luz");
    }
}

/// As many as are allowed within one another.
fn deepest_ifs() -> String {
    let elifs = "{% elif 1 %}".repeat(50);
    format!("{{% if 1 %}}{elifs}{}", "{% if fecha %}".repeat(70))
}

#[test]
fn a_list_of_usual_length_is_no_work() {
    let list = format!("{{% for x in [{}] %}}{{{{ x }}}}{{% endfor %}}", "1, ".repeat(90));
    assert_eq!(body_of(&list, &[], "Luz").as_deref(), Ok("1".repeat(90).as_str()));
}

#[test]
fn an_sms_for_one_person_is_not_cut_but_refused() {
    let text = text_of(sms("{{ cliente.nombre }}"), &[]).unwrap();
    let reason = |name: &str| render(&text, &person(name)).map_err(|fault| fault.reason);
    assert!(reason(&"ñ".repeat(1_600)).is_ok());
    let long = reason(&"ñ".repeat(1_601));
    assert_eq!(long, Err(FaultReason::Result(Invalid::TooLong { max: 1_600 })));
    assert_eq!(reason("a\u{1b}b"), Err(FaultReason::Result(Invalid::ControlCharacter)));
    assert_eq!(reason(" "), Err(FaultReason::Result(Invalid::Missing)));
}

#[test]
fn a_line_break_cannot_get_into_a_subject() {
    let text =
        text_of(email("Hola {{ x }}, {{ cliente.nombre }}", "x", None), &[("x", "a\nBcc: b@c.example")])
            .unwrap();
    let fault = render(&text, &person("Luz")).err().unwrap();
    assert_eq!(fault, Fault { part: Part::Subject, reason: FaultReason::Result(Invalid::LineBreak) });
}

#[test]
fn neither_text_nor_result_is_ever_printed() {
    let text = text_of(sms("{{ cliente.nombre }}"), &[("x", "secreto")]).unwrap();
    let names = PersonalNames(&text).context();
    for printed in [format!("{text:?}"), format!("{:?}", render(&text, &person("secreto")).unwrap()), names] {
        assert!(!printed.contains("secreto"), "{printed}");
    }
}

fn body(sms: Option<SmsOptions>, address: &str) -> String {
    let person = Addressee { address: address.to_owned(), ..Addressee::nobody() };
    render(&Text::plain(None, "¿Habrá 😀?".to_owned(), sms), &person).unwrap().body
}

#[test]
fn an_sms_is_transliterated_on_request_and_loses_what_the_network_does_not_carry() {
    let (verbatim, cheap) = (SmsOptions::default(), SmsOptions { transliterate: true, segments_max: None });
    assert_eq!(body(Some(verbatim), "+573001234567"), "¿Habrá 😀?");
    assert_eq!(body(Some(cheap), "+573001234567"), "¿Habra 😀?");
    assert_eq!(body(Some(verbatim), "+525512345678"), "¿Habra ??");
    assert_eq!(body(None, "+52@example.com"), "¿Habrá 😀?", "an e-mail");
}

#[test]
fn a_name_that_is_filled_in_is_transliterated_too_and_what_grows_is_not_cut() {
    let cheap = Some(SmsOptions { transliterate: true, segments_max: None });
    let text = text_of(Source { sms: cheap, ..sms("{{ cliente.nombre }}") }, &[]).unwrap();
    assert_eq!(render(&text, &person("Ramón")).unwrap().body, "Ramon");
    let fault = render(&text, &person(&"…".repeat(1_000))).err().map(|fault| fault.reason);
    assert_eq!(fault, Some(FaultReason::Result(Invalid::TooLong { max: 1_600 })));
}

/// The names of one person, as a log would print them.
struct PersonalNames<'a>(&'a Text);

impl PersonalNames<'_> {
    fn context(&self) -> String {
        let Kind::Personal(text) = &self.0.kind else { panic!("a personal text") };
        format!("{:?}", text.names.of(&person("secreto")))
    }
}
