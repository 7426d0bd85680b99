//! The mock in a test suite: one process on free ports, one sandbox for each test, its verdict at the end.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub struct Mock {
    process: Child,
    pub http: String,
    pub https: String,
}

impl Mock {
    pub fn start() -> Mock {
        let program = std::env::var("INTACCT_MOCK").unwrap_or("intacct-mock".into());
        let mut command = Command::new(program);
        command.args(["--port", "0", "--https-port", "0", "--log-level", "warn"]);
        let mut process =
            command.stdout(Stdio::piped()).spawn().expect("cannot start intacct-mock");
        let mut ready = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut ready).unwrap();
        // intacct-mock VERSION ready HTTP HTTPS scenario NAME
        let words: Vec<&str> = ready.split(' ').collect();
        assert!(words.len() > 4 && words[2] == "ready", "intacct-mock did not start: {ready:?}");
        Mock { process, http: words[3].into(), https: words[4].into() }
    }

    /// Panics unless the client did in this sandbox what its scenario expects of a sound one.
    pub fn assert_verdict_met(&self, sandbox: &str) {
        let url = format!("{}/__mock/sandboxes/{sandbox}/verdict", self.http);
        let verdict = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
        assert!(verdict.contains(r#""outcome":"met","exchanges""#), "{verdict}");
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
