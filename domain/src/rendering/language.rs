//! The part of Jinja's language that templates have. Everything else is refused by its name before a text is compiled, in any
//! branch.
//!
//! A variable holds a text or a number, and a list stands only where it is used: after `in`, as the value of a filter, or
//! printed. So no value contains another that was made before: there are no cycles, which would never be freed, and no depth
//! that grows with the length of a text, which would overflow the stack when it is printed or freed.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Filter, ForLoop, Set, SetBlock, Stmt};

use super::FaultReason;

/// The filters. Those that call others by name, and those that make lists of lists, are not among them; neither is `safe`,
/// so that what is filled in stays text in HTML.
const FILTERS: [&str; 22] = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "e",
    "escape",
    "first",
    "float",
    "int",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "replace",
    "round",
    "split",
    "string",
    "title",
    "trim",
    "upper",
];
/// The filters whose value is a list.
const FILTERS_TO_LISTS: [&str; 2] = ["list", "split"];
/// The filters whose value may be what they are given.
const FILTERS_TO_THE_SAME: [&str; 2] = ["d", "default"];
/// The tests, after `is`.
const TESTS: [&str; 24] = [
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "in",
    "integer",
    "le",
    "lower",
    "lt",
    "ne",
    "none",
    "number",
    "odd",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];
/// The functions.
pub(super) const FUNCTIONS: [&str; 1] = ["range"];
/// The object of a loop. It can be asked for its numbers, and is no value itself.
const LOOP: &str = "loop";

type Checked<T = ()> = Result<T, FaultReason>;

/// What an expression's value may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A text, a number or a truth value.
    Single,
    /// A list of such.
    List,
}

/// Checks a text that was parsed.
///
/// # Errors
/// The first thing that templates do not have.
pub(super) fn check(text: &Stmt<'_>) -> Checked {
    match text {
        Stmt::Template(template) => all(&template.children),
        Stmt::EmitRaw(_) => Ok(()),
        Stmt::EmitExpr(print) => any(&print.expr),
        Stmt::ForLoop(repeat) => for_loop(repeat, repeat.span()),
        Stmt::IfCond(choice) => {
            any(&choice.expr)?;
            all(&choice.true_body)?;
            all(&choice.false_body)
        }
        Stmt::WithBlock(with) => {
            with.assignments.iter().try_for_each(|(target, value)| assigned(target, value))?;
            all(&with.body)
        }
        Stmt::Set(set) => {
            let Set { target, expr } = &**set;
            assigned(target, expr)
        }
        Stmt::SetBlock(set) => captured(set),
        Stmt::AutoEscape(escape) => {
            single(&escape.enabled)?;
            all(&escape.body)
        }
        Stmt::FilterBlock(filter) => {
            any(&filter.filter)?;
            all(&filter.body)
        }
        Stmt::Do(call) => refused("do", call.span()),
    }
}

fn all(statements: &[Stmt<'_>]) -> Checked {
    statements.iter().try_for_each(check)
}

fn for_loop(repeat: &ForLoop<'_>, span: Span) -> Checked {
    if repeat.recursive {
        return refused("recursive", span);
    }
    is_name(&repeat.target)?;
    any(&repeat.iter)?;
    repeat.filter_expr.iter().try_for_each(any)?;
    all(&repeat.body)?;
    all(&repeat.else_body)
}

fn captured(set: &SetBlock<'_>) -> Checked {
    is_name(&set.target)?;
    set.filter.iter().try_for_each(single)?;
    all(&set.body)
}

fn assigned(target: &Expr<'_>, value: &Expr<'_>) -> Checked {
    is_name(target)?;
    single(value)
}

/// A variable is set by its name alone: neither a part of another nor several at once.
fn is_name(target: &Expr<'_>) -> Checked {
    match target {
        Expr::Var(_) => Ok(()),
        Expr::GetAttr(part) => refused(part.name, target.span()),
        _ => refused(",", target.span()),
    }
}

fn any(expr: &Expr<'_>) -> Checked {
    kind(expr).map(drop)
}

fn single(expr: &Expr<'_>) -> Checked {
    match (kind(expr)?, expr) {
        (Kind::Single, _) => Ok(()),
        (Kind::List, Expr::Filter(filter)) => refused(filter.name, expr.span()),
        (Kind::List, _) => refused("[]", expr.span()),
    }
}

/// One of several: a list if one of them may be.
fn one_of<'a, 'b: 'a>(exprs: impl IntoIterator<Item = &'a Expr<'b>>) -> Checked<Kind> {
    exprs.into_iter().try_fold(Kind::Single, |so_far, expr| {
        let kind = kind(expr)?;
        Ok(if kind == Kind::List { kind } else { so_far })
    })
}

fn kind(expr: &Expr<'_>) -> Checked<Kind> {
    match expr {
        Expr::Var(var) if var.id == LOOP => refused(LOOP, var.span()),
        Expr::Var(_) | Expr::Const(_) => Ok(Kind::Single),
        Expr::UnaryOp(op) => any(&op.expr).map(|()| Kind::Single),
        Expr::BinOp(op) => {
            let kind = one_of([&op.left, &op.right])?;
            Ok(if gives_an_operand(op.op) { kind } else { Kind::Single })
        }
        Expr::Compare(compare) => {
            any(&compare.expr)?;
            compare.ops.iter().try_for_each(|op| any(&op.expr))?;
            Ok(Kind::Single)
        }
        Expr::IfExpr(choice) => {
            any(&choice.test_expr)?;
            one_of([&choice.true_expr].into_iter().chain(&choice.false_expr))
        }
        Expr::Filter(filter) => filtered(filter, filter.span()),
        Expr::Test(test) => {
            is_among(&TESTS, test.name, test.span())?;
            any(&test.expr)?;
            test.args.iter().try_for_each(|arg| argument(arg, any))?;
            Ok(Kind::Single)
        }
        Expr::GetAttr(part) => match &part.expr {
            Expr::Var(_) => Ok(Kind::Single),
            other => any(other).map(|()| Kind::Single),
        },
        Expr::GetItem(item) => {
            any(&item.expr)?;
            single(&item.subscript_expr)?;
            Ok(Kind::Single)
        }
        Expr::Call(call) => called(call, call.span()),
        Expr::List(list) => list.items.iter().try_for_each(single).map(|()| Kind::List),
        // The engine does not tell the names in it, so that nobody would fill them in.
        Expr::Slice(_) => refused("[:]", expr.span()),
        Expr::Tuple(_) => refused("(,)", expr.span()),
        Expr::Map(_) => refused("{}", expr.span()),
    }
}

/// Whether an operator's value may be one of its operands, or made of both as lists.
const fn gives_an_operand(op: BinOpKind) -> bool {
    matches!(op, BinOpKind::Add | BinOpKind::Mul | BinOpKind::ScAnd | BinOpKind::ScOr)
}

fn filtered(filter: &Filter<'_>, span: Span) -> Checked<Kind> {
    is_among(&FILTERS, filter.name, span)?;
    let given = one_of(&filter.expr)?;
    filter.args.iter().try_for_each(|arg| argument(arg, single))?;
    if FILTERS_TO_LISTS.contains(&filter.name) {
        return Ok(Kind::List);
    }
    Ok(if FILTERS_TO_THE_SAME.contains(&filter.name) { given } else { Kind::Single })
}

/// Only `range` is called, and only by its name: an object's methods are none of a template's.
fn called(call: &Call<'_>, span: Span) -> Checked<Kind> {
    let name = match &call.expr {
        Expr::Var(var) => var.id,
        Expr::GetAttr(part) => part.name,
        _ => "()",
    };
    if !matches!(call.expr, Expr::Var(_)) {
        return refused(name, span);
    }
    is_among(&FUNCTIONS, name, span)?;
    call.args.iter().try_for_each(|arg| argument(arg, single))?;
    Ok(Kind::List)
}

fn argument<'a, 'b>(argument: &'a CallArg<'b>, check: impl Fn(&'a Expr<'b>) -> Checked) -> Checked {
    match argument {
        CallArg::Pos(value) | CallArg::Kwarg(_, value) => check(value),
        CallArg::PosSplat(value) => refused("*", value.span()),
        CallArg::KwargSplat(value) => refused("**", value.span()),
    }
}

fn is_among(known: &[&str], name: &str, span: Span) -> Checked {
    if known.contains(&name) { Ok(()) } else { refused(name, span) }
}

fn refused<T>(name: &str, span: Span) -> Checked<T> {
    Err(FaultReason::Unsupported { name: name.to_owned(), line: span.start_line.into() })
}
