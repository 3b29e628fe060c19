//! What a host and its compile worker say to each other. The host writes to the worker's standard input: a [`Request`], then
//! the component. The worker writes to its standard output: an [`Answer`], the machine code if there is any, and, as soon as
//! it can take another request, an empty frame.
//!
//! Everything is a frame: its length as 8 bytes, little-endian, then that many bytes. No side allocates or reads more than
//! it expects.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{Compiler, inspect::Refusal};

/// The largest component that is compiled, in bytes. One made from Python has 18 MB.
pub const MAX_COMPONENT_BYTES: u64 = 64 << 20;
/// The longest request or answer, in bytes. Refusals quote a few names of the component.
pub(super) const MAX_MESSAGE_BYTES: u64 = 64 << 10;
/// The largest machine code, in bytes, which is also the most that the cache takes.
pub(super) const MAX_CODE_BYTES: u64 = 1 << 30;

/// Asks for the component in the next frame to be compiled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) compiler: Compiler,
    /// Whether it is compiled by one thread only.
    pub(super) one_thread: bool,
    pub(super) memory_bytes: u64,
    pub(super) code_bytes: u64,
    pub(super) cpu_seconds: u64,
    /// The most that the function cache may take on disk, in bytes.
    pub(super) cache_bytes: u64,
}

/// The result of a compile.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The machine code is the next frame.
    Compiled {
        fingerprint: u64,
        offers_triggers: bool,
    },
    Refused(Refusal),
    Unusable(String),
    /// The system did not give the compiler memory that it asked for.
    TooMuchMemory,
    TooMuchCode,
}

/// Reads a frame of at most `most` bytes. `None` at the end of the stream.
pub(super) fn read_frame(from: &mut impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    // The end of the stream is only in order between two frames.
    if from.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let mut frame = vec![0; checked(u64::from_le_bytes(length), most)?];
    from.read_exact(&mut frame)?;
    Ok(Some(frame))
}

pub(super) fn write_frame(to: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    to.write_all(&length_of(frame))?;
    to.write_all(frame)?;
    to.flush()
}

/// The same as [`read_frame`] for the host, which waits for many workers at once. The end of the stream is an error.
pub(super) async fn receive_frame(from: &mut (impl AsyncRead + Unpin), most: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length).await?;
    let length = checked(u64::from_le_bytes(length), most)?;
    let mut frame = vec![0; length];
    from.read_exact(&mut frame).await?;
    Ok(frame)
}

pub(super) async fn send_frame(to: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    to.write_all(&length_of(frame)).await?;
    to.write_all(frame).await?;
    to.flush().await
}

fn length_of(frame: &[u8]) -> [u8; 8] {
    u64::try_from(frame.len()).unwrap_or(u64::MAX).to_le_bytes()
}

/// Before anything of that size is asked for.
fn checked(length: u64, most: u64) -> io::Result<usize> {
    let usable = usize::try_from(length).ok().filter(|_| length <= most);
    let problem = || format!("a frame must have at most {most} bytes (got {length})");
    usable.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, problem()))
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::{read_frame, receive_frame, send_frame, write_frame};

    #[test]
    fn frames_come_out_as_they_went_in() {
        let mut stream = Vec::new();
        for frame in [b"one".as_slice(), b"", b"three"] {
            write_frame(&mut stream, frame).unwrap();
        }
        let mut stream = stream.as_slice();
        for frame in [b"one".as_slice(), b"", b"three"] {
            assert_eq!(read_frame(&mut stream, 5).unwrap().unwrap(), frame);
        }
        assert!(read_frame(&mut stream, 5).unwrap().is_none());
    }

    #[tokio::test]
    async fn both_sides_speak_the_same() {
        let mut stream = Vec::new();
        send_frame(&mut stream, b"one").await.unwrap();
        assert_eq!(read_frame(&mut stream.as_slice(), 3).unwrap().unwrap(), b"one");
        assert_eq!(receive_frame(&mut stream.as_slice(), 3).await.unwrap(), b"one");
        let end = receive_frame(&mut b"".as_slice(), 3).await.unwrap_err();
        assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn what_is_cut_or_too_long_is_refused() {
        let mut stream = Vec::new();
        write_frame(&mut stream, b"four").unwrap();
        for length in 1..stream.len() {
            let cut = &stream[..length];
            assert_eq!(read_frame(&mut &cut[..], 4).unwrap_err().kind(), ErrorKind::UnexpectedEof);
            assert_eq!(receive_frame(&mut &cut[..], 4).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
        for mut stream in [stream, vec![0xff; 100]] {
            stream.resize(100, 0);
            assert_eq!(read_frame(&mut stream.as_slice(), 3).unwrap_err().kind(), ErrorKind::InvalidData);
            assert_eq!(receive_frame(&mut stream.as_slice(), 3).await.unwrap_err().kind(), ErrorKind::InvalidData);
        }
    }
}
