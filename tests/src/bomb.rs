//! Components that are small and make the compiler slow or large.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Encode, Function, FunctionSection, GlobalSection, GlobalType, Module,
    TypeSection, ValType,
};

use crate::guest;

/// The guest `hello`, which everything is added to: the outside of the component is right.
pub fn hello() -> Vec<u8> {
    std::fs::read(guest("hello").expect("the guest is built")).expect("the guest is read")
}

/// A component that `hello` is part of, and these modules.
fn with_modules(modules: impl IntoIterator<Item = Module>) -> Vec<u8> {
    let mut component = hello();
    for module in modules {
        let module = module.finish();
        component.push(1);
        length(&mut component, module.len());
        component.extend_from_slice(&module);
    }
    component
}

/// `hello` with a custom section of this many bytes: another file with the same code.
pub fn padded(bytes: usize) -> Vec<u8> {
    let mut component = hello();
    component.push(0);
    length(&mut component, bytes + 2);
    component.extend_from_slice(b"\x01x");
    component.resize(component.len() + bytes, 0);
    component
}

/// What the compiler takes more time for than any limit allows.
pub fn endless() -> Vec<u8> {
    wide_function(50_000)
}

/// What the compiler takes more memory for than any limit allows.
pub fn large() -> Vec<u8> {
    nested_loops(3_000, 3_000)
}

fn length(bytes: &mut Vec<u8>, length: usize) {
    u32::try_from(length).expect("the length fits").encode(bytes);
}

/// A module of this many functions without parameters, all with one body.
fn module(functions: u32, body: &Function) -> Module {
    let (mut types, mut declared, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    for _ in 0..functions {
        declared.function(0);
        code.function(body);
    }
    let mut globals = GlobalSection::new();
    globals
        .global(GlobalType { val_type: ValType::F64, mutable: true, shared: false }, &ConstExpr::f64_const(1.0.into()));
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&globals).section(&code);
    module
}

/// Loops within loops, each of which changes every local: each loop has a value for each local.
fn nested_loops(depth: u32, locals: u32) -> Vec<u8> {
    let mut body = Function::new([(locals, ValType::I32)]);
    let mut code = body.instructions();
    for _ in 0..depth {
        code.loop_(BlockType::Empty);
        code.local_get(0).br_if(0);
    }
    for local in 0..locals {
        code.local_get(local).i32_const(1).i32_add().local_set(local);
    }
    for level in 0..depth {
        code.local_get(0).br_if(level % 7).end();
    }
    code.end();
    with_modules([module(1, &body)])
}

/// One function with as many live values as there are locals, and branches between all of them.
pub fn wide_function(rounds: u32) -> Vec<u8> {
    const LOCALS: u32 = 2_000;
    let mut body = Function::new([(LOCALS, ValType::I64)]);
    let mut code = body.instructions();
    code.loop_(BlockType::Empty);
    for round in 0..rounds {
        let (a, b) = (round.wrapping_mul(7_919) % LOCALS, round.wrapping_mul(104_729) % LOCALS);
        code.local_get(a).local_get(b).i64_mul().local_set(b);
        code.block(BlockType::Empty).local_get(a).i64_eqz().br_if(0).local_get(b).local_set(a).end();
    }
    code.br(0).end().end();
    with_modules([module(1, &body)])
}
