//! The decoding half as others use it: sentences as they really come, hostile ones, and whole streams of them.

mod hostile;
mod interleaving;
mod json;
mod sentences;
mod streams;
