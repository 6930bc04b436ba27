"""One reader over one file, run by the Python that has the reader installed.

Prints JSON with the CPU seconds of reading (imports left out) and the peak memory.
"""

import json
import resource
import sys
import time


def read_x12(path):
    """Ours: everything read, validated, balanced and hashed."""
    from x12.reader import read_835

    def run():
        with open(path, "rb") as stream:
            for item in read_835(stream):
                if any(finding.severity == "error" for finding in item.findings):
                    raise SystemExit(f"benchmark data is faulty: {item.findings[0]}")

    return run


def read_pyx12(path):
    """pyx12's raw reader: segments and envelope counts."""
    from pyx12.x12file import X12Reader

    def run():
        with X12Reader(path) as reader:
            for _segment in reader:
                pass

    return run


def read_edi_835_parser(path):
    """edi-835-parser: the whole file as objects."""
    from edi_835_parser import parse

    return lambda: parse(path)


def read_linuxforhealth(path):
    """linuxforhealth-x12: pydantic models of each transaction."""
    from linuxforhealth.x12.io import X12ModelReader

    def run():
        with X12ModelReader(path) as reader:
            for _model in reader.models():
                pass

    return run


READERS = {
    "x12": read_x12,
    "pyx12": read_pyx12,
    "edi-835-parser": read_edi_835_parser,
    "linuxforhealth": read_linuxforhealth,
}


def main():
    """Run the reader named first over the file named second."""
    run = READERS[sys.argv[1]](sys.argv[2])
    started = time.process_time()
    run()
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
