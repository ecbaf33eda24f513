//! Whole messages: requests and responses that a reader can send or serve.

/// A complete request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: Option<String>,
}

impl WitnessRequest {
    /// Path and query.
    pub(crate) fn path_and_query(&self) -> (&str, Option<&str>) {
        match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&self.target, None),
        }
    }

    /// The method and the target.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// The method, the target and the header fields in one line.
    pub(crate) fn head(&self) -> String {
        let fields = self.headers.iter();
        let fields = fields.map(|(name, value)| format!(", {name}: {value}"));
        format!("{}{}", self.line(), fields.collect::<String>())
    }
}

/// A complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessResponse {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: Option<String>,
}

impl WitnessResponse {
    /// The status and the header fields in one line.
    pub fn line(&self) -> String {
        let fields = self.headers.iter();
        let fields = fields.map(|(name, value)| format!(", {name}: {value}"));
        format!("status {}{}", self.status, fields.collect::<String>())
    }
}
