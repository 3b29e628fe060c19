//! Registers an action or a trigger in a project's source: a `mod` line, and an entry of `integration!`. The places are
//! found by parsing; where they are not certain nothing is changed. It never reads or writes a file.

use std::cmp::Ordering;
use std::ops::Range;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::{File, Item, ItemMod, spanned::Spanned};

use super::text::{Last, List, Text};

/// Why a source is not edited.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncertain {
    #[error("it does not parse as Rust: {0}")]
    Syntax(String),
    #[error("it has no `integration! {{ … }}`, or more than one")]
    NoDeclaration,
    #[error("its `integration! {{ … }}` is not written as `field: value, …`")]
    OddDeclaration,
    #[error("its `{0}` is no list in brackets")]
    NoList(&'static str),
    #[error("its module `{0}` is not in a file of its own")]
    OddModule(String),
    #[error("a comment leaves open where the line goes")]
    Comment,
}

/// The functions that `integration!` has, by the last part of their paths.
///
/// # Errors
/// See [`Uncertain`].
pub fn registered(source: &str) -> Result<Vec<String>, Uncertain> {
    let declaration = Declaration::find(&parse(source)?)?;
    let mut functions = Vec::new();
    for field in ["actions", "triggers"] {
        let paths = declaration.list(field)?.map(|(_, tokens)| entries(&tokens)).unwrap_or_default();
        functions.extend(paths.iter().filter_map(|path| path.rsplit("::").next()).map(ToOwned::to_owned));
    }
    Ok(functions)
}

/// The source with a path in a list of `integration!`, which gets the field where it has none.
///
/// # Errors
/// See [`Uncertain`].
pub fn with_entry(source: &str, field: &'static str, path: &str) -> Result<String, Uncertain> {
    let declaration = Declaration::find(&parse(source)?)?;
    let mut text = Text::new(source);
    let newline = text.newline();
    let is_certain = match declaration.list(field)? {
        Some((list, _)) => list.append(&mut text, |_| path.to_owned()),
        None => declaration.body().append(&mut text, |indentation| match indentation {
            Some(indentation) => {
                format!("{field}: [{newline}{indentation}    {path},{newline}{indentation}]")
            }
            None => format!("{field}: [{path}]"),
        }),
    };
    let edited = text.finish();
    // What was meant is what it now says, or it was not meant.
    let has_entry = Declaration::find(&parse(&edited)?)?
        .list(field)?
        .is_some_and(|(_, tokens)| entries(&tokens).last().is_some_and(|last| last == path));
    if is_certain && has_entry { Ok(edited) } else { Err(Uncertain::Comment) }
}

/// The source with a module that has a file of its own, among the others in rustfmt's order. None where it is there.
///
/// # Errors
/// See [`Uncertain`].
pub fn with_module(source: &str, visibility: &str, name: &str) -> Result<Option<String>, Uncertain> {
    let file = parse(source)?;
    if let Some(module) = modules(&file).find(|module| module.ident == name) {
        let is_plain =
            module.content.is_none() && module.attrs.iter().all(|attribute| attribute.path().is_ident("doc"));
        return if is_plain { Ok(None) } else { Err(Uncertain::OddModule(name.to_owned())) };
    }
    let line = format!("{visibility}mod {name};");
    let mut text = Text::new(source);
    let newline = text.newline();
    match stretch(&file, &text) {
        Some(stretch) if stretch.is_sorted => {
            match stretch.modules.iter().find(|(other, _)| order(name, other) == Ordering::Less) {
                Some((_, range)) => text.insert(text.line_start(range.start), format!("{line}{newline}")),
                None => text.insert(text.line_end(stretch.end), format!("{newline}{line}")),
            }
        }
        Some(stretch) => text.insert(text.line_end(stretch.end), format!("{newline}{newline}{line}")),
        None => match (file.attrs.last(), file.items.first()) {
            (Some(attribute), _) => {
                let end = text.line_end(attribute.span().byte_range().end);
                let apart = if text.is_followed_closely(end) { newline } else { "" };
                text.insert(end, format!("{newline}{newline}{line}{apart}"));
            }
            (None, Some(item)) => {
                let start = text.line_start(item.span().byte_range().start);
                text.insert(start, format!("{line}{newline}{newline}"));
            }
            (None, None) => text.insert(source.len(), format!("{line}{newline}")),
        },
    }
    let edited = text.finish();
    let has_module = modules(&parse(&edited)?).any(|module| module.ident == name);
    if has_module { Ok(Some(edited)) } else { Err(Uncertain::Comment) }
}

fn parse(source: &str) -> Result<File, Uncertain> {
    let at = |error: syn::Error| {
        let start = error.span().start();
        Uncertain::Syntax(format!("line {}: {error}", start.line))
    };
    let tokens: TokenStream = source.parse().map_err(|error: proc_macro2::LexError| at(error.into()))?;
    syn::parse2(tokens).map_err(at)
}

fn modules(file: &File) -> impl Iterator<Item = &ItemMod> {
    file.items.iter().filter_map(|item| match item {
        Item::Mod(module) => Some(module),
        _ => None,
    })
}

/// Lines of `mod` that follow each other, which rustfmt sorts.
struct Stretch {
    modules: Vec<(String, Range<usize>)>,
    end: usize,
    /// Whether they are in order, and nothing stands between them.
    is_sorted: bool,
}

/// The first such lines.
fn stretch(file: &File, text: &Text<'_>) -> Option<Stretch> {
    let outline = |item: &Item| match item {
        Item::Mod(module) if module.content.is_none() => {
            let is_fixed = module.attrs.iter().any(|attribute| attribute.path().is_ident("macro_use"));
            Some((module.ident.to_string(), item.span().byte_range(), is_fixed))
        }
        _ => None,
    };
    let mut items = file.items.iter().skip_while(|item| outline(item).is_none()).map_while(outline);
    let (name, range, is_fixed) = items.next()?;
    let mut stretch = Stretch { end: range.end, modules: vec![(name, range)], is_sorted: !is_fixed };
    for (name, range, is_fixed) in items {
        let gap = text.between(stretch.end..range.start);
        if has_blank_line(gap) {
            break;
        }
        let is_next = stretch.modules.last().is_some_and(|(before, _)| order(before, &name) == Ordering::Less);
        stretch.is_sorted &= gap.trim().is_empty() && is_next && !is_fixed;
        stretch.end = range.end;
        stretch.modules.push((name, range));
    }
    Some(stretch)
}

fn has_blank_line(gap: &str) -> bool {
    let lines: Vec<&str> = gap.split('\n').collect();
    // The first and the last share their lines with what the gap is between.
    lines.iter().skip(1).rev().skip(1).any(|line| line.trim().is_empty())
}

/// rustfmt's order since the 2024 edition: digits count as the number that they are.
fn order(one: &str, another: &str) -> Ordering {
    let (mut one, mut another) = (one, another);
    loop {
        let (a, b) = (chunk(one), chunk(another));
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let numbers = a.trim_start_matches('0').len().cmp(&b.trim_start_matches('0').len());
        let by_value = if is_number(a) && is_number(b) {
            numbers.then_with(|| a.trim_start_matches('0').cmp(b.trim_start_matches('0')))
        } else {
            a.cmp(b)
        };
        if by_value != Ordering::Equal {
            return by_value;
        }
        (one, another) = (&one[a.len()..], &another[b.len()..]);
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// The digits that a text begins with, or what comes before the first.
fn chunk(text: &str) -> &str {
    let is_digits = is_number(text);
    let end = text.find(|character: char| character.is_ascii_digit() != is_digits);
    &text[..end.unwrap_or(text.len())]
}

/// The one `integration! { … }` of a file.
struct Declaration {
    tokens: Vec<TokenTree>,
    open: usize,
    close: usize,
}

impl Declaration {
    fn find(file: &File) -> Result<Self, Uncertain> {
        let mut found = file.items.iter().filter_map(|item| match item {
            Item::Macro(item) if item.mac.path.segments.last().is_some_and(|last| last.ident == "integration") => {
                Some(&item.mac)
            }
            _ => None,
        });
        let (Some(declaration), None) = (found.next(), found.next()) else { return Err(Uncertain::NoDeclaration) };
        let delimiters = declaration.delimiter.span();
        Ok(Self {
            tokens: declaration.tokens.clone().into_iter().collect(),
            open: delimiters.open().byte_range().end,
            close: delimiters.close().byte_range().start,
        })
    }

    /// What stands between the braces.
    fn body(&self) -> List {
        List { open: self.open, close: self.close, last: last(&self.tokens) }
    }

    /// A field's list and what is in it.
    fn list(&self, field: &'static str) -> Result<Option<(List, Vec<TokenTree>)>, Uncertain> {
        let mut found = None;
        for part in self.tokens.split(is_comma) {
            let [TokenTree::Ident(name), TokenTree::Punct(colon), value @ ..] = part else {
                // Behind the last comma there is nothing.
                if part.is_empty() { continue } else { return Err(Uncertain::OddDeclaration) }
            };
            if colon.as_char() != ':' || colon.spacing() != Spacing::Alone {
                return Err(Uncertain::OddDeclaration);
            }
            if name != field {
                continue;
            }
            match value {
                [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket && found.is_none() => {
                    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                    let (open, close) = (group.span_open().byte_range().end, group.span_close().byte_range().start);
                    found = Some((List { open, close, last: last(&tokens) }, tokens));
                }
                _ => return Err(Uncertain::NoList(field)),
            }
        }
        Ok(found)
    }
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',')
}

fn last(tokens: &[TokenTree]) -> Option<Last> {
    let end = tokens.last()?;
    let entry = tokens.split(is_comma).rfind(|entry| !entry.is_empty())?;
    Some(Last {
        start: entry.first()?.span().byte_range().start,
        end: end.span().byte_range().end,
        is_comma: is_comma(end),
    })
}

/// The paths of a list, without spaces.
fn entries(tokens: &[TokenTree]) -> Vec<String> {
    let entries = tokens.split(is_comma).filter(|entry| !entry.is_empty());
    entries.map(|entry| entry.iter().map(ToString::to_string).collect()).collect()
}

#[cfg(test)]
mod tests;
