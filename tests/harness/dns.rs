//! A DNS server on loopback that knows what a test tells it (RFC 1035).

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// One record.
#[derive(Debug, Clone)]
pub enum Record {
    /// An address.
    A(Ipv4Addr),
    /// A server that takes mail, with its preference.
    Mx(u16, &'static str),
    /// A text.
    Txt(&'static str),
}

/// The header's length in bytes.
const HEADER: usize = 12;
/// A pointer to the name of the question, which is the first one after the header.
const NAME_OF_QUESTION: [u8; 2] = [0xc0, 0x0c];
/// A response that recursion was available for.
const RESPONSE: u16 = 0x8180;
/// The response code for names that do not exist.
const NAME_ERROR: u16 = 3;

/// The server; it ends when this is dropped.
pub struct FakeDns {
    /// Its address.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl FakeDns {
    /// Starts a server that knows these names, and no others.
    pub async fn start(zone: Vec<(&'static str, Record)>) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            let mut query = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut query).await {
                let answer = answer(&query[..length], &zone);
                socket.send_to(&answer, client).await.expect("an answer can be sent");
            }
        });
        Self { address, task }
    }
}

impl Drop for FakeDns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(query: &[u8], zone: &[(&str, Record)]) -> Vec<u8> {
    let (name, end) = name(query);
    let kind = u16::from_be_bytes([query[end], query[end + 1]]);
    let of_name: Vec<&Record> =
        zone.iter().filter(|(its, _)| *its == name).map(|(_, record)| record).collect();
    let found: Vec<&Record> = of_name.iter().copied().filter(|record| record.kind() == kind).collect();
    let flags = if of_name.is_empty() { RESPONSE | NAME_ERROR } else { RESPONSE };
    let mut answer = query[..2].to_vec();
    let count = u16::try_from(found.len()).expect("a few records");
    for number in [flags, 1, count, 0, 0] {
        answer.extend(number.to_be_bytes());
    }
    const KIND_AND_CLASS: usize = 4;
    answer.extend(&query[HEADER..end + KIND_AND_CLASS]);
    for record in found {
        answer.extend(record.written());
    }
    answer
}

/// The name of the question, and where it ends.
fn name(query: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), HEADER);
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}

impl Record {
    const fn kind(&self) -> u16 {
        match self {
            Self::A(_) => 1,
            Self::Mx(..) => 15,
            Self::Txt(_) => 16,
        }
    }

    fn written(&self) -> Vec<u8> {
        const INTERNET: u16 = 1;
        const LIVES_S: u32 = 60;
        let data = self.data();
        let mut record = NAME_OF_QUESTION.to_vec();
        record.extend(self.kind().to_be_bytes());
        record.extend(INTERNET.to_be_bytes());
        record.extend(LIVES_S.to_be_bytes());
        record.extend(u16::try_from(data.len()).expect("a short record").to_be_bytes());
        record.extend(data);
        record
    }

    fn data(&self) -> Vec<u8> {
        const LONGEST: usize = 255;
        match self {
            Self::A(address) => address.octets().to_vec(),
            Self::Mx(preference, host) => {
                let labels = host.split('.').filter(|label| !label.is_empty());
                let host = labels.flat_map(|label| [&[label.len() as u8][..], label.as_bytes()].concat());
                preference.to_be_bytes().into_iter().chain(host).chain([0]).collect()
            }
            Self::Txt(text) => {
                let parts = text.as_bytes().chunks(LONGEST);
                parts.flat_map(|part| [&[part.len() as u8][..], part].concat()).collect()
            }
        }
    }
}
