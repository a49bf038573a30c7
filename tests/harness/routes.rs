//! The routes in the API's own description: every table of routes must cover them.

use reqwest::Method;
use serde_json::Value;

use super::client::Client;

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Such as `/clients/{id}`.
    pub path: String,
    /// In capitals.
    pub method: String,
}

impl Route {
    /// The path with a value for the part in braces.
    pub fn path_to(&self, part: &str) -> String {
        let Some((start, rest)) = self.path.split_once('{') else { return self.path.clone() };
        let end = rest.split_once('}').map_or("", |(_, end)| end);
        format!("{start}{part}{end}")
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method.parse().expect("a method")
    }

    /// Method and path on one line.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Every route of a server, sorted by path.
pub async fn all(client: &Client) -> Vec<Route> {
    let document = client.get("/openapi.json").await.expect(200);
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let methods = item
            .as_object()
            .expect("methods")
            .iter()
            .filter(|(_, operation)| operation["responses"].is_object());
        routes.extend(methods.map(|(method, _): (&String, &Value)| Route {
            path: path.clone(),
            method: method.to_uppercase(),
        }));
    }
    routes.sort();
    assert!(routes.len() > 40, "the description names the routes");
    routes
}
