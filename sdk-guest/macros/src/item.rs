//! `#[action]`, `#[poll_trigger]` and `#[webhook_trigger]`: the function stays as it is; beside it
//! comes a type of the same name, which carries the table's row. Types and functions do not share
//! their names' space, so that one path means both.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, Ident, ItemFn, LitStr, Pat, Path};

use crate::arguments::Arguments;
use crate::{docs, id, needs};

/// Which attribute it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Action,
    Poll,
    Webhook,
}

pub(crate) fn expand(kind: Kind, arguments: TokenStream, function: TokenStream) -> syn::Result<TokenStream> {
    let function: ItemFn = syn::parse2(function)?;
    let arguments: Arguments = syn::parse2(arguments)?;
    check(kind, &arguments, &function)?;

    let name = &function.sig.ident;
    let visibility = &function.vis;
    let about = about(&arguments, &function)?;
    let row = match kind {
        Kind::Action => action(&arguments, &function, &about),
        Kind::Poll => poll(&arguments, &function, &about),
        Kind::Webhook => webhook(&arguments, &function, &about),
    };
    // What is compiled with a condition is declared with it too.
    let conditions = || function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let (of_the_type, of_the_row) = (conditions(), conditions());
    Ok(quote! {
        #function

        #(#of_the_type)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, reason = "it goes by its function's name")]
        #visibility enum #name {}

        #(#of_the_row)*
        const _: () = {
            use ::workway_sdk::__private as __sdk;
            #row
        };
    })
}

fn check(kind: Kind, arguments: &Arguments, function: &ItemFn) -> syn::Result<()> {
    let signature = &function.sig;
    if let Some(keyword) = &signature.asyncness {
        return Err(syn::Error::new(
            keyword.span,
            "an action or trigger cannot be async: write a plain `fn`, host calls block",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(
            &signature.generics,
            "an action or trigger cannot be generic: use concrete types",
        ));
    }
    let (takes, wants): (std::ops::RangeInclusive<usize>, _) = match kind {
        Kind::Action => (1..=2, "fn(&Context, Input) -> Result<Output>"),
        Kind::Poll => (3..=3, "fn(&Context, Config, Option<Cursor>) -> Result<Polled<Payload, Cursor>>"),
        Kind::Webhook => (4..=4, "fn(&Context, Config, State, WebhookRequest) -> Result<Received<Payload>>"),
    };
    if !takes.contains(&signature.inputs.len()) {
        return Err(syn::Error::new_spanned(&signature.inputs, format!("the signature must be {wants}")));
    }
    let alien = match kind {
        Kind::Action => [&arguments.sample, &arguments.enable, &arguments.disable].into_iter().flatten().next(),
        Kind::Poll => [&arguments.enable, &arguments.disable].into_iter().flatten().next(),
        Kind::Webhook => None,
    };
    if let Some(path) = alien {
        return Err(syn::Error::new_spanned(
            path,
            "this argument is not allowed here: only triggers of another kind take it",
        ));
    }
    if let (Some(scope), None) = (arguments.scopes.first(), &arguments.provider) {
        return Err(syn::Error::new(scope.span(), "`scopes` needs a provider: add `provider = \"…\"`"));
    }
    match &arguments.idempotent {
        Some(word) if kind != Kind::Action => {
            Err(syn::Error::new(word.span(), "`idempotent` is only allowed on actions"))
        }
        _ => Ok(()),
    }
}

/// The fields that every row has.
fn about(arguments: &Arguments, function: &ItemFn) -> syn::Result<TokenStream> {
    let ident = &function.sig.ident;
    let own = ident.to_string();
    let id = match &arguments.id {
        Some(id) => id.clone(),
        None => LitStr::new(&id::of(&own), ident.span()),
    };
    id::check(&id)?;
    let name = arguments.name.clone().unwrap_or_else(|| LitStr::new(&id::words(&own), Span::call_site()));
    let description = docs::text(&function.attrs);
    if description.is_empty() {
        let problem = "missing documentation: add a doc comment (///), which the registry shows as the description";
        return Err(syn::Error::new(ident.span(), problem));
    }
    let provider = optional(arguments.provider.as_ref());
    let scopes = &arguments.scopes;
    let options = arguments.options.iter().map(|(field, list)| {
        quote! { ::workway_sdk::Options { field: #field, list: |context, text| __sdk::list(context, text, #list) } }
    });
    let needs =
        context_of(function).map(|context| needs::of(function.block.to_token_stream(), context)).unwrap_or_default();
    let (origins, connections, storage) = (needs.origins, needs.connections, needs.storage);
    Ok(quote! {
        id: #id,
        name: #name,
        description: #description,
        provider: #provider,
        scopes: &[#(#scopes),*],
        options: &[#(#options),*],
        needs: __sdk::Needs { origins: &[#(#origins),*], connections: &[#(#connections),*], storage: #storage },
    })
}

/// The name that the function has for its context.
fn context_of(function: &ItemFn) -> Option<&Ident> {
    match function.sig.inputs.first()? {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pattern) => Some(&pattern.ident),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

fn action(arguments: &Arguments, function: &ItemFn, about: &TokenStream) -> TokenStream {
    let name = &function.sig.ident;
    let idempotent = arguments.idempotent.is_some();
    let call = if function.sig.inputs.len() == 1 {
        quote! { |context: &::workway_sdk::Context, _: ::workway_sdk::Empty| #name(context) }
    } else {
        quote! { #name }
    };
    quote! {
        impl __sdk::ActionItem for #name {
            const ACTION: ::workway_sdk::Action = ::workway_sdk::Action {
                #about
                idempotent: #idempotent,
                input_schema: __sdk::input_of(#call),
                output_schema: __sdk::output_of(#call),
                run: |context, text| __sdk::run(context, text, #call),
            };
        }
    }
}

fn poll(arguments: &Arguments, function: &ItemFn, about: &TokenStream) -> TokenStream {
    let name = &function.sig.ident;
    let sample = sample(arguments.sample.as_ref());
    quote! {
        impl __sdk::TriggerItem for #name {
            const TRIGGER: ::workway_sdk::Trigger = ::workway_sdk::Trigger {
                #about
                config_schema: __sdk::poll_config_of(#name),
                event_schema: __sdk::poll_event_of(#name),
                sample: #sample,
                run: __sdk::Run::Poll(|context, config, cursor| __sdk::poll(context, config, cursor, #name)),
            };
        }
    }
}

fn webhook(arguments: &Arguments, function: &ItemFn, about: &TokenStream) -> TokenStream {
    let name = &function.sig.ident;
    let sample = sample(arguments.sample.as_ref());
    // One state from one function to the next, or the host would hand over what does not fit.
    let states = match (&arguments.enable, &arguments.disable) {
        (Some(enable), Some(disable)) => {
            quote! { __sdk::enables(#enable, #name); __sdk::disables(#disable, #name); }
        }
        (Some(enable), None) => quote! { __sdk::enables(#enable, #name); },
        (None, Some(disable)) => quote! { __sdk::has_no_state(#name); __sdk::disables(#disable, #name); },
        (None, None) => quote! { __sdk::has_no_state(#name); },
    };
    let enable = match &arguments.enable {
        Some(path) => quote! { |context, config, url| __sdk::enable(context, config, url, #path) },
        None => quote! { |_, _, _| ::core::result::Result::Ok(::std::string::String::from("null")) },
    };
    let disable = match &arguments.disable {
        Some(path) => quote! { |context, config, state| __sdk::disable(context, config, state, #path) },
        None => quote! { |_, _, _| ::core::result::Result::Ok(()) },
    };
    quote! {
        impl __sdk::TriggerItem for #name {
            const TRIGGER: ::workway_sdk::Trigger = ::workway_sdk::Trigger {
                #about
                config_schema: __sdk::webhook_config_of(#name),
                event_schema: __sdk::webhook_event_of(#name),
                sample: #sample,
                run: __sdk::Run::Webhook(__sdk::Webhook {
                    enable: #enable,
                    disable: #disable,
                    receive: |context, config, state, request| __sdk::receive(context, config, state, request, #name),
                }),
            };
        }

        const _: () = { #states };
    }
}

fn sample(path: Option<&Path>) -> TokenStream {
    match path {
        Some(path) => quote! {
            ::core::option::Option::Some(|| ::core::result::Result::Ok(__sdk::to_string(&#path())?))
        },
        None => quote! { ::core::option::Option::None },
    }
}

fn optional(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote! { ::core::option::Option::Some(#text) },
        None => quote! { ::core::option::Option::None },
    }
}
