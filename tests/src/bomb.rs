//! A component that looks like an integration and takes the compiler very long.

/// Variables of the bomb's function: each is alive across every block, so that the compiler connects all with all.
const LOCALS: u32 = 1_000;

const CORE_MODULE_SECTION: u8 = 1;
const I64: u8 = 0x7e;

/// The guest `hello` with one more core module, which nothing uses and which is compiled all the same. Its one function has so
/// many blocks; each takes some fifteen bytes.
pub fn compile_bomb(blocks: u32) -> Vec<u8> {
    let path = crate::guest("hello").expect("the guest hello is built");
    let mut component = std::fs::read(path).expect("the guest hello is read");
    section(&mut component, CORE_MODULE_SECTION, &module(blocks));
    component
}

fn module(blocks: u32) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    // One function of type `(i32) -> ()`.
    section(&mut module, 1, &[1, 0x60, 1, 0x7f, 0]);
    section(&mut module, 3, &[1, 0]);
    let mut body = vec![1];
    number(&mut body, LOCALS);
    body.push(I64);
    for block in 0..blocks {
        // if (parameter) { local[a] = local[a] + local[b] }
        let local = |step: u32| 1 + block.wrapping_mul(step) % LOCALS;
        body.extend([0x20, 0, 0x04, 0x40]);
        for (instruction, local) in [(0x20, local(7)), (0x20, local(13))] {
            body.push(instruction);
            number(&mut body, local);
        }
        body.extend([0x7c, 0x21]);
        number(&mut body, local(7));
        body.push(0x0b);
    }
    body.push(0x0b);
    let mut code = vec![1];
    number(&mut code, u32::try_from(body.len()).expect("a function's size fits"));
    code.extend(body);
    section(&mut module, 10, &code);
    module
}

fn section(binary: &mut Vec<u8>, id: u8, content: &[u8]) {
    binary.push(id);
    number(binary, u32::try_from(content.len()).expect("a section's size fits"));
    binary.extend(content);
}

/// An unsigned LEB128 number.
fn number(binary: &mut Vec<u8>, mut value: u32) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            binary.push(low);
            return;
        }
        binary.push(low | 0x80);
    }
}
