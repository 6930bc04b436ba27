"""The 835 reader, fully validating, beside the readers Python has otherwise.

    ./setup/bench reader [--size MB] [--rounds N] [--large MB]

Each measurement is a process of its own (reader_peers.py) that reports its CPU time;
all of them take turns, so that a ratio compares the same minutes of the same machine.
The best round of each counts, ours and theirs: other load only ever slows. All rounds
are reported.
Peers live in environments of their own under RCM_HOME/peers, made at first use.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import remittance_data

REPO = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("RCM_HOME") or REPO / ".rcm").resolve()
SCRIPT = Path(__file__).with_name("reader_peers.py")
PEERS = {
    "pyx12": ["pyx12==4.0.0"],
    "edi-835-parser": ["edi-835-parser==1.8.0"],
    "linuxforhealth": ["linuxforhealth-x12==0.57.0", "pydantic<2"],
}


def python_of(peer):
    """The Python of a peer's environment, which is made when it is missing."""
    folder = HOME / "peers" / peer
    stamp = folder / "requirements.txt"
    python = folder / "bin" / "python"
    wanted = "\n".join(PEERS[peer])
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing {wanted.replace(chr(10), ', ')}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *PEERS[peer]], check=True
        )
        stamp.write_text(wanted)
    return python


def measure(reader, path):
    """(seconds of CPU, peak memory in bytes) of one reader over one file."""
    python = sys.executable if reader == "x12" else python_of(reader)
    package = REPO / "healthcare_rcm_remittance"
    done = subprocess.run(
        [python, SCRIPT, reader, path],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{reader} failed:\n{done.stderr}")
    result = json.loads(done.stdout.splitlines()[-1])
    return result["seconds"], result["peak_bytes"]


def speeds(readers, rounds):
    """Megabytes per second of each reader, round by round."""
    found = {reader: [] for reader in readers}
    for _ in range(rounds):
        for reader, path in readers.items():
            seconds, _peak = measure(reader, path)
            found[reader].append(os.path.getsize(path) / 1e6 / seconds)
    return found


def report(metric, value, unit, goal, better, against, runs):
    """One line for the bench command."""
    print(
        json.dumps(
            {
                "metric": metric,
                "value": round(value, 2),
                "unit": unit,
                "goal": goal,
                "better": better,
                "against": against,
                "runs": [round(run, 2) for run in runs],
            }
        ),
        flush=True,
    )


def bench_speed(folder, size, rounds):
    """Throughput and its ratio to each peer."""
    file, small = str(folder / "remittances.835"), str(folder / "small.835")
    remittance_data.write_file(file, size * 1_000_000)
    # The pydantic models are slow, and refuse the payer's contact segment.
    remittance_data.write_file(small, 350_000, contact=False)
    readers = {
        "x12": file,
        "pyx12": file,
        "edi-835-parser": file,
        "linuxforhealth": small,
    }
    found = speeds(readers, rounds)
    own = max(found["x12"])
    report("reader_mb_per_s", own, "MB/s", 10, "more", None, found["x12"])
    for metric, peer, goal in (
        ("reader_vs_pyx12_raw", "pyx12", 2),
        ("reader_vs_edi_835_parser", "edi-835-parser", 2),
        ("reader_vs_linuxforhealth", "linuxforhealth", 15),
    ):
        ratio = own / max(found[peer])
        report(metric, ratio, "x", goal, "more", peer, found[peer])


def bench_memory(folder, large):
    """How much more memory a file ten times as large takes."""
    peaks = []
    for size in (large / 10, large):
        file = folder / "large.835"
        remittance_data.write_file(file, size * 1_000_000)
        peaks.append(measure("x12", str(file))[1] / 1e6)
        file.unlink()
    growth = peaks[1] - peaks[0]
    against = f"{large / 10:g} MB file"
    report("reader_rss_growth_mb", growth, "MB", 20, "less", against, peaks)


def main():
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=float, default=5, help="MB of the speed file")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--large", type=float, default=200, help="MB of the large file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rcm-bench-") as folder:
        bench_speed(Path(folder), options.size, options.rounds)
        bench_memory(Path(folder), options.large)


if __name__ == "__main__":
    main()
