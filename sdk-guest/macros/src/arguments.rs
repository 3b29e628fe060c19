//! The arguments of the attributes.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Path, Token, bracketed, parenthesized};

use crate::id;

/// What stands in the parentheses of `#[action(…)]` and its like.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) id: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) provider: Option<LitStr>,
    pub(crate) scopes: Vec<LitStr>,
    pub(crate) idempotent: Option<Ident>,
    pub(crate) options: Vec<(LitStr, Path)>,
    pub(crate) sample: Option<Path>,
    pub(crate) enable: Option<Path>,
    pub(crate) disable: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            if seen.contains(&name) {
                return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
            }
            arguments.take(&name, input)?;
            seen.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

impl Arguments {
    fn take(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match name.to_string().as_str() {
            "id" => {
                let value = text(input)?;
                id::check(&value)?;
                self.id = Some(value);
            }
            "name" => self.name = Some(text(input)?),
            "provider" => self.provider = Some(text(input)?),
            "scopes" => {
                input.parse::<Token![=]>()?;
                let list;
                bracketed!(list in input);
                self.scopes = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?.into_iter().collect();
            }
            "idempotent" => self.idempotent = Some(name.clone()),
            "options" => {
                let list;
                parenthesized!(list in input);
                let pairs = list.parse_terminated(pair, Token![,])?;
                self.options = pairs.into_iter().collect();
            }
            "sample" => self.sample = Some(path(input)?),
            "enable" => self.enable = Some(path(input)?),
            "disable" => self.disable = Some(path(input)?),
            other => {
                let known = "id, name, provider, scopes, idempotent, options, sample, enable, disable";
                return Err(syn::Error::new(
                    name.span(),
                    format!("unknown argument `{other}`: expected one of {known}"),
                ));
            }
        }
        Ok(())
    }
}

fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn path(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style)
}

/// `channel = list_channels`, or `"channelId" = list_channels`.
fn pair(input: ParseStream<'_>) -> syn::Result<(LitStr, Path)> {
    let field = if input.peek(LitStr) {
        input.parse()?
    } else {
        let name = input.call(Ident::parse_any)?;
        LitStr::new(&name.unraw().to_string(), name.span())
    };
    Ok((field, path(input)?))
}
