//! Reads the provider's pages: the form of the sign-in or consent page and the link that declines. Made for the HTML
//! that `oidc-provider` writes, and for no other. It runs no script.

/// A page with a form. One without a link that declines is a form that submits itself, on the way to another page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FormPage {
    /// Where the form goes, as the page says it.
    pub(super) action: String,
    /// The form's hidden inputs, by name and value.
    pub(super) hidden: Vec<(String, String)>,
    /// The link that declines.
    pub(super) abort: Option<String>,
}

impl FormPage {
    /// `None` where the page has no form: it is an error page.
    pub(super) fn parse(html: &str) -> Option<Self> {
        let form = tags(html).find(|tag| name(tag) == "form")?;
        let hidden =
            tags(html).filter(|tag| name(tag) == "input" && attribute(tag, "type").as_deref() == Some("hidden"));
        let links = tags(html).filter(|tag| name(tag) == "a");
        Some(Self {
            action: attribute(form, "action")?,
            hidden: hidden.filter_map(|tag| attribute(tag, "name").zip(attribute(tag, "value"))).collect(),
            abort: links.filter_map(|tag| attribute(tag, "href")).find(|target| target.ends_with("/abort")),
        })
    }

    /// Whether this is where the user says who they are, not what they allow.
    pub(super) fn is_sign_in(&self) -> bool {
        self.hidden.iter().any(|(name, value)| name == "prompt" && value == "login")
    }
}

/// What stands between `<` and `>`. The provider escapes both wherever else they appear.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag)
}

fn name(tag: &str) -> &str {
    tag.split_whitespace().next().unwrap_or_default()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let unescaped = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Some(unescaped.iter().fold(value.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_a_form_is_read() {
        let html = r#"<h1>Sign-in</h1><form autocomplete="off" action="https://id.test/i/1?a=1&amp;b=2" method="post">
            <input type="hidden" name="prompt" value="login"/><input required type="text" name="login" >
            </form><a href="https://id.test/i/1/abort">[ Cancel ]</a>"#;
        let page = FormPage::parse(html).expect("a form");
        assert!(page.is_sign_in());
        assert_eq!(page.action, "https://id.test/i/1?a=1&b=2");
        assert_eq!(page.hidden, [("prompt".to_owned(), "login".to_owned())]);
        assert_eq!(page.abort.as_deref(), Some("https://id.test/i/1/abort"));
    }

    #[test]
    fn an_error_page_asks_nothing() {
        assert_eq!(FormPage::parse("<h1>oops</h1><pre>invalid_client</pre>"), None);
    }
}
