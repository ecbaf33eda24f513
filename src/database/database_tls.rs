//! TLS to a database: what the client library needs.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use portcullis_tls::{TlsFault, VerifiedTls, VerifiedTlsStream};

/// Why TLS with a database failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct DatabaseTlsError(String);

impl From<io::Error> for DatabaseTlsError {
    fn from(error: io::Error) -> Self {
        let fault = TlsFault::of(&error);
        Self(fault.map_or_else(|| error.to_string(), |fault| fault.reason().to_owned()))
    }
}

/// Makes connections with TLS. Without settings none are made, because the address asks for none.
#[derive(Clone, Debug)]
pub(super) struct DatabaseTls(pub(super) Option<VerifiedTls>);

/// A connection that is to be made.
pub(super) struct DatabaseHandshake {
    tls: Option<VerifiedTls>,
    name: String,
}

/// An encrypted connection.
pub(super) struct DatabaseTlsStream<S>(Box<VerifiedTlsStream<S>>);

impl<S> MakeTlsConnect<S> for DatabaseTls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = DatabaseTlsStream<S>;
    type TlsConnect = DatabaseHandshake;
    type Error = DatabaseTlsError;

    fn make_tls_connect(&mut self, name: &str) -> Result<DatabaseHandshake, DatabaseTlsError> {
        Ok(DatabaseHandshake {
            tls: self.0.clone(),
            name: name.to_owned(),
        })
    }
}

impl<S> TlsConnect<S> for DatabaseHandshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = DatabaseTlsStream<S>;
    type Error = DatabaseTlsError;
    type Future =
        Pin<Box<dyn Future<Output = Result<DatabaseTlsStream<S>, DatabaseTlsError>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let tls = self.tls;
            let tls = tls.ok_or_else(|| DatabaseTlsError("TLS is not asked for".to_owned()))?;
            let connected = tls.connect(&self.name, stream).await?;
            Ok(DatabaseTlsStream(Box::new(connected)))
        })
    }
}

impl<S> TlsStream for DatabaseTlsStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S> AsyncRead for DatabaseTlsStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(context, buffer)
    }
}

impl<S> AsyncWrite for DatabaseTlsStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(context)
    }
}
