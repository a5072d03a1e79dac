//! Query and path parameters: known names, checked values, errors in words.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use jiff::Timestamp;

use crate::error::{ApiError, quoted};

/// Name and value of each query parameter, decoded.
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|error| ApiError::bad_parameter(format!("the query cannot be read: {}", error.body_text())))
    }
}

impl Parameters {
    /// Refuses names not in `known`, and any name given twice.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, ApiError> {
        for (index, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let allowed = match known {
                    [] => "this path takes none".to_owned(),
                    _ => format!("this path takes `{}`", known.join("`, `")),
                };
                let message = format!("there is no parameter {}; {allowed}", quoted(name));
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "unknown-parameter", message));
            }
            if self.0[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(ApiError::bad_parameter(format!("{} is given more than once", quoted(name))));
            }
        }
        Ok(self)
    }

    /// The value as it was given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A whole number within `allowed`, or `default` when absent.
    pub(crate) fn whole(
        &self,
        name: &str,
        allowed: std::ops::RangeInclusive<i64>,
        default: Option<i64>,
    ) -> Result<Option<i64>, ApiError> {
        self.text(name).map_or(Ok(default), |text| whole(name, text, allowed).map(Some))
    }

    /// An instant as RFC 3339 has it.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    ApiError::bad_parameter(format!(
                        "`{name}` is {}; it must be a time with its offset from UTC, such as `2026-11-24T10:15:00Z` (a \
                         `+` is written `%2B`)",
                        quoted(text)
                    ))
                })
            })
            .transpose()
    }
}

/// That there are no query parameters.
pub(crate) struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Parameters::from_request_parts(parts, state).await?.only(&[]).map(|_| Self)
    }
}

/// The part `id` of a path: 1 or more.
pub(crate) struct Id(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        whole("id", &part("id", parts, state).await?, 1..=i64::MAX).map(Self)
    }
}

/// The part `name` of a path: of a strategy, a user or a token.
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        name("name", &part("name", parts, state).await?).map(Self)
    }
}

async fn part<S: Send + Sync>(name: &str, parts: &mut Parts, state: &S) -> Result<String, ApiError> {
    let part = axum::extract::Path::<String>::from_request_parts(parts, state).await;
    let unreadable = |text: String| ApiError::bad_parameter(format!("`{name}` cannot be read: {text}"));
    part.map(|part| part.0).map_err(|error| unreadable(error.body_text()))
}

/// `text`, the value of `of`, as a name.
pub(crate) fn name(of: &str, text: &str) -> Result<String, ApiError> {
    match model::is_valid_id(text) {
        true => Ok(text.to_owned()),
        false => {
            let is = quoted(text);
            Err(ApiError::bad_parameter(format!("`{of}` is {is}; names are 1 to 40 of a-z, 0-9 and -")))
        }
    }
}

/// `text`, the value of `name`, as a whole number within `allowed`.
pub(crate) fn whole(name: &str, text: &str, allowed: std::ops::RangeInclusive<i64>) -> Result<i64, ApiError> {
    text.parse().ok().filter(|value| allowed.contains(value)).ok_or_else(|| {
        let (least, most) = allowed.into_inner();
        let range = if most == i64::MAX { format!("of {least} or more") } else { format!("from {least} to {most}") };
        ApiError::bad_parameter(format!("`{name}` is {}; it must be a whole number {range}", quoted(text)))
    })
}
