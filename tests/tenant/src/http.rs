//! The HTTP messages that the tenant's handlers see and make.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, Response, StatusCode};

use crate::clouds::Host;

/// A response's body: whole, or cut off after a part of it.
pub enum Body {
    /// The whole body.
    Whole(Option<Bytes>),
    /// The whole body, in parts: a long page needn't be copied behind its beginning.
    Parts(VecDeque<Bytes>),
    /// The body's beginning and its announced length; the connection ends after it.
    Cut(Option<Bytes>, u64),
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(match &mut *self {
            Self::Whole(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Self::Parts(parts) => parts.pop_front().map(|bytes| Ok(Frame::data(bytes))),
            Self::Cut(bytes, _) => Some(match bytes.take() {
                Some(bytes) => Ok(Frame::data(bytes)),
                None => Err(io::Error::other("the connection is cut on purpose")),
            }),
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Parts(parts) => parts.is_empty(),
            Self::Cut(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::Parts(parts) => parts.iter().map(|bytes| bytes.len() as u64).sum(),
            Self::Cut(_, announced) => *announced,
        })
    }
}

impl Body {
    /// A body of parts that follow each other.
    pub fn parts(parts: impl IntoIterator<Item = String>) -> Self {
        Self::Parts(parts.into_iter().map(Bytes::from).filter(|bytes| !bytes.is_empty()).collect())
    }

    /// The bytes of a whole body.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Whole(bytes) | Self::Cut(bytes, _) => bytes.as_ref().map_or_else(Vec::new, |bytes| bytes.to_vec()),
            Self::Parts(parts) => parts.iter().flat_map(|bytes| bytes.iter().copied()).collect(),
        }
    }
}

/// A response.
pub type Reply = Response<Body>;

/// A request with its body read.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, percent signs not decoded.
    pub path: String,
    /// The query's names and values, decoded.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The origin under which the client knows the tenant, `https://127.0.0.1:PORT` for example.
    pub origin: String,
    /// What the host name stands for.
    pub host: Host,
}

impl Request {
    /// The first value of a query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The path's segments, decoded.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }

    /// The media type of the body, in lower case, without parameters.
    #[must_use]
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or("");
        value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
    }

    /// The fields of a form body.
    #[must_use]
    pub fn form(&self) -> Form {
        Form(form_urlencoded::parse(&self.body).into_owned().collect())
    }
}

/// The fields of a form.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A field's value; empty if it is absent.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
}

/// A response of any kind.
#[must_use]
pub fn reply(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut response = Response::new(Body::Whole(Some(body.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A JSON response.
#[must_use]
pub fn json(status: StatusCode, value: &serde_json::Value) -> Reply {
    reply(status, "application/json; charset=utf-8", value.to_string())
}

/// A response without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Body::Whole(None));
    *response.status_mut() = status;
    response
}

/// A redirect.
#[must_use]
pub fn redirect(location: &str) -> Reply {
    let mut response = empty(StatusCode::FOUND);
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

/// Sets a header to a text made at run time; text that can't be a header's value is left out.
pub fn set_header(response: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
