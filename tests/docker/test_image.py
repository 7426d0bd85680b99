"""The image, unpacked and run as an engine runs it: its own entry point, user and environment, as process 1, in a root that
cannot be written and has nothing else in it, not even /proc; in a network of its own, so that its ports are free.

    test_image.py IMAGE [EMULATOR]

IMAGE is the archive that docker/build writes. Needs root (or sudo) and unshare; no engine. For an image of another processor EMULATOR is
a static emulator, qemu-aarch64-static: it is put beside the program, and nothing is said of time and memory then."""
import fcntl
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

from mock import TOKEN_FORM, Tap, quickest  # noqa: E402

IMAGE = sys.argv[1]
EMULATOR = shutil.which(sys.argv[2]) if len(sys.argv) > 2 else None
EMULATED = ["/emulator"] if EMULATOR else []
INSIDE = "INTACCT_MOCK_TEST_INSIDE"
TOKEN_PATH = "/ia/api/v1/oauth2/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
START_MS = 50
SIZE_MAX = 8_000_000
MEMORY = 64 << 20


def unpack(archive, folder):
    """The root file system in FOLDER/root; the configuration is returned."""
    with tarfile.open(archive) as image:
        manifest = json.load(image.extractfile("manifest.json"))[0]
        config = json.load(image.extractfile(manifest["Config"]))
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=image.extractfile(layer)) as files:
                files.extractall(folder / "root")
    return config


def own_network():
    """The loopback of a new network is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sh22x", b"lo", 0x1 | 0x40)      # IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, up)                    # SIOCSIFFLAGS


def read_only(root):
    subprocess.run(["mount", "--bind", root, root], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)


def token(port=8080, tls=None, host="127.0.0.1", timeout=10):
    """The access token, if this is what is answered."""
    conversation = (http.client.HTTPSConnection(host, port, timeout=timeout, context=tls) if tls
                    else http.client.HTTPConnection(host, port, timeout=timeout))
    try:
        conversation.request("POST", TOKEN_PATH, TOKEN_FORM, FORM)
        answer = conversation.getresponse()
        return json.loads(answer.read()).get("access_token") if answer.status == 200 else None
    finally:
        conversation.close()


def get(path, port=8080):
    conversation = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        conversation.request("GET", path)
        return conversation.getresponse().read().decode()
    finally:
        conversation.close()


class Container:
    """The image's process. Ended by its id, and with it whatever it may have started."""

    def __init__(self, root, config, *arguments, env=None, group=None):
        user, _, group_id = config["User"].partition(":")
        self.root, self.user, self.group_id, self.config = root, user, group_id or user, config
        self.env = {**dict(pair.split("=", 1) for pair in config.get("Env") or []), **(env or {})}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            self.within(["unshare", "--pid", "--fork", "--kill-child"], config["Entrypoint"] + list(arguments)),
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=(lambda: join(group)) if group else None)

    def within(self, unshare, command):
        return [shutil.which("unshare"), *unshare[1:], f"--root={self.root}", "--wd=/", f"--setuid={self.user}",
                f"--setgid={self.group_id}", "--", *EMULATED, *command]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.kill(self.pid() or self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=10)

    def pid(self):
        """Of the program, seen from here: unshare's one child."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def first_token_ms(self, seconds=10):
        """From the start to the first token in hand. Tries without a pause: the pause would be measured, too."""
        while time.monotonic() < self.began + seconds:
            try:
                if token():
                    return (time.monotonic() - self.began) * 1000
            except OSError:
                pass
        return None

    def health(self):
        """The exit status of the image's health check, run where an engine runs it: in the container."""
        test = self.config["Healthcheck"]["Test"]
        assert test[0] == "CMD", test
        return subprocess.run(self.within(["unshare"], test[1:]), env=self.env, capture_output=True, timeout=30).returncode

    def end(self, number=signal.SIGTERM, seconds=10):
        """(exit status, seconds it took)."""
        start = time.monotonic()
        os.kill(self.pid(), number)
        return self.process.wait(seconds), time.monotonic() - start

    def status(self, field):
        lines = pathlib.Path(f"/proc/{self.pid()}/status").read_text().splitlines()
        return next(line.split()[1:] for line in lines if line.startswith(field + ":"))


def join(group):
    (group / "cgroup.procs").write_text(str(os.getpid()))


def memory_group():
    """A control group that allows MEMORY bytes, of either version; None where this machine has none to give."""
    for parent, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = pathlib.Path(parent) / f"intacct-mock-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(MEMORY))
            return group
        except OSError:
            group.rmdir()
    return None


def peak(group):
    for name in ("memory.max_usage_in_bytes", "memory.peak"):
        if (group / name).exists():
            return int((group / name).read_text())
    return 0


# --- what is tested ---

def what_is_in_it(tap, root, config):
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    size = sum(os.path.getsize(root / name) for name in files)
    print(f"# {size} bytes: {' '.join(files)}")
    tap.check("there is one program in it, and the licences of what is inside it",
              [name for name in files if not name.startswith("licenses/")] == ["intacct-mock"] and len(files) > 4, files)
    tap.check(f"it is under {SIZE_MAX // 1_000_000} MB", size < SIZE_MAX, size)

    head = (root / "intacct-mock").read_bytes()[:64]
    tap.check("the program can be put at any address (static-pie)", struct.unpack_from("<H", head, 16)[0] == 3, head)
    sections = subprocess.run(["readelf", "-S", "-d", "--wide", root / "intacct-mock"], capture_output=True, text=True).stdout
    tap.check("it needs no library and no loader", "NEEDED" not in sections and ".interp" not in sections, sections)
    tap.check("it is stripped", ".debug_info" not in sections and ".symtab" not in sections, sections)
    everything = b"".join((root / name).read_bytes() for name in files)
    tap.check("no private key is in it but the public test keys that sign tokens",
              not any(name.endswith((".key", ".pem")) for name in files) and b"BEGIN EC PRIVATE KEY" not in everything, files)

    inner = config["config"]
    tap.check("it runs as 65532, not as root", inner["User"].split(":")[0] == "65532", inner)
    tap.check("it exposes 8080 and 8443", set(inner["ExposedPorts"]) == {"8080/tcp", "8443/tcp"}, inner)
    labels = inner["Labels"]
    tap.check("its labels say what it is, and that it is not Sage's",
              labels["org.opencontainers.image.title"] == "intacct-mock"
              and "Not affiliated with Sage" in labels["org.opencontainers.image.description"]
              and labels["org.opencontainers.image.licenses"] == "MIT", labels)
    version = subprocess.run([*([EMULATOR] if EMULATOR else []), root / "intacct-mock", "--version"], capture_output=True, text=True).stdout
    tap.check("its label and its program agree on the version",
              labels["org.opencontainers.image.version"] in version, (labels, version))


def how_it_runs(tap, root, config):
    with Container(root, config) as container:
        tap.check("it gives a token with no option, no shell and nothing else in its root", container.first_token_ms())
        tap.check("its process is number 1", container.status("NSpid")[-1] == "1", container.status("NSpid"))
        tap.check("its process has the user and no groups but its own",
                  set(container.status("Uid")) == set(container.status("Gid")) == {"65532"}
                  and not set(container.status("Groups")) - {"65532"}, container.status("Groups"))
        tap.check("its process has no privileges", int(container.status("CapEff")[0], 16) == 0, container.status("CapEff"))
        tap.check("its root cannot be written", refuses_to_write(root))
        tap.check("its health check says it is well", container.health() == 0)
        tap.check("it is reached by IPv6 too", not socket.has_ipv6 or token(host="::1"))
        trust = ssl.create_default_context(cadata=get("/__mock/ca.pem"))
        tap.check("it gives a token over HTTPS to who trusts the CA that it hands out", token(8443, trust))
        over_tls_as(tap, "intacct-mock", trust)
    statuses = set()
    seconds = quickest(lambda: end_with_a_connection(root, config, statuses), 1)
    tap.check("SIGTERM ends it with status 0, also with a connection open", statuses == {0}, statuses)
    tap.check("that takes less than a second", seconds < 1, seconds)
    print(f"# stopped in {seconds * 1000:.0f} ms")
    with Container(root, config) as container:
        container.first_token_ms()
        tap.check("SIGINT ends it with status 0", container.end(signal.SIGINT)[0] == 0)


def end_with_a_connection(root, config, statuses):
    with Container(root, config) as container:
        container.first_token_ms()
        with socket.create_connection(("127.0.0.1", 8080)) as idle:
            idle.sendall(b"GET /__mock/ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            idle.recv(4096)
            status, seconds = container.end()
    statuses.add(status)
    return seconds


def over_tls_as(tap, name, trust):
    with socket.create_connection(("127.0.0.1", 8443)) as plain, trust.wrap_socket(plain, server_hostname=name) as secure:
        tap.check(f"its certificate is good for the service name {name}", secure.version() in ("TLSv1.2", "TLSv1.3"))


def refuses_to_write(root):
    try:
        (root / "written").write_text("")
        return False
    except OSError:
        return True


def what_health_says(tap, root, config):
    with Container(root, config, env={"INTACCT_MOCK_PORT": "9000"}) as container:
        ready = container.process.stdout.readline()
        tap.check("the environment chooses another port", ":9000" in ready, ready)
        tap.check("the health check knows of it", container.health() == 0)
        container.end()
        tap.check("the health check of one that has ended fails", container.health() == 1)
    with Container(root, config, env={"INTACCT_MOCK_CONTROL": "9001"}) as container:
        container.process.stdout.readline()
        tap.check("it knows of a control port, too", container.health() == 0)
    with Container(root, config, "--port", "70000") as container:
        output, _ = container.process.communicate(timeout=10)
        tap.check("a wrong option ends it with status 2 and says why",
                  container.process.returncode == 2 and "70000" in output, (container.process.returncode, output))


def how_fast_it_starts(tap, root, config):
    """The least of seven starts; on a busy machine more are needed until one is not disturbed."""
    taken = []
    while len(taken) < 7 or (not EMULATOR and min(taken) >= START_MS and len(taken) < 50):
        with Container(root, config) as container:
            taken.append(container.first_token_ms() or float("inf"))
    taken.sort()
    print(f"# start to first token: median {taken[len(taken) // 2]:.1f} ms, least {taken[0]:.1f} ms, most {taken[-1]:.1f} ms")
    tap.check(f"from start to first token it takes under {START_MS} ms", EMULATOR or taken[0] < START_MS, taken)


def what_it_bears(tap, root, config):
    group = None if EMULATOR else memory_group()    # an emulator's own memory would be counted, too
    title = f"under a memory limit of {MEMORY >> 20} MB it serves 16 clients with 1600 tokens"
    if not group:
        tap.skip(title, "this machine lets us make no control group")
        return
    try:
        with Container(root, config, "--log-level", "warn", group=group) as container:
            container.first_token_ms()
            got = []
            clients = [threading.Thread(target=lambda: got.extend(token() for _ in range(100))) for _ in range(16)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            tap.check(title, len(got) == 1600 and all(got) and container.process.poll() is None, len(got))
            print(f"# at most {peak(group) / (1 << 20):.1f} MB")
            container.end()
    finally:
        leave(group)


def leave(group, seconds=5):
    """A group can be removed once the kernel has seen that nobody is in it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return group.rmdir()
        except OSError:
            os.sched_yield()


def without_ipv6(tap, root, config):
    """Last, because it holds for this whole network."""
    for which in ("all", "default", "lo"):
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("1")
    with Container(root, config) as container:
        tap.check("it starts where IPv6 is switched off", container.first_token_ms() and container.health() == 0)


def what_it_does_besides(tap, root, config):
    with Container(root, config, "scenarios") as container:
        output, _ = container.process.communicate(timeout=10)
        tap.check("another command than serve works too: docker run intacct-mock scenarios",
                  container.process.returncode == 0 and "access-token-expired" in output, output)


def main():
    if len(sys.argv) > 2 and not EMULATOR:
        sys.exit(f"{sys.argv[2]} is not installed")
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "-n", sys.executable, *sys.argv])    # chroot and namespaces need it
    if not os.environ.get(INSIDE):
        os.execvpe("unshare", ["unshare", "--mount", "--net", sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
    own_network()
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        config = unpack(IMAGE, folder)
        root = folder / "root"
        what_is_in_it(tap, root, config)
        if EMULATOR:
            shutil.copy(EMULATOR, root / "emulator")
        read_only(root)
        try:
            for tests in (how_it_runs, what_health_says, how_fast_it_starts, what_it_bears, what_it_does_besides, without_ipv6):
                tests(tap, root, config["config"])
        finally:
            subprocess.run(["umount", root], check=False)
    tap.end()


if __name__ == "__main__":
    main()
