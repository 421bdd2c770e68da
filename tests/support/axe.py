"""What axe-core finds on a page that keeps somebody from using it. npm brings it, once: it is no part of ours."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
GRAVE = {"serious", "critical"}


def axe_core(cache: Path) -> str:
    """Its source, from the folder if it was fetched before. Skips the test where there is no npm."""
    package = cache / f"axe-core-{VERSION}.tgz"
    if not package.exists():
        if shutil.which("npm") is None:
            pytest.skip("nobody to look the page over: npm, which brings axe-core, is not installed; apt install npm")
        subprocess.run(["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=cache, check=True, capture_output=True)
    assert base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode() == SHA512, f"{package} is another"
    with tarfile.open(package) as files:
        return files.extractfile("package/axe.min.js").read().decode()


async def obstacles(page: Any, source: str) -> list[str]:
    """What is serious or critical, one line each. The program enters by the browser's own debugger, for which a page's
    security policy stays as it is."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(f"{{ {source} }}")
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: {node['html']}: {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]
