//! Fields as reports have them: `Name: value`, folded over lines, in blocks between empty lines (RFC 3464 2.1.1).

/// A block of fields.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The blocks of a text. A line that is no field is left out.
    pub(super) fn blocks(text: &str) -> Vec<Self> {
        let mut blocks = vec![Self::default()];
        for line in text.lines() {
            if line.trim().is_empty() {
                blocks.push(Self::default());
            } else if let Some(block) = blocks.last_mut() {
                block.add(line);
            }
        }
        blocks
    }

    fn add(&mut self, line: &str) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = self.0.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            self.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// A field's value by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(its, _)| its == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The first word of a field, in lower case, without the comment that may follow.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        let word = self.get(name)?.split(|c: char| c.is_whitespace() || matches!(c, '(' | ';')).next()?;
        Some(word.to_ascii_lowercase())
    }

    /// A field's value behind the type before its semicolon, such as `smtp;` or `rfc822;`.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?;
        let (kind, rest) = value.split_once(';').unwrap_or(("", value));
        Some(if kind.contains(char::is_whitespace) { value } else { rest.trim() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_block_by_block_whatever_their_case_and_folding() {
        let text = "Reporting-MTA: dns; mx\r\n\r\nACTION : Failed (for good)\r\nDiagnostic-Code: smtp; 550\r\n\t5.1.1 no\r\nnonsense\r\n";
        let [first, second] = &Fields::blocks(text)[..] else { panic!("two blocks") };
        assert_eq!(first.typed("reporting-mta"), Some("mx"));
        assert_eq!(second.word("action").as_deref(), Some("failed"));
        assert_eq!(second.typed("diagnostic-code"), Some("550 5.1.1 no"));
        assert_eq!((second.get("status"), second.get("nonsense")), (None, None));
    }

    #[test]
    fn a_text_without_a_type_is_whole() {
        let of = |value: &str| Fields::blocks(&format!("x: {value}"))[0].typed("x").map(str::to_owned);
        assert_eq!(of("550 no; never").as_deref(), Some("550 no; never"));
        assert_eq!(of("X-Postfix; delivery temporarily").as_deref(), Some("delivery temporarily"));
        assert_eq!(of(""), None);
    }
}
