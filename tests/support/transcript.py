"""What a document shows typed into a shell: its `console` blocks, and whether a program printed what they show."""
import re


def steps(text):
    """(command, what the document says it prints), in order."""
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for piece in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, expected = piece.partition("\n")
            yield command, expected


def fits(expected, printed):
    """"…" stands for anything in a line, and alone on one for any lines."""
    lines = [line for line in expected.splitlines()]
    pattern = "\n".join("(?:.*\n)*?.*" if line == "…" else
                        ".*".join(re.escape(part) for part in line.split("…")) for line in lines)
    return re.fullmatch(pattern + r"\s*", printed.replace("\r", "")) is not None
