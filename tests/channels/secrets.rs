//! What a channel's settings have from elsewhere is in no report, whatever it looks like.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use tuantra::alert::Progress;
use tuantra::alert::channel::Outcome;
use tuantra::alert::outlet::outlets;
use tuantra::alert::sender::{Desk, deliver};
use tuantra::alert::{Parcel, Texts};
use tuantra::model::{Id, Severity};

use crate::common::{NOW, down, post};
use crate::server::{Answer, Server};

#[test]
fn a_short_word_from_a_file_is_a_secret() {
    let answer = "topic duty of desk: key wxyz is no good";
    let server = Server::start(vec![Answer::full(400, answer)]);
    let folder = tempfile::tempdir().unwrap();
    for name in ["duty", "wxyz"] {
        let path = folder.path().join(name);
        std::fs::write(&path, name).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    let text = format!(
        "alerts:\n  routes: [ {{ to: desk }} ]\n  channels:\n    desk: {{ webhook: {{ url: \"{}/hook\", \
         headers: {{ X-Topic: \"file:duty\", X-Key: \"file:wxyz\", X-Place: desk }} }} }}\n",
        server.url()
    );
    let loaded = tuantra::config::from_text(&folder.path().join("config.yaml"), &text);
    let outlet = outlets(&loaded.config.unwrap(), Severity::Error).0.remove(0);
    let desk = Desk {
        post: Some(Arc::new(post())),
        texts: Arc::new(Texts::builtin()),
        zone: jiff::tz::TimeZone::UTC,
        clock: || NOW,
        report: Arc::new(|_| {}),
    };
    let channel = Id::new("desk").unwrap();
    let parcel =
        Parcel { key: "one".to_owned(), channel, notice: down(), progress: Progress::NONE };
    let report = deliver(&outlet, &desk, &parcel);
    // What stands in the file itself and is not meant as a secret stays readable.
    let Outcome::Refused { reason, .. } = &report.outcome else { panic!("{report:?}") };
    assert!(reason.contains("topic *** of desk: key *** is no good"), "{reason}");
    assert!(!format!("{outlet:?} {report:?}").contains("wxyz"));
}
