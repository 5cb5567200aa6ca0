//! `config.yaml` to [`Config`], checked.
