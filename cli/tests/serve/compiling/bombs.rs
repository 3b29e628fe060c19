//! Components that are small and make the compiler slow or large, and what becomes of them.

use std::time::Duration;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, Module, TypeSection,
    ValType,
};
use workway_host::sandbox::{CompileLimits, LoadError};
use workway_tests::guest;

use super::worker::Worker;

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

fn length(bytes: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
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
pub fn nested_loops(depth: u32, locals: u32) -> Vec<u8> {
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

/// Instructions of few bytes that each become many.
fn much_code(functions: u32) -> Vec<u8> {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    for _ in 0..20_000 {
        code.global_get(0).i64_trunc_f64_u().f64_convert_i64_u().global_set(0);
    }
    code.end();
    with_modules([module(functions, &body)])
}

fn distinct_types(count: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    for number in 0..count {
        let kinds = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];
        let parameters = (0..10).map(|place| kinds[(number >> (2 * place)) as usize & 3]);
        types.ty().function(parameters, []);
    }
    let mut module = Module::new();
    module.section(&types);
    with_modules([module])
}

fn branch_table(targets: u32) -> Vec<u8> {
    let mut body = Function::new([(1, ValType::I32)]);
    let mut code = body.instructions();
    const DEPTH: u32 = 1_000;
    for _ in 0..DEPTH {
        code.block(BlockType::Empty);
    }
    code.local_get(0).br_table((0..targets).map(|target| target.wrapping_mul(31) % DEPTH), 0);
    for _ in 0..DEPTH {
        code.end();
    }
    code.end();
    with_modules([module(1, &body)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explore() {
    for (name, bomb) in [
        ("loops 300x300", nested_loops(300, 300)),
        ("loops 1000x1000", nested_loops(1_000, 1_000)),
        ("loops 3000x3000", nested_loops(3_000, 3_000)),
        ("wide 10k", wide_function(10_000)),
        ("wide 50k", wide_function(50_000)),
        ("code 1", much_code(1)),
        ("code 10", much_code(10)),
        ("types 100k", distinct_types(100_000)),
        ("types 900k", distinct_types(900_000)),
        ("table 100k", branch_table(100_000)),
        ("table 1M", branch_table(1_000_000)),
        ("many functions", with_modules([module(500_000, Function::new([]).instructions().end().function())])),
    ] {
        let worker = Worker::new();
        let began = std::time::Instant::now();
        let result = worker.compile(&bomb).await;
        let text = result.map_or_else(|error| error.to_string(), |load| format!("{:?} {:?}", load.compile, load.link));
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        eprintln!("{name}: {} KiB, {:?}: {text}; {peak}", bomb.len() >> 10, began.elapsed());
    }
    let _ = (Duration::ZERO, CompileLimits::default(), |_: LoadError| ());
}
