//! Just enough SDP for a phone.

use std::net::SocketAddr;

/// Direction of media as the phone writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// We hold the other side.
    SendOnly,
    /// We are held.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    fn text(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// As read from a description (the session's or the stream's, whichever is last).
    pub fn read(sdp: &str) -> Self {
        let mut found = Direction::SendRecv;
        for line in sdp.lines() {
            found = match line.trim() {
                "a=sendrecv" => Direction::SendRecv,
                "a=sendonly" => Direction::SendOnly,
                "a=recvonly" => Direction::RecvOnly,
                "a=inactive" => Direction::Inactive,
                "c=IN IP4 0.0.0.0" => return Direction::Inactive,
                _ => found,
            };
        }
        found
    }

    /// Our answer to an offer of theirs, `held`: we hold them.
    pub fn answer(offered: Direction, held: bool) -> Self {
        match (offered, held) {
            (Direction::SendRecv, false) => Direction::SendRecv,
            (Direction::SendRecv | Direction::RecvOnly, _) => Direction::SendOnly,
            (Direction::SendOnly, false) => Direction::RecvOnly,
            (Direction::SendOnly, true) | (Direction::Inactive, _) => Direction::Inactive,
        }
    }
}

/// A description with PCMA, PCMU and telephone events.
pub fn write(rtp: SocketAddr, version: u32, direction: Direction) -> String {
    format!(
        "v=0\r\no=- {port} {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 0 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na={direction}\r\n",
        ip = rtp.ip(),
        port = rtp.port(),
        direction = direction.text(),
    )
}
