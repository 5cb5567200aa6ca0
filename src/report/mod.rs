//! Coverage and availability reports as text, CSV and JSON.
