//! The store over every database that is compiled in and installed.

mod places;
mod suite;
