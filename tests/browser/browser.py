"""A real browser for one test file, by the W3C WebDriver protocol to chromedriver, which needs nothing beyond Python.
Pictures go to build/browser. axe-core, which looks for what keeps people out, comes from `npm ci` (the Makefile)."""
import base64
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/wire"))

MADE = pathlib.Path(os.environ.get("BUILD", ROOT / "build")) / "browser"
AXE = MADE / "node_modules/axe-core/axe.min.js"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]


class Browser:
    def __init__(self, driver, profile, width, height, scheme):
        self.base = driver
        started = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": [*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]}}}})
        self.base += "/session/" + started["sessionId"]
        # a window has a least width, a telephone has less
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def call(self, method, path, data=None):
        call = urllib.request.Request(self.base + path, method=method,
                                      data=None if data is None else json.dumps(data).encode(),
                                      headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(call, timeout=120) as answer:
            return json.load(answer)["value"]

    def command(self, name, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": params})

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def url(self):
        return self.call("GET", "/url")

    def back(self):
        self.call("POST", "/back", {})

    def reload(self):
        self.call("POST", "/refresh", {})

    def find(self, css):
        found = self.call("POST", "/elements", {"using": "css selector", "value": css})
        return [f"/element/{item[ELEMENT]}" for item in found]

    def text(self, css="body"):
        return self.call("GET", self.find(css)[0] + "/text")

    def type(self, css, text):
        self.call("POST", self.find(css)[0] + "/clear", {})
        self.call("POST", self.find(css)[0] + "/value", {"text": text})

    def press(self, key):
        """To whatever has the focus."""
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def click(self, css):
        """Clicks what leads to another page, and returns when that is there."""
        self.run("window.left = true")
        self.call("POST", self.find(css)[0] + "/click", {})
        for _ in range(2000):
            if self.run("return !window.left && document.readyState === 'complete'"):
                return
        raise TimeoutError(f"no other page after a click on {css}")

    def push(self, words, within="body"):
        """Clicks the button or link of those words, which changes the page it is on."""
        self.until(f"[...document.querySelector({json.dumps(within)})?.querySelectorAll('button, a, summary') || []]"
                   f".some(e => (e.ariaLabel || e.innerText).trim() === {json.dumps(words)})")
        self.run(f"[...document.querySelector({json.dumps(within)}).querySelectorAll('button, a, summary')]"
                 f".find(e => (e.ariaLabel || e.innerText).trim() === {json.dumps(words)}).click()")

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, script):
        """What the promise that the script's `return` gives comes to."""
        return self.call("POST", "/execute/async", {"args": [], "script":
                         f"const done = arguments[0]; (async () => {{ {script} }})().then(done, e => done(String(e)))"})

    def until(self, condition, seconds=20):
        """Looks at every frame whether the page has come that far: what the expression gives then, else nothing."""
        return self.wait(f"""
            const end = performance.now() + {seconds * 1000};
            for (;;) {{
                const is = {condition};
                if (is) return is;
                if (performance.now() > end) return null;
                await new Promise(requestAnimationFrame);
            }}""")

    def has(self, text, css="main"):
        """Does the page come to say that?"""
        return self.until(f"(document.querySelector({json.dumps(css)})?.innerText || '').includes({json.dumps(text)})")

    def complaints(self):
        """What axe finds, and what the page's console says: refused by a policy, thrown, not found."""
        self.run(AXE.read_text() + "\nwindow.axe = axe")
        found = self.wait("return (await axe.run(document, {resultTypes: ['violations']})).violations"
                          ".map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html).join(' | ').slice(0, 600)}`)")
        return [found] if isinstance(found, str) else found

    def console(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]

    def picture(self, name):
        MADE.mkdir(parents=True, exist_ok=True)
        png = base64.b64decode(self.call("GET", "/screenshot"))
        (MADE / f"{name}.png").write_bytes(png)

    def close(self):
        self.call("DELETE", "")


@contextlib.contextmanager
def chromedriver():
    """Its address, for as long as it lives."""
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        for line in driver.stdout:
            if "started successfully on port" in line:
                yield "http://127.0.0.1:" + line.split()[-1].rstrip(".")
                break
    finally:
        driver.terminate()
        driver.wait(10)


@contextlib.contextmanager
def browser(driver, width=1280, height=860, scheme="light"):
    with tempfile.TemporaryDirectory() as profile:
        one = Browser(driver, profile, width, height, scheme)
        try:
            yield one
        finally:
            one.close()
