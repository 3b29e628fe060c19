//! The `Link` header (RFC 8288), as far as APIs use it to name the next page.

/// The address of one relation.
pub(crate) fn target<'header>(header: &'header str, relation: &str) -> Option<&'header str> {
    let mut rest = header;
    // Not split at commas: addresses may have some.
    while let Some((_, after)) = rest.split_once('<') {
        let (address, after) = after.split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let (parameters, next) = after.split_at(end);
        if parameters.split([';', ',']).any(|parameter| names(parameter, relation)) {
            return Some(address);
        }
        rest = next;
    }
    None
}

/// Whether a parameter is a `rel` that has the relation among its own.
fn names(parameter: &str, relation: &str) -> bool {
    let Some((name, value)) = parameter.trim().split_once('=') else { return false };
    let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && relations.any(|candidate| candidate.eq_ignore_ascii_case(relation))
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn the_relation_is_found_among_others_and_in_odd_spellings() {
        let header = "<https://a.example/x?page=1>; rel=\"prev\", <https://a.example/x?page=3>; rel=\"next\"";
        assert_eq!(target(header, "next"), Some("https://a.example/x?page=3"));
        assert_eq!(target("<https://a.example/?a=b,c>; REL=next", "next"), Some("https://a.example/?a=b,c"));
        assert_eq!(target("</x>; title=y; rel=\"last next\"", "next"), Some("/x"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for header in ["", "nonsense", "<https://a.example/x>; rel=\"first\"", "<https://a.example/x", "next"] {
            assert_eq!(target(header, "next"), None, "{header}");
        }
    }
}
