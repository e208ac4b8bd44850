#!/usr/bin/env python3
"""How fast a program writes its log, directly and under supervisord, in one run, as JSON.

usage: tests/bench/log_files.py [--bin DIR] [--megabytes N] [--rounds N] [--folder DIR]

The same program writes the same numbered lines, one write each, to a file in the same folder
("direct"), and to the log of a service ("rotated": its default, 16 MiB, compressed; "kept": never
rotated, where nothing at all is done for it). Rounds take turns, so that a busy machine is busy for
all; the median of the ratios counts. What "kept" differs from "direct" by is the machine's noise, and
what the system's scheduler makes of a control group. Needs built binaries and a C compiler.
"""

import argparse
import json
import os
import pathlib
import plistlib
import statistics
import subprocess
import sys
import tempfile
import time

WRITER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
int main(int count, char **words) {
    long lines = atol(words[1]) << 14;
    char line[65];
    struct timespec begun, done;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (long number = 1; number <= lines; number++) {
        snprintf(line, sizeof line, "line %010ld %47s\n", number, "as it comes");
        if (write(1, line, 64) != 64) return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &done);
    FILE *out = fopen(words[2], "w");
    fprintf(out, "%f\n", done.tv_sec - begun.tv_sec + (done.tv_nsec - begun.tv_nsec) / 1e9);
    return fclose(out);
}
"""


def wait_for(path):
    """The number in the file, once it is whole."""
    for _ in range(60_000):
        if path.exists() and path.read_text().endswith("\n"):
            return float(path.read_text())
        time.sleep(0.01)
    sys.exit(f"waited in vain for {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="target/release", type=pathlib.Path)
    parser.add_argument("--megabytes", default=256, type=int)
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--folder", default="/var/tmp")
    given = parser.parse_args()
    binaries = given.bin.resolve()
    with tempfile.TemporaryDirectory(prefix="svb-", dir=given.folder) as name:
        base = pathlib.Path(name)
        (base / "services").mkdir()
        (base / "writer.c").write_text(WRITER)
        writer = base / "writer"
        subprocess.run(["cc", "-O2", "-o", writer, base / "writer.c"], check=True)
        for label, log in [("rotated", {"Keep": 2}), ("kept", {"Rotate": False})]:
            time_file = str(base / f"{label}.time")
            definition = {
                "Label": label,
                "ProgramArguments": [str(writer), str(given.megabytes), time_file],
                "Supervisor": {"Log": log},
            }
            (base / f"services/{label}.plist").write_bytes(plistlib.dumps(definition))
        environment = dict(os.environ, SUPERVISORD_BASE=name)
        ctl = [str(binaries / "svcctl")]
        daemon = subprocess.Popen(
            [binaries / "supervisord", "--base", name], stderr=subprocess.DEVNULL
        )
        seconds = {"direct": [], "rotated": [], "kept": []}
        try:
            while subprocess.run(ctl + ["ping"], env=environment, capture_output=True).returncode:
                time.sleep(0.01)
            for _ in range(given.rounds):
                for way, times in seconds.items():
                    result = base / f"{way}.time"
                    result.unlink(missing_ok=True)
                    (base / f"logs/{way}.log").unlink(missing_ok=True)
                    if way == "direct":
                        # As a service's log is opened: appended to.
                        with open(base / "logs/direct.log", "a") as file:
                            words = [writer, str(given.megabytes), result]
                            subprocess.run(words, stdout=file, check=True, start_new_session=True)
                    else:
                        start = ctl + ["start", way]
                        subprocess.run(start, env=environment, check=True, capture_output=True)
                    times.append(wait_for(result))
        finally:
            subprocess.run(ctl + ["shutdown"], env=environment, capture_output=True)
            daemon.wait()
    ratios = {
        way: statistics.median(d / t for d, t in zip(seconds["direct"], seconds[way]))
        for way in ["rotated", "kept"]
    }
    rates = {
        way: round(given.megabytes / statistics.median(times))
        for way, times in seconds.items()
    }
    report = {"megabytes": given.megabytes, "rounds": given.rounds, "mib_per_second": rates}
    pairs = zip(seconds["kept"], seconds["rotated"])
    report["rotated_as_part_of_kept"] = round(statistics.median(k / r for k, r in pairs), 3)
    report["speed_as_part_of_direct"] = {way: round(ratio, 3) for way, ratio in ratios.items()}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
