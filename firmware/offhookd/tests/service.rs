//! Under a service manager: the daemon says when it is up, that it lives, and that it ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod office;

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use office::{free_port, scratch};

#[test]
fn the_service_manager_hears_ready_alive_and_stopping() {
    let directory = scratch("service");
    let (sip, http) = (free_port(), free_port());
    std::fs::write(
        directory.join("site.toml"),
        format!(
            "[site]\nname = \"Test office\"\ncountry = \"FR\"\ntime_zone = \"Europe/Paris\"\nlanguage = \"en\"\n\n\
             [listen]\nudp = [\"127.0.0.1:{sip}\"]\ntcp = []\ntls = []\nhttp = [\"127.0.0.1:{http}\"]\n"
        ),
    )
    .unwrap();
    // The path of a socket is short.
    let socket = std::env::temp_dir().join(format!("offhook-notify-{}", std::process::id()));
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_offhookd"))
        .arg("--data")
        .arg(directory.join("data"))
        .arg("--site")
        .arg(directory.join("site.toml"))
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "200000")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(directory.join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut heard = Vec::new();
    let mut listen_until = |wanted: &dyn Fn(&[String]) -> bool| {
        let mut buffer = [0; 256];
        while !wanted(&heard) {
            let length = manager.recv(&mut buffer).expect("the daemon tells the service manager");
            heard.extend(String::from_utf8_lossy(&buffer[..length]).lines().map(str::to_owned));
        }
    };
    let count = |heard: &[String], word: &str| heard.iter().filter(|line| *line == word).count();
    listen_until(&|heard| count(heard, "READY=1") == 1 && count(heard, "WATCHDOG=1") >= 3);
    let asked = Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status().unwrap();
    assert!(asked.success());
    listen_until(&|heard| count(heard, "STOPPING=1") == 1);
    assert!(daemon.wait().unwrap().success());
    let _ = std::fs::remove_file(socket);
}
