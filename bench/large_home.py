"""Writes a large, made-up home, always the same: that of `roomtone bench intents`.

    python bench/large_home.py HOME.yaml [--entities 500] [--areas 20] [--with FILE]

The names are of the kinds that people give, and no two are alike. With `--with FILE`, another home's areas and entities
come first and are counted, so that its recordings can be played to a home in which much else is named.
"""

import argparse
from pathlib import Path

import yaml

from roomtone_server.bench.intents.large_home import large_home


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the home file to write")
    parser.add_argument("--entities", type=int, default=500)
    parser.add_argument("--areas", type=int, default=20)
    parser.add_argument("--with", dest="base", type=Path, help="a home file whose areas and entities come first")
    options = parser.parse_args()
    base = yaml.safe_load(options.base.read_text(encoding="utf-8")) if options.base else {}
    home = large_home(base, options.entities, options.areas)
    options.file.write_text(yaml.safe_dump(home, sort_keys=False, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    main()
