//! The program dies in a campaign whose text is rendered per person: each person gets the own text, once.

use std::collections::BTreeSet;

use commands::{CommandContext, clock, templates};
use domain::template::{CreateTemplate, Draft, Texts, Variable};
use domain::value::{Category, Channel, TemplateId};
use serde_json::json;

use crate::kills::dies;
use crate::load::Load;
use crate::reconciliation::{final_totals, reconcile};
use crate::testbed::{CONNECTIONS, Testbed};

/// How many people's texts are looked at.
const LOOKED_AT: usize = 40;

/// An e-mail of a template, in text and HTML, with a variable that has a default.
async fn template(testbed: &Testbed) -> TemplateId {
    let template = TemplateId::from(clock::new_id());
    let html = "<p>{{ cliente.nombre }}: {{ fecha }}. {{ nota }}</p>";
    let texts = Texts::Email {
        subject: "Para {{ cliente.nombre }}".parse().expect("a subject"),
        body: None,
        html: Some(html.parse().expect("HTML")),
    };
    let variable = Variable {
        name: "nota".parse().expect("a name"),
        default: Some("{{ x }}".parse().expect("a text")),
        sample: None,
    };
    let create = CreateTemplate {
        name: "Campaña".parse().expect("a name"),
        category: Category::Operational,
        company: Some(testbed.companies[0]),
        draft: Draft { texts, variables: vec![variable], columns: BTreeSet::new() },
        author: testbed.reader,
        at: clock::now(),
    };
    templates::create(&testbed.log, template, create, &CommandContext::of_system())
        .await
        .expect("a template");
    template
}

async fn dies_in_a_campaign_at(failpoints: &str) {
    let testbed = Testbed::with_several_chunks().await;
    let mut load = Load::default();
    load.add_templated(&testbed, 0, Channel::Email, template(&testbed).await);
    dies(&testbed, &mut load, failpoints).await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    load.apply_until_answered(&client).await;
    for asked in load.notifications() {
        final_totals(&client, asked.id).await;
    }
    reconcile(&testbed, &client, &load, 2 * CONNECTIONS).await;

    let mails = testbed.simulator.arrivals(Some(Channel::Email), None, LOOKED_AT).data;
    assert_eq!(mails.len(), LOOKED_AT);
    for mail in mails {
        let delivery = mail.delivery.expect("a delivery");
        let shown = client.get(&format!("/deliveries/{delivery}")).await.expect(200);
        let name = shown["client"]["name"].as_str().expect("a name");
        assert_eq!(mail.subject, Some(format!("Para {name}")));
        let sent = json!({"subject": mail.subject, "body": mail.body, "html": mail.html});
        assert_eq!(shown["content"], sent);
        assert!(mail.body.is_some_and(|body| body.starts_with(name) && body.ends_with(". {{ x }}")));
    }
    program.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_the_chunks_of_a_templates_campaign_keeps_everybodys_text() {
    dies_in_a_campaign_at("resolve::committed=1*off->return").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_an_answer_in_a_templates_campaign_keeps_everybodys_text() {
    dies_in_a_campaign_at("send::done=100*off->return").await;
}
