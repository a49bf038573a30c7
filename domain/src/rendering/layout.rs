//! The base layout of HTML e-mails: responsive, with the company's logo above, or its name if it has none, and its name
//! below.

/// Where a fragment of HTML goes.
const CONTENT: &str = "[[content]]";

const BEFORE: &str = r##"<mjml lang="es"><mj-head><mj-attributes>
<mj-all font-family="Helvetica, Arial, sans-serif" />
<mj-text font-size="16px" line-height="1.5" color="#1f2933" />
<mj-button background-color="#1d4ed8" border-radius="6px" font-size="16px" />
</mj-attributes></mj-head><mj-body background-color="#f2f4f7">
<mj-section padding="24px 0 8px"><mj-column>
<mj-raw>{% if empresa.logo %}</mj-raw>
<mj-image src="{{ empresa.logo }}" alt="{{ empresa.nombre }}" width="180px" align="left" />
<mj-raw>{% else %}</mj-raw>
<mj-text font-size="20px" font-weight="700">{{ empresa.nombre }}</mj-text>
<mj-raw>{% endif %}</mj-raw>
</mj-column></mj-section>"##;
const AFTER: &str = r##"<mj-section padding="8px 0 24px"><mj-column>
<mj-text font-size="13px" color="#52606d">{{ empresa.nombre }}</mj-text>
</mj-column></mj-section></mj-body></mjml>"##;
const COLUMN: &str = r##"<mj-section background-color="#ffffff" border-radius="8px"><mj-column>"##;
const END_OF_COLUMN: &str = "</mj-column></mj-section>";

/// MJML with these sections.
pub(super) fn around_sections(sections: &str) -> String {
    [BEFORE, sections, AFTER].concat()
}

/// MJML with one column of these elements.
pub(super) fn around_column(elements: &str) -> String {
    [BEFORE, COLUMN, elements, END_OF_COLUMN, AFTER].concat()
}

/// MJML that becomes the HTML that [`around_html`] takes.
pub(super) fn for_html() -> String {
    around_column(&format!("<mj-text>{CONTENT}</mj-text>"))
}

/// The compiled layout with a fragment of HTML, which need not be well-formed.
pub(super) fn around_html(layout: &str, fragment: &str) -> String {
    layout.replacen(CONTENT, fragment, 1)
}
