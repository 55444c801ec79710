//! HTTP/1.1 over one kept connection, with as little work as possible: the generator must not be what is measured.

use std::{
    error::Error,
    io::{self, ErrorKind},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub type Trouble = Box<dyn Error + Send + Sync>;

/// One connection that one virtual user keeps.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer in the connection's buffer.
pub struct Answer<'a> {
    pub status: u16,
    head: &'a str,
    pub body: &'a str,
}

impl Wire {
    pub async fn open(port: u16) -> Result<Self, Trouble> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 256 * 1024] })
    }

    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, Trouble> {
        self.stream.write_all(request).await?;
        let (mut filled, mut whole) = (0, None);
        while whole.is_none_or(|(_, end)| filled < end) {
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self.stream.read(room).await?;
            if read == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection").into());
            }
            filled += read;
            if whole.is_none() {
                whole = extent(self.buffer.get(..filled).unwrap_or_default())?;
            }
        }
        let (head_end, end) = whole.unwrap_or_default();
        let head = std::str::from_utf8(self.buffer.get(..head_end).unwrap_or_default())?;
        let body = std::str::from_utf8(self.buffer.get(head_end..end).unwrap_or_default())?;
        let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or("no status line")?;
        Ok(Answer { status, head, body })
    }
}

/// Where the head ends and where the answer does, once the head is there.
fn extent(bytes: &[u8]) -> Result<Option<(usize, usize)>, Trouble> {
    let Some(head_end) = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(bytes.get(..head_end).unwrap_or_default())?;
    if header(head, "transfer-encoding").is_some() {
        return Err("a chunked answer".into());
    }
    let length: usize = header(head, "content-length").map_or(Ok(0), str::parse)?;
    Ok(Some((head_end, head_end + length)))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    headers(head, name).next()
}

fn headers<'a>(head: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

impl<'a> Answer<'a> {
    pub fn expect(self, status: u16, what: &str) -> Result<Self, Trouble> {
        if self.status == status {
            return Ok(self);
        }
        let body: String = self.body.chars().take(300).collect();
        Err(format!("{what}: {} instead of {status}: {}{body}", self.status, self.head).into())
    }

    pub fn location(&self) -> Result<&'a str, Trouble> {
        header(self.head, "location").ok_or_else(|| "no Location".into())
    }

    /// `name=value` of the cookie whose name ends in `name`.
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        headers(self.head, "set-cookie")
            .filter_map(|line| line.split(';').next())
            .find(|pair| pair.split('=').next().is_some_and(|found| found.ends_with(name)))
    }

    /// The text between `before` and the next quotation mark.
    pub fn quoted(&self, before: &str) -> Option<&'a str> {
        after(self.body, before)?.split('"').next()
    }
}

/// What follows `before` in `text`.
pub fn after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.split_once(before).map(|(_, rest)| rest)
}

pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}

pub fn post(path: &str, headers: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n{headers}\r\n{form}",
        form.len()
    )
    .into_bytes()
}

pub fn cookie(pairs: &[&str]) -> String {
    format!("cookie: {}\r\n", pairs.join("; "))
}
