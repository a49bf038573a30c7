//! Who comes in: logging in and out, cookies, other sites, guessing, and the end of a session.

use domain::value::Role;
use tests::World;

#[tokio::test]
async fn a_user_knows_who_they_are_by_token() {
    let world = World::start().await;
    let user = world.user("José Núñez", &[Role::Operator], &[]).await;
    let me = user.get("/me").await.expect(200);
    assert_eq!(me["name"], "José Núñez");
    assert_eq!(me["id"], user.user.to_string());
    world.stop().await;
}
