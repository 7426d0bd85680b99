#!/usr/bin/env python3
"""What bash and zsh offer where somebody presses TAB: the scripts of `intacct-mock completion`, in the real shells."""
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

from mock import PROGRAM, Tap

tap = Tap()
folder = tempfile.TemporaryDirectory()
os.mkdir(f"{folder.name}/files")
open(f"{folder.name}/only-file.json", "w").close()
CASES = [  # what stands there, what is offered (all of it)
    (["sce"], {"scenarios"}), (["re"], {"ready", "reset", "revoke"}), (["--https-p"], {"--https-port"}),
    (["run", "--ju"], {"--junit"}), (["run", "--scenario", "access-token-exp"], {"access-token-expired"}),
    (["causes", "refresh-token-reu"], {"refresh-token-reused"}), (["causes", "trigger-"], {"trigger-unknown"}),
    (["do", "lock-"], {"lock-user"}), (["do", "register-"], {"register-redirect-uri"}), (["scenarios", "happy"], {"happy-path"}),
    (["world", "happy"], {"happy-path"}), (["completion", "z"], {"zsh"}), (["env", "--format", "fi"], {"fish"}),
    (["verdict", "--client", "f"], {"fail-fast"}), (["tail", "--cause", "rate-"], {"rate-limited"}),
    (["clock", "unf"], {"unfreeze"}), (["expire", "ref"], {"refresh"}), (["serve", "--log", "j"], {"json"}),
    (["serve", "--hints", "of"], {"off"}), (["check", "only-"], {"only-file.json"}), (["tail", "--sandbox", "happy"], {"happy-path"}),
    # what takes one name is offered no second
    (["do", "lock-user", ""], set()), (["do", "--sandbox", "happy-path", "lock-"], {"lock-user"}), (["causes", "rate-limited", ""], set()),
    (["world", "happy-path", ""], set()), (["completion", "bash", ""], set()), (["expire", "access", "ref"], {"refresh"}),
]
PARTS = {"serve": "--bind", "run": "--shard", "env": "--format", "tail": "--refused", "why": "--sandbox"}


def printed(shell):
    return subprocess.run([PROGRAM, "completion", shell], capture_output=True, text=True, check=True).stdout


def wrong_usage():
    for words in ([], ["fish"], ["bash", "zsh"]):
        done = subprocess.run([PROGRAM, "completion", *words], capture_output=True, text=True)
        tap.check(f"completion {' '.join(words)}: wrong usage", done.returncode == 2 and "bash" in done.stderr, done)


# ---- bash: the function itself, and a shell that somebody types into ----

def bash_offers(*words):
    script = ('source "$0"; COMP_WORDS=(intacct-mock "$@"); COMP_CWORD=$#; _intacct_mock; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", script, f"{folder.name}/completion.bash", *words], capture_output=True, text=True,
                          cwd=folder.name, timeout=60)
    return set(done.stdout.split()) if not done.stderr else {done.stderr}


def in_bash():
    with open(f"{folder.name}/completion.bash", "w") as file:
        file.write(printed("bash"))
    for words, wanted in CASES:
        tap.check(f"bash: {' '.join(words)}", bash_offers(*words) == wanted, bash_offers(*words))
    for command, option in PARTS.items():
        tap.check(f"bash: the options of {command}", option in bash_offers(command, "--") and "--help" in bash_offers(command, "--"))
    listed = re.findall(r"(?m)^  intacct-mock ([a-z]+)", subprocess.run([PROGRAM, "--help"], capture_output=True, text=True).stdout)
    tap.check("bash: every command", bash_offers("") == set(listed), bash_offers("") ^ set(listed))
    tap.check("bash: --option=value", bash_offers("run", "--client", "=", "fa") == {"fail-fast"}, bash_offers("run", "--client", "=", "fa"))
    tap.check("bash: --option= and nothing yet", bash_offers("env", "--format", "=") == {"sh", "fish", "powershell", "dotenv", "json", "github"})
    tap.check("bash: behind -- programs", "sleep" in bash_offers("run", "--", "slee"), bash_offers("run", "--", "slee"))
    tap.check("bash: nothing where nothing can be known", bash_offers("run", "--seed", "") == set(), bash_offers("run", "--seed", ""))
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", f"{folder.name}/completion.bash"], capture_output=True, text=True)
        tap.check("bash: shellcheck has nothing to say", done.returncode == 0, done.stdout)
    typed("bash", ["--norc", "--noprofile", "-i"], f"source {folder.name}/completion.bash")


# ---- a terminal ----

class Terminal:
    """A shell that believes somebody types into it."""

    def __init__(self, shell, arguments, setting_up):
        self.ours, theirs = pty.openpty()
        env = {**os.environ, "TERM": "dumb", "PS1": "> ", "HOME": folder.name, "ZDOTDIR": folder.name,
               "PATH": os.path.dirname(PROGRAM) + ":" + os.environ["PATH"]}
        self.process = subprocess.Popen([shell, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=folder.name,
                                        start_new_session=True)
        os.close(theirs)
        self.seen = ""
        self.type(setting_up + '; echo read""y\n')
        self.wait("ready")

    def type(self, text):
        os.write(self.ours, text.encode())

    def wait(self, text, seconds=30):
        until = time.monotonic() + seconds
        while text not in self.seen and time.monotonic() < until:
            if select.select([self.ours], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.ours, 4096).decode(errors="replace")
                except OSError:
                    break
        return text in self.seen

    def completes(self, start, text):
        self.seen = ""
        self.type(f"\x15intacct-mock {start}\t")
        return self.wait(f"intacct-mock {text}")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def typed(shell, arguments, setting_up):
    terminal = Terminal(shell, arguments, setting_up)
    for start, text in (("scen", "scenarios "), ("causes refresh-token-reu", "causes refresh-token-reused"), ("run --ju", "run --junit"),
                        ("do lock", "do lock-user"), ("run --scenario access-token-exp", "run --scenario access-token-expired"),
                        ("env --format fi", "env --format fish"), ("tail --cause rate-l", "tail --cause rate-limited"),
                        ("check only", "check only-file.json"), ("clock unf", "clock unfreeze"), ("completion z", "completion zsh")):
        tap.check(f"{shell}, typed: {start}", terminal.completes(start, text), terminal.seen)
    terminal.close()


# ---- zsh ----

def in_zsh():
    if not shutil.which("zsh"):
        tap.skip("zsh", "zsh is not installed")
        return
    os.mkdir(f"{folder.name}/fpath")
    with open(f"{folder.name}/fpath/_intacct-mock", "w") as file:
        file.write(printed("zsh"))
    done = subprocess.run(["zsh", "-f", "-n", f"{folder.name}/fpath/_intacct-mock"], capture_output=True, text=True)
    tap.check("zsh reads it", done.returncode == 0 and not done.stderr, done)
    typed("zsh", ["-f", "-i"], f"PROMPT='> '; fpath=({folder.name}/fpath $fpath); autoload -Uz compinit; compinit -u -D")


wrong_usage()
in_bash()
in_zsh()
tap.end()
