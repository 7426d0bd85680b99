"""Load: wrk, which costs far less than what it measures, and what it found."""
import json
import pathlib
import shutil
import subprocess

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
WRK = shutil.which("wrk")


class Request:
    """What is sent again and again; refused: its answers are errors on purpose."""

    def __init__(self, path, form="", authorization="", refused=False):
        self.path, self.form, self.authorization, self.refused = path, form, authorization, refused

    def measure(self, base, connections=16, keep_alive=True, seconds=1):
        """{"rps", "p50_us", "p99_us"}; None when too little was answered as it should be."""
        method = "POST" if self.form else "GET"
        done = subprocess.run(
            [WRK, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT, base + self.path, "--",
             method, self.form, self.authorization, "keep" if keep_alive else "close"],
            capture_output=True, text=True, timeout=seconds + 60, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            return None
        found = json.loads(lines[-1])
        wrong = abs(found["refused"] - (found["requests"] if self.refused else 0)) + found["errors"]
        if not found["requests"] or wrong > found["requests"] / 100:
            return None
        return {"rps": round(found["requests"] * 1e6 / found["us"]), "p50_us": found["p50_us"], "p99_us": found["p99_us"]}
