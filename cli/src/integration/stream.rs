//! Server-sent events, as the WHATWG's HTML standard has them in section 9.2: bytes in, the data of events out. It
//! knows nothing of what the data says. Ids and names are left out: nobody here asks for them.

/// The longest event that is taken. A longer one is left out, so that a stream cannot fill the memory.
const LONGEST_EVENT_BYTES: usize = 256 * 1024;

/// What a stream may begin with.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads one stream from its beginning.
#[derive(Default)]
pub struct Parser {
    line: Vec<u8>,
    /// A line may have bytes that were left out.
    has_line: bool,
    data: Vec<u8>,
    /// An event may have data that is empty.
    has_data: bool,
    is_too_long: bool,
    after_carriage_return: bool,
    is_past_first_line: bool,
}

impl Parser {
    /// Takes bytes in pieces of any size. Returns the data of the events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        for byte in bytes {
            let ends_a_pair = std::mem::take(&mut self.after_carriage_return) && *byte == b'\n';
            match byte {
                _ if ends_a_pair => {}
                b'\n' => events.extend(self.end_line()),
                b'\r' => {
                    self.after_carriage_return = true;
                    events.extend(self.end_line());
                }
                _ => self.take(*byte),
            }
        }
        events
    }

    fn take(&mut self, byte: u8) {
        self.has_line = true;
        if self.line.len() + self.data.len() < LONGEST_EVENT_BYTES {
            self.line.push(byte);
        } else {
            self.is_too_long = true;
        }
    }

    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let has_line = std::mem::take(&mut self.has_line);
        let is_first = !std::mem::replace(&mut self.is_past_first_line, true);
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| is_first).unwrap_or(&line);
        if !has_line {
            return self.end_event();
        }
        if self.is_too_long {
            return None;
        }
        // A line that begins with a colon is a comment: its field has no name.
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        if field == b"data" {
            let value = value.strip_prefix(b":").unwrap_or(value);
            let value = value.strip_prefix(b" ").unwrap_or(value);
            if self.has_data {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value);
            self.has_data = true;
        }
        None
    }

    fn end_event(&mut self) -> Option<String> {
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        let is_too_long = std::mem::take(&mut self.is_too_long);
        (has_data && !is_too_long).then(|| String::from_utf8_lossy(&data).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_EVENT_BYTES, Parser};

    fn events(text: &str) -> Vec<String> {
        Parser::default().push(text.as_bytes())
    }

    #[test]
    fn an_event_is_its_data() {
        assert_eq!(events("event: loaded\nid: 7\ndata: {}\n\n"), ["{}"]);
        assert_eq!(events("data: one\n\ndata: two\n\n"), ["one", "two"]);
        assert_eq!(events("data: one\ndata:two\ndata:  three\n\n"), ["one\ntwo\n three"]);
        assert_eq!(events("data\n\ndata:\ndata\n\n"), ["", "\n"]);
    }

    #[test]
    fn what_is_no_data_is_left_out() {
        assert!(
            events(": a comment\n\nevent: loaded\n\nretry: 5\nmore data: x\ndatas: x\n Data: x\n\n\n\n").is_empty()
        );
        assert_eq!(events("data: one\n: a comment\ndata: two\n\n"), ["one\ntwo"]);
        assert!(events("data: not ended\n").is_empty());
    }

    #[test]
    fn lines_end_in_three_ways() {
        for text in ["data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\rdata: b\r\r"] {
            assert_eq!(events(text), ["a", "b"], "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_left_out_at_the_beginning_alone() {
        assert_eq!(events("\u{feff}data: a\n\n"), ["a"]);
        assert!(events("\n\u{feff}data: a\n\n").is_empty());
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let text = "\u{feff}: hello\r\n\r\nid: 1\r\ndata: {\"a\":\r\ndata: \"é…\"}\r\n\r\ndata: b\rdata: c\n\n";
        let whole = events(text);
        assert_eq!(whole, ["{\"a\":\n\"é…\"}", "b\nc"]);
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let pieces: Vec<_> = text.as_bytes().chunks(size).flat_map(|piece| parser.push(piece)).collect();
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(Parser::default().push(b"data: a\xff\n\n"), ["a\u{fffd}"]);
    }

    #[test]
    fn an_event_that_is_too_long_is_left_out() {
        let longest = format!("data:{}\n\n", "a".repeat(LONGEST_EVENT_BYTES - "data:".len()));
        assert_eq!(events(&longest).len(), 1);
        let in_one_line = format!("data:{}\n\n", "a".repeat(LONGEST_EVENT_BYTES));
        let in_many = format!("{}\n", "data: a line\n".repeat(LONGEST_EVENT_BYTES / 4));
        for long in [in_one_line, in_many] {
            let mut parser = Parser::default();
            assert!(parser.push(long.as_bytes()).is_empty());
            assert!(parser.line.capacity() + parser.data.capacity() <= 4 * LONGEST_EVENT_BYTES);
            assert_eq!(parser.push(b"data: next\n\n"), ["next"]);
        }
    }
}
