//! The result read again before anybody writes it: it must load, and say what was meant and nothing
//! else.

use std::path::Path;
use std::sync::Arc;

use super::compare::Compared;
use super::rewrite::Rewritten;
use super::{Base, Outcome};
use crate::inventory::alike::first_difference;
use crate::inventory::ledger::entries;
use crate::inventory::place::Desk;
use crate::inventory::scan::has_anchors;
use crate::inventory::{Tree, credentials_of, yaml};
use crate::model::{Diagnostic, Message, Severity};

/// Fills the outcome with the inventory that the new texts make, or with why they may not be
/// written.
pub(super) fn read(
    base: &Base<'_>,
    compared: &Compared<'_>,
    files: Vec<Rewritten>,
    outcome: &mut Outcome,
) {
    let mut desk = base.desk.fresh();
    let Some(trees) = trees(&mut desk, base, &files) else {
        outcome.diagnostics.push(not_as_meant(&files, None));
        outcome.diagnostics.extend(desk.into_diagnostics());
        return;
    };
    let read = entries(&mut desk, &trees);
    let meant = compared.merged();
    let meant = entries(&mut desk, &meant);
    if let Some(id) = first_difference(&meant, &read) {
        outcome.diagnostics.push(not_as_meant(&files, Some(id)));
        return;
    }
    let (inventory, credentials) = credentials_of(&mut desk, &trees, base.defaults, base.zone);
    if desk.errors() > 0 {
        outcome.diagnostics.push(not_as_meant(&files, None));
        outcome.diagnostics.extend(desk.into_diagnostics());
        return;
    }
    outcome.files = files;
    outcome.inventory = Some(inventory);
    outcome.credentials = credentials;
}

/// What the folder's files would say, in path order.
fn trees(desk: &mut Desk, base: &Base<'_>, files: &[Rewritten]) -> Option<Vec<Tree>> {
    let of = |path: &Path| files.iter().find(|file| file.path == path && file.old.is_some());
    let mut trees: Vec<(Arc<std::path::PathBuf>, Tree)> = Vec::with_capacity(base.trees.len());
    for tree in base.trees {
        let source = match tree {
            Tree::Whole(node) | Tree::List(_, node) => node.at.source,
        };
        let path = base.desk.file(source);
        let tree = match (tree, of(&path)) {
            (Tree::Whole(_), Some(file)) => {
                let source = desk.add_source(file.path.clone(), Arc::from(file.new.as_str()));
                Tree::Whole(yaml::read(desk, source)?)
            }
            (tree, _) => tree.clone(),
        };
        trees.push((path, tree));
    }
    for file in files.iter().filter(|file| file.old.is_none()) {
        let source = desk.add_source(file.path.clone(), Arc::from(file.new.as_str()));
        trees.push((Arc::new(file.path.clone()), Tree::Whole(yaml::read(desk, source)?)));
    }
    trees.sort_by(|a, b| a.0.components().cmp(b.0.components()));
    Some(trees.into_iter().map(|(_, tree)| tree).collect())
}

fn not_as_meant(files: &[Rewritten], id: Option<String>) -> Diagnostic {
    let mut olds = files.iter().filter_map(|file| file.old.as_deref());
    let hint = match olds.any(has_anchors) {
        true => "import.anchor_hint",
        false => "import.not_as_meant_hint",
    };
    let files: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    let message = Message::new("import.not_as_meant")
        .with("id", id.unwrap_or_else(|| "–".to_owned()))
        .with("files", files.join(", "));
    Diagnostic {
        severity: Severity::Error,
        message,
        place: None,
        hint: Some(Message::new(hint)),
        related: None,
    }
}
