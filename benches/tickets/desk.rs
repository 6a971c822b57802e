//! Browsers of people who are signed in.
use reqwest::{Client, Method, Response, header};
use serde_json::{Value, json};

/// The house that is measured, and who may sign in.
pub(crate) struct House {
    client: Client,
    address: String,
    accounts: Vec<Value>,
}

/// Somebody's browser.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) role: String,
    client: Client,
    address: String,
    cookie: String,
}

impl House {
    pub(crate) fn new(address: &str, accounts: &str) -> Self {
        let accounts: Value =
            serde_json::from_str(&std::fs::read_to_string(accounts).unwrap()).unwrap();
        let Value::Array(accounts) = accounts else { panic!("accounts are a list") };
        let client = Client::builder().no_proxy().build().unwrap();
        Self { client, address: address.to_owned(), accounts }
    }

    /// The first account of each role.
    pub(crate) fn roles(&self) -> Vec<String> {
        let mut roles: Vec<String> = Vec::new();
        for account in &self.accounts {
            let role = account["role"].as_str().unwrap().to_owned();
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        roles
    }

    pub(crate) async fn sign_in(&self, role: &str) -> Desk {
        let account = self.accounts.iter().find(|account| account["role"] == role).unwrap();
        let form = json!({ "name": account["name"], "password": account["password"] });
        let login = self.client.post(format!("{}/api/v1/login", self.address));
        let login = login.header(header::ORIGIN, &self.address).json(&form);
        let answer = login.send().await.unwrap().error_for_status().unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Desk {
            role: role.to_owned(),
            client: self.client.clone(),
            address: self.address.clone(),
            cookie,
        }
    }
}

impl Desk {
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.try_get(path).await.unwrap_or_else(|| panic!("{} gets no {path}", self.role))
    }

    /// None when it was refused.
    pub(crate) async fn try_get(&self, path: &str) -> Option<Value> {
        let request = self.request(Method::GET, path);
        request.send().await.ok()?.error_for_status().ok()?.json().await.ok()
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        version: Option<i64>,
        body: &Value,
    ) -> Result<Response, reqwest::Error> {
        let mut request = self.request(Method::POST, path).json(body);
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        request.send().await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.address));
        request.header(header::ORIGIN, &self.address).header(header::COOKIE, &self.cookie)
    }
}
