//! Ids and names, made of Rust's names.

use syn::LitStr;

/// `post_message` as `post-message`.
pub(crate) fn of(name: &str) -> String {
    name.trim_start_matches("r#").trim_matches('_').replace('_', "-")
}

/// `post_message` as `Post message`.
pub(crate) fn words(name: &str) -> String {
    let words = name.trim_start_matches("r#").trim_matches('_').replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// An id that was written out.
pub(crate) fn check(id: &LitStr) -> syn::Result<()> {
    if is_id(&id.value()) {
        return Ok(());
    }
    let problem = format!("an id must match [a-z][a-z0-9-]* (got {:?})", id.value());
    Err(syn::Error::new(id.span(), problem))
}

pub(crate) fn is_id(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::{is_id, of, words};

    #[test]
    fn a_functions_name_is_an_id_and_a_name() {
        assert_eq!((of("post_message").as_str(), words("post_message").as_str()), ("post-message", "Post message"));
        assert_eq!((of("r#move").as_str(), words("r#move").as_str()), ("move", "Move"));
        assert!(is_id("a-1") && !is_id("A") && !is_id("1a") && !is_id("a_b") && !is_id(""));
    }
}
