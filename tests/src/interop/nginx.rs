//! nginx before a registry: TLS, client certificates, limits, redirects; with its log.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    certificates::Pair,
    find,
    port::{free_port, wait_for},
    server::DockerRegistry,
};

/// A running nginx; it stops when it is dropped.
pub struct Nginx {
    child: Child,
    dir: TempDir,
}

/// One of its servers, on a port of its own.
#[derive(Clone, Debug)]
pub struct Site {
    port: u16,
    is_tls: bool,
    settings: String,
    zone: Option<String>,
    locations: String,
}

/// One request that it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// By which of its servers.
    pub port: u16,
    /// `GET`, `HEAD` …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// What it answered.
    pub status: u16,
    /// Bytes of the body that were sent.
    pub bytes: u64,
    /// Whether credentials came along.
    pub authorized: bool,
    /// Whether a client certificate that verifies came along.
    pub identified: bool,
    /// What `Range` said.
    pub range: Option<String>,
}

impl Site {
    fn new(locations: String) -> Self {
        Self { port: free_port(), is_tls: false, settings: String::new(), zone: None, locations }
    }

    /// Passes everything on to a registry.
    pub fn before(registry: &DockerRegistry) -> Self {
        let to = registry.host();
        Self::new(format!("location / {{ proxy_pass http://{to}; }}\n"))
    }

    /// Has the content of a registry, for those who come without credentials: nobody's business is what it stands before.
    pub fn content_of(registry: &DockerRegistry) -> Self {
        let root = registry.storage().join("docker/registry/v2/blobs/sha256");
        Self::new(format!(
            "if ($http_authorization) {{ return 400; }}\nlocation ~ \"/blobs/sha256:(..)(.+)$\" {{ alias {}/$1/$1$2/data; }}\n",
            root.display()
        ))
    }

    /// With this certificate.
    #[must_use]
    pub fn tls(mut self, pair: &Pair) -> Self {
        self.is_tls = true;
        let (certificate, key) = (pair.certificate.display(), pair.key.display());
        self.set(&format!("ssl_certificate {certificate};\nssl_certificate_key {key};"))
    }

    /// For nobody but clients of this authority.
    #[must_use]
    pub fn clients_of(self, ca: &Path) -> Self {
        self.set(&format!("ssl_verify_client on;\nssl_client_certificate {};", ca.display()))
    }

    /// Looks at client certificates of this authority, and serves everybody.
    #[must_use]
    pub fn looking_for_clients_of(self, ca: &Path) -> Self {
        self.set(&format!("ssl_verify_client optional;\nssl_client_certificate {};", ca.display()))
    }

    /// A connection gets so many bytes a second, evenly: `20m`. Between pieces that take less than a millisecond nginx makes no
    /// pause, and gives a second's worth at once: hence the large ones.
    #[must_use]
    pub fn rate(self, rate: &str) -> Self {
        const PIECES: &str = "proxy_buffer_size 128k;\nproxy_buffers 8 128k;\nproxy_busy_buffers_size 256k;";
        self.set(&format!("limit_rate {rate};\n{PIECES}"))
    }

    /// Answers so many requests a second (`10r/s`), and `burst` more; all others get a 429 that says when to come again.
    #[must_use]
    pub fn limit(mut self, rate: &str, burst: u32, retry_after: Option<u32>) -> Self {
        let zone = format!("z{}", self.port);
        let after = retry_after.map(|after| after.to_string()).unwrap_or_default();
        self.zone = Some(format!(
            "limit_req_zone $binary_remote_addr zone={zone}:1m rate={rate};\nmap $status $after_{zone} {{ 429 \"{after}\"; default \"\"; }}\n"
        ));
        self.set(&format!(
            "limit_req zone={zone} burst={burst} nodelay;\nlimit_req_status 429;\nadd_header Retry-After $after_{zone} always;"
        ))
    }

    /// Blobs are elsewhere: at this `scheme://host:port`.
    #[must_use]
    pub fn blobs_at(mut self, to: &str) -> Self {
        let _ = writeln!(self.locations, "location ~ /blobs/ {{ return 307 {to}$request_uri; }}");
        self
    }

    #[must_use]
    fn set(mut self, text: &str) -> Self {
        self.settings += text;
        self.settings.push('\n');
        self
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `https://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.host())
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn text(&self) -> String {
        let Self { port, is_tls, settings, locations, .. } = self;
        let tls = if *is_tls { " ssl" } else { "" };
        format!("server {{\nlisten 127.0.0.1:{port}{tls};\n{settings}{locations}}}\n")
    }
}

impl Nginx {
    /// Starts one with these sites, and waits until it answers.
    pub fn start(sites: &[&Site]) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let zones: String = sites.iter().filter_map(|site| site.zone.clone()).collect();
        let servers: String = sites.iter().map(|site| site.text()).collect();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let config = format!(
            "pid nginx.pid;\nmaster_process off;\ndaemon off;\nerror_log error.log;\nevents {{ worker_connections 512; }}\nhttp {{\n\
             map $http_authorization $has_auth {{ \"\" no; default yes; }}\n\
             log_format told '$server_port|$request_method|$request_uri|$status|$body_bytes_sent|$has_auth|$ssl_client_verify|$http_range';\n\
             access_log access.log told;\n{temporary}{zones}\
             proxy_http_version 1.1;\nproxy_set_header Host $http_host;\nproxy_set_header Connection \"\";\n\
             proxy_max_temp_file_size 0;\n{servers}}}\n"
        );
        fs::write(dir.path().join("nginx.conf"), config).expect("the configuration can be written");
        let child = Command::new(find("nginx").expect("nginx is installed"))
            .arg("-p")
            .arg(dir.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        let nginx = Self { child, dir };
        for site in sites {
            wait_for(site.port, || nginx.read("error.log"));
        }
        nginx
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    /// What it has answered. The log is written just after an answer was sent, or its client found gone.
    pub fn served(&self) -> Vec<Served> {
        let mut before = String::new();
        loop {
            thread::sleep(Duration::from_millis(150));
            let log = self.read("access.log");
            if log == before {
                return log.lines().filter_map(Served::read).collect();
            }
            before = log;
        }
    }

    /// What one of its sites has answered.
    pub fn served_by(&self, site: &Site) -> Vec<Served> {
        self.served().into_iter().filter(|it| it.port == site.port).collect()
    }
}

impl Served {
    fn read(line: &str) -> Option<Self> {
        let parts: Vec<_> = line.split('|').collect();
        let [port, method, path, status, bytes, auth, client, range] = parts[..] else { return None };
        Some(Self {
            port: port.parse().ok()?,
            method: method.to_owned(),
            path: path.to_owned(),
            status: status.parse().ok()?,
            bytes: bytes.parse().ok()?,
            authorized: auth == "yes",
            identified: client == "SUCCESS",
            range: Some(range.to_owned()).filter(|range| range != "-"),
        })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
