#!/usr/bin/env python3
"""Log throughput side by side: what a service writes, from its first byte to the last one logged.

    tests/bench/logs.py [--rounds N] [--megabytes N]

One service writes the same lines through each logger in turn, several rounds; the best round of
each counts. Everything is on a tmpfs, so that no disk is measured. Prints a table and one line of
JSON; exits 1 when piped logs with timestamps are slower than s6-log with timestamps. Installs s6
and runit with apt where they are missing.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")


def prepare_tools():
    missing = [tool for tool in ("s6-log", "svlogd") if not shutil.which(tool)]
    if missing:
        packages = {"s6-log": "s6", "svlogd": "runit"}
        install = ["apt-get", "install", "-y", *(packages[tool] for tool in missing)]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    build = ["cargo", "build", "--release", "-p", "supervisord", "-p", "svcctl"]
    subprocess.run(build, check=True, cwd=TOP)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target"))
    return target / "release"


def make_lines(path, size):
    """Lines of 20 to 200 bytes, as programs write them."""
    line = "level=info msg=\"request done\" path=/api/v1/things status=200 duration=1.234ms id="
    with open(path, "w") as file:
        written, number = 0, 0
        while written < size:
            text = f"{number:08} {line * (1 + number % 2)}"[: 19 + number * 7 % 181]
            written += file.write(text + "\n")
            number += 1
    return number


class Bench:
    def __init__(self, folder, size, binaries):
        self.folder, self.binaries = folder, binaries
        self.lines = folder / "lines"
        self.count = make_lines(self.lines, size)
        self.size = self.lines.stat().st_size

    def fresh(self, name):
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path

    def measure(self, act, logs):
        """Seconds, and processor seconds of everything that took part."""
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        extra = act() or 0.0
        seconds = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        lines = sum(path.read_bytes().count(b"\n") for path in logs())
        assert lines == self.count, f"{lines} lines were logged of {self.count}"
        return seconds, used + extra

    def direct(self):
        out = self.fresh("direct")
        command = f"exec cat {self.lines} >>{out}/log"
        return self.measure(lambda: self.shell(command), lambda: [out / "log"])

    def cat(self):
        out = self.fresh("cat")
        command = f"cat {self.lines} | exec cat >>{out}/log"
        return self.measure(lambda: self.shell(command), lambda: [out / "log"])

    def s6_log(self, stamp):
        out = self.fresh("s6-log")
        command = f"cat {self.lines} | exec s6-log {stamp} n1000 s268435455 {out}"
        logs = lambda: [path for path in out.iterdir() if path.name[0] in "@c"]
        return self.measure(lambda: self.shell(command), logs)

    def svlogd(self):
        out = self.fresh("svlogd")
        (out / "config").write_text("s0\nn0\n")
        command = f"cat {self.lines} | exec svlogd -tt {out}"
        return self.measure(lambda: self.shell(command), lambda: [out / "current"])

    def shell(self, command):
        subprocess.run(["sh", "-c", command], check=True)

    def pipe(self, log):
        base = self.fresh("base")
        (base / "services").mkdir()
        environment = dict(os.environ, SUPERVISORD_BASE=str(base))
        error = open(base / "daemon.log", "w")
        daemon = subprocess.Popen(
            [self.binaries / "supervisord", "--base", base], env=environment, stderr=error
        )
        control = lambda *words: subprocess.run(
            [self.binaries / "svcctl", *words], env=environment, capture_output=True
        ).returncode
        while control("ping") != 0:
            time.sleep(0.01)
        definition = {
            "Label": "web",
            "ProgramArguments": [shutil.which("cat"), str(self.lines)],
            "Supervisor": {"Log": log},
        }
        (base / "web.json").write_text(json.dumps(definition))
        assert control("add", "--no-wait", str(base / "web.json")) == 0

        def used():
            fields = pathlib.Path(f"/proc/{daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return sum(int(fields[at]) for at in (11, 12, 13, 14)) / TICK

        def act():
            before = used()
            assert control("start", "--no-wait", "web") == 0
            assert control("wait", "web", "--until", "exited", "--timeout", "300") == 0
            return used() - before

        try:
            return self.measure(act, lambda: [base / "logs" / "web.log"])
        finally:
            control("shutdown")
            daemon.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--megabytes", type=int, default=256)
    told = arguments.parse_args()
    binaries = prepare_tools()
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="sv-bench-", dir=place) as folder:
        bench = Bench(pathlib.Path(folder), told.megabytes << 20, binaries)
        contestants = {
            "direct to file": bench.direct,
            "cat to file": bench.cat,
            "Pipe, plain": lambda: bench.pipe({"Mode": "Pipe"}),
            "Pipe, Timestamps": lambda: bench.pipe({"Mode": "Pipe", "Timestamps": True}),
            "Pipe, Json": lambda: bench.pipe({"Mode": "Pipe", "Format": "Json"}),
            "s6-log T": lambda: bench.s6_log("T"),
            "s6-log t": lambda: bench.s6_log("t"),
            "svlogd -tt": bench.svlogd,
        }
        best = {}
        for _ in range(told.rounds):
            for name, run in contestants.items():
                seconds, used = run()
                if name not in best or seconds < best[name][0]:
                    best[name] = (seconds, used)
    report(bench, best)


def report(bench, best):
    rival = min(best["s6-log T"][0], best["s6-log t"][0])
    print(f"{'':18} {'MB/s':>8} {'CPU s':>8} {'/ s6-log':>9}")
    for name, (seconds, used) in best.items():
        print(f"{name:18} {bench.size / seconds / 1e6:8.0f} {used:8.2f} {rival / seconds:9.2f}")
    results = {
        name: {"megabytes_per_second": round(bench.size / seconds / 1e6, 1), "cpu_seconds": round(used, 3)}
        for name, (seconds, used) in best.items()
    }
    ratio = rival / best["Pipe, Timestamps"][0]
    print(json.dumps({"bytes": bench.size, "lines": bench.count, "results": results,
                      "pipe_over_s6_log": round(ratio, 2)}))
    sys.exit(0 if 1 <= ratio else 1)


if __name__ == "__main__":
    main()
