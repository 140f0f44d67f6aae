//! The official geographic code, as callers search it.

use crate::support::App;

#[test]
fn departements_are_known_by_their_code() {
    let app = App::start();
    let moissac = app.get("/api/v1/departements/82").expect(200);
    assert_eq!(moissac.at("/name"), "Tarn-et-Garonne");
    app.get("/api/v1/departements/99").problem("not_found");
}
