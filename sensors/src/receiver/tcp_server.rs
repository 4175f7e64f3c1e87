//! Boxes that dial us: AISnet, receivers with a computer inside, serial-device servers.

use super::allow::AllowList;
use super::health::{Health, State};
use super::{Chunk, tcp_client};
use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// Connections at a time. One receiver needs one, and one more while an old one is found dead.
pub(super) const PEERS_MAX: usize = 16;

#[derive(Debug)]
struct Peer {
    stream: TcpStream,
    address: SocketAddr,
    heard: Instant,
}

#[derive(Debug)]
pub(super) struct TcpServer {
    listener: TcpListener,
    peers: [Option<Peer>; PEERS_MAX],
    /// Peers whose last line is still to be ended.
    gone: Vec<usize>,
    /// The peer to read first, so that a busy one does not keep the others waiting.
    turn: usize,
    allow: AllowList,
    idle: Duration,
    health: Arc<Health>,
}

impl TcpServer {
    pub(super) async fn open(
        bind: SocketAddr,
        allow: AllowList,
        idle: Duration,
        health: Arc<Health>,
    ) -> Result<TcpServer> {
        let listener = TcpListener::bind(bind).await?;
        let peers = [const { None }; PEERS_MAX];
        Ok(TcpServer { listener, peers, gone: Vec::new(), turn: 0, allow, idle, health })
    }

    /// Takes connections until one of them has something to read.
    pub(super) async fn ready(&mut self) -> Result<()> {
        poll_fn(|context| self.poll_ready(context)).await
    }

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        while let Poll::Ready(Ok((stream, address))) = self.listener.poll_accept(context) {
            self.admit(stream, address);
        }
        if !self.gone.is_empty() {
            return Poll::Ready(Ok(()));
        }
        for peer in self.peers.iter().flatten() {
            if peer.stream.poll_read_ready(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }

    fn admit(&mut self, stream: TcpStream, address: SocketAddr) {
        if !self.allow.admits(address.ip()) {
            return self.health.refuse(address.ip(), "not on the allow list");
        }
        let Some(place) = self.peers.iter().position(Option::is_none) else {
            self.health.refuse(address.ip(), "all places are taken");
            // Room for whoever dials next: a box that restarted without closing its old link.
            let silent = |p: &Option<Peer>| p.as_ref().is_some_and(|p| p.heard.elapsed() >= self.idle);
            if let Some(index) = self.peers.iter().position(silent) {
                self.dismiss(index);
            }
            return;
        };
        self.health.sends(address.ip());
        tcp_client::keep_alive(&stream);
        self.peers[place] = Some(Peer { stream, address, heard: Instant::now() });
        self.tell();
    }

    fn dismiss(&mut self, index: usize) {
        self.peers[index] = None;
        self.gone.push(index);
        self.tell();
    }

    /// Puts who is connected into the receiver's health.
    pub(super) fn tell(&self) {
        let names: Vec<String> = self.peers.iter().flatten().map(|p| p.address.to_string()).collect();
        match names.len() {
            0 => self.health.set(State::Listening, "nobody is connected"),
            _ => self.health.set(State::Connected, format!("connected: {}", names.join(", "))),
        }
    }

    /// What one peer sent; an empty chunk when one has gone.
    pub(super) fn try_read(&mut self, buffer: &mut [u8]) -> Result<Chunk> {
        if let Some(peer) = self.gone.pop() {
            return Ok(Chunk { peer, length: 0, ends: true, receipt: None });
        }
        for step in 0..PEERS_MAX {
            let index = (self.turn + step) % PEERS_MAX;
            let Some(peer) = &mut self.peers[index] else {
                continue;
            };
            match peer.stream.try_read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(length) if length > 0 => {
                    peer.heard = Instant::now();
                    self.turn = index + 1;
                    return Ok(Chunk { peer: index, length, ends: false, receipt: None });
                }
                Ok(_) | Err(_) => {
                    self.dismiss(index);
                    return self.try_read(buffer);
                }
            }
        }
        Err(Error::from(ErrorKind::WouldBlock))
    }
}
