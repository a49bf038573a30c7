//! Reads the parameters of a query one by one and collects every fault.

use std::collections::BTreeMap;

use domain::Position;
use domain::value::Invalid;
use percent_encoding::percent_decode;
use projections::queries::{PAGE_ROWS_MAX, PageRequest};

use super::text::FromText;
use crate::problem::{Answer, Fault, Faults, JsonType, Kind, Problem, Reason};

/// A type that is read from the query of a URL.
pub trait FromQuery: Sized {
    /// The value; `None` after a fault was recorded.
    fn read(params: &mut Params) -> Option<Self>;
}

/// A query without parameters except `min_position`, which every read takes.
#[derive(Debug)]
pub struct NoQuery;

impl FromQuery for NoQuery {
    fn read(_: &mut Params) -> Option<Self> {
        Some(Self)
    }
}

/// The parameters that have not been read yet.
#[derive(Debug, Default)]
pub struct Params {
    values: BTreeMap<String, String>,
    faults: Faults,
}

impl Params {
    /// Reads a whole query. A parameter that `T` does not read is unknown, and a fault.
    ///
    /// # Errors
    /// 400 with every invalid parameter.
    pub fn read<T: FromQuery>(query: &str) -> Answer<(T, Option<Position>)> {
        let mut params = Self::parse(query);
        let min_position = params.integer("min_position", 0, Position::MAX);
        let value = T::read(&mut params);
        for name in std::mem::take(&mut params.values).keys() {
            params.refuse::<()>(name, Reason::UnknownField);
        }
        match value {
            Some(value) if params.faults.is_empty() => Ok((value, min_position)),
            _ => Err(Problem::of_faults(Kind::Malformed, params.faults.into_vec())),
        }
    }

    fn parse(query: &str) -> Self {
        let mut params = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name).unwrap_or_else(|| name.to_owned());
            match decoded(value) {
                None => _ = params.refuse::<()>(&name, Reason::NotUtf8),
                Some(_) if params.values.contains_key(&name) => {
                    _ = params.refuse::<()>(&name, Reason::DuplicateField)
                }
                Some(value) => _ = params.values.insert(name, value),
            }
        }
        params
    }

    /// The text of a parameter. An empty value counts as absent, because browsers send empty form fields.
    fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name).filter(|text| !text.is_empty())
    }

    /// An optional parameter.
    pub fn optional<T: FromText>(&mut self, name: &str) -> Option<T> {
        let text = self.take(name)?;
        T::from_text(&text).map_or_else(|reason| self.refuse(name, reason), Some)
    }

    /// An optional whole number within bounds.
    pub fn integer(&mut self, name: &str, min: i64, max: i64) -> Option<i64> {
        let text = self.take(name)?;
        match text.parse() {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            Ok(_) => self.refuse(name, Reason::OutOfRange { min, max }),
            Err(_) if is_number(&text) => self.refuse(name, Reason::OutOfRange { min, max }),
            Err(_) => self.refuse(name, Reason::WrongType(JsonType::Integer)),
        }
    }

    /// `true` or `false`; absent is false. An empty value is refused: `?dry_run` must not write.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.values.remove(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => self.refuse(name, Reason::WrongType(JsonType::Boolean)).unwrap_or_default(),
        }
    }

    /// An optional parameter with a fixed set of words.
    pub fn word<T: Copy>(&mut self, name: &str, words: &'static [&'static str], values: &[T]) -> Option<T> {
        let text = self.take(name)?;
        let found = words.iter().position(|word| *word == text).and_then(|index| values.get(index));
        found.copied().or_else(|| self.refuse(name, Invalid::NotAllowed { allowed: words }))
    }

    /// The page: `limit`, 1 to 200, and `after`, the `next` of the previous page.
    pub fn page(&mut self) -> PageRequest {
        let limit = self.integer("limit", 1, PAGE_ROWS_MAX);
        let after = self.take("after");
        let page = PageRequest::parse(limit, after.as_deref()).ok();
        page.or_else(|| self.refuse("after", Reason::Cursor)).unwrap_or_default()
    }

    /// Records a fault of a parameter. Returns `None` for the caller to return.
    pub fn refuse<T>(&mut self, name: &str, reason: impl Into<Reason>) -> Option<T> {
        self.faults.add(Fault::in_query(name, reason.into()));
        None
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use domain::value::UserId;

    use super::super::text::Search;
    use super::*;

    struct List {
        q: Option<Search>,
        author: Option<UserId>,
        state: Option<u8>,
        page: PageRequest,
    }

    impl FromQuery for List {
        fn read(params: &mut Params) -> Option<Self> {
            Some(Self {
                q: params.optional("q"),
                author: params.optional("author"),
                state: params.word("state", &["all", "unread"], &[0, 1]),
                page: params.page(),
            })
        }
    }

    fn faults(query: &str) -> Vec<(String, &'static str)> {
        let Err(problem) = Params::read::<List>(query) else { return vec![] };
        assert_eq!(problem.status().as_u16(), 400);
        problem.faults.into_iter().map(|fault| (fault.pointer, fault.reason.code())).collect()
    }

    #[test]
    fn a_query_is_read_decoded() {
        let (list, min_position) = Params::read::<List>("q=jos%C3%A9+p&state=unread&min_position=7").unwrap();
        assert_eq!(list.q.unwrap().as_str(), "josé p");
        assert_eq!((list.state, min_position, list.author), (Some(1), Some(7), None));
        assert_eq!(list.page, PageRequest::default());
    }

    #[test]
    fn all_faults_of_a_query_are_reported_by_name() {
        let reported = faults("limit=201&after=x&state=x&author=7&colour=red&q=%ff&min_position=-1");
        let reported: Vec<_> = reported.iter().map(|(name, code)| (name.as_str(), *code)).collect();
        assert_eq!(
            reported,
            [
                ("/q", "invalid_utf8"),
                ("/min_position", "out_of_range"),
                ("/author", "invalid_id"),
                ("/state", "not_allowed"),
                ("/limit", "out_of_range"),
                ("/after", "invalid_cursor"),
                ("/colour", "unknown_field"),
            ]
        );
    }

    #[test]
    fn a_limit_is_a_number_from_1_to_200() {
        for (limit, code) in
            [("0", "out_of_range"), ("-1", "out_of_range"), ("99999999999999999999", "out_of_range")]
        {
            assert_eq!(faults(&format!("limit={limit}")), [("/limit".to_owned(), code)]);
        }
        for limit in ["x", "1.5", "1e3"] {
            assert_eq!(faults(&format!("limit={limit}")), [("/limit".to_owned(), "wrong_type")]);
        }
        assert!(faults("limit=200").is_empty());
        assert_eq!(faults("limit=1&limit=2"), [("/limit".to_owned(), "duplicate_field")]);
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_absent_if_it_is_known() {
        let (list, min_position) =
            Params::read::<List>("q=&author&state=&limit=&after=&min_position=").unwrap();
        assert!(list.q.is_none() && list.author.is_none() && list.state.is_none() && min_position.is_none());
        assert_eq!(list.page, PageRequest::default());
        assert_eq!(faults("colour="), [("/colour".to_owned(), "unknown_field")]);
        assert_eq!(faults("state=&state=all"), [("/state".to_owned(), "duplicate_field")]);
    }

    #[test]
    fn a_flag_says_true_or_false() {
        let flag = |query: &str| {
            let mut params = Params::parse(query);
            let value = params.flag("dry_run");
            params.faults.is_empty().then_some(value)
        };
        assert_eq!(
            [flag(""), flag("dry_run=false"), flag("dry_run=true")],
            [Some(false), Some(false), Some(true)]
        );
        assert_eq!([flag("dry_run"), flag("dry_run="), flag("dry_run=1")], [None; 3]);
    }
}
