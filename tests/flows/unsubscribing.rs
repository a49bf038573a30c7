//! The link to unsubscribe: in mails that may have one, on a page that asks, and by one click.

use domain::value::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::World;
use tests::orders::email_to;

use crate::notifications::{Desk, totals};

const ADDRESS: &str = "ana.ruiz@example.com";
const PUBLIC_URL: &str = "https://mensajes.example.test/";

async fn desk(public_url: Option<&str>) -> Desk {
    let public_url = public_url.map(|url| url.parse().expect("a URL"));
    let desk = Desk::in_world(World::changed(|options| options.public_url = public_url).await).await;
    desk.client(None, Some(ADDRESS)).await;
    desk
}

/// Sends a mail of a category, and returns its link.
async fn link(desk: &Desk, category: &str) -> Option<String> {
    let mut order = email_to(desk.company, "Aviso", "Hola");
    order["category"] = json!(category);
    let notification = desk.send(&order).await;
    desk.finished(&notification).await;
    desk.arrivals(Channel::Email)[0].unsubscribe.clone()
}

/// The path of a mail's link, which begins with the public address.
async fn path(desk: &Desk) -> String {
    let link = link(desk, "commercial").await.expect("a link");
    let token = link.strip_prefix(PUBLIC_URL).and_then(|path| path.strip_prefix("u/"));
    assert!(token.is_some_and(|token| token.len() == 49), "{link}");
    format!("/{}", &link[PUBLIC_URL.len()..])
}

/// A page: its status, its policy and its text.
struct Page {
    status: StatusCode,
    policy: String,
    html: String,
}

async fn page(world: &World, method: Method, path: &str, language: &str, body: &'static str) -> Page {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = http.request(method, format!("{}{path}", world.base())).header("Accept-Language", language);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.expect("an answer");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(
        (header("content-type"), header("cache-control")),
        ("text/html; charset=utf-8".into(), "no-store".into())
    );
    let (status, policy) = (answer.status(), header("content-security-policy"));
    Page { status, policy, html: answer.text().await.expect("text") }
}

async fn suppressions(desk: &Desk) -> Vec<Value> {
    desk.nora.all("/suppressions").await
}

#[tokio::test]
async fn the_page_asks_and_its_button_unsubscribes_twice_if_pressed_twice() {
    let desk = desk(Some(PUBLIC_URL)).await;
    let path = path(&desk).await;
    let asked = page(&desk.world, Method::GET, &path, "en", "").await;
    assert_eq!(asked.status, 200);
    // The client's language counts, not the browser's.
    for said in ["lang=\"es\"", "Vigía Andina", "a…@example.com", "<form method=\"post\">"] {
        assert!(asked.html.contains(said), "{said}: {}", asked.html);
    }
    assert!(!asked.html.contains("ana.ruiz") && !asked.html.contains("<script"));
    assert!(
        asked.policy.starts_with("default-src 'none';") && !asked.policy.contains("unsafe"),
        "{}",
        asked.policy
    );
    assert_eq!(suppressions(&desk).await, [] as [Value; 0], "a look changes nothing");
    for _ in 0..2 {
        let done = page(&desk.world, Method::POST, &path, "es", "").await;
        assert!(done.status == 200 && done.html.contains("Listo") && !done.html.contains("<form"));
    }
    desk.world.caught_up().await;
    let [row] = &suppressions(&desk).await[..] else { panic!("one") };
    assert_eq!(
        (&row["address"], &row["reason"], &row["channel"]),
        (&json!(ADDRESS), &json!("opt_out"), &json!("email"))
    );
    let preview = desk.nora.post("/notifications/preview", &email_to(desk.company, "Otro", "Hola")).await;
    assert_eq!(preview.expect(200)["audience"]["excluded"], json!({"suppressed": 1}));
    desk.world.stop().await;
}

#[tokio::test]
async fn one_click_of_a_mail_program_unsubscribes() {
    let desk = desk(Some(PUBLIC_URL)).await;
    let path = path(&desk).await;
    let clicked = page(&desk.world, Method::POST, &path, "", "List-Unsubscribe=One-Click").await;
    assert_eq!(clicked.status, 200);
    desk.world.caught_up().await;
    assert_eq!(suppressions(&desk).await.len(), 1);
    desk.world.stop().await;
}

#[tokio::test]
async fn alarms_and_matters_of_the_service_have_no_link_nor_has_anything_without_a_public_address() {
    let with = desk(Some(PUBLIC_URL)).await;
    for (category, has_link) in
        [("operational", false), ("service", false), ("collection", true), ("commercial", true)]
    {
        assert_eq!(link(&with, category).await.is_some(), has_link, "{category}");
    }
    with.world.stop().await;
    let without = desk(None).await;
    assert_eq!(link(&without, "commercial").await, None);
    without.world.stop().await;
}

#[tokio::test]
async fn a_forged_link_is_not_found_and_changes_nothing() {
    let desk = desk(Some(PUBLIC_URL)).await;
    let path = path(&desk).await;
    let last = if path.ends_with('a') { "b" } else { "a" };
    let forged = format!("{}{last}", &path[..path.len() - 1]);
    let return_token = desk.arrivals(Channel::Email)[0].from.clone();
    let return_token =
        return_token.trim_start_matches("rebotes+").split('@').next().unwrap_or_default().to_owned();
    for path in [&forged, "/u/x", "/u/%ff", &format!("/u/{return_token}")] {
        for method in [Method::GET, Method::POST] {
            let refused = page(&desk.world, method, path, "en", "").await;
            assert!(refused.status == 404 && refused.html.contains("The link is not valid"), "{path}");
        }
    }
    assert_eq!(suppressions(&desk).await, [] as [Value; 0]);
    desk.world.stop().await;
}

#[tokio::test]
async fn a_link_of_long_ago_works_and_that_of_an_erased_person_says_that_nothing_is_kept() {
    let desk = desk(Some(PUBLIC_URL)).await;
    let path = path(&desk).await;
    desk.world.pass(chrono::TimeDelta::days(1_000));
    assert_eq!(page(&desk.world, Method::GET, &path, "", "").await.status, 200);
    let erased = desk.nora.all(&format!("/companies/{}/clients", desk.company)).await[0]["id"].clone();
    desk.nora.delete(&format!("/clients/{}", erased.as_str().expect("an id"))).await.expect(200);
    desk.world.caught_up().await;
    for method in [Method::GET, Method::POST] {
        let page = page(&desk.world, method, &path, "", "").await;
        assert!(page.status == 200 && page.html.contains("Ya no guardamos"), "{}", page.html);
    }
    assert_eq!(suppressions(&desk).await, [] as [Value; 0]);
    let told = desk.nora.all("/notifications").await;
    assert_eq!(totals(&told[0], &["accepted"]), [1]);
    desk.world.stop().await;
}
