//! The port that browsers connect to: how many at a time, and how long a dead or stalled one is borne.

use axum::{
    Router,
    serve::{Listener, ListenerExt},
};
use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep_until},
};

/// Connections at a time; further ones wait in the system's queue. Leaves file descriptors for receivers (1024 is
/// the usual limit of a process).
const CONNECTIONS_MAX: usize = 512;

/// A peer that takes nothing of what waits for it for so long is cut, and so is one that says nothing and is sent
/// nothing. An event stream is sent something every 5 s, a map every second.
const STALLED_MAX: Duration = Duration::from_secs(30);

/// Serves until `stop` is done and the requests under way are answered. Streams end when the daemon drops its side
/// of what they show.
///
/// # Errors
/// What the system says when the port can't be served any more.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let bounded =
        Bounded { listener, places: Arc::new(Semaphore::new(CONNECTIONS_MAX)), stalled_max: STALLED_MAX };
    let bounded = bounded.tap_io(|held| {
        let _ = held.stream.set_nodelay(true);
    });
    axum::serve(bounded, router).with_graceful_shutdown(stop).await
}

/// Accepts a connection when there is a place for it.
struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
    stalled_max: Duration,
}

impl Listener for Bounded {
    type Io = Held;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Held, SocketAddr) {
        let place = Arc::clone(&self.places).acquire_owned().await.expect("never closed");
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let stalled_max = self.stalled_max;
        let alarm = Box::pin(sleep_until(Instant::now() + stalled_max));
        (Held { stream, alarm, stalled_max, _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that holds a place, and breaks when nothing moves on it.
struct Held {
    stream: TcpStream,
    alarm: Pin<Box<Sleep>>,
    stalled_max: Duration,
    _place: OwnedSemaphorePermit,
}

impl Held {
    /// Winds the alarm up when something moved; when nothing did for too long, breaks the connection.
    fn moved<T>(&mut self, polled: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.alarm.as_mut().reset(Instant::now() + self.stalled_max);
            return polled;
        }
        match self.alarm.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Held {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        this.moved(polled, cx)
    }
}

impl AsyncWrite for Held {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.moved(polled, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.moved(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn bounded(places: usize) -> (Bounded, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let places = Arc::new(Semaphore::new(places));
        (Bounded { listener, places, stalled_max: Duration::from_millis(200) }, address)
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_cut() {
        let (mut bounded, address) = bounded(1).await;
        let _deaf = TcpStream::connect(address).await.unwrap();
        let (mut held, _) = bounded.accept().await;
        let chunk = vec![0; 1 << 20];
        let error = loop {
            if let Err(error) = held.write_all(&chunk).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_says_nothing_is_cut_and_gives_its_place_away() {
        let (mut bounded, address) = bounded(1).await;
        let _mute = TcpStream::connect(address).await.unwrap();
        let (mut held, _) = bounded.accept().await;
        let _next = TcpStream::connect(address).await.unwrap();
        assert_eq!(bounded.places.available_permits(), 0);
        assert_eq!(held.read(&mut [0; 8]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(held);
        bounded.accept().await;
    }
}
