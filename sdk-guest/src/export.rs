//! From the contract's exports to an [`Integration`]: describes it and finds the action that is
//! called. It never sees what an action does with the host.

use std::marker::PhantomData;

use crate::bindings::exports::workway::integration::actions;
use crate::bindings::workway::integration::types;
use crate::bindings::{self, Guest};
use crate::{Context, Failure, Integration};

/// The component that `export!` puts an integration into.
#[derive(Debug)]
pub struct Component<I>(PhantomData<I>);

impl<I: Integration> Guest for Component<I> {
    fn describe() -> bindings::Definition {
        I::definition().into()
    }
}

impl<I: Integration> actions::Guest for Component<I> {
    fn execute(action: String, input: types::Json, context: actions::Context) -> Result<types::Json, types::Failure> {
        // Schemas are made on demand, so this costs one small allocation an action.
        I::definition()
            .find(&action)
            .ok_or_else(|| Failure::NotFound(format!("this integration has no action `{action}`")))
            .and_then(|action| action.call(&Context::new(context), &input))
            .map_err(types::Failure::from)
    }

    fn options(
        subject: String,
        field: String,
        _input: types::Json,
        _context: actions::Context,
    ) -> Result<Vec<actions::Choice>, types::Failure> {
        Err(Failure::NotFound(format!("`{subject}` offers no choices for `{field}`")).into())
    }
}

/// Makes the type that implements [`Integration`] the component's integration. Once per crate.
///
/// ```
/// use workway_sdk::prelude::*;
///
/// struct Nothing;
///
/// impl Integration for Nothing {
///     fn definition() -> Definition {
///         Definition::new("nothing", "Nothing", "1.0.0")
///     }
/// }
///
/// workway_sdk::export!(Nothing);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($integration:ty) => {
        const _: () = {
            type Component = $crate::__private::Component<$integration>;
            // The exports' names are no names for a native linker.
            #[cfg(target_family = "wasm")]
    $crate::__private::__export_integration!(Component with_types_in $crate::bindings);
            #[cfg(not(target_family = "wasm"))]
            const _: ::core::marker::PhantomData<Component> = ::core::marker::PhantomData;
            const _: fn() -> $crate::Definition = <$integration as $crate::Integration>::definition;
        };
    };
}
