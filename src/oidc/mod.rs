//! F1, pure: the OAuth 2.0 and OpenID Connect protocol. No async, SQL, HTTP or configuration.
