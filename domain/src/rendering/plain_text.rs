//! The plain text of an e-mail whose author gave only HTML: a text for readers without HTML, with the variables kept.

/// Elements whose content nobody reads.
const UNREAD: [&str; 5] = ["head", "mj-head", "style", "script", "title"];
/// Elements that stand on lines of their own.
const BLOCKS: [&str; 21] = [
    "p",
    "div",
    "tr",
    "table",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "header",
    "footer",
    "blockquote",
    "mj-text",
    "mj-button",
    "mj-section",
    "mj-column",
];
const ENTITIES: [(&str, &str); 7] = [
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&amp;", "&"),
];

/// The text of a source in HTML or MJML. Links stand in brackets after their text.
pub(crate) fn plain_text(source: &str) -> String {
    let mut text = PlainText::default();
    let mut left = source;
    while !left.is_empty() {
        left = text.take(left);
    }
    text.tidied()
}

#[derive(Default)]
struct PlainText {
    text: String,
    /// The target of the link that is open.
    link: Option<String>,
    /// The element that is skipped.
    unread: Option<&'static str>,
}

impl PlainText {
    /// Takes the next piece and returns the rest.
    fn take<'a>(&mut self, left: &'a str) -> &'a str {
        for (begin, end) in [("{{", "}}"), ("{%", "%}"), ("{#", "#}")] {
            if left.starts_with(begin) {
                let (piece, rest) = cut(left, end);
                self.push(piece);
                return rest;
            }
        }
        if left.starts_with("<!--") {
            return cut(left, "-->").1;
        }
        if left
            .strip_prefix('<')
            .is_some_and(|next| next.starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c)))
        {
            let (tag, rest) = cut_tag(left);
            self.tag(tag);
            return rest;
        }
        let first = left.chars().next().map_or(left.len(), char::len_utf8);
        let length = left[first..].find(['<', '{']).map_or(left.len(), |at| at + first);
        let (piece, rest) = left.split_at(length);
        self.words(piece);
        rest
    }

    fn tag(&mut self, tag: &str) {
        let inside = tag.trim_matches(['<', '>']);
        let is_end = inside.starts_with('/');
        let name: String = inside
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect::<String>()
            .to_ascii_lowercase();
        if let Some(unread) = self.unread {
            if is_end && name == unread {
                self.unread = None;
            }
            return;
        }
        match name.as_str() {
            "br" => self.push("\n"),
            "li" if !is_end => self.push("\n- "),
            "a" | "mj-button" if is_end => self.end_link(),
            "a" | "mj-button" => self.link = attribute(inside, "href"),
            "td" | "th" if is_end => self.push(" "),
            _ => {}
        }
        if BLOCKS.contains(&name.as_str()) {
            self.push("\n\n");
        }
        if !is_end && !inside.ends_with('/') {
            self.unread = UNREAD.into_iter().find(|unread| **unread == name);
        }
    }

    fn end_link(&mut self) {
        if let Some(link) = self.link.take()
            && !self.text.ends_with(&link)
        {
            self.push(&format!(" ({link})"));
        }
    }

    /// Text between tags: white space is one space.
    fn words(&mut self, piece: &str) {
        let is_apart = |c: Option<char>| c.is_some_and(char::is_whitespace);
        let folded = piece.split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, after) = (is_apart(piece.chars().next()), is_apart(piece.chars().next_back()));
        let spaced = format!("{}{folded}{}", if before { " " } else { "" }, if after { " " } else { "" });
        self.push(&decoded(&spaced));
    }

    fn push(&mut self, piece: &str) {
        if self.unread.is_none() {
            self.text.push_str(piece);
        }
    }

    /// No spaces around lines, and one empty line at most.
    fn tidied(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for line in self.text.lines() {
            let line = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            let is_second_empty = line.is_empty() && lines.last().is_none_or(String::is_empty);
            if !is_second_empty {
                lines.push(line);
            }
        }
        lines.join("\n").trim().to_owned()
    }
}

/// The text up to and with its end, and the rest.
fn cut<'a>(text: &'a str, end: &str) -> (&'a str, &'a str) {
    text.find(end).map_or((text, ""), |at| text.split_at(at + end.len()))
}

/// A tag: a `>` within quotation marks is not its end.
fn cut_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '>' => return text.split_at(at + 1),
            None => {}
        }
    }
    (text, "")
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}="))? + name.len() + 2;
    let quote = tag[at..].chars().next().filter(|c| ['"', '\''].contains(c))?;
    let value = tag[at + 1..].split(quote).next()?;
    Some(decoded(value)).filter(|value| !value.is_empty() && !value.starts_with('#'))
}

fn decoded(text: &str) -> String {
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_paragraphs_and_links_stand_behind_their_text() {
        let html = "<html><head><title>x</title><style>p { color: red }</style></head><body>\n<h1>Aviso</h1>\n<p>Hola,\n \
            <b>Ana</b>:&nbsp;<a href=\"https://a.example/?a=1&amp;b=2\">vea esto</a>.</p><!-- nada --><ul><li>uno</li>\
            <li>dos</li></ul><p>a &lt; b<br>fin</p></body></html>";
        assert_eq!(
            plain_text(html),
            "Aviso\n\nHola, Ana: vea esto (https://a.example/?a=1&b=2).\n\n- uno\n- dos\n\na < b\nfin"
        );
    }

    #[test]
    fn variables_and_statements_are_kept_as_they_are() {
        let html = "<p>{{ cliente.nombre }}</p>{% if monto < \"5\" %}<p>Debe  {{ monto }}</p>{% endif %}";
        let text = plain_text(html);
        assert_eq!(text, "{{ cliente.nombre }}\n\n{% if monto < \"5\" %}\n\nDebe {{ monto }}\n\n{% endif %}");
    }

    #[test]
    fn mjml_reads_like_html_and_a_button_is_a_link() {
        let mjml = "<mjml><mj-head><mj-title>x</mj-title></mj-head><mj-text>Hola</mj-text><mj-button href='https://a.example'>Pagar</mj-button>";
        assert_eq!(plain_text(mjml), "Hola\n\nPagar (https://a.example)");
    }

    #[test]
    fn broken_html_gives_some_text() {
        for html in ["<", "a < b", "<p", "<a href=", "{{ x", "<!-- x", "<style>x", "&", "<a href=\"x>y"] {
            let _ = plain_text(html);
        }
        assert_eq!(plain_text("a < b {c}"), "a < b {c}");
    }
}
