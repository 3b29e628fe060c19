//! The contract without the SDK, for guests that say what the SDK would never let them say.

use std::marker::PhantomData;

pub use self::bindings::Definition;
use self::bindings::exports::workway::integration::actions;
use self::bindings::workway::integration::definition::{Action, Permissions};
use self::bindings::workway::integration::types::Failure;

/// The contract as wit-bindgen makes it.
#[allow(clippy::all, clippy::pedantic, missing_docs, unsafe_code, reason = "generated code")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "integration",
        pub_export_macro: true,
        export_macro_name: "export_raw",
        default_bindings_module: "workway_test_guests::raw::bindings",
    });
}

/// An integration that answers with whatever text it likes.
pub trait Raw: 'static {
    /// What `describe` answers.
    fn describe() -> Definition;

    /// What `execute` answers.
    ///
    /// # Errors
    ///
    /// Whatever the guest wants to fail with.
    fn execute(action: &str, input: &str) -> Result<String, Failure>;
}

/// The component of a raw integration.
#[derive(Debug)]
pub struct Component<R>(PhantomData<R>);

impl<R: Raw> bindings::Guest for Component<R> {
    fn describe() -> Definition {
        R::describe()
    }
}

impl<R: Raw> actions::Guest for Component<R> {
    fn execute(action: String, input: String, _context: actions::Context) -> Result<String, Failure> {
        R::execute(&action, &input)
    }

    fn options(
        _subject: String,
        _field: String,
        _input: String,
        _context: actions::Context,
    ) -> Result<Vec<actions::Choice>, Failure> {
        Ok(Vec::new())
    }
}

/// Makes a type the component's integration.
#[macro_export]
macro_rules! export_raw_integration {
    ($integration:ty) => {
        const _: () = {
            type Component = $crate::raw::Component<$integration>;
            // The exports' names are no names for a native linker.
            #[cfg(target_family = "wasm")]
    $crate::raw::bindings::export_raw!(Component with_types_in $crate::raw::bindings);
            const _: fn() -> $crate::raw::Definition = <$integration as $crate::raw::Raw>::describe;
            const _: ::core::marker::PhantomData<Component> = ::core::marker::PhantomData;
        };
    };
}

/// A sound definition of an integration that asks for nothing.
#[must_use]
pub fn definition(id: &str, actions: Vec<Action>) -> Definition {
    Definition {
        id: id.to_owned(),
        name: id.to_owned(),
        version: "1.0.0".to_owned(),
        description: String::new(),
        categories: Vec::new(),
        permissions: Permissions { hosts: Vec::new(), connections: Vec::new(), storage: false, reveal_token: false },
        actions,
        triggers: Vec::new(),
    }
}

/// A sound action that takes and answers anything.
#[must_use]
pub fn action(id: &str) -> Action {
    Action {
        id: id.to_owned(),
        name: id.to_owned(),
        description: String::new(),
        input_schema: "{}".to_owned(),
        output_schema: "{}".to_owned(),
        provider: None,
        scopes: Vec::new(),
        idempotent: true,
    }
}
