//! Files (YAML, CSV) to [`crate::model::Inventory`], with diagnostics that point at file, line and column.
