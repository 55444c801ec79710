//! One integration binary; the folders mirror `src`.

// Always so here; said aloud so that clippy counts helper functions as tests too.
#[cfg(test)]
mod cli;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod http;
#[cfg(test)]
#[cfg(feature = "demo")]
mod journeys;
#[cfg(test)]
mod matrix;
#[cfg(test)]
#[cfg(feature = "demo")]
mod outside;
#[cfg(test)]
#[cfg(feature = "demo")]
mod portal;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
