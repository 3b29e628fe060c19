//! Registers an action or a trigger in a project's source: appends a `mod` line, and an entry of `integration!`. The places
//! are found by parsing, and the result is parsed again: where a place is not certain nothing is changed. It never reads or
//! writes a file, and leaves the order of modules to rustfmt.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::{File, Item, ItemMod, spanned::Spanned};

/// Why a source is not edited.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncertain {
    #[error("it does not parse as Rust: {0}")]
    Syntax(String),
    #[error("it must have exactly one `integration! {{ … }}`")]
    NoDeclaration,
    #[error("its `integration! {{ … }}` must be written as `field: value, …`")]
    OddDeclaration,
    #[error("`{0}` must be a list in brackets")]
    NoList(&'static str),
    #[error("the module `{0}` must be in a file of its own")]
    OddModule(String),
    #[error("a comment is in the way of the new line")]
    Comment,
}

/// Returns the functions that `integration!` lists, by the last part of their paths.
///
/// # Errors
/// See [`Uncertain`].
pub fn registered(source: &str) -> Result<Vec<String>, Uncertain> {
    let declaration = declaration(&parse(source)?)?;
    let mut functions = Vec::new();
    for field in ["actions", "triggers"] {
        let paths = declaration.field(field)?.map(|list| list.entries()).unwrap_or_default();
        functions.extend(paths.iter().filter_map(|path| path.rsplit("::").next()).map(ToOwned::to_owned));
    }
    Ok(functions)
}

/// Returns the source with a path appended to a field of `integration!`, which is added if it is missing.
///
/// # Errors
/// See [`Uncertain`].
pub fn with_entry(source: &str, field: &'static str, path: &str) -> Result<String, Uncertain> {
    let declaration = declaration(&parse(source)?)?;
    let edited = match declaration.field(field)? {
        Some(list) => list.append(source, path),
        None => {
            // rustfmt does not format what is between the braces.
            let indentation = declaration.indentation(source);
            declaration.append(source, &format!("{field}: [\n{indentation}    {path},\n{indentation}]"))
        }
    };
    let list = self::declaration(&parse(&edited)?)?.field(field)?;
    let has_entry = list.is_some_and(|list| list.entries().last().is_some_and(|last| last == path));
    if has_entry { Ok(edited) } else { Err(Uncertain::Comment) }
}

/// Returns the source with a module that has a file of its own. None if it is there already.
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
    let edited = if let Some(module) = modules(&file).find(|module| module.content.is_none()) {
        // rustfmt sorts the lines that follow each other.
        insert(source, line_end(source, module.span().byte_range().end), &format!("\n{line}"))
    } else if let Some(attribute) = file.attrs.last() {
        insert(source, line_end(source, attribute.span().byte_range().end), &format!("\n\n{line}"))
    } else {
        let first = file.items.first().map_or(source.len(), |item| item.span().byte_range().start);
        insert(source, first, &format!("{line}\n\n"))
    };
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

fn insert(source: &str, at: usize, text: &str) -> String {
    let (before, after) = source.split_at(at);
    [before, text, after].concat()
}

/// The position of the line break that ends the line of a position.
fn line_end(source: &str, at: usize) -> usize {
    source[at..].find('\n').map_or(source.len(), |length| at + length)
}

/// The one `integration! { … }` of a file.
fn declaration(file: &File) -> Result<List, Uncertain> {
    let mut found = file.items.iter().filter_map(|item| match item {
        Item::Macro(item) if item.mac.path.segments.last().is_some_and(|last| last.ident == "integration") => {
            Some(&item.mac)
        }
        _ => None,
    });
    let (Some(declaration), None) = (found.next(), found.next()) else { return Err(Uncertain::NoDeclaration) };
    let delimiters = declaration.delimiter.span();
    Ok(List {
        tokens: declaration.tokens.clone().into_iter().collect(),
        open: delimiters.open().byte_range().end,
        close: delimiters.close().byte_range().start,
    })
}

/// Entries between delimiters, separated by commas: those of a list, or the fields of `integration!`.
struct List {
    tokens: Vec<TokenTree>,
    /// Behind the opening delimiter.
    open: usize,
    /// Before the closing one.
    close: usize,
}

impl List {
    fn of(group: &Group) -> Self {
        Self {
            tokens: group.stream().into_iter().collect(),
            open: group.span_open().byte_range().end,
            close: group.span_close().byte_range().start,
        }
    }

    /// The list of a field.
    fn field(&self, field: &'static str) -> Result<Option<Self>, Uncertain> {
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
                    found = Some(Self::of(group));
                }
                _ => return Err(Uncertain::NoList(field)),
            }
        }
        Ok(found)
    }

    /// The entries, without spaces.
    fn entries(&self) -> Vec<String> {
        let entries = self.tokens.split(is_comma).filter(|entry| !entry.is_empty());
        entries.map(|entry| entry.iter().map(ToString::to_string).collect()).collect()
    }

    /// The source with an entry behind the last one: on a line of its own where the closing delimiter has one.
    fn append(&self, source: &str, entry: &str) -> String {
        let Some(last) = self.tokens.last() else { return insert(source, self.open, entry) };
        let end = last.span().byte_range().end;
        let comma = if is_comma(last) { "" } else { "," };
        if !source[end..self.close].contains('\n') {
            return insert(source, end, &format!("{comma} {entry}"));
        }
        // A comment behind the last entry stays on its line.
        let with_line = insert(source, line_end(source, end), &format!("\n{}{entry},", self.indentation(source)));
        insert(&with_line, end, comma)
    }

    /// What the line of the last token is indented with.
    fn indentation<'source>(&self, source: &'source str) -> &'source str {
        let last = self.tokens.last().map_or(self.open, |token| token.span().byte_range().start);
        let line = source[..last].rfind('\n').map_or(source, |newline| &source[newline + 1..]);
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',')
}

#[cfg(test)]
mod tests;
