//! The servers a benchmark runs beside: Debian's docker-registry, and a containerd of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Result;
use crate::process::capture;

/// A server that lives no longer than this value, nor than this process.
pub(crate) struct Daemon {
    name: &'static str,
    child: Child,
}

impl Daemon {
    /// Starts a server and waits until `ready` says so. What it prints goes to `log`.
    fn start(
        name: &'static str,
        arguments: &[&str],
        log: &Path,
        mut ready: impl FnMut() -> bool,
    ) -> Result<Daemon> {
        let output = fs::File::create(log)?;
        // setpriv has the kernel end it even when this process is killed and no destructor runs.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", name])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let mut daemon = Daemon { name, child };
        let started = Instant::now();
        while !ready() {
            let ended = daemon.child.try_wait()?.is_some();
            if ended || started.elapsed() > Duration::from_secs(30) {
                return Err(format!("{name} does not start, see {}", log.display()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(daemon)
    }

    /// Seconds of CPU so far, in steps of a clock tick.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is a name and may hold anything but its own end.
        let fields: Vec<_> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
        Ok((ticks(11) + ticks(12)) as f64 / 100.0) // USER_HZ is 100 wherever Debian runs
    }

    /// Peak memory so far, in bytes.
    pub(crate) fn peak(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
        Ok(kilobytes.ok_or_else(|| format!("{} has no VmHWM", self.name))? * 1024)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && started.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// docker-registry over `dir/registry`, which is kept from one benchmark to the next. Pages can read what it says.
pub(crate) fn registry(dir: &Path) -> Result<(Daemon, SocketAddr)> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?; // free a moment ago
    let config = dir.join("registry.yml");
    fs::write(
        &config,
        format!(
            "version: 0.1\n\
             log: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage:\n  \
               filesystem: {{rootdirectory: '{}'}}\n  \
               maintenance: {{uploadpurging: {{enabled: false}}}}\n\
             http: {{addr: '{address}', headers: {{Access-Control-Allow-Origin: ['*'], Access-Control-Expose-Headers: ['*'], Access-Control-Allow-Headers: ['*']}}}}\n",
            dir.join("registry").display()
        ),
    )?;
    let arguments = ["serve", &config.to_string_lossy()];
    let log = dir.join("registry.log");
    let daemon = Daemon::start("docker-registry", &arguments, &log, || TcpStream::connect(address).is_ok())?;
    Ok((daemon, address))
}

/// An empty containerd with everything it has under `dir`; its socket is `dir/sock`.
pub(crate) fn containerd(dir: &Path) -> Result<Daemon> {
    fs::create_dir_all(dir)?;
    let (config, socket) = (dir.join("config.toml"), dir.join("sock"));
    fs::write(
        &config,
        format!(
            "version = 2\nroot = '{0}/root'\nstate = '{0}/state'\n\
             disabled_plugins = ['io.containerd.grpc.v1.cri']\n\
             [grpc]\naddress = '{0}/sock'\n",
            dir.display()
        ),
    )?;
    let arguments = ["--config", &config.to_string_lossy(), "--log-level", "error"];
    Daemon::start("containerd", &arguments, &dir.join("log"), || {
        capture(Command::new("ctr").arg("-a").arg(&socket).arg("version")).is_ok()
    })
}
