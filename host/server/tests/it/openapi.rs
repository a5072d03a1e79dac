//! The description of the API that is checked in is the one that the code makes.

use std::path::Path;

#[test]
fn the_checked_in_description_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json");
    let made = wattwright_server::openapi_json().unwrap();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "web/openapi.json is not what the code makes; write it anew with \
         `UPDATE_OPENAPI=1 cargo test -p wattwright-server --test it openapi`"
    );
}
