//! What comes: models of a series and their forecasts.

pub mod sarima;
