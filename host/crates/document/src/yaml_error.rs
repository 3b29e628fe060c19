//! Words for what is wrong with YAML. The parser's own messages speak of its states; these say what to write instead.

use granit_parser::ErrorKind;

pub(super) const ALIAS: &str =
    "anchors (`&name`) and aliases (`*name`) are not supported: put a text that begins with & or * in quotes";
pub(super) const TAG: &str = "tags (`!name`) are not supported: put a text that begins with ! in quotes";
pub(super) const BYTE_ORDER_MARK: &str = "a byte order mark is only allowed at the beginning, once: remove it";
pub(super) const BRACES: &str =
    "a text with an expression must be in quotes where it begins with {, or follows one: write \"{{ … }}\"";

/// Returns the message for an error of the parser in `line`.
pub(super) fn message(kind: &ErrorKind, line: &str, nesting: usize) -> String {
    if *kind == ErrorKind::RecursionLimitExceeded {
        return super::nesting_message(nesting);
    }
    if has_bare_braces(line) {
        return BRACES.to_owned();
    }
    match kind {
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("a text must not begin with {character}: put it in quotes");
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!(
                "{open} is closed by {close}: close each bracket with its own, and put texts with brackets in quotes"
            );
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return format!("{open} is not closed: close it, or put a text that begins with it in quotes");
        }
        _ => {}
    }
    let message = match kind {
        ErrorKind::UnknownAnchor | ErrorKind::MissingAnchorOrAliasName => ALIAS,
        ErrorKind::ExpectedTagBang
        | ErrorKind::UndeclaredTagHandle
        | ErrorKind::InvalidGlobalTagCharacter
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape
        | ErrorKind::InvalidTagUtf8LeadingByte
        | ErrorKind::InvalidTagUtf8TrailingByte
        | ErrorKind::InvalidTagUtf8 => TAG,
        ErrorKind::DirectiveDisallowed => {
            "directives (`%NAME`) are not supported: remove the line, or put the text in quotes"
        }
        ErrorKind::MultipleDocumentsUnsupported
        | ErrorKind::ExpectedDocumentStart
        | ErrorKind::InvalidDocumentEnd
        | ErrorKind::MissingDocumentEndBeforeDirective
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            "the document ends before this line: indent the line, or remove it if it is a document of its own"
        }
        ErrorKind::BomInsideDocument => BYTE_ORDER_MARK,
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => "a tab must not indent a line: use spaces",
        ErrorKind::UnclosedQuotedScalar => "a quote is not closed: close it, and indent every line of the text",
        ErrorKind::InvalidTrailingSingleQuotedScalar => {
            "the text goes on after its closing quote: put all of it in quotes, and write ' in it as ''"
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "the text goes on after its closing quote: put all of it in quotes, and write \" in it as \\\""
        }
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => {
            "unknown escape in double quotes: write \\\\ for a backslash, or use single quotes"
        }
        ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => super::SURROGATE,
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::InvalidMappingValueWhitespace
        | ErrorKind::FlowMappingValueAdjacentCollection => {
            "unexpected colon: put a text that contains a colon in quotes, and check the indentation"
        }
        ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::InvalidBlockEntryWhitespace
        | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            "unexpected dash: put a text that begins with - in quotes, and begin a list on a line of its own"
        }
        ErrorKind::MappingKeyNotAllowed => "unexpected question mark: put a text that begins with ? in quotes",
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => {
            "| and > begin a text on the next line: put a text that begins with | or > in quotes"
        }
        ErrorKind::CommentNotSeparated | ErrorKind::CommentInterceptedScalar => {
            "# begins a comment: put a text that contains # in quotes"
        }
        ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => {
            "unexpected text or bracket: put commas between the parts of [ ] and { }, and texts with brackets in quotes"
        }
        ErrorKind::UnexpectedEof
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::UnexpectedEofBlockMapping => "the text ends too early: close every quote and bracket",
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "`name: value` is expected here: check the indentation, and put texts of several lines in quotes"
        }
        _ => "invalid YAML: check the indentation, the quotes and the brackets of this line",
    };
    message.to_owned()
}

/// Whether a line has `{{` outside quotes, which YAML reads as an object in an object.
pub(super) fn has_bare_braces(line: &str) -> bool {
    let Some(before) = line.find("{{").and_then(|at| line.get(..at)) else { return false };
    let before = before.trim_end_matches('$').trim_end();
    let is_quoted = ['"', '\''].iter().any(|quote| before.matches(*quote).count() % 2 == 1);
    !is_quoted && (before.is_empty() || before.ends_with([':', '-', '[', ',', '{']))
}
