"""What a test file prints: TAP, a line for each fact."""
import sys


class Tap:
    def __init__(self):
        self.results = []

    def check(self, title, holds, detail=""):
        self.results.append(bool(holds))
        print(f"{'ok' if holds else 'not ok'} {len(self.results)} - {title}", flush=True)
        if not holds:
            print("\n".join("# " + line for line in str(detail).splitlines()), flush=True)

    def skip(self, title, why):
        self.results.append(True)
        print(f"ok {len(self.results)} - {title} # SKIP {why}", flush=True)

    def fails(self, title, done, code, *words):
        """The program that is done says why in one line, with these words, and ends with this status."""
        said = done.stderr if isinstance(done.stderr, str) else done.stderr.decode()
        lines = said.strip().splitlines()
        self.check(title, done.returncode == code and not done.stdout and len(lines) == 1 and
                   all(word in lines[0] for word in words), done)

    def end(self):
        print(f"1..{len(self.results)}")
        sys.exit(0 if self.results and all(self.results) else 1)
