//! F3: one use case a file, by actor. Knows neither axum nor SQL nor HTML.
