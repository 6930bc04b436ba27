"""Runs of many scenes and seeds, told line by line, and summed up at the end."""

import time
from dataclasses import replace

from . import orders
from .day import KNOBS
from .goals import GOALS
from .lab import Lab
from .runs import Run, clean_run, scene_named
from .scenes import SCENES

# What is quick enough for every ./setup/test: a worker dies at all 14 places of the
# work and 11 times at random (25 in all, goal R1), and the database crashes.
SHORT = ("failpoints", "kills", "crash")
SHORT_ENCOUNTERS = 6
SHORT_KILLS = 11
SHORT_ORDERS = 2


def show():
    """The scenes and what they do, and the goals with their scenes."""
    for name, scene in SCENES.items():
        print(f"{name:12s}{scene.summary}")
    print(f"{orders.NAME:12s}{orders.SUMMARY}")
    for goal, trials in GOALS.items():
        print(f"{goal:12s}{', '.join(trial.scene for trial in trials)}")
    return 0


def main(options):
    """The command ``./setup/faults``; the exit code."""
    if options.mutate:
        from .mutate import main as mutate  # needs races, which need Odoo

        with Lab().open() as lab:
            return mutate(lab, options)
    names = options.only or (SHORT if options.short else list(SCENES)[1:])
    goals = _goals(options)
    unknown = {*names, *goals} - {*SCENES, orders.NAME, *GOALS}
    if unknown:
        print(f"no such scene or goal: {', '.join(sorted(unknown))}; there are:")
        show()
        return 2
    with Lab().open() as lab:
        campaign = Campaign(lab, options)
        return campaign.reach(goals) if goals else campaign.run(names, options.seeds)


def _goals(options):
    if options.goals is None:
        return []
    return options.goals or list(GOALS)


class Campaign:
    """Every scene with every seed, each against the clean run of its seed."""

    def __init__(self, lab, options):
        self.lab, self.most_seconds = lab, options.seconds
        self.options = {
            "kills": SHORT_KILLS if options.short else options.kills,
            "count": options.count,
            "feed": options.feed,
            "encounters": options.encounters
            or (SHORT_ENCOUNTERS if options.short else None),
        }
        self.started = time.monotonic()
        self.results = []
        self.clean = {}

    def run(self, names, seeds):
        """Play all of it; 0 when nothing failed."""
        for seed in seeds:
            for name in names:
                if self._late():
                    break
                self._play(name, seed, self.options)
        return self._sum_up()

    def reach(self, goals):
        """Play the trials of these goals at their full counts."""
        for goal in goals:
            for trial in GOALS[goal]:
                self._try(goal, trial)
        return self._sum_up()

    def _try(self, goal, trial):
        print(f"{goal}: {trial.scene}", flush=True)
        first = len(self.results)
        options = {**self.options, **trial.options}

        def mine():
            return [r for r in self.results[first:] if r.scene == trial.scene]

        for seed in trial.seeds(lambda: sum(result.killed for result in mine())):
            if self._late() or any(result.problems for result in mine()):
                break
            self._play(trial.scene, seed, options)
        print(f"{goal}: {trial.scene}: {_counts(mine())}", flush=True)

    def _late(self):
        limit = self.most_seconds
        return limit is not None and time.monotonic() - self.started > limit

    def _play(self, name, seed, options):
        if name == orders.NAME:
            self._tell(orders.play(options["count"] or SHORT_ORDERS), {})
            return
        scene = scene_named(name)
        encounters = options["encounters"]
        knobs = replace(KNOBS, encounters=encounters) if encounters else KNOBS
        feed = options["feed"] or seed
        if scene.compared and not self._known_clean(feed, knobs, options):
            return
        if name == "clean":
            return
        run = Run(
            self.lab,
            scene,
            seed,
            kills=options["kills"],
            count=options["count"],
            feed=feed,
            knobs=knobs,
        )
        self._tell(run.play(self.clean.get((feed, encounters))), options)

    def _known_clean(self, feed, knobs, options):
        key = feed, options["encounters"]
        if key not in self.clean:
            result = clean_run(self.lab, feed, knobs=knobs)
            self._tell(result, options)
            if result.problems:
                return False
            self.clean[key] = result.picture
        return True

    def _tell(self, result, options):
        result.options = result.options or "".join(
            f" --{name} {value}" for name, value in options.items() if value
        )
        self.results.append(result)
        print(result.line(), flush=True)
        for problem in result.problems:
            print(f"    {problem}", flush=True)
        if result.problems:
            print(f"    the same again: {result.command()}", flush=True)

    def _sum_up(self):
        print(
            f"{_counts(self.results)}, {time.monotonic() - self.started:.0f} s",
            flush=True,
        )
        return 1 if any(r.problems for r in self.results) or not self.results else 0


def _counts(results):
    failed = [result for result in results if result.problems]
    skipped = [result for result in results if result.skipped]
    return (
        f"{len(results)} runs, seeds {_shown(sorted({r.seed for r in results}))}, "
        f"{sum(result.killed for result in results)} faults, "
        f"{sum(result.events for result in results)} events: "
        f"{len(failed)} failed, {len(skipped)} skipped"
    )


def _shown(seeds):
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}-{seeds[-1]}"
    return ",".join(map(str, seeds)) or "none"
