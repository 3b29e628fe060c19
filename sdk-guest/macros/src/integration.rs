//! `integration!`: the declaration as a static table, the checks of what is plain to see, and the
//! exports of the world that fits.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, Path, Token, bracketed};

use crate::id;

const FIELDS: &str =
    "id, name, version, description, categories, hosts, connections, storage, reveal_token, actions, triggers";

/// What stands between the braces.
#[derive(Default)]
struct Declaration {
    id: Option<Expr>,
    name: Option<Expr>,
    version: Option<Expr>,
    description: Option<Expr>,
    categories: Vec<Expr>,
    hosts: Vec<Expr>,
    connections: Vec<Expr>,
    storage: Option<Expr>,
    reveal_token: Option<Expr>,
    actions: Vec<Path>,
    triggers: Vec<Path>,
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut declaration = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let field = input.call(Ident::parse_any)?;
            if seen.contains(&field) {
                return Err(syn::Error::new(field.span(), format!("`{field}` is given twice")));
            }
            input.parse::<Token![:]>()?;
            declaration.take(&field, input)?;
            seen.push(field);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(declaration)
    }
}

impl Declaration {
    fn take(&mut self, field: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match field.to_string().as_str() {
            "id" => {
                let expression: Expr = input.parse()?;
                if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &expression {
                    id::check(text)?;
                }
                self.id = Some(expression);
            }
            "name" => self.name = Some(input.parse()?),
            "version" => self.version = Some(input.parse()?),
            "description" => self.description = Some(input.parse()?),
            "categories" => self.categories = list(input, Expr::parse)?,
            "hosts" => self.hosts = list(input, Expr::parse)?,
            "connections" => self.connections = list(input, Expr::parse)?,
            "storage" => self.storage = Some(input.parse()?),
            "reveal_token" => self.reveal_token = Some(input.parse()?),
            "actions" => self.actions = list(input, Path::parse_mod_style)?,
            "triggers" => self.triggers = list(input, Path::parse_mod_style)?,
            other => {
                return Err(syn::Error::new(
                    field.span(),
                    format!("unknown field `{other}`: expected one of {FIELDS}"),
                ));
            }
        }
        Ok(())
    }
}

fn list<T>(input: ParseStream<'_>, parse: fn(ParseStream<'_>) -> syn::Result<T>) -> syn::Result<Vec<T>> {
    let items;
    bracketed!(items in input);
    let items: Punctuated<T, Token![,]> = items.parse_terminated(parse, Token![,])?;
    Ok(items.into_iter().collect())
}

pub(crate) fn expand(declaration: TokenStream) -> syn::Result<TokenStream> {
    let declaration: Declaration = syn::parse2(declaration)?;
    let missing = |field: &str| syn::Error::new(Span::call_site(), format!("the field `{field}` is missing"));
    let id = declaration.id.as_ref().ok_or_else(|| missing("id"))?;
    let name = declaration.name.as_ref().ok_or_else(|| missing("name"))?;
    let Declaration { categories, hosts, connections, actions, triggers, .. } = &declaration;
    if actions.is_empty() && triggers.is_empty() {
        return Err(missing("actions"));
    }
    let version =
        declaration.version.as_ref().map_or_else(|| quote! { env!("CARGO_PKG_VERSION") }, ToTokens::to_token_stream);
    let description = declaration
        .description
        .as_ref()
        .map_or_else(|| quote! { env!("CARGO_PKG_DESCRIPTION") }, ToTokens::to_token_stream);
    let storage = declaration.storage.as_ref().map_or_else(|| quote! { false }, ToTokens::to_token_stream);
    let reveal = declaration.reveal_token.as_ref().map_or_else(|| quote! { false }, ToTokens::to_token_stream);
    let checks = checks(&declaration);
    let exports = exports(!triggers.is_empty());
    Ok(quote! {
        /// What this integration is, offers and asks for.
        pub static INTEGRATION: ::workway_sdk::Integration = {
            use ::workway_sdk::__private as __sdk;
            const __PERMISSIONS: ::workway_sdk::Permissions = ::workway_sdk::Permissions {
                hosts: &[#(#hosts),*],
                connections: &[#(#connections),*],
                storage: #storage,
                reveal_token: #reveal,
            };
            const __ACTIONS: &[::workway_sdk::Action] = &[#(<#actions as __sdk::ActionItem>::ACTION),*];
            const __TRIGGERS: &[::workway_sdk::Trigger] = &[#(<#triggers as __sdk::TriggerItem>::TRIGGER),*];
            #checks
            ::workway_sdk::Integration {
                id: #id,
                name: #name,
                version: #version,
                description: #description,
                categories: &[#(#categories),*],
                permissions: __PERMISSIONS,
                actions: __ACTIONS,
                triggers: __TRIGGERS,
            }
        };
        #exports
    })
}

/// Each check is an assertion of its own, so that the compiler's message names the function.
fn checks(declaration: &Declaration) -> TokenStream {
    let of_actions = declaration
        .actions
        .iter()
        .map(|path| check(path, &quote! { <#path as __sdk::ActionItem>::ACTION }, &quote! { ::workway_sdk::Action }));
    let of_triggers = declaration.triggers.iter().map(|path| {
        check(path, &quote! { <#path as __sdk::TriggerItem>::TRIGGER }, &quote! { ::workway_sdk::Trigger })
    });
    quote! {
        #(#of_actions)*
        #(#of_triggers)*
        const _: () = assert!(__sdk::are_ids_unique(__ACTIONS, __TRIGGERS), "two actions or triggers have the same id: rename one");
    }
}

fn check(path: &Path, row: &TokenStream, kind: &TokenStream) -> TokenStream {
    let shown = path.to_token_stream().to_string().replace(' ', "");
    let says = |what: &str| format!("`{shown}` {what}");
    let provider = says("uses a provider that is not declared: add ConnectionNeed::required(…) to `connections`");
    let scopes = says("needs scopes that are not declared: add them to its provider's entry in `connections`");
    let named = says("connects to a provider that is not declared: add ConnectionNeed::required(…) to `connections`");
    let hosts = says("sends requests to a host that is not declared: add it to `hosts`");
    let storage = says("uses storage, which is not declared: add `storage: true`");
    quote_spanned! { path.span() =>
        const _: () = {
            const ROW: #kind = #row;
            assert!(__sdk::has_provider(&__PERMISSIONS, ROW.provider), #provider);
            assert!(__sdk::has_scopes(&__PERMISSIONS, ROW.provider, ROW.scopes), #scopes);
            assert!(__sdk::has_connections(&__PERMISSIONS, &ROW.needs), #named);
            assert!(__sdk::has_hosts(&__PERMISSIONS, &ROW.needs), #hosts);
            assert!(__sdk::has_storage(&__PERMISSIONS, &ROW.needs), #storage);
        };
    }
}

/// The exports' names are no names for a native linker.
fn exports(with_triggers: bool) -> TokenStream {
    let export = if with_triggers {
        quote! { __sdk::__export_integration_with_triggers!(Component with_types_in __sdk::bindings::with_triggers); }
    } else {
        quote! { __sdk::__export_integration!(Component with_types_in __sdk::bindings::integration); }
    };
    quote! {
        #[cfg(target_family = "wasm")]
        const _: () = {
            use ::workway_sdk::__private as __sdk;
            struct Exported;
            impl __sdk::ExportedIntegration for Exported {
                const INTEGRATION: &'static ::workway_sdk::Integration = &INTEGRATION;
            }
            type Component = __sdk::Component<Exported>;
            #export
        };
    }
}
