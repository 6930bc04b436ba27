"""Debian packages without touching the system: private apt state, `dpkg-deb -x`.

Works as root and as an ordinary user. The mirror is the one that the machine's
own apt sources name; packages are checked by apt against the same keys.
"""

import re
import shutil
import subprocess
import time
from pathlib import Path

from . import paths
from .progress import SetupError, run, say
from .steps import new_folder

LISTS_MAX_AGE_SECONDS = 24 * 3600
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class Suite:
    """One private apt world: its own source list, lists and package cache."""

    def __init__(self, name):
        self.name = name
        self.folder = paths.CACHE / f"apt-{name}"
        self.archives = self.folder / "cache" / "archives"

    def fetch(self, packages, closure=False):
        """Download packages (and, with `closure`, what they need and the machine
        lacks); returns the .deb files. Complete files are kept and not re-fetched.
        """
        self._update()
        if not closure:
            return self._download(packages)
        wanted = ["install", "-y", "--no-install-recommends", *packages]
        listing = subprocess.run(
            self._apt(*wanted, "--print-uris"), capture_output=True, text=True
        )
        if listing.returncode:
            raise SetupError(
                f"apt cannot resolve {' '.join(packages)}:\n{listing.stderr.strip()}"
            )
        files = re.findall(r"^'[^']+' (\S+) \d+", listing.stdout, re.M)
        run(
            self._apt(*wanted, "--download-only"),
            f"apt download {packages[0]}",
            "check the network and start again; finished downloads are kept",
        )
        return [self.archives / name for name in files]

    def _download(self, packages):
        run(
            self._apt("download", *packages),
            f"apt download {packages[0]}",
            "check the network and start again; finished downloads are kept",
            cwd=self.archives,
        )
        debs = []
        for package in packages:
            found = sorted(self.archives.glob(f"{package}_*.deb"))
            debs.append(max(found, key=lambda path: path.stat().st_mtime))
        return debs

    def _update(self):
        mark = self.folder / "updated"
        if mark.exists() and time.time() - mark.stat().st_mtime < LISTS_MAX_AGE_SECONDS:
            return
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        (self.folder / "sources.list").write_text(source_lines(self.name))
        run(
            self._apt("-o", "APT::Update::Error-Mode=any", "update"),
            f"apt lists {self.name}",
            "check the network and the apt sources of this machine, start again",
        )
        mark.touch()

    def _apt(self, *arguments):
        if not shutil.which("apt-get"):
            raise SetupError(
                "This machine has no apt-get, so Debian packages cannot be fetched.\n"
                "What to do: set ODOO_SOURCE to an Odoo 19.0 source folder, install "
                "PostgreSQL (13 or newer) or set DATABASE_URL; tests also want "
                "chromium on the PATH."
            )
        options = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State": self.folder / "state",
            "Dir::State::lists": self.folder / "state/lists",
            "Dir::State::status": "/var/lib/dpkg/status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Cache::archives": self.archives,
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "",
            "APT::Install-Recommends": "0",
            "APT::Get::List-Cleanup": "0",
            "Acquire::Retries": "3",
            "Acquire::Languages": "none",
        }
        flags = [f"-o{key}={value}" for key, value in options.items()]
        return ["apt-get", "-q", *flags, *map(str, arguments)]


def unpack(debs, final):
    """Unpack packages into one folder, which appears only when complete."""
    say(f"  unpacking {len(debs)} package(s) into {final}")
    with new_folder(final) as folder:
        for deb in debs:
            result = subprocess.run(
                ["dpkg-deb", "-x", str(deb), str(folder)],
                capture_output=True,
                text=True,
            )
            if result.returncode:
                deb.unlink(missing_ok=True)
                raise SetupError(
                    f"{deb.name} is damaged ({result.stderr.strip()}).\n"
                    "What to do: start again, it will be fetched anew."
                )


def discard(debs):
    """Unpacked packages are not needed again."""
    for deb in debs:
        deb.unlink(missing_ok=True)


def library_path(root):
    """LD_LIBRARY_PATH for programs unpacked under `root`."""
    files = [*(root / "usr/lib").rglob("lib*.so*"), *(root / "lib").rglob("lib*.so*")]
    return ":".join(sorted({str(file.parent) for file in files}))


def codename():
    """The machine's own release, e.g. bookworm."""
    release = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\S+)", release, re.M)
    return found.group(1).strip('"') if found else "sid"


def source_lines(suite):
    """Source list for a release of the machine's mirror, or (`native`) the machine's
    own release with its updates."""
    native = [entry for entry in _machine_entries() if _is_native(entry)]
    if not native:
        raise SetupError(
            "The apt sources of this machine name no Debian mirror.\n"
            "What to do: set ODOO_SOURCE to an Odoo 19.0 source folder, or add a "
            "Debian mirror to the apt sources."
        )
    if suite != "native":
        main = next((e for e in native if e["suite"] == codename()), native[0])
        native = [{**main, "suite": suite, "components": "main"}]
    return "".join(
        "deb {options} {uri} {suite} {components}\n".format(**entry) for entry in native
    )


def _is_native(entry):
    suite = entry["suite"].rstrip("/")
    ours = suite == codename() or suite.startswith(codename() + "-")
    return ours and "main" in entry["components"].split()


def _machine_entries():
    """Entries of the system's apt sources, both formats, one per URI and suite."""
    entries = []
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt").glob("sources.list.d/*")]
    for file in files:
        if file.suffix == ".list" and file.exists():
            entries += _one_line_entries(file.read_text())
        elif file.suffix == ".sources":
            entries += _deb822_entries(file.read_text())
    return entries


def _one_line_entries(text):
    for line in text.splitlines():
        found = re.match(r"deb\s+(\[[^]]*\])?\s*(\S+)\s+(\S+)\s+(.+)", line.strip())
        if found:
            options, uri, suite, components = found.groups()
            yield {
                "options": options or "",
                "uri": uri,
                "suite": suite,
                "components": components.split("#")[0].strip(),
            }


def _deb822_entries(text):
    text = re.sub(r"^#.*\n?", "", text, flags=re.M)
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([\w-]+):\s*(.*(?:\n[ \t].*)*)", stanza, re.M))
        fields = {key.lower(): value.strip() for key, value in fields.items()}
        if "deb" not in fields.get("types", "").split():
            continue
        if fields.get("enabled", "yes") == "no":
            continue
        key = fields.get("signed-by", "")
        options = f"[signed-by={key}]" if key.startswith("/") else _default_key()
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield {
                    "options": options,
                    "uri": uri,
                    "suite": suite,
                    "components": fields.get("components", ""),
                }


def _default_key():
    return f"[signed-by={KEYRING}]" if KEYRING.exists() else ""
