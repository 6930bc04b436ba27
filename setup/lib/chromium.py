"""Headless Chromium for the browser tours: the machine's, else Debian's.

Debian's is unpacked privately with all it needs, and wrapped by a script named
`chromium` in our bin folder, where Odoo's tour runner looks for it.
"""

import os
import shutil
import subprocess

from . import debian, paths
from .progress import SetupError, say
from .steps import step, write_atomically

NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core", "fontconfig-config")
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern">
    <edit name="family" mode="append_last"><string>DejaVu Sans</string></edit>
  </match>
</fontconfig>
"""
WRAPPER = """#!/bin/sh
# Debian's chromium, unpacked privately; there is no setuid sandbox helper here
export LD_LIBRARY_PATH='{libraries}'
export FONTCONFIG_FILE='{fonts}'
export XDG_DATA_DIRS='{root}/usr/share:/usr/share'
exec '{root}/usr/lib/chromium/chromium' --no-sandbox --disable-gpu "$@"
"""


def machine_browser():
    outside = os.pathsep.join(
        part
        for part in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if part != str(paths.BIN)
    )
    found = (shutil.which(name, path=outside) for name in NAMES)
    return next((program for program in found if program), None)


def provision():
    if machine_browser():
        return
    step(
        "chromium",
        "Chromium for browser tests: fetching Debian's (about 150 MB)",
        [PACKAGES, WRAPPER, FONTS_CONF, str(paths.HOME)],
        _fetch,
        is_there=(paths.BIN / "chromium").exists,
    )


def _fetch():
    root = paths.CHROMIUM_ROOT
    debs = debian.Suite("native").fetch(PACKAGES, closure=True)
    debian.unpack(debs, root)
    fonts = root / "fonts.conf"
    fonts.write_text(FONTS_CONF.format(root=root, cache=paths.CACHE / "fonts"))
    libraries = f"{root}/usr/lib/chromium:{debian.library_path(root)}"
    text = WRAPPER.format(root=root, libraries=libraries, fonts=fonts)
    write_atomically(paths.BIN / "chromium", text, mode=0o755)
    shown = subprocess.run(
        [str(paths.BIN / "chromium"), "--version"], capture_output=True, text=True
    )
    if shown.returncode:
        (paths.BIN / "chromium").unlink()
        raise SetupError(
            f"Chromium does not start: {shown.stderr.strip()}\n"
            "What to do: install chromium, then start again."
        )
    debian.discard(debs)
    say(f"  {shown.stdout.strip()}")
