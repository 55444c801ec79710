//! F4: routes, extraction, pages and answers.
