//! `mensajeria doctor`: looks at everything that sending stands on, and changes nothing.

use commands::broker::Broker;
use commands::log::{Look, MasterKey};
use dispatcher::probe::{Finding, Level};
use serde_json::json;

use super::target::{Servers, data_folder, reach};
use super::{CliError, Exit, Global, print};
use crate::config::Config;
use crate::doctor;
use crate::system::ProofOptions;

pub(super) async fn run(global: &Global, config: Config) -> Result<Exit, CliError> {
    let data = data_folder(global, &config);
    let mut findings = doctor::machine(&data);
    let (master, of_master) = doctor::master_key(&config, &data);
    let (signing, of_signing) = doctor::signing_key(&config, &data);
    findings.extend([of_master, of_signing]);
    let keys = Keys { master, proof: signing.map(|key| ProofOptions::of(&config.proof, key)) };
    match Servers::find(&data, &config, false).await {
        Ok(servers) => {
            findings.extend(doctor::within("postgres", of_servers(&servers, &config, keys)).await);
            servers.close().await?;
        }
        Err(error) => findings.push(Finding::fault(
            "servers",
            error.to_string(),
            "give database.url and nats.url, or the folder of `dev` with --data",
        )),
    }
    findings.extend(doctor::providers(&config).await);
    Ok(show(global, &findings))
}

/// The keys that were found.
struct Keys {
    master: Option<MasterKey>,
    proof: Option<ProofOptions>,
}

async fn of_servers(servers: &Servers, config: &Config, keys: Keys) -> Vec<Finding> {
    let pool = match doctor::pool(&servers.database_url).await {
        Ok(pool) => pool,
        Err(fault) => return vec![fault, broker_alone(&servers.nats_url).await],
    };
    let mut findings = doctor::database(&pool, config.database.max_connections).await;
    let look = match keys.master {
        Some(master) => {
            let (look, sample) = doctor::sample(&pool, &master).await;
            findings.push(sample);
            look
        }
        None => None,
    };
    if let Some(keys) = &keys.proof {
        findings.push(doctor::checkpoint(&pool, keys).await);
    }
    findings.extend(of_broker(&servers.nats_url, look).await);
    pool.close().await;
    findings
}

async fn broker_alone(nats_url: &str) -> Finding {
    match connected(nats_url).await {
        Ok(_) => Finding::ok(CONNECTION, "NATS answers"),
        Err(fault) => fault,
    }
}

async fn of_broker(nats_url: &str, look: Option<Look>) -> Vec<Finding> {
    let broker = match connected(nats_url).await {
        Ok(broker) => broker,
        Err(fault) => return vec![fault],
    };
    let mut findings = vec![Finding::ok(CONNECTION, "NATS answers")];
    if let Some(look) = look {
        findings.push(doctor::mirror(&look.reader, &broker).await);
    }
    findings
}

const CONNECTION: &str = "jetstream.connection";

async fn connected(nats_url: &str) -> Result<Broker, Finding> {
    let connected = async {
        let broker = Broker::connect(nats_url).await?;
        reach(&broker).await?;
        Ok::<_, CliError>(broker)
    };
    connected.await.map_err(|error| {
        let advice =
            "see whether nats-server runs and nats.url is right; nothing stops without it, views are slower";
        Finding::fault(CONNECTION, error.to_string(), advice)
    })
}

fn show(global: &Global, findings: &[Finding]) -> Exit {
    let has_faults = findings.iter().any(|finding| finding.level == Level::Fault);
    let result = json!({ "ok": !has_faults, "findings": findings });
    print::result(global.json, &result, || findings.iter().map(line).collect::<Vec<_>>().join("\n"));
    if has_faults { Exit::Faults } else { Exit::Done }
}

fn line(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Ok => "ok     ",
        Level::Warning => "warning",
        Level::Fault => "FAULT  ",
    };
    let advice = finding.advice.as_ref().map(|advice| format!("\n         → {advice}"));
    format!("{level}  {}: {}{}", finding.check, finding.seen, advice.unwrap_or_default())
}
