//! Reads a body into memory up to a maximum.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;

use bytes::Bytes;
use http_body::{Body, Frame};

use super::checked_request_body::{CheckedRequestBody, into_bytes};

/// The result of reading a body.
pub(super) enum BodyRead<B: Body> {
    /// The whole body, and its bytes.
    Whole(CheckedRequestBody<B>, Bytes),
    /// The body is larger than the maximum.
    TooLarge(CheckedRequestBody<B>),
    /// The body failed before its end. Reading it again returns the error.
    Failed(CheckedRequestBody<B>),
}

/// Reads a body of at most `bytes_max`.
pub(super) async fn read_body<B: Body>(body: B, bytes_max: usize) -> BodyRead<B> {
    if body.size_hint().lower() > bytes_max as u64 {
        return BodyRead::TooLarge(CheckedRequestBody::unread(body));
    }
    let mut rest: Pin<Box<B>> = Box::pin(body);
    let (mut chunks, mut size, mut trailers) = (Vec::new(), 0_usize, None);
    while let Some(frame) = poll_fn(|cx| rest.as_mut().poll_frame(cx)).await {
        let frame = match frame {
            Ok(frame) => into_bytes(frame),
            Err(error) => {
                let mut read = data_frames(chunks);
                read.push_back(Err(error));
                return BodyRead::Failed(CheckedRequestBody::new(read, None));
            }
        };
        match frame.into_data() {
            Ok(data) => {
                size = size.saturating_add(data.len());
                chunks.push(data);
                if size > bytes_max {
                    return BodyRead::TooLarge(CheckedRequestBody::new(
                        data_frames(chunks),
                        Some(rest),
                    ));
                }
            }
            Err(frame) => trailers = Some(frame),
        }
    }
    let bytes = join(chunks);
    let mut read = data_frames(vec![bytes.clone()]);
    read.extend(trailers.map(Ok));
    BodyRead::Whole(CheckedRequestBody::new(read, None), bytes)
}

fn data_frames<E>(chunks: Vec<Bytes>) -> VecDeque<Result<Frame<Bytes>, E>> {
    let chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty());
    chunks.map(|chunk| Ok(Frame::data(chunk))).collect()
}

fn join(mut chunks: Vec<Bytes>) -> Bytes {
    match chunks.len() {
        0 | 1 => chunks.pop().unwrap_or_default(),
        _ => chunks.concat().into(),
    }
}
