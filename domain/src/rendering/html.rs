//! The HTML of a template, compiled when the template is saved: a whole HTML document stays as it is, MJML becomes HTML,
//! and a fragment of either goes into the base layout.

use std::collections::HashMap;

use mrml::prelude::render::RenderOptions;

use super::FaultReason;
use super::layout;

/// How deep MJML may be nested: its compiler recurses.
const NESTING_MAX: usize = 100;
/// Elements without an end (HTML, 13.1.2).
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// What is mailed for a source.
///
/// # Errors
/// [`FaultReason::Markup`] for what begins as MJML and is not.
pub(crate) fn compiled(source: &str) -> Result<String, FaultReason> {
    let begins = |with: &str| beginning(source.trim_start(), with);
    if begins("<!doctype") || begins("<html") {
        return Ok(source.to_owned());
    }
    if begins("<mjml") {
        return mjml(source);
    }
    let sections = ["<mj-section", "<mj-wrapper", "<mj-hero"];
    if sections.into_iter().any(begins) {
        return mjml(&layout::around_sections(source));
    }
    if begins("<mj-") {
        return mjml(&layout::around_column(source));
    }
    Ok(layout::around_html(&mjml(&layout::for_html())?, source))
}

/// Whether a text begins so, in any case.
fn beginning(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

fn mjml(source: &str) -> Result<String, FaultReason> {
    if nesting(source) > NESTING_MAX {
        return Err(FaultReason::Markup);
    }
    let parsed = mrml::parse(source).map_err(|_| FaultReason::Markup)?;
    // The compiler knows fonts that a mail fetches from another company's servers, which then learn who reads it and when.
    let options = RenderOptions { fonts: HashMap::new(), ..RenderOptions::default() };
    parsed.element.render(&options).map_err(|_| FaultReason::Markup)
}

/// How deep elements are nested at most, counted without regard to their names.
fn nesting(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in source.split('<').skip(1) {
        let name: &str =
            tag.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !name.is_empty() && !is_void(name) && !is_closed(tag) {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

fn is_void(name: &str) -> bool {
    VOID.iter().any(|void| void.eq_ignore_ascii_case(name))
}

fn is_closed(tag: &str) -> bool {
    tag.split('>').next().is_some_and(|inside| inside.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: &str =
        "<mj-text>Hola {{ cliente.nombre }}</mj-text><mj-button href=\"{{ enlace }}\">Ver</mj-button>";

    fn section() -> String {
        format!("<mj-section><mj-column>{COLUMN}</mj-column></mj-section>")
    }

    #[test]
    fn mjml_becomes_html_and_keeps_its_variables() {
        let whole = format!("<mjml><mj-body>{}</mj-body></mjml>", section());
        for source in [whole, section(), COLUMN.to_owned(), format!("\n  {COLUMN}")] {
            let html = compiled(&source).unwrap();
            assert!(html.starts_with("<!doctype html>"), "{html}");
            assert!(html.contains("Hola {{ cliente.nombre }}") && html.contains("href=\"{{ enlace }}\""));
            assert!(!html.contains("<mj-"), "{html}");
        }
    }

    #[test]
    fn mjml_fetches_no_font_that_its_author_did_not_name() {
        let default_font = format!("<mjml><mj-body>{}</mj-body></mjml>", section());
        for font in ["Roboto", "Open Sans", "Ubuntu"] {
            let named = format!("<mj-text font-family=\"{font}, Arial\">Hola</mj-text>");
            for source in [&named, &default_font] {
                let html = compiled(source).unwrap();
                assert!(!html.contains("googleapis") && !html.contains("@import"), "{html}");
            }
        }
        let own = "<mjml><mj-head><mj-font name=\"Vigia\" href=\"https://vigia.example/f.css\" /></mj-head><mj-body>\
                   <mj-section><mj-column><mj-text font-family=\"Vigia\">Hola</mj-text></mj-column></mj-section>\
                   </mj-body></mjml>";
        assert!(compiled(own).unwrap().contains("https://vigia.example/f.css"));
    }

    #[test]
    fn a_fragment_goes_into_the_layout_with_the_companys_name_and_a_document_stays() {
        for fragment in
            ["<p>Hola, <b>{{ cliente.nombre }}</b><br>adiós</p>", "Hola", "<ul><li>uno<li>dos</ul>"]
        {
            let html = compiled(fragment).unwrap();
            assert!(html.contains(fragment) && html.contains("{{ empresa.nombre }}"), "{html}");
        }
        let document = "<!DOCTYPE html><html><body>Hola</body></html>";
        assert_eq!(compiled(document).as_deref(), Ok(document));
    }

    #[test]
    fn what_begins_as_mjml_and_is_not_is_refused() {
        for source in [
            "<mjml>",
            "<mjml><mj-body><mj-section></mj-body></mjml>",
            "<mj-text>",
            "<mjml></p></mjml>",
            "<mjml><mj-head><mj-include path=\"/etc/passwd\" /></mj-head><mj-body></mj-body></mjml>",
        ] {
            assert_eq!(compiled(source), Err(FaultReason::Markup), "{source}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_compiled() {
        let deep = |levels: usize| {
            format!("<mj-text>{}x{}</mj-text>", "<div>".repeat(levels), "</div>".repeat(levels))
        };
        assert!(compiled(&deep(NESTING_MAX - 20)).is_ok());
        assert_eq!(compiled(&deep(15_000)), Err(FaultReason::Markup));
        assert_eq!(compiled(&format!("<mj-text>{}", "<div>".repeat(15_000))), Err(FaultReason::Markup));
        assert!(compiled(&format!("<mj-text>{}</mj-text>", "a<br />".repeat(5_000))).is_ok());
    }
}
