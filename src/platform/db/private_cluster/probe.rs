//! Asking a server whether it is there: a real session, because pid files and process numbers lie.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::SUPERUSER;

/// Whether a session can begin now. An error is a refusal that waiting would not change.
pub(super) fn answers(socket: &Path) -> Result<bool, String> {
    let Ok(refusal) = first_answer(socket) else {
        return Ok(false);
    };
    let text = String::from_utf8_lossy(&refusal);
    let field = |kind: char| text.split('\0').find_map(|field| field.strip_prefix(kind));
    match field('C') {
        None | Some("53300") => Ok(true), // too many connections: it is alive
        Some("57P03") => Ok(false),       // starting or stopping
        Some(_) => Err(format!("{}: {}", socket.display(), field('M').unwrap_or("refused"))),
    }
}

/// The fields of PostgreSQL's error, or nothing when it is ready for queries.
fn first_answer(socket: &Path) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let names = format!("user\0{SUPERUSER}\0database\0postgres\0\0");
    let mut hello = (names.len() as u32 + 8).to_be_bytes().to_vec();
    hello.extend(196_608_u32.to_be_bytes()); // version 3.0 of the protocol
    hello.extend(names.as_bytes());
    stream.write_all(&hello)?;
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4).min(65_536)];
        stream.read_exact(&mut body)?;
        match kind {
            b'E' => return Ok(body),
            b'Z' => return stream.write_all(b"X\0\0\0\x04").map(|()| Vec::new()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_socket_is_no_answer() {
        assert_eq!(answers(Path::new("/nonexistent/socket")), Ok(false));
    }
}
