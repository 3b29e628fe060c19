//! What a function's text shows that it needs: only what follows its own context, and is written
//! out. What a helper does is seen by the tests.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// `https://api.example.com`
    pub(crate) origins: Vec<String>,
    pub(crate) connections: Vec<String>,
    pub(crate) storage: bool,
}

const REQUESTS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Looks through a function's body for `context.method(…)`.
pub(crate) fn of(body: TokenStream, context: &Ident) -> Needs {
    let mut needs = Needs::default();
    needs.look(body, context);
    needs
}

impl Needs {
    fn look(&mut self, tokens: TokenStream, context: &Ident) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (place, window) in tokens.windows(4).enumerate() {
            let is_a_field = place > 0 && matches!(&tokens[place - 1], TokenTree::Punct(sign) if sign.as_char() == '.');
            if !is_a_field
                && let [
                    TokenTree::Ident(receiver),
                    TokenTree::Punct(dot),
                    TokenTree::Ident(method),
                    TokenTree::Group(group),
                ] = window
                && receiver == context
                && dot.as_char() == '.'
                && group.delimiter() == Delimiter::Parenthesis
            {
                self.note(&method.to_string(), group.stream());
            }
        }
        for token in tokens {
            if let TokenTree::Group(group) = token {
                self.look(group.stream(), context);
            }
        }
    }

    fn note(&mut self, method: &str, arguments: TokenStream) {
        match method {
            "storage" => self.storage = true,
            "connection" => self.connections.extend(arguments.into_iter().next().as_ref().and_then(text)),
            "fetch" => {
                let after_method = arguments.into_iter().skip(2).collect();
                self.origins.extend(origin(after_method));
            }
            request if REQUESTS.contains(&request) => self.origins.extend(origin(arguments)),
            _ => {}
        }
    }
}

/// The origin of a literal address, or of one that `format!` begins with.
fn origin(arguments: TokenStream) -> Option<String> {
    let mut tokens =
        arguments.into_iter().skip_while(|token| matches!(token, TokenTree::Punct(sign) if sign.as_char() == '&'));
    let address = match tokens.next()? {
        TokenTree::Ident(name) if name == "format" => match tokens.nth(1)? {
            TokenTree::Group(group) => text(&group.stream().into_iter().next()?)?,
            _ => return None,
        },
        token => text(&token)?,
    };
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.strip_suffix(if scheme == "http" { ":80" } else { ":443" }).unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    // A part that is filled in later, or an odd spelling, is nothing to compare.
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    (!host.is_empty() && is_plain).then(|| format!("{scheme}://{host}"))
}

fn text(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use super::{Needs, of};

    fn found(body: proc_macro2::TokenStream) -> Needs {
        of(body, &format_ident!("ctx"))
    }

    #[test]
    fn what_is_written_out_is_found_however_deep() {
        let needs = found(quote! {{
            let slack = ctx.connection("slack")?;
            if true {
                ctx.get("https://api.example.com/x").auth(&slack).send()?;
                ctx.post(format!("https://two.example.com:8443/{id}"));
                ctx.fetch("HEAD", "http://three.example.com:80");
            }
            ctx.storage().put("a", &1)
        }});
        let origins = ["https://api.example.com", "https://two.example.com:8443", "http://three.example.com"];
        assert_eq!(needs.origins, origins);
        assert_eq!((needs.connections, needs.storage), (vec!["slack".to_owned()], true));
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_tests() {
        let needs = found(quote! {{
            other.storage();
            other.ctx.storage();
            ctx.get("https://user@api.example.com/x");
            ctx.get(address);
            ctx.get(format!("https://{host}/x"));
            ctx.connection(PROVIDER)?;
            map.get("https://api.example.com/x");
        }});
        assert_eq!(needs, Needs::default());
    }
}
