"""What was measured as tables: figures on the screen, ratios alone in README.md, since figures are this machine's."""


def way_of(row):
    return ("HTTPS" if row["tls"] else "HTTP") + (", kept" if row["keep_alive"] else ", closed")


def print_report(result):
    life, crowds = result["life"], result["crowds"]
    print(f"{'':26} {'':15} {'conns':>5} {'per s':>9} {'p50 us':>8} {'p99 us':>8} {'of bare':>8}")
    for row in result["matrix"]:
        found = row["found"] or {"rps": "-", "p50_us": "-", "p99_us": "-"}
        print(f"{row['what']:26} {way_of(row):15} {row['connections']:5} {found['rps']:>9} {found['p50_us']:>8} "
              f"{found['p99_us']:>8} {row['ratio'] if row['ratio'] is not None else '-':>8}")
    print(f"\nstart {life['ready_ms']} ms, first token {life['first_token_ms']} ms, stop {life['stop_ms']} ms, "
          f"resident {life['resident_mib']} MiB (HTTPS on, medians)")
    print(f"{crowds['bytes_per_token']} bytes a token; a sandbox {crowds['kib_per_sandbox']} KiB, its first touch "
          f"{crowds['touch_ms']} ms; 1,000 tokens listed in {crowds['list_1000_tokens_ms']} ms")
    for name, row in crowd_rows(crowds):
        print(f"{name:34} " + "  ".join(f"{what} {value:.2f}" for what, value in row.items() if value))
    for peer in result["peers"]:
        print(f"{peer['name']:22} {peer['found']['rps'] if peer['found'] else '-':>8} tokens a second, ready in "
              f"{peer['start_ms']} ms, {peer['resident_mib']} MiB; the mock is {peer['ratio']} times as fast")


def crowd_rows(crowds):
    for name, key in (("beside 100,000 tokens, of alone", "beside_tokens"), ("beside 10,000 sandboxes, of alone", "beside_sandboxes")):
        yield name, {what: found["rps"] / crowds["alone"][what]["rps"] if found and crowds["alone"][what] else None
                     for what, found in crowds[key].items()}


def signatures_share(result):
    """How many signatures the article's tokens make, of what openssl speed makes on all cores."""
    all_cores = result["openssl"].get("rsa2048_signatures_per_s")
    best = max((row["found"]["rps"] for row in result["matrix"] if row["found"] and "article" in row["what"]), default=0)
    return round(2 * best / all_cores, 2) if all_cores else None


def write_readme(file, result):
    machine, life, crowds = result["machine"], result["life"], result["crowds"]
    lines = [
        "# Measured", "",
        "`make bench` measures, in under ten minutes; `make check-instructions` counts instructions, and fails when a request",
        "takes 5 % more of them. Figures in time are compared within one run alone: the table has ratios to a bare",
        "CivetWeb that answers with as many bytes and computes nothing, on the same machine; the better of two turns counts.", "",
        f"Written on {machine['date']} on {machine['cores']} shared cores ({machine['processor']}), load {machine['load_before']} before it began, by",
        "`tests/bench/bench_table.py --write`. With a load above 1 other programs were running, and single figures are off by",
        "a third or more.", "",
        "| of bare CivetWeb | connections | HTTP, kept | HTTP, closed | HTTPS, kept | HTTPS, closed |", "|---|---|---|---|---|---|"]
    by_place = {(row["what"], row["connections"], way_of(row)): row["ratio"] for row in result["matrix"]}
    for what, connections in dict.fromkeys((row["what"], row["connections"]) for row in result["matrix"]):
        if what == "bare CivetWeb":
            continue
        cells = [by_place.get((what, connections, way)) for way in ("HTTP, kept", "HTTP, closed", "HTTPS, kept", "HTTPS, closed")]
        lines.append(f"| {what} | {connections} | " + " | ".join("–" if cell is None else f"{cell:.2f}" for cell in cells) + " |")
    lines += ["", "| what | measured |", "|---|---|",
              f"| signatures for the article's tokens, of those `openssl speed` makes on all cores | {signatures_share(result)} |",
              f"| ready, first token, stop (HTTPS on, medians) | {life['ready_ms']} ms, {life['first_token_ms']} ms, {life['stop_ms']} ms |",
              f"| resident memory at start, HTTPS on | {life['resident_mib']} MiB |",
              f"| memory of a token, of a sandbox | {crowds['bytes_per_token']} bytes, {crowds['kib_per_sandbox']} KiB |",
              f"| first touch of a sandbox, over HTTP | {crowds['touch_ms']} ms |",
              f"| 1,000 tokens listed beside 100,000 | {crowds['list_1000_tokens_ms']} ms |"]
    for name, row in crowd_rows(crowds):
        lines.append(f"| {name} | " + ", ".join(f"{what} {value:.2f}" for what, value in row.items() if value) + " |")
    lines += ["", "Tokens of client_credentials, 16 kept connections; each peer with its ordinary set-up (`peers/`):", "",
              "| peer | the mock is so many times as fast | ready in | resident |", "|---|---|---|---|"]
    lines += [f"| {peer['name']} | {peer['ratio']} | {peer['start_ms']} ms | {peer['resident_mib']} MiB |" for peer in result["peers"]]
    file.write_text("\n".join(lines) + "\n" + written_by_hand(file))


def written_by_hand(file):
    """The sections behind the tables, which no measurement writes."""
    _, heading, rest = file.read_text().partition("\n## ")
    return heading + rest
