"""Runs of many scenes and seeds, told line by line, and summed up at the end."""

import time
from dataclasses import replace

from .lab import Lab
from .runs import KNOBS, Run, clean_run, scene_named
from .scenes import SCENES

# What is quick enough for every ./setup/test: all places of the work, and a crash.
SHORT = ("failpoints", "crash")
SHORT_ENCOUNTERS = 6


def show():
    """The scenes and what they do."""
    for name, scene in SCENES.items():
        print(f"{name:12s}{scene.summary}")
    return 0


def main(options):
    """The command ``./setup/faults``; the exit code."""
    if options.mutate:
        from .mutate import main as mutate  # needs races, which need Odoo

        with Lab().open() as lab:
            return mutate(lab, options)
    names = options.only or (SHORT if options.short else list(SCENES)[1:])
    unknown = set(names) - set(SCENES)
    if unknown:
        print(f"no such scene: {', '.join(sorted(unknown))}; there are:")
        show()
        return 2
    knobs = KNOBS
    encounters = options.encounters or (SHORT_ENCOUNTERS if options.short else None)
    if encounters:
        knobs = replace(KNOBS, encounters=encounters)
    with Lab().open() as lab:
        return Campaign(lab, options, knobs).run(names, options.seeds)


class Campaign:
    """Every scene with every seed, each against the clean run of its seed."""

    def __init__(self, lab, options, knobs):
        self.lab, self.knobs, self.kills = lab, knobs, options.kills
        self.most_seconds = options.seconds
        self.started = time.monotonic()
        self.results = []
        self.clean = {}

    def run(self, names, seeds):
        """Play all of it; 0 when nothing failed."""
        for seed in seeds:
            for name in names:
                if self._late():
                    break
                self._play(name, seed)
        return self._sum_up()

    def _late(self):
        limit = self.most_seconds
        return limit is not None and time.monotonic() - self.started > limit

    def _play(self, name, seed):
        if seed not in self.clean:
            result = clean_run(self.lab, seed, knobs=self.knobs)
            self._tell(result)
            self.clean[seed] = result.picture
            if result.problems:
                return
        if name == "clean":
            return
        run = Run(self.lab, scene_named(name), seed, kills=self.kills, knobs=self.knobs)
        self._tell(run.play(self.clean[seed]))

    def _tell(self, result):
        self.results.append(result)
        print(result.line(), flush=True)
        for problem in result.problems:
            print(f"    {problem}", flush=True)
        if result.problems:
            print(f"    the same again: {result.command()}", flush=True)

    def _sum_up(self):
        failed = [result for result in self.results if result.problems]
        skipped = [result for result in self.results if result.skipped]
        seeds = sorted({result.seed for result in self.results})
        print(
            f"{len(self.results)} runs, seeds {_shown(seeds)}, "
            f"{sum(result.killed for result in self.results)} faults, "
            f"{sum(result.events for result in self.results)} events: "
            f"{len(failed)} failed, {len(skipped)} skipped, "
            f"{time.monotonic() - self.started:.0f} s",
            flush=True,
        )
        return 1 if failed or not self.results else 0


def _shown(seeds):
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds)) or "none"
