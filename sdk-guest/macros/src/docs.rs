//! Doc comments, as plain text.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of a doc comment: lines of one paragraph in one, paragraphs apart.
pub(crate) fn text(attributes: &[Attribute]) -> String {
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in attributes.iter().filter_map(line) {
        let line = line.trim();
        let Some(last) = paragraphs.last_mut() else { continue };
        if line.is_empty() {
            if !last.is_empty() {
                paragraphs.push(String::new());
            }
            continue;
        }
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(line);
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n")
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("doc").then(|| text.value())
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    #[test]
    fn lines_become_paragraphs() {
        let function: syn::ItemFn = parse_quote! {
            /// Writes a message
            /// to a channel.
            ///
            /// Once.
            fn f() {}
        };
        assert_eq!(super::text(&function.attrs), "Writes a message to a channel.\n\nOnce.");
    }
}
