//! Who comes in: logging in and out, cookies, other sites, guessing, and the end of a session.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use commands::clock;
use dispatcher::simulator::SimulatorOptions;
use domain::value::Role;
use futures::future::join_all;
use gateway::system;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;
use tests::notified::finished;
use tests::orders::{client_of, message_to, sms_to};
use tests::program::{self, Program, text};
use tests::world::{PASSWORD, email_of};
use tests::{Answer, Client, World, id_of};

/// How many logins may fail for one address, by the rules of the front door.
const FAILURES: usize = 10;

async fn begin(client: &Client, email: &str, password: &str) -> Answer {
    client.anonymous().post("/session", &json!({"email": email, "password": password})).await
}

/// What a browser sends: its cookie, and where the page came from.
async fn write_by_cookie(browser: &Client, body: &Value, origin: &[(&str, &str)]) -> Answer {
    let request =
        browser.anonymous().request(Method::POST, "/messages").header("Idempotency-Key", "k").json(body);
    let request = request.header("Cookie", browser.cookie().expect("a session"));
    Answer::to(origin.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test]
async fn a_session_lasts_from_login_to_logout_in_a_cookie_that_no_script_reads() {
    let world = World::start().await;
    let user = world.user("José Núñez", &[Role::Operator], &[]).await;
    let answer = begin(&user, &email_of(user.user), PASSWORD).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert_eq!(answer.expect(201)["id"], user.user.to_string());
    for attribute in ["__Host-mensajeria=", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");

    let browser = user.log_in(&email_of(user.user).to_uppercase(), PASSWORD).await;
    let me = browser.get("/me").await.expect(200);
    assert_eq!((&me["name"], &me["roles"]), (&json!("José Núñez"), &json!(["operator"])));
    assert_eq!(me["counts"], json!({"unseen": 0, "unread": 0, "total": 0}));

    let ended = browser.delete("/session").await;
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    ended.expect(204);
    browser.get("/me").await.refused(401);
    browser.delete("/session").await.expect(204);
    user.get("/me").await.expect(200);
    world.stop().await;
}

/// macOS and some keyboards write letters decomposed; an address that is copied brings what nobody sees.
#[tokio::test]
async fn a_password_is_the_same_in_every_unicode_form_and_an_address_as_it_was_copied() {
    let world = World::start().await;
    let admin = world.user("Ana", &[Role::Admin], &[]).await;
    let user = world.user("Íñigo", &[Role::Operator], &[]).await;
    let forms = ["contraseña de año", "contrasen\u{303}a de an\u{303}o", "contraseña\u{a0}de\u{3000}año"];
    for set in forms {
        admin.patch(&format!("/users/{}", user.user), &json!({"password": set})).await.expect(200);
        for typed in forms {
            begin(&user, &format!("{}\u{200b}", email_of(user.user)), typed).await.expect(201);
        }
    }
    begin(&user, &email_of(user.user), "contrasena de ano").await.refused(401);
    let hidden = json!({"password": "contraseña\u{200b}"});
    let hidden = admin.patch(&format!("/users/{}", user.user), &hidden).await.refused(422);
    assert_eq!(hidden, [("/password".into(), "control_character".into())]);
    world.stop().await;
}

#[tokio::test]
async fn nobody_is_known_by_nothing_or_by_what_is_worth_nothing() {
    let world = World::start().await;
    let nobody = world.nobody();
    nobody.get("/me").await.refused(401);
    for authorization in ["Bearer x", "Bearer ", "Basic dDp0", "x"] {
        let request = nobody.request(Method::GET, "/me").header("Authorization", authorization);
        Answer::to(request).await.refused(401);
    }
    Answer::to(nobody.request(Method::GET, "/me").header("Cookie", "__Host-mensajeria=x")).await.refused(401);
    nobody.post("/session", &json!({"email": "nadie@example.com", "password": "x"})).await.refused(401);
    nobody.post("/session", &json!({"email": "no es un correo", "password": "x"})).await.refused(401);
    world.stop().await;
}

#[tokio::test]
async fn a_write_by_cookie_from_another_site_is_refused_and_writes_nothing() {
    let world = World::start().await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let browser = user.log_in(&email_of(user.user), PASSWORD).await;
    let (body, head) =
        (message_to(&[user.user], "hola"), world.log().reader().head().await.expect("the head"));
    let evil = ("Origin", "https://evil.example");
    for origin in [
        &[evil][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "null")],
    ] {
        let problem = write_by_cookie(&browser, &body, origin).await.expect(403);
        assert!(problem["type"].as_str().is_some_and(|kind| kind.ends_with("cross-site")), "{problem}");
    }
    assert_eq!(world.log().reader().head().await.expect("the head"), head);
    let own = world.base();
    write_by_cookie(&browser, &body, &[("Origin", &own)]).await.expect(201);
    // A program that was given the cookie says nothing of where it is from.
    write_by_cookie(&browser, &body, &[]).await.expect(201);

    let login = user.anonymous().request(Method::POST, "/session").header("Origin", "https://evil.example");
    let login = login.json(&json!({"email": email_of(user.user), "password": PASSWORD}));
    Answer::to(login).await.refused(403);
    world.stop().await;
}

#[tokio::test]
async fn a_whole_shift_that_logs_in_at_once_with_the_right_password_is_not_taken_for_guessing() {
    let world = World::start().await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let email = email_of(user.user);
    let all = join_all((0..2 * FAILURES).map(|_| begin(&user, &email, PASSWORD))).await;
    // A machine that is busy enough may ask somebody to come again at once.
    assert!(all.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 503)), "{all:?}");
    begin(&user, &email, PASSWORD).await.expect(201);
    world.stop().await;
}

#[tokio::test]
async fn who_is_not_logged_in_is_told_so_before_anything_else() {
    let world = World::start().await;
    let nobody = world.nobody();
    for path in ["/clients/no-es-un-id", "/notifications/7/stream"] {
        nobody.get(path).await.refused(401);
    }
    let stream = nobody.request(Method::GET, "/inbox/stream").header("Last-Event-ID", "x");
    Answer::to(stream).await.refused(401);
    let login = nobody.post("/session?volver=1", &json!({"email": "a@example.com", "password": "x"})).await;
    assert_eq!(login.refused(400), [("/volver".to_owned(), "unknown_field".to_owned())]);
    let page = reqwest::get(format!("{}/api/v2/users", world.base())).await.expect("an answer");
    assert_eq!(page.status().as_u16(), 404);
    assert_eq!(page.headers()["content-type"], "application/problem+json");
    world.stop().await;
}

#[tokio::test]
async fn a_position_that_nobody_has_written_is_not_waited_for() {
    let world = World::start().await;
    let admin = world.user("Ana", &[Role::Admin], &[]).await;
    let head = world.log().reader().head().await.expect("the head");
    for path in ["/inbox", "/projections", "/simulator/messages"] {
        admin.get(&format!("{path}?min_position={head}")).await.expect(200);
        let late = admin.get(&format!("{path}?min_position={}", i64::MAX)).await;
        assert!(late.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{path}");
        assert_eq!(late.expect(503)["code"], "not_caught_up", "{path}");
    }
    let write = json!({"name": "Otra", "time_zone": "America/Bogota"});
    admin.post(&format!("/companies?min_position={}", i64::MAX), &write).await.refused(503);
    assert_eq!(world.log().reader().head().await.expect("the head"), head, "nothing is written");
    world.stop().await;
}

#[tokio::test]
async fn the_figures_that_operators_watch_are_all_there() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let client = client_of("C-1", "Cliente", Some("3001234567"), None);
    nora.post(&format!("/companies/{company}/clients"), &client).await.expect(201);
    let asked = nora.post_new("/notifications", &sms_to(company, "Prueba")).await.expect(202);
    finished(&nora, &id_of(&asked)).await;
    let url = format!("{}/metrics", world.base());
    let text = reqwest::get(url).await.expect("an answer").text().await.expect("text");
    for figure in [
        "mensajeria_projection_lag_events{",
        "mensajeria_relay_halted ",
        "mensajeria_relay_lag_positions ",
        "mensajeria_queue_depth{",
        "mensajeria_queue_age_seconds{",
        "mensajeria_sends_total{channel=\"sms\",outcome=\"accepted\"}",
        "mensajeria_append_flush_rows_bucket{",
        "mensajeria_append_flush_seconds_bucket{",
    ] {
        assert!(text.contains(figure), "{figure} is not among\n{text}");
    }
    world.stop().await;
}

#[tokio::test]
async fn it_is_alive_before_it_is_ready() {
    let world = World::unready(SimulatorOptions::new(Arc::new(clock::now))).await;
    world.company("Vigía").await;
    world.caught_up().await;
    let base = world.base();
    let status =
        async |path| reqwest::get(format!("{base}{path}")).await.expect("an answer").status().as_u16();
    assert_eq!((status("/livez").await, status("/readyz").await), (200, 503));
    world.ready();
    assert_eq!(status("/readyz").await, 200);
    world.stop().await;
}

#[tokio::test]
async fn a_process_without_the_front_door_tells_how_it_fares_and_nothing_else() {
    let world = World::start().await;
    // Views that have caught up with an empty log need not be there yet.
    world.company("Vigía").await;
    world.caught_up().await;
    let relay = world.watched(&[system::Role::Relay]).await;
    let base = format!("http://{}", relay.address().expect("an address"));
    for (path, status) in
        [("/livez", 200), ("/readyz", 200), ("/metrics", 200), ("/", 404), ("/api/v1/me", 404)]
    {
        let answer = reqwest::get(format!("{base}{path}")).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
    relay.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn strangers_who_guess_must_wait_while_the_owner_comes_in_by_a_known_browser() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let anas = known_browser(&begin(&ana, &email_of(ana.user), PASSWORD).await);
    let luiss = known_browser(&begin(&luis, &email_of(luis.user), PASSWORD).await);
    for guess in 0..FAILURES {
        begin(&ana, &email_of(ana.user), &format!("intento {guess}")).await.refused(401);
    }
    let waits = begin(&ana, &email_of(ana.user), PASSWORD).await;
    assert!(waits.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    waits.refused(429);
    for worthless in [&luiss, "__Host-mensajeria-browser=x", &anas.replace(['-', '_'], "A").to_lowercase()] {
        begin_in(worthless, &ana, PASSWORD).await.refused(429);
    }
    begin(&luis, &email_of(luis.user), PASSWORD).await.expect(201);
    ana.get("/me").await.expect(200);

    // The known browser has guesses of its own, and only so many.
    begin_in(&anas, &ana, PASSWORD).await.expect(201);
    for guess in 0..FAILURES {
        begin_in(&anas, &ana, &format!("intento {guess}")).await.refused(401);
    }
    begin_in(&anas, &ana, PASSWORD).await.refused(429);
    world.stop().await;
}

#[tokio::test]
async fn a_browser_that_two_workers_share_is_known_to_both() {
    let world = World::start().await;
    let (ana, luis) =
        (world.user("Ana", &[Role::Operator], &[]).await, world.user("Luis", &[Role::Operator], &[]).await);
    let first = begin(&ana, &email_of(ana.user), PASSWORD).await;
    let cookie = first.headers.get_all("set-cookie").iter().nth(1).expect("a second cookie");
    for attribute in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=34560000"] {
        assert!(cookie.to_str().expect("text").contains(attribute), "{attribute} in {cookie:?}");
    }
    let shared = known_browser(&begin_in(&known_browser(&first), &luis, PASSWORD).await);
    for worker in [&ana, &luis] {
        for guess in 0..FAILURES {
            begin(worker, &email_of(worker.user), &format!("intento {guess}")).await.refused(401);
        }
        begin_in(&shared, worker, PASSWORD).await.expect(201);
    }
    world.stop().await;
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_refused_as_any_other() {
    let world = World::start().await;
    let ana = world.user("Ana", &[Role::Operator], &[]).await;
    let mut answers = Vec::new();
    for email in [email_of(ana.user), "nadie@example.com".to_owned()] {
        let mut told = Vec::new();
        for _ in 0..=FAILURES {
            let answer = begin(&ana, &email, "intento de otra").await;
            let has_cookie = answer.headers.contains_key("set-cookie");
            told.push((
                answer.status,
                has_cookie,
                answer.body["code"].clone(),
                answer.body["detail"].clone(),
            ));
        }
        answers.push(told);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].last().expect("an answer").0.as_u16(), 429);
    world.stop().await;
}

/// The cookie by which a browser is known after a login.
fn known_browser(login: &Answer) -> String {
    let cookies = login.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let mut pairs = cookies.filter_map(|cookie| cookie.split(';').next());
    pairs.find(|pair| pair.starts_with("__Host-mensajeria-browser=")).expect("a known browser").to_owned()
}

async fn begin_in(browser: &str, user: &Client, password: &str) -> Answer {
    let login = json!({"email": email_of(user.user), "password": password});
    let request = user.anonymous().request(Method::POST, "/session").header("Cookie", browser);
    Answer::to(request.json(&login)).await
}

/// How much of a process is resident, in megabytes: now, and the most that ever was.
#[cfg(target_os = "linux")]
fn memory_of(process: u32) -> [u64; 2] {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("kilobytes") * 1_024 / 1_000_000
    })
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn fifty_logins_at_once_take_the_memory_of_two_hashes_and_give_it_back() {
    /// 19 MiB each, and room for what fifty connections take.
    const TWO_HASHES_MB: u64 = 40 + 15;
    /// What may stay of it: less than one hash.
    const KEPT_MB: u64 = 15;
    let folder = tempdir().expect("a folder");
    let environment = HashMap::from([("MENSAJERIA_DEMO_PASSWORD".to_owned(), PASSWORD.to_owned())]);
    let arguments = ["dev", "--listen", "127.0.0.1:0", "--data", text(folder.path())];
    let dev = Program::start(&arguments, &environment, "").await;
    let process = dev.pid().expect("it runs");
    let nobody = Client::new(&dev.base, None, uuid::Uuid::nil().into());
    begin(&nobody, "operador@demo.test", PASSWORD).await.expect(201);
    let [before, _] = memory_of(process);

    let all = join_all((0..50).map(|_| begin(&nobody, "operador@demo.test", PASSWORD))).await;
    // A machine that is busy enough may ask somebody to come again.
    assert!(all.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 503)), "{all:?}");
    begin(&nobody, "operador@demo.test", PASSWORD).await.expect(201);
    let [after, peak] = memory_of(process);
    assert!(peak <= before + TWO_HASHES_MB, "{before} MB before, {peak} MB at most");
    assert!(after <= before + KEPT_MB, "{before} MB before, {after} MB after");
    dev.interrupt().await;
}

#[tokio::test]
async fn the_password_of_the_demo_is_printed_once_and_stays_in_its_file() {
    let folder = tempdir().expect("a folder");
    let arguments = ["dev", "--listen", "127.0.0.1:0", "--data", text(folder.path())];
    let mut dev = Program::start(&arguments, &HashMap::new(), "").await;
    let password = dev.says("Contraseña").await;
    Client::new(&dev.base, None, uuid::Uuid::nil().into()).log_in("admin@demo.test", &password).await;
    dev.interrupt().await;

    let file = folder.path().join("demo-password");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), password);
    let mut dev = Program::start(&arguments, &HashMap::new(), "").await;
    assert_eq!(dev.says("Contraseña").await, format!("en {}", file.display()));
    Client::new(&dev.base, None, uuid::Uuid::nil().into()).log_in("admin@demo.test", &password).await;
    dev.interrupt().await;

    let environment = HashMap::from([("MENSAJERIA_DEMO_PASSWORD".to_owned(), PASSWORD.to_owned())]);
    let mut dev = Program::start(&arguments, &environment, "").await;
    assert_eq!(dev.says("Contraseña").await, "la de MENSAJERIA_DEMO_PASSWORD");
    Client::new(&dev.base, None, uuid::Uuid::nil().into()).log_in("admin@demo.test", PASSWORD).await;
    dev.interrupt().await;
}

#[tokio::test]
async fn a_disabled_users_sessions_and_tokens_die_at_once_and_for_good() {
    let world = World::start().await;
    let admin = world.user("Admin", &[Role::Admin], &[]).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let browser = user.log_in(&email_of(user.user), PASSWORD).await;
    for client in [&user, &browser] {
        client.get("/me").await.expect(200);
    }
    let mut stream = user.stream("/inbox/stream", None).await;
    assert_eq!(stream.next().await.expect("an event").event, "counts");

    let path = format!("/users/{}", user.user);
    admin.patch(&path, &json!({"active": false})).await.expect(200);
    for client in [&user, &browser] {
        client.get("/me").await.refused(401);
        client.post_new("/messages", &message_to(&[user.user], "sigo aquí")).await.refused(401);
    }
    begin(&user, &email_of(user.user), PASSWORD).await.refused(401);
    while stream.next().await.is_some() {}

    // The password opens again; what may have been stolen does not.
    admin.patch(&path, &json!({"active": true})).await.expect(200);
    begin(&user, &email_of(user.user), PASSWORD).await.expect(201);
    for client in [&user, &browser] {
        client.get("/me").await.refused(401);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_and_the_old_password() {
    let world = World::start().await;
    let admin = world.user("Admin", &[Role::Admin], &[]).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let browser = user.log_in(&email_of(user.user), PASSWORD).await;
    browser.get("/me").await.expect(200);
    admin.patch(&format!("/users/{}", user.user), &json!({"password": "grapa batería"})).await.expect(200);
    browser.get("/me").await.refused(401);
    begin(&user, &email_of(user.user), PASSWORD).await.refused(401);
    user.log_in(&email_of(user.user), "grapa batería").await.get("/me").await.expect(200);
    world.stop().await;
}

#[tokio::test]
async fn a_session_ends_by_itself_after_the_longest_shift() {
    let world = World::start().await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let (still, no_more) = (
        user.log_in(&email_of(user.user), PASSWORD).await,
        user.log_in(&email_of(user.user), PASSWORD).await,
    );
    world.pass(TimeDelta::hours(15));
    still.get("/me").await.expect(200);
    world.pass(TimeDelta::minutes(61));
    no_more.get("/me").await.refused(401);
    world.stop().await;
}

#[tokio::test]
async fn what_a_user_may_do_changes_at_once() {
    let world = World::start().await;
    let admin = world.user("Admin", &[Role::Admin], &[]).await;
    let company = world.company("Vigía").await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let clients = format!("/companies/{company}/clients");
    user.get(&clients).await.refused(404);
    let change = json!({"roles": ["notifier"], "companies": [company.to_string()]});
    admin.patch(&format!("/users/{}", user.user), &change).await.expect(200);
    user.get(&clients).await.expect(200);
    user.post_new("/messages", &message_to(&[user.user], "hola")).await.refused(403);
    admin.patch(&format!("/users/{}", user.user), &json!({"companies": []})).await.expect(200);
    user.get(&clients).await.refused(404);
    admin.patch(&format!("/users/{}", admin.user), &json!({"active": false})).await.refused(409);
    world.stop().await;
}

#[tokio::test]
async fn a_program_gets_a_token_and_a_user_another_password_by_the_command_line_while_dev_runs() {
    let folder = tempdir().expect("a folder");
    let data = text(folder.path());
    let environment = HashMap::from([("MENSAJERIA_DEMO_PASSWORD".to_owned(), PASSWORD.to_owned())]);
    let dev = Program::start(&["dev", "--listen", "127.0.0.1:0", "--data", data], &environment, "").await;
    let nobody = Client::new(&dev.base, None, uuid::Uuid::nil().into());
    let admin = nobody.log_in("admin@demo.test", PASSWORD).await;
    let companies = admin.get("/companies").await.expect(200);
    assert_eq!(companies["data"].as_array().map(Vec::len), Some(3));

    let arguments = ["user", "token", "--email", "operador@demo.test", "--json", "--data", data];
    let answer: Value =
        serde_json::from_str(&program::output(&arguments, &environment, "").await).expect("JSON");
    let token = answer["token"].as_str().expect("a token").to_owned();
    let operator = Client::new(&dev.base, Some(token), uuid::Uuid::nil().into());
    let me = operator.get("/me").await.expect(200);
    assert_eq!(me["email"], "operador@demo.test");
    let sent = operator
        .post_new("/messages", &message_to(&[me["id"].as_str().expect("an id")], "por programa"))
        .await;
    operator.get(&format!("/inbox?q=por&author={}", id_of(&me))).await.expect(200);
    sent.expect(201);

    let before = nobody.log_in("operador@demo.test", PASSWORD).await;
    let arguments = ["user", "password", "--email", "operador@demo.test", "--json", "--data", data];
    let told = program::output(&arguments, &environment, "otro caballo correcto\n").await;
    assert_eq!(serde_json::from_str::<Value>(&told).expect("JSON"), json!({"id": me["id"]}));
    before.get("/me").await.refused(401);
    nobody.log_in("operador@demo.test", "otro caballo correcto").await;
    dev.interrupt().await;
}
