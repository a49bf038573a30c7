//! `mensajeria dev`: everything in one process, with servers, demo data and an outside world of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use commands::log::EventLog;
use commands::{CommandContext, clock, users};
use domain::user::RegisterUser;
use domain::value::{EmailAddress, Role as UserRole};
use embedded::{Stack, StackError};
use serde_json::json;

use super::stop_signal;
use super::target::{Target, data_folder};
use super::{CliError, Exit, Global, print};
use crate::access::hash_password;
use crate::config::Config;
use crate::demo;
use crate::environment::variable;
use crate::secrets::{self, KeptPassword};
use crate::system::{Outside, Roles, StartError, System, SystemOptions};

/// The variable that sets the password of the demo's users.
pub(super) const DEMO_PASSWORD: &str = "MENSAJERIA_DEMO_PASSWORD";
/// How long sends under way may still take: Ctrl-C stops everything, the servers too, within two seconds.
const GRACE: Duration = Duration::from_millis(300);
/// How long the views may take to show the demo data.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(60);
/// What is told of logins that were made at an earlier start.
const KNOWN_ALREADY: &str = "(los de antes)";
/// The administrator that `--no-demo` makes.
const ADMINISTRATOR: &str = "admin@localhost.localdomain";

/// Options of `dev`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(super) struct DevArgs {
    /// Address and port to answer on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Start empty: only an administrator, whose password is printed once
    #[arg(long)]
    no_demo: bool,
}

pub(super) async fn run(global: &Global, mut config: Config, args: DevArgs) -> Result<Exit, CliError> {
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    // Said before minutes of setting up, not after; that another `dev` works in the folder is said by the folder.
    if embedded::running(&data_folder(global, &config))?.is_none() {
        let failed = |error| StartError::Listen(config.server.listen, error);
        drop(TcpListener::bind(config.server.listen).map_err(failed)?);
    }
    let target = Target::find(global, &config, true).await?;
    let outside = Outside::simulated(&config).await?;
    let Target { database_url, nats_url, master, data, stack } = target;
    let mut options = SystemOptions::of(&config, Roles::all(), (&database_url, &nats_url), master, outside);
    options.ready_at_once = false;
    options.dispatcher.grace = GRACE;
    let system = System::start(options).await?;
    let logins = if args.no_demo {
        first_administrator(system.log()).await?
    } else {
        demo_data(&system, &data).await?
    };
    if let Some(stack) = &stack {
        stack.written_through().await;
    }
    system.ready();
    announce(&system, &data, &logins, global.json);
    let exit = tokio::select! {
        () = stop_signal() => Exit::Done,
        () = system.failed() => Exit::Failed,
        failure = failed(stack.as_ref()) => {
            tracing::error!(%failure, "a server of the stack is gone");
            Exit::Failed
        }
    };
    eprintln!("stopping");
    system.stop().await;
    if let Some(stack) = stack {
        stack.stop().await?;
    }
    Ok(exit)
}

/// Servers of somebody else's are theirs to watch.
async fn failed(stack: Option<&Stack>) -> StackError {
    match stack {
        Some(stack) => stack.failed().await,
        None => std::future::pending().await,
    }
}

/// How to log in, for the block that is printed.
struct Logins {
    emails: Vec<String>,
    password: Told,
}

/// What is told of the password. It is printed once, since terminals and logs keep what they are shown.
enum Told {
    /// Made just now: the password itself.
    Made(String),
    /// Made at an earlier start: the file it stands in.
    InFile(PathBuf),
    /// Set in the environment.
    InEnvironment,
    /// Printed at an earlier start and kept nowhere.
    Nothing,
}

async fn demo_data(system: &System, data: &Path) -> Result<Logins, CliError> {
    let (password, told) = demo_password(data)?;
    demo::seed(system.log(), &password, system.outside().simulator.is_some())
        .await
        .map_err(CliError::failed)?;
    system.caught_up(CATCH_UP_TIMEOUT).await.map_err(CliError::failed)?;
    Ok(Logins { emails: demo::logins().map(str::to_owned).collect(), password: told })
}

fn demo_password(data: &Path) -> Result<(String, Told), CliError> {
    let given = variable(DEMO_PASSWORD).and_then(|password| password.into_string().ok());
    if let Some(password) = given.filter(|password| !password.is_empty()) {
        return Ok((password, Told::InEnvironment));
    }
    let KeptPassword { password, file, is_new } = secrets::password(data, "demo-password")?;
    let told = if is_new { Told::Made(password.clone()) } else { Told::InFile(file) };
    Ok((password, told))
}

/// Only where nobody can log in yet; the password is told once and kept nowhere.
async fn first_administrator(log: &EventLog) -> Result<Logins, CliError> {
    let nobody: bool =
        sqlx::query_scalar("select not exists (select 1 from credentials)").fetch_one(log.pool()).await?;
    if !nobody {
        return Ok(Logins { emails: Vec::new(), password: Told::Nothing });
    }
    let password = secrets::random_password();
    let hash = hash_password(&password).map_err(CliError::failed)?;
    let order = RegisterUser {
        user: clock::new_id().into(),
        name: "Administrador".parse().map_err(CliError::failed)?,
        email: ADMINISTRATOR.parse::<EmailAddress>().map_err(CliError::failed)?,
        roles: [UserRole::Admin].into(),
        companies: [].into(),
    };
    users::register(log, order, &hash, &CommandContext::of_system(), &json!({}))
        .await
        .map_err(CliError::failed)?;
    Ok(Logins { emails: vec![ADMINISTRATOR.to_owned()], password: Told::Made(password) })
}

fn announce(system: &System, data: &Path, logins: &Logins, json: bool) {
    let url = system.address().map(|address| format!("http://{address}")).unwrap_or_default();
    let mailbox = system.outside().simulator.as_ref().map(|_| format!("{url}/buzon"));
    let said = json!({
        "url": url,
        "users": logins.emails,
        "password": logins.password.itself(),
        "password_file": logins.password.file(),
        "mailbox": mailbox,
        "data": data.display().to_string(),
    });
    print::result(json, &said, || block(&url, logins, mailbox.as_deref(), data));
}

fn block(url: &str, logins: &Logins, mailbox: Option<&str>, data: &Path) -> String {
    let emails = if logins.emails.is_empty() { KNOWN_ALREADY.to_owned() } else { logins.emails.join(", ") };
    let password = logins.password.words();
    let mailbox = mailbox.map(|page| format!("  Buzón de pruebas {page}\n")).unwrap_or_default();
    format!(
        "\n  Mensajería       {url}\n  Usuarios         {emails}\n  Contraseña       {password}\n{mailbox}  \
         Datos            {}\n  Ctrl-C           lo detiene todo\n",
        data.display()
    )
}

impl Told {
    fn itself(&self) -> Option<&str> {
        match self {
            Self::Made(password) => Some(password),
            Self::InFile(_) | Self::InEnvironment | Self::Nothing => None,
        }
    }

    fn file(&self) -> Option<String> {
        match self {
            Self::InFile(file) => Some(file.display().to_string()),
            Self::Made(_) | Self::InEnvironment | Self::Nothing => None,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Made(password) => password.clone(),
            Self::InFile(file) => format!("en {}", file.display()),
            Self::InEnvironment => format!("la de {DEMO_PASSWORD}"),
            Self::Nothing => KNOWN_ALREADY.to_owned(),
        }
    }
}
