"""What all checks share: `NAME: N passed, N failed` alone on the last line, and the exit status."""

import concurrent.futures
import os
import sys


def finish(name, checked, problems):
    """CHECKED things were looked at; PROBLEMS maps those that are not as they should be to what is wrong."""
    for thing, texts in problems.items():
        for text in texts:
            print(f"{thing}: {text}" if text else thing)
    failed = len(problems)
    if checked == 0:
        print(f"{name}: there is nothing to check")
        failed = 1
    print(f"{name}: {max(checked - failed, 0)} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


def in_parallel(function, items):
    """FUNCTION of each of ITEMS, in order."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, items))
