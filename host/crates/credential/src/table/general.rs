//! What no vendor owns: private keys, and what HTTP sends.

use crate::{
    check::{is_basic, is_jwt_head, is_mixed, is_random},
    kind::{Before, Kind},
};

pub(super) const KINDS: &[Kind] = &[
    // PEM, OpenSSH and PGP. In a form, `+` stands for a blank.
    Kind::new(
        "a private key",
        "https://www.rfc-editor.org/rfc/rfc7468",
        &["-----begin"],
        r"-----BEGIN[ +]{1,2}(?:[A-Z0-9]{1,20}[ +]){0,4}PRIVATE[ +]KEY",
    )
    .after(Before::ANYTHING),
    Kind::new(
        "an SSH private key",
        "https://www.rfc-editor.org/rfc/rfc4716",
        &["---- begin"],
        r"---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY",
    )
    .after(Before::ANYTHING),
    // What is left of a key in PEM without its first line: the beginning of PKCS #8 for RSA, of PKCS #1, of PKCS #8 for
    // elliptic curves and for Ed25519, and of OpenSSH's format.
    Kind::new(
        "a private key",
        "https://www.rfc-editor.org/rfc/rfc5208",
        &["mii", "migh", "mc4ca", "b3blbnnzac1r"],
        r"(?:MII[A-Za-z0-9+/]{2}[A-Za-z0-9]IBADANBgkqhkiG9w0BAQEF|MII[A-Za-z0-9+/]{3}IBAAK|MIGHAgEAMBMGByqGSM49|MC4CAQAwBQYDK2VwBCIEI|b3BlbnNzaC1rZXktdjE)[A-Za-z0-9+/]{16}",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "a PuTTY private key",
        "https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html",
        &["putty-user-key-file-"],
        r"PuTTY-User-Key-File-[0-9]",
    ),
    Kind::new(
        "an age secret key",
        "https://age-encryption.org/v1",
        &["age-secret-key-"],
        r"(?i:AGE-SECRET-KEY-(?:PQ-)?1)[0-9A-Za-z]{50}",
    ),
    Kind::new(
        "a WireGuard key",
        "https://www.wireguard.com/quickstart/",
        &["privatekey", "presharedkey"],
        r"(?:PrivateKey|PresharedKey) {0,4}= {0,4}[A-Za-z0-9+/]{42}",
    ),
    Kind::new(
        "a minisign secret key",
        "https://jedisct1.github.io/minisign/",
        &["rwrty0iy"],
        r"RWRTY0Iy[A-Za-z0-9+/]{50}",
    )
    .after(Before::NO_BASE64),
    Kind::new(
        "an extended private key",
        "https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki",
        &["xprv"],
        r"xprv[1-9A-HJ-NP-Za-km-z]{100}",
    ),
    Kind::new(
        "a JSON Web Token",
        "https://www.rfc-editor.org/rfc/rfc7519",
        &["eyj", "eya", "ewo"],
        r"((?:eyJ|eyA|ewo)[A-Za-z0-9_-]{8,400})\.[A-Za-z0-9_-]{2}",
    )
    .after(Before::NO_BASE64)
    .checked(is_jwt_head),
    Kind::new(
        "a user name and password in base64",
        "https://www.rfc-editor.org/rfc/rfc7617",
        &["basic"],
        r"(?i:basic)[ \t:=]{1,4}([A-Za-z0-9+/_-]{4,200})",
    )
    .checked(is_basic),
    Kind::new(
        "a bearer token",
        "https://www.rfc-editor.org/rfc/rfc6750",
        &["bearer"],
        r"(?i:bearer)[ \t:=]{1,4}([A-Za-z0-9._~+/-]{16,200})",
    )
    .checked(|token| is_mixed(token) || is_random(token)),
    // A container's user and group are numbers.
    Kind::new(
        "a password for curl",
        "https://curl.se/docs/manpage.html#-u",
        &["-u ", "--user ", "--proxy-user "],
        r#"(?:-u|--user|--proxy-user) {1,2}["']?[A-Za-z0-9_.@-]{1,64}:([A-Za-z0-9_.!#%&*+=?@^~-]{4,64})"#,
    )
    .checked(|password| !password.bytes().all(|byte| byte.is_ascii_digit())),
];
